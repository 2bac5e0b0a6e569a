package daegpu.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.data.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeds.class)
class LatentVectorsTest {

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"a.csv", "a.NPY"})
    void givesBackTheSameFloats(String name) throws IOException {
        Random random = Seeds.random(1);
        for (int dimension = 1; dimension < 70; dimension += 7) {
            float[] values = new float[5 * dimension];
            for (int i = 0; i < values.length; i++) {
                float value = Float.intBitsToFloat(random.nextInt());
                values[i] = Float.isFinite(value) ? value : i;
            }
            List<String> names = List.of("one.png", "with, comma", "and \"quote\"", "", "#5");
            Path file = folder.resolve(name);
            new LatentVectors(names, dimension, values).write(file);
            LatentVectors read = LatentVectors.read(file);
            assertEquals(dimension, read.dimension());
            assertArrayEquals(values, read.values());
            assertEquals(name.equals("a.csv") ? names : List.of(), read.names());
        }
    }

    /** By NumPy's description of the format. */
    @Test
    void npyIsAsNumPyDescribesIt() throws IOException {
        Path file = folder.resolve("a.npy");
        new LatentVectors(List.of(), 3, new float[] {1, 2, 3, 4, 5, 6}).write(file);
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals("\u0093NUMPY\u0001\0", new String(bytes.array(), 0, 8, StandardCharsets.ISO_8859_1));
        int header = bytes.getShort(8);
        assertEquals(0, (10 + header) % 64);
        String text = new String(bytes.array(), 10, header, StandardCharsets.US_ASCII);
        assertEquals("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", text.strip());
        assertTrue(text.endsWith("\n"));
        assertEquals(10 + header + 24, bytes.capacity());
        assertEquals(6, bytes.getFloat(10 + header + 20));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "image,latent1\n",
                "a,b\n1,2\n",
                "image,latent1\nx,1,2\n",
                "image,latent1\nx,one\n",
                "image,latent1\nx,NaN\n",
                "image,latent1\nx\n"
            })
    void damagedCsvIsNamed(String content) throws IOException {
        Path file = Files.writeString(folder.resolve("a.csv"), content);
        String message = assertThrows(InvalidInputException.class, () -> LatentVectors.read(file))
                .getMessage();
        assertTrue(message.startsWith(file.toString()), message);
    }

    @Test
    void damagedNpyIsNamed() throws IOException {
        Path file = folder.resolve("a.npy");
        new LatentVectors(List.of(), 2, new float[] {1, 2, 3, 4}).write(file);
        byte[] good = Files.readAllBytes(file);
        for (int length = 0; length < good.length; length++) {
            Files.write(file, Arrays.copyOf(good, length));
            assertThrows(InvalidInputException.class, () -> LatentVectors.read(file));
        }
        for (int at = 0; at < good.length - 16; at++) {
            byte[] damaged = good.clone();
            damaged[at] ^= 0x55;
            Files.write(file, damaged);
            try {
                assertEquals(2, LatentVectors.read(file).dimension()); // a minor version, a space: read all the same
            } catch (InvalidInputException e) {
                assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
            }
        }
    }
}
