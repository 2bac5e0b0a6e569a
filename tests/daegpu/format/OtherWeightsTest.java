package daegpu.format;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.data.InvalidInputException;
import daegpu.format.Safetensors.StoredTensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OtherWeightsTest {

    @TempDir
    private Path folder;

    /** By what is in them, whatever their names say. */
    @ParameterizedTest
    @CsvSource({
        "model.weights.h5, keras.models.load_model",
        "archive/data.pkl, safetensors.torch.save_file",
        "arr_0.npy, numpy.load",
        "readme.txt, is a zip archive"
    })
    void archivesAreToldByWhatIsInThem(String entry, String expected) throws IOException {
        Path file = folder.resolve("weights.bin");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            zip.putNextEntry(new ZipEntry(entry));
        }
        assertRefused(file, expected);
    }

    @Test
    void filesAreToldByTheirFirstBytes() throws IOException {
        assertRefused(write("\u0089HDF\r\n\u001a\n and so on"), "keras.models.load_model");
        assertRefused(write("\u0080\u0002}q\0 and so on"), "safetensors.torch.save_file");
        assertRefused(write("<!doctype html>"), "is a web page (HTML), not a safetensors file");
        Path saved = Files.createDirectory(folder.resolve("saved"));
        Files.createFile(saved.resolve("saved_model.pb"));
        assertRefused(saved, "as TensorFlow saves it");
        Path onnx = Files.writeString(folder.resolve("a.onnx"), "\b\u0007\u0012\u0007pytorch");
        assertRefused(onnx, "is an ONNX file");
    }

    /** The length of its header is the first thing in a safetensors file, and may look like anything. */
    @Test
    void noSafetensorsFileIsTakenForAnother() throws IOException {
        Path file = folder.resolve("a.safetensors");
        for (int length = 1; length < 1_000; length++) {
            new Safetensors(
                            Map.of("text", "x".repeat(length)),
                            List.of(new StoredTensor("a", new int[] {1}, new float[1])))
                    .write(file);
            OtherWeights.refuse(file);
        }
    }

    private Path write(String content) throws IOException {
        return Files.write(folder.resolve("weights"), content.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static void assertRefused(Path file, String expected) {
        String message = assertThrows(InvalidInputException.class, () -> OtherWeights.refuse(file))
                .getMessage();
        assertTrue(message.startsWith(file + " "), message);
        assertTrue(message.contains(expected), message);
    }
}
