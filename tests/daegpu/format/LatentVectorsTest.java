package daegpu.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.data.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
            List<String> names = List.of("one.png", "with, comma", "and \"quote\"", "", "line\nbreak\r\n;\t");
            Path file = folder.resolve(name);
            new LatentVectors(names, dimension, values).write(file);
            LatentVectors read = LatentVectors.read(file);
            assertEquals(dimension, read.dimension());
            assertArrayEquals(values, read.values());
            assertEquals(name.equals("a.csv") ? names : List.of(), read.names());
        }
    }

    /** With a byte-order mark, quotes around all cells, semicolons and commas in numbers, as each of them writes it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "image,latent1,latent2\r\na.png,0.5,-1e-3\r\n",
                "\uFEFFimage,latent1,latent2\na.png,0.5,-0.001\n\n",
                "\"image\",\"latent1\",\"latent2\"\n\"a.png\",\"0.5\",\"-0.001\"",
                "\uFEFF\"image\";latent1;latent2\ra.png;0,5;-0,001\r",
                "image\tlatent1\tlatent2\na.png\t0.5\t-0.001\n",
                "sep=;\r\nimage;latent1;latent2\r\na.png;0,5;-0,001\r\n",
                "\"image\";\"latent1\";\"latent2\"\n \n\"a.png\";\"0,5\";\"-0,001\"\n"
            })
    void csvIsReadAsSpreadsheetsWriteIt(String content) throws IOException {
        LatentVectors read = LatentVectors.read(Files.writeString(folder.resolve("a.csv"), content));
        assertEquals(List.of("a.png"), read.names());
        assertArrayEquals(new float[] {0.5f, -0.001f}, read.values());
        for (Charset charset : List.of(StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE)) {
            String marked = content.startsWith("\uFEFF") ? content : "\uFEFF" + content;
            read = LatentVectors.read(Files.write(folder.resolve("a.csv"), marked.getBytes(charset)));
            assertEquals(List.of("a.png"), read.names());
            assertArrayEquals(new float[] {0.5f, -0.001f}, read.values());
        }
    }

    /** What spreadsheets would compute is marked as a text for them, and comes back as it was. */
    @Test
    void namesAreNoFormulas() throws IOException {
        List<String> names =
                List.of("=1+1.png", "+a", "-b", "@c", "'=d", "''e", "\tf", "=\"g\",h", "\ri", "\nj", "\uFF1Dk", "'l");
        Path file = folder.resolve("a.csv");
        new LatentVectors(names, 1, new float[names.size()]).write(file);
        for (String cell : Files.readString(file).split("(?<=,0.0)\n", -1)) {
            assertFalse(cell.matches("(?s)\"?[=+\\-@\t\r\n\uFF1D].*"), cell);
        }
        assertEquals(names, LatentVectors.read(file).names());
    }

    @Test
    void longCellsAreReadAndShortenedInMessages() throws IOException {
        String name = "x\"\"".repeat(50_000);
        Path file = Files.writeString(folder.resolve("a.csv"), "image,latent1\n\"" + name + "\",2\n");
        assertEquals(List.of("x\"".repeat(50_000)), LatentVectors.read(file).names());
        Files.writeString(file, "image,latent1\na," + "y".repeat(100_000) + "\n");
        String message = assertThrows(InvalidInputException.class, () -> LatentVectors.read(file))
                .getMessage();
        assertTrue(message.length() < 200 + file.toString().length(), message);
    }

    /** The bits are those of the formats, written down by hand: 1.5, -0.25 and, of halves, the least above 0. */
    @ParameterizedTest
    @CsvSource({
        "<f2, 003e00b40100",
        ">f2, 3e00b4000001",
        ">f4, 3fc00000be80000033800000",
        "<f8, 000000000000f83f000000000000d0bf000000000000703e",
        ">f8, 3ff8000000000000bfd00000000000003e70000000000000"
    })
    void npyOfOtherFloatsIsRead(String type, String hex) throws IOException {
        byte[] values = HexFormat.of().parseHex(hex);
        String header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (1, 3), }\n";
        ByteBuffer bytes = ByteBuffer.allocate(10 + header.length() + values.length)
                .put("\u0093NUMPY\u0001\0".getBytes(StandardCharsets.ISO_8859_1))
                .put((byte) header.length())
                .put((byte) 0)
                .put(header.getBytes(StandardCharsets.US_ASCII))
                .put(values);
        LatentVectors read = LatentVectors.read(Files.write(folder.resolve("a.npy"), bytes.array()));
        assertArrayEquals(new float[] {1.5f, -0.25f, 0x1p-24f}, read.values());
    }

    /** Columns before rows, and one row alone. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'fortran_order': True, 'shape': (2, 3), | 1 4 2 5 3 6 | 3",
                "'fortran_order': False, 'shape': (2, 3), | 1 2 3 4 5 6 | 3",
                "'fortran_order': True, 'shape': (6,), | 1 2 3 4 5 6 | 6"
            })
    void npyOfOtherShapesIsRead(String described, String values, int dimension) throws IOException {
        String header = "{'descr': '<f4', " + described + " }\n";
        ByteBuffer bytes = ByteBuffer.allocate(10 + header.length() + 24)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("\u0093NUMPY\u0001\0".getBytes(StandardCharsets.ISO_8859_1))
                .putShort((short) header.length())
                .put(header.getBytes(StandardCharsets.US_ASCII));
        for (String value : values.split(" ", -1)) {
            bytes.putFloat(Float.parseFloat(value));
        }
        LatentVectors read = LatentVectors.read(Files.write(folder.resolve("a.npy"), bytes.array()));
        assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, read.values());
        assertEquals(dimension, read.dimension());
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
                "image,latent1\nx\n",
                "image,latent1\n\"x,1\n"
            })
    void damagedCsvIsNamed(String content) throws IOException {
        Path file = Files.writeString(folder.resolve("a.csv"), content);
        String message = assertThrows(InvalidInputException.class, () -> LatentVectors.read(file))
                .getMessage();
        assertTrue(message.startsWith(file.toString()), message);
    }

    /** As Excel saves it, by the names of its own formats, with and without what says the encoding. */
    @ParameterizedTest
    @ValueSource(strings = {"UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE"})
    void whatSpreadsheetsWriteIsRead(String encoding) throws IOException {
        for (String separator : List.of(",", ";", "\t")) {
            for (String line : List.of("", "sep=" + separator + "\r\n", "\"SEP=" + separator + "\"\n")) {
                for (String name : List.of("image", "\"Image\"", "IMAGE")) {
                    String text = line + (name + ",latent1,latent2\r\nä.png,1,-2\r\n").replace(",", separator);
                    Path file = Files.write(folder.resolve("a.csv"), text.getBytes(Charset.forName(encoding)));
                    LatentVectors read = LatentVectors.read(file);
                    assertEquals(List.of("ä.png"), read.names(), text);
                    assertArrayEquals(new float[] {1, -2}, read.values(), text);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "name;latent1\\na;1 | first line must be image,latent1,latent2,… with a comma, semicolon | 'name;latent1'",
                "sep=;\\nname;latent1\\na;1 | first line must be image | 'name', 'latent1'",
                ",image,latent1\\n0,a,1 | first line must be image | '', 'image', 'latent1'",
                "a.png,1,2\\nb.png,2,3 | first line must be image | 'a.png', '1', '2'",
                "image latent1\\na 1 | first line must be image | 'image latent1'",
                "image,latent1 | nothing comes after its first line | no vectors",
                "\\n | is empty | a.csv",
                "<!DOCTYPE html><html> | is a web page (HTML), not a CSV file | download",
                "{\"a\": 1} | is a JSON text, not a CSV file | a.csv",
                "PK\u0003\u0004\u0001, | is a zip archive, not a CSV file: unpack it first | a.csv"
            })
    void saysWhatTheFirstLineIsInstead(String content, String problem, String found) throws IOException {
        Path file = Files.writeString(folder.resolve("a.csv"), content.replace("\\n", "\n"));
        String message = assertThrows(InvalidInputException.class, () -> LatentVectors.read(file))
                .getMessage();
        assertTrue(message.startsWith(file + " ") && message.contains(problem) && message.contains(found), message);
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
