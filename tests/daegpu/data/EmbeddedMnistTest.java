package daegpu.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class EmbeddedMnistTest {

    @Test
    void allImagesAreThere() throws IOException {
        ImageSet training = EmbeddedMnist.training(0);
        assertEquals(60_000, training.count());
        assertEquals("28x28 grey", training.describeSize());
        assertArrayEquals(raw("train-images-idx3-ubyte.gz"), training.pixels());
        ImageSet test = EmbeddedMnist.test(0);
        assertEquals(10_000, test.count());
        assertArrayEquals(raw("t10k-images-idx3-ubyte.gz"), test.pixels());
    }

    @Test
    void aLimitTakesTheFirstImages() throws IOException {
        assertArrayEquals(
                Arrays.copyOf(raw("train-images-idx3-ubyte.gz"), 7 * 784),
                EmbeddedMnist.training(7).pixels());
        assertArrayEquals(
                Arrays.copyOf(raw("t10k-images-idx3-ubyte.gz"), 9_999 * 784),
                EmbeddedMnist.test(9_999).pixels());
        assertEquals(10_000, EmbeddedMnist.test(10_000).count());
        assertEquals(10_000, EmbeddedMnist.test(70_000).count());
    }

    /** Known values of the data set: the first training image is a 5, and its sixth row has these values. */
    @Test
    void theFirstDigitIsTheKnownFive() {
        ImageSet first = EmbeddedMnist.training(1);
        int[] row = new int[28];
        for (int x = 0; x < 28; x++) {
            row[x] = first.pixels()[5 * 28 + x] & 0xFF;
        }
        assertArrayEquals(
                new int[] {
                    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 18, 18, 18, 126, 136, 175, 26, 166, 255, 247, 127, 0, 0, 0, 0
                },
                row);
    }

    @Test
    void changedImagesAreNotTakenForMnist() throws IOException {
        byte[] raw = raw("t10k-images-idx3-ubyte.gz");
        raw[9_000 * 784] ^= 1;
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(new GZIPOutputStream(compressed))) {
            for (int value : new int[] {0x803, 10_000, 28, 28}) {
                out.writeInt(value);
            }
            out.write(raw);
        }
        for (int limit : new int[] {0, 10}) {
            InvalidInputException refusal = assertThrows(
                    InvalidInputException.class,
                    () -> EmbeddedMnist.read(
                            EmbeddedMnist.TEST, new ByteArrayInputStream(compressed.toByteArray()), limit));
            assertEquals(
                    "the embedded file mnist/t10k-images-idx3-ubyte.gz is damaged: its SHA-256 is not the expected one",
                    refusal.getMessage());
        }
    }

    private static byte[] raw(String name) throws IOException {
        try (InputStream in = new GZIPInputStream(EmbeddedMnist.class.getResourceAsStream("mnist/" + name))) {
            in.readNBytes(16);
            return in.readAllBytes();
        }
    }
}
