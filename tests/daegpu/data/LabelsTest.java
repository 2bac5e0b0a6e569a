package daegpu.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LabelsTest {

    private static final byte[] FILE = {0, 0, 8, 1, 0, 0, 0, 3, 7, 0, (byte) 255};
    private static final byte[] LABELS = {7, 0, (byte) 255};

    @TempDir
    private Path folder;

    /** As LeCun's page shows them, and Keras's {@code mnist.load_data()} counts them. */
    @Test
    void embeddedAreThoseOfTheTestSet() {
        byte[] labels = Labels.ofValidation(null, null, 0).orElseThrow();
        assertArrayEquals(new byte[] {7, 2, 1, 0, 4, 1, 4, 9, 5, 9}, Arrays.copyOf(labels, 10));
        int[] counts = new int[10];
        for (byte label : labels) {
            counts[label]++;
        }
        assertArrayEquals(new int[] {980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009}, counts);
    }

    @Test
    void areThoseBesideTheImages() throws IOException {
        Path images = Files.createFile(folder.resolve("t10k-images-idx3-ubyte"));
        assertEquals(Optional.empty(), Labels.ofValidation(folder, null, 0));
        Files.write(folder.resolve("t10k-labels-idx1-ubyte"), FILE);
        assertArrayEquals(LABELS, Labels.ofValidation(folder, null, 0).orElseThrow());
        assertArrayEquals(LABELS, Labels.ofValidation(null, folder, 0).orElseThrow());
        assertArrayEquals(LABELS, Labels.ofValidation(null, images, 0).orElseThrow());
        assertEquals(Optional.empty(), Labels.ofValidation(folder, null, 0.1), "split off: they are no test images");
        assertEquals(Optional.empty(), Labels.ofValidation(images, null, 0), "split off a single file");
        Files.delete(images);
        assertEquals(Optional.empty(), Labels.ofValidation(folder, null, 0), "labels of images that are not there");
        Path others = Files.createFile(folder.resolve("letters"));
        assertEquals(Optional.empty(), Labels.ofValidation(null, others, 0));
        Path compressed = Files.createFile(folder.resolve("my-images-idx3-ubyte.gz"));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(FILE);
        }
        Files.write(folder.resolve("my-labels-idx1-ubyte.gz"), bytes.toByteArray());
        assertArrayEquals(LABELS, Labels.ofValidation(folder, compressed, 0).orElseThrow());
    }

    @Test
    void damagedFilesAreNamed() throws IOException {
        Files.createFile(folder.resolve("t10k-images-idx3-ubyte"));
        Path file = folder.resolve("t10k-labels-idx1-ubyte");
        for (int length = 0; length < FILE.length; length++) {
            refused(file, Arrays.copyOf(FILE, length));
        }
        refused(file, Arrays.copyOf(FILE, FILE.length + 1));
        byte[] images = FILE.clone();
        images[3] = 3;
        refused(file, images);
        refused(file, new byte[] {0x1F, (byte) 0x8B, 1, 2, 3});
    }

    /** A small file can be one of many gigabytes: no more is decompressed than it announces, or than anybody needs. */
    @ParameterizedTest
    @ValueSource(ints = {3, 200_000_000, -1})
    void compressedFileIsNotReadWithoutALimit(int announced) throws IOException {
        Files.createFile(folder.resolve("t10k-images-idx3-ubyte"));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(ByteBuffer.allocate(8).putInt(0x801).putInt(announced).array());
            for (int i = 0; i < 1000; i++) {
                out.write(new byte[30_000]);
            }
        }
        Files.write(folder.resolve("t10k-labels-idx1-ubyte"), bytes.toByteArray());
        Allocation.assertAtMost(
                5_000_000, () -> assertThrows(InvalidInputException.class, () -> Labels.ofValidation(folder, null, 0)));
    }

    private void refused(Path file, byte[] content) throws IOException {
        Files.write(file, content);
        String message = assertThrows(InvalidInputException.class, () -> Labels.ofValidation(folder, null, 0))
                .getMessage();
        assertTrue(message.startsWith(file + " is "), message);
    }
}
