package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a command wants a model and gets something else, it says what that is, and what models there are. */
class ModelArgumentTest {

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "evaluate MODEL",
                "encode MODEL picture.png --output encoded.csv",
                "decode MODEL latents.csv --output pictures",
                "export MODEL --to onnx --output model.onnx",
                "preview MODEL",
                "train --init-from MODEL --output run"
            })
    void namesWhatComesInPlaceOfAModel(String command) throws IOException {
        Files.writeString(folder.resolve("latents.csv"), "image,latent1\na.png,0.5\n");
        Path picture = folder.resolve("picture.png");
        for (String format : List.of("png", "jpg", "gif", "bmp")) {
            ImageIO.write(new BufferedImage(9, 9, BufferedImage.TYPE_INT_RGB), format, picture.toFile());
            String name = format.equals("jpg") ? "JPEG" : format.toUpperCase(java.util.Locale.ROOT);
            if (command.startsWith("evaluate")) { // It tells the noise of pictures, but not of one of 9x9 pixels.
                refused(command, picture, "of 9x9 pixels, is too small to tell its noise");
            } else {
                refused(command, picture, "is a " + name + " picture, not a model", "photo-grey");
            }
        }
        Path zip = folder.resolve("model.zip");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
            out.putNextEntry(new ZipEntry("best.safetensors"));
        }
        refused(command, zip, "is a zip archive, not a model: unpack it first", "photo-grey");
        Path text = Files.writeString(folder.resolve("notes.txt"), "my model", StandardCharsets.UTF_8);
        refused(command, text, "is a text, not a model", "photo-grey");
        refused(command, folder.resolve("photo-gray"), "does not exist", "digits, photo-grey, photo-color");
    }

    private void refused(String command, Path model, String... fragments) {
        List<Object> arguments = new ArrayList<>();
        for (String word : command.split(" ", -1)) {
            arguments.add(
                    word.equals("MODEL")
                            ? model
                            : word.matches(".*\\.\\w+|pictures|run") ? folder.resolve(word) : word);
        }
        Program.run(arguments.toArray()).assertRefused(fragments);
        assertFalse(Files.exists(folder.resolve("run")));
    }
}
