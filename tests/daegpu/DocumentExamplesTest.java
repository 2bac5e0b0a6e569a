package daegpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples in Java of the documents compile and do what they say. */
class DocumentExamplesTest {

    private static final Pattern EXAMPLE = Pattern.compile("```java\\n(.*?public class (\\w+) .*?)```", Pattern.DOTALL);
    private static final String CLASS_PATH = System.getProperty("java.class.path");

    @TempDir
    private Path folder;

    @Test
    void readme() throws Exception {
        noisyPicture();
        run("Example", compile("README.md", "Example"), "noisy.png", "clean.png");
        assertEquals(120, ImageIO.read(folder.resolve("clean.png").toFile()).getWidth());
    }

    @Test
    void denoising() throws Exception {
        noisyPicture();
        String output = run("Denoise", compile("docs/library.md", "Denoise"));
        assertTrue(output.matches("(?s).*120 x 90\\R15000 values.*"), output);
        assertEquals(120, ImageIO.read(folder.resolve("clean.png").toFile()).getWidth());
    }

    @Test
    void training() throws Exception {
        String output = run("Train", compile("docs/library.md", "Train"));
        assertTrue(output.matches("(?s).*784 pixels, 16 latent values.*"), output);
        assertTrue(Files.exists(folder.resolve("digits/best.safetensors")), output);
    }

    private void noisyPicture() throws IOException {
        ImageIO.write(
                new BufferedImage(120, 90, BufferedImage.TYPE_BYTE_GRAY),
                "png",
                folder.resolve("noisy.png").toFile());
    }

    /** Compiles the class {@code name} of a document. */
    private Path compile(String document, String name) throws IOException {
        List<MatchResult> examples = EXAMPLE.matcher(Files.readString(Path.of(document)))
                .results()
                .filter(example -> example.group(2).equals(name))
                .toList();
        assertEquals(1, examples.size(), document + " has no class " + name + ", or several");
        Path source = Files.writeString(
                folder.resolve(name + ".java"), examples.get(0).group(1));
        int compiled = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        null,
                        "-Xlint:all,-path",
                        "-Werror",
                        "-proc:none",
                        "-cp",
                        CLASS_PATH,
                        "-d",
                        folder.toString(),
                        source.toString());
        assertEquals(0, compiled);
        return folder;
    }

    private String run(String name, Path classes, String... arguments) throws Exception {
        List<String> command = ThisJava.command();
        command.addAll(List.of("-cp", CLASS_PATH + File.pathSeparator + classes, name));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }
}
