package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import daegpu.cli.Program.Result;
import daegpu.data.ImageFile;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Outputs that are devices or the standard output: nothing is to be replaced, and nothing done before it is written.
 */
class DeviceOutputTest {

    @TempDir
    private static Path folder;

    @BeforeAll
    static void prepare() throws IOException {
        Path run = Program.train(Program.writeImages(folder.resolve("data")), folder.resolve("run"));
        Files.write(folder.resolve("a.png"), ImageFile.encode(Program.images(1, 3), 0, "png"));
        Files.writeString(folder.resolve("a.csv"), "image,latent1,latent2,latent3\na,1,2,3\n");
        Program.run("export", run, "--to", "safetensors", "--output", folder.resolve("weights.safetensors"))
                .assertDone();
    }

    private static Object[] arguments(String command, Object output) {
        List<Object> arguments = new ArrayList<>();
        for (String word : command.split(" ", -1)) {
            arguments.add(word.contains(".") || word.equals("run") ? folder.resolve(word) : word);
        }
        arguments.addAll(List.of("--output", output));
        return arguments.toArray();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "denoise run a.png",
                "encode run a.png",
                "decode run a.csv",
                "export run --to onnx",
                "export run --to safetensors",
                "import weights.safetensors --image-size 8x8"
            })
    void takesOrRefuses(String command) throws IOException, InterruptedException {
        Path nothing = Path.of("/dev/null");
        Path full = Path.of("/dev/full");
        assumeTrue(Files.exists(nothing) && Files.exists(full));
        Result taken = Program.run(arguments(command, nothing));
        assertEquals(0, taken.status(), taken.err());
        assertTrue(taken.err().contains("/dev/null"), taken.err());
        assertFalse(Files.isRegularFile(nothing));
        Result refused = Program.run(arguments(command, full));
        refused.assertRefused("cannot write /dev/full: ");
        assertEquals("", refused.out().replaceAll("Model: .*\\R", ""), "it says that it is done");
        Result unwritten = Program.finish(Program.fork(List.of(), arguments(command, "-"))
                .redirectOutput(Redirect.to(full.toFile()))
                .start());
        unwritten.assertRefused("cannot write the standard output: ");
        Path file = folder.resolve(command.hashCode() + "-file");
        if (!command.startsWith("encode") && !command.startsWith("decode")) {
            assertEquals(0, Program.run(arguments(command, file)).status());
            Path redirected = folder.resolve(command.hashCode() + "-redirected");
            Result result = Program.finish(Program.fork(List.of(), arguments(command, "/dev/stdout"))
                    .redirectOutput(redirected.toFile())
                    .start());
            assertEquals(0, result.status(), result.err());
            assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(redirected));
        }
    }
}
