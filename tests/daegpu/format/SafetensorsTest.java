package daegpu.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.Seeds;
import daegpu.data.Allocation;
import daegpu.data.InvalidInputException;
import daegpu.format.Safetensors.StoredTensor;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeds.class)
class SafetensorsTest {

    /** More than refusing any of these files takes, and far less than what they claim to hold. */
    private static final long MUCH_MEMORY = 16_000_000;

    @TempDir
    private Path folder;

    @Test
    void bytesAreThoseOfTheFormat() throws IOException {
        Path file = folder.resolve("a.safetensors");
        new Safetensors(
                        Map.of("z", "last", "a", "\"é\""),
                        List.of(
                                new StoredTensor("w", new int[] {1, 2}, new float[] {1, -2.5f}),
                                new StoredTensor("b", new int[0], new float[] {0.1f})))
                .write(file);
        // printf 'a\0"é"\0z\0last\0b\0[]\0\315\314\314\075w\0[1, 2]\0\0\0\200\077\0\0\040\300' | sha256sum
        String checksum = "b88ef05103a3a6433af32b4e826daa8bcf5e4425d6eb26ade691ddcf611af9cb";
        String header = "{\"__metadata__\":{\"a\":\"\\\"é\\\"\",\"content_sha256\":\"" + checksum
                + "\",\"z\":\"last\"},"
                + "\"w\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]},"
                + "\"b\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[8,12]}}";
        byte[] content = Files.readAllBytes(file);
        ByteBuffer bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        int length = (int) bytes.getLong();
        assertEquals(0, length % 8);
        String found = new String(content, 8, length, StandardCharsets.UTF_8);
        assertEquals(header, found.stripTrailing());
        assertTrue(found.length() - header.length() < 8);
        assertEquals(8 + length + 12, content.length);
        assertEquals(1, bytes.getFloat(8 + length));
        assertEquals(-2.5f, bytes.getFloat(8 + length + 4));
        assertEquals(0.1f, bytes.getFloat(8 + length + 8));
    }

    @Test
    void whatIsWrittenIsReadBitForBit() throws IOException {
        float[] values = new float[70_000];
        Random random = Seeds.random(1);
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.intBitsToFloat(random.nextInt());
        }
        values[0] = -0f;
        values[1] = Float.NEGATIVE_INFINITY;
        values[2] = Float.MIN_VALUE;
        Path file = folder.resolve("a.safetensors");
        Safetensors written = new Safetensors(
                Map.of("seed", "1"),
                List.of(
                        new StoredTensor("second", new int[] {100, 7, 100}, values),
                        new StoredTensor("empty", new int[] {3, 0}, new float[0]),
                        new StoredTensor("first", new int[] {1}, new float[] {7})));
        written.write(file);
        Safetensors read = Safetensors.read(file);
        assertEquals(Map.of("seed", "1"), read.metadata());
        assertEquals(List.of("second", "empty", "first"), List.copyOf(read.names()));
        assertArrayEquals(new int[] {100, 7, 100}, read.tensor("second").shape());
        assertArrayEquals(bits(values), bits(read.tensor("second").values()));
        assertArrayEquals(new int[] {3, 0}, read.tensor("empty").shape());
        assertArrayEquals(new float[] {7}, read.tensor("first").values());
        Path again = folder.resolve("b.safetensors");
        read.write(again);
        assertEquals(-1, Files.mismatch(file, again));
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }

    private Path small() throws IOException {
        Path file = folder.resolve("small.safetensors");
        new Safetensors(
                        Map.of("seed", "17", "noise", "poisson"),
                        List.of(
                                new StoredTensor("b", new int[] {2, 3}, new float[] {1, 2, 3, 4, 5, 6}),
                                new StoredTensor("a", new int[] {1}, new float[] {7})))
                .write(file);
        return file;
    }

    /** A changed bit is found, or changes nothing that is read. */
    @Test
    void anyFlippedBitIsFound() throws IOException {
        Path file = small();
        Safetensors intact = Safetensors.read(file);
        byte[] content = Files.readAllBytes(file);
        int values = content.length - 7 * Float.BYTES;
        for (int bit = 0; bit < 8 * content.length; bit++) {
            byte[] damaged = content.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            Safetensors read;
            try {
                read = Safetensors.read("damaged", damaged);
            } catch (InvalidInputException e) {
                assertTrue(e.getMessage().startsWith("damaged "), e.getMessage());
                assertTrue(bit < 8 * values || e.getMessage().contains("is damaged: its content"), e.getMessage());
                continue;
            }
            assertTrue(bit < 8 * values, "bit " + bit);
            for (StoredTensor tensor : intact.tensors()) {
                assertArrayEquals(tensor.shape(), read.tensor(tensor.name()).shape(), "bit " + bit);
                assertArrayEquals(tensor.values(), read.tensor(tensor.name()).values(), "bit " + bit);
            }
            intact.metadata()
                    .forEach((name, text) -> assertEquals(text, read.metadata().get(name)));
        }
    }

    /** As other programs write it, and this one did before there was a checksum. */
    @Test
    void aFileWithoutAChecksumIsRead() throws IOException {
        Path file = small();
        byte[] content = Files.readAllBytes(file);
        String text = new String(content, StandardCharsets.ISO_8859_1);
        String without = text.replaceFirst("\"content_sha256\":\"(\\w{64})\",", " ".repeat(84));
        assertEquals(text.length(), without.length());
        assertTrue(without.length() > 0 && !without.contains("sha256"));
        Safetensors read = Safetensors.read("old", without.getBytes(StandardCharsets.ISO_8859_1));
        assertEquals(Safetensors.read(file).metadata(), read.metadata());
        // Another program may put tensors and texts into another order, and keep the checksum.
        String ordered = text.replaceFirst("(\"noise\":\"\\w+\"),(\"seed\":\"\\w+\")", "$2,$1");
        assertTrue(!ordered.equals(text));
        assertEquals(
                read.metadata(),
                Safetensors.read("ordered", ordered.getBytes(StandardCharsets.ISO_8859_1))
                        .metadata());
    }

    @Test
    void nothingAtAllIsAFileToo() throws IOException {
        Path file = folder.resolve("a.safetensors");
        new Safetensors(Map.of(), List.of()).write(file);
        String checksum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"; // of nothing
        assertEquals(
                "{\"__metadata__\":{\"content_sha256\":\"" + checksum + "\"}}",
                new String(Files.readAllBytes(file), 8, 102, StandardCharsets.UTF_8));
        assertTrue(Safetensors.read(file).names().isEmpty());
    }

    /** Against a reading of the same file that shares no code with the one under test. */
    @ParameterizedTest
    @ValueSource(strings = {"tiny", "seed"})
    void goldenFilesAreRead(String name) throws IOException {
        Path file = Path.of("tests/golden", name + ".safetensors");
        Safetensors read = Safetensors.read(file);
        byte[] content = Files.readAllBytes(file);
        ByteBuffer bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        int length = (int) bytes.getLong(0);
        JsonNode header = new ObjectMapper().readTree(new String(content, 8, length, StandardCharsets.UTF_8));
        assertEquals(header.get("__metadata__").size(), read.metadata().size());
        assertEquals(
                header.get("__metadata__").get("image").textValue(),
                read.metadata().get("image"));
        assertEquals(header.size() - 1, read.names().size());
        for (String tensorName : read.names()) {
            StoredTensor tensor = read.tensor(tensorName);
            JsonNode entry = header.get(tensorName);
            assertEquals(
                    entry.get("shape").toString(),
                    Arrays.toString(tensor.shape()).replace(" ", ""));
            int begin = 8 + length + entry.get("data_offsets").get(0).intValue();
            for (int i = 0; i < tensor.values().length; i++) {
                assertEquals(bytes.getInt(begin + 4 * i), Float.floatToRawIntBits(tensor.values()[i]));
            }
        }
        Path copy = folder.resolve("copy.safetensors");
        read.write(copy);
        Safetensors reread = Safetensors.read(copy);
        assertEquals(List.copyOf(read.names()), List.copyOf(reread.names()));
        for (String tensorName : read.names()) {
            assertArrayEquals(
                    bits(read.tensor(tensorName).values()),
                    bits(reread.tensor(tensorName).values()));
        }
    }

    @Test
    void aMissingTensorIsNamedWithItsFile() throws IOException {
        Path file = folder.resolve("a.safetensors");
        new Safetensors(Map.of(), List.of()).write(file);
        Safetensors read = Safetensors.read(file);
        assertEquals(
                file + " has no tensor called conv1.kernel",
                assertThrows(InvalidInputException.class, () -> read.tensor("conv1.kernel"))
                        .getMessage());
    }

    @Test
    void tensorsThatAreNoneAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new StoredTensor("a", new int[] {2, 2}, new float[3]));
        assertThrows(IllegalArgumentException.class, () -> new StoredTensor("a", new int[] {-1, -3}, new float[3]));
        StoredTensor tensor = new StoredTensor("a", new int[] {3}, new float[3]);
        assertThrows(IllegalArgumentException.class, () -> new Safetensors(Map.of(), List.of(tensor, tensor)));
        StoredTensor metadata = new StoredTensor("__metadata__", new int[] {3}, new float[3]);
        assertThrows(IllegalArgumentException.class, () -> new Safetensors(Map.of(), List.of(metadata)));
    }

    /** The bits are those of the formats, written down by hand: of each type 1.5 or 1, and what is special in it. */
    @ParameterizedTest
    @CsvSource({
        "F64, 000000000000f83f9a9999999999b93f, 1.5 0.1",
        "F32, 0000c03fcdcccc3d, 1.5 0.1",
        "F16, 003e0100ff7b00fc, 1.5 5.9604645E-8 65504 -Infinity",
        "BF16, c03fcd3d807f, 1.5 0.100097656 Infinity",
        "F8_E5M2, 3e017bfc, 1.5 1.5258789E-5 57344 -Infinity",
        "F8_E4M3, 3c017eff, 1.5 0.001953125 448 NaN",
        "I64, 0100000000000000ffffffffffffffff, 1 -1",
        "I32, 0100000001000001, 1 16777216",
        "I16, 0080, -32768",
        "I8, 80, -128",
        "U32, ffffffff, 4294967296",
        "U16, ffff, 65535",
        "U8, ff, 255",
        "BOOL, 0100, 1 0"
    })
    void otherTypesBecomeFloats(String type, String hex, String expected) throws IOException {
        byte[] values = HexFormat.of().parseHex(hex);
        String[] numbers = expected.split(" ", -1);
        byte[] header = ("{\"a\":{\"dtype\":\"" + type + "\",\"shape\":[" + numbers.length + "],\"data_offsets\":[0,"
                        + values.length + "]}}")
                .getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + header.length + values.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .put(header)
                .put(values);
        float[] floats = new float[numbers.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = Float.parseFloat(numbers[i]);
        }
        assertArrayEquals(
                floats,
                Safetensors.read(Files.write(folder.resolve("a.safetensors"), bytes.array()))
                        .tensor("a")
                        .values());
    }

    /** Headers for files with 8 bytes of values, and what the message says about each. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]} | has a damaged header: Unexpected end-of-input",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} {} | has a damaged header: Trailing token",
                "['a'] | its header does not begin with a brace",
                "{'a':[0,8]} | a lacks a type, a shape or two offsets",
                "{'a':{'shape':[2],'data_offsets':[0,8]}} | a lacks a type, a shape or two offsets",
                "{'a':{'dtype':'F32','shape':2,'data_offsets':[0,8]}} | a lacks a type, a shape or two offsets",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,4,8]}} | a lacks a type, a shape or two offsets",
                "{'a':{'dtype':'C64','shape':[1],'data_offsets':[0,8]}} | holds a as C64; what can be read is F64, F32,",
                "{'a':{'dtype':'bf16','shape':[4],'data_offsets':[0,8]}} | holds a as bf16; what can be read is F64,",
                "{'a':{'dtype':'BF16','shape':[2],'data_offsets':[0,8]}} | has the shape [2] but the offsets 0 to 8",
                "{'a':{'dtype':'F32','shape':[-2],'data_offsets':[0,8]}} | a has the dimension -2",
                "{'a':{'dtype':'F32','shape':[-1,-2],'data_offsets':[0,8]}} | a has the dimension -1",
                "{'a':{'dtype':'F32','shape':[2.0],'data_offsets':[0,8]}} | a has the dimension 2.0",
                "{'a':{'dtype':'F32','shape':['2'],'data_offsets':[0,8]}} | a has the dimension `2`",
                "{'a':{'dtype':'F32','shape':[4294967298],'data_offsets':[0,8]}} | a has the dimension 4294967298",
                "{'a':{'dtype':'F32','shape':[65536,65536,65536,65536],'data_offsets':[0,8]}} "
                        + "| holds more values in a than this program can take",
                "{'a':{'dtype':'F32','shape':[65536,65536],'data_offsets':[0,17179869184]}} "
                        + "| holds more values in a than this program can take",
                "{'a':{'dtype':'F32','shape':[3],'data_offsets':[0,8]}} | a has the shape [3] but the offsets 0 to 8",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[8,0]}} | a has the shape [2] but the offsets 8 to 0",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[-8,0]}} | a has the offset -8",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,1e1]}} | a has the offset 10.0",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,18446744073709551616]}} "
                        + "| a has the offset 18446744073709551616",
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | a leaves a gap after what is before it",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},"
                        + "'b':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | b overlaps with what is before it",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},"
                        + "'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} "
                        + "| has a damaged header: Duplicate field",
                "{'a':{'dtype':'F32','shape':[2],'shape':[2],'data_offsets':[0,8]}} "
                        + "| has a damaged header: Duplicate field",
                "{'a':{'dtype':'F32','shape':[3],'data_offsets':[0,12]}} "
                        + "| is truncated: it announces 12 bytes of tensors and has 8",
                "{'a':{'dtype':'F32','shape':[500000000],'data_offsets':[0,2000000000]}} "
                        + "| is truncated: it announces 2000000000 bytes of tensors and has 8",
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} "
                        + "| is too long: it announces 4 bytes of tensors and has 8",
                "{} | is too long: it announces 0 bytes of tensors and has 8",
                "{'__metadata__':'x'} | its metadata is not an object",
                "{'__metadata__':{'x':1}} | the metadata called x is not text",
            })
    void damagedHeadersAreRefused(String header, String problem) throws IOException {
        Path file = folder.resolve("a.safetensors");
        Files.write(file, file(header.replace('\'', '"').getBytes(StandardCharsets.UTF_8), 8));
        assertRefused(file, problem.replace('`', '"'));
    }

    @Test
    void headersThatAreNoTextAreRefused() throws IOException {
        Path file = folder.resolve("a.safetensors");
        Files.write(file, file(new byte[] {'{', '"', (byte) 0xC3, '(', '"', ':', '1', '}'}, 0));
        assertRefused(file, "has a damaged header: it is not UTF-8");
        Files.write(file, file("{\"a\":{}}".getBytes(StandardCharsets.UTF_16LE), 0));
        assertRefused(file, "has a damaged header: ");
        Files.write(file, file(("{\"\\u0007" + "x".repeat(5_000) + "\\n\":1}").getBytes(StandardCharsets.UTF_8), 0));
        assertRefused(file, "has a damaged header: ?xxx");
        Files.write(file, file(("{\"a\":" + "[".repeat(100_000)).getBytes(StandardCharsets.UTF_8), 0));
        assertRefused(file, "has a damaged header: ");
    }

    @Test
    void filesThatAreCutOffOrForeignAreRefused() throws IOException {
        Path file = folder.resolve("a.safetensors");
        Files.write(file, new byte[0]);
        assertRefused(file, "is empty");
        Files.write(file, new byte[] {1, 0, 0});
        assertRefused(file, "is truncated: it has only 3 bytes");
        Files.write(file, new byte[8]);
        assertRefused(file, "is not a safetensors file");
        Files.write(
                file,
                ByteBuffer.allocate(100)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(93)
                        .array());
        assertRefused(file, "is truncated: it announces a header of 93 bytes and has only 100 in all");
        Files.write(
                file,
                ByteBuffer.allocate(100)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(-1)
                        .array());
        assertRefused(file, "is not a safetensors file: it would begin with a header of 18446744073709551615 bytes");
        Files.writeString(file, "PK\u0003\u0004 and whatever else a zip file holds");
        assertRefused(file, "is not a safetensors file");
        assertRefused(folder, "is a folder, not a safetensors file");
        assertRefused(folder.resolve("absent"), "does not exist");
    }

    /** A hole in the file takes no space on the disk, and its announcements must take none in memory. */
    @Test
    void sizesThatTheFileOnlyClaimsAreNotAllocated() throws IOException {
        Path file = folder.resolve("a.safetensors");
        writeSparse(file, 100_000_001, new byte[0], 1L << 32);
        assertRefused(file, "is not a safetensors file: it would begin with a header of 100000001 bytes");
        long tensorSize = 8_000_000_000L;
        int tensors = (int) (Runtime.getRuntime().maxMemory() / tensorSize + 1);
        String header = IntStream.range(0, tensors)
                .mapToObj(i -> "\"a" + i
                        + "\":{\"dtype\":\"F32\",\"shape\":[2000000000],\"data_offsets\":["
                        + i * tensorSize + "," + (i + 1) * tensorSize + "]}")
                .collect(Collectors.joining(",", "{", "}"));
        writeSparse(
                file,
                header.length(),
                header.getBytes(StandardCharsets.UTF_8),
                8 + header.length() + tensors * tensorSize);
        assertRefused(file, "more than the memory that Java may use");
    }

    private static void writeSparse(Path file, long headerLength, byte[] header, long fileLength) throws IOException {
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.write(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(headerLength)
                    .array());
            sparse.write(header);
            sparse.setLength(fileLength);
        }
    }

    @Test
    void anyDamageIsEitherHarmlessOrRefused() throws IOException {
        Path file = folder.resolve("a.safetensors");
        new Safetensors(
                        Map.of("epoch", "3", "architecture", "{\"filters\":[32,64]}"),
                        List.of(
                                new StoredTensor("conv1.kernel", new int[] {3, 3, 1, 2}, new float[18]),
                                new StoredTensor("conv1.bias", new int[] {2}, new float[2]),
                                new StoredTensor("step", new int[0], new float[1])))
                .write(file);
        byte[] valid = Files.readAllBytes(file);
        int dataStart =
                8 + (int) ByteBuffer.wrap(valid).order(ByteOrder.LITTLE_ENDIAN).getLong();
        Random random = Seeds.random(7);
        int refused = 0;
        for (int round = 0; round < 3_000; round++) {
            byte[] damaged = valid.clone();
            if (round % 3 == 0) {
                damaged = Arrays.copyOf(damaged, random.nextInt(valid.length));
            } else {
                for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                    // Mostly where it matters.
                    damaged[random.nextInt(round % 3 == 1 ? dataStart : damaged.length)] = (byte) random.nextInt();
                }
            }
            Files.write(file, damaged);
            try {
                Safetensors read = Safetensors.read(file);
                assertEquals(valid.length, damaged.length, "a cut file was accepted");
                assertEquals(
                        21,
                        read.names().stream()
                                .mapToInt(name -> read.tensor(name).values().length)
                                .sum());
            } catch (InvalidInputException e) {
                assertOneLine(file, e);
                refused++;
            }
        }
        assertTrue(refused > 1_500, "only " + refused + " were refused");
    }

    private static byte[] file(byte[] header, int dataLength) {
        return ByteBuffer.allocate(8 + header.length + dataLength)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .put(header)
                .array();
    }

    private static void assertRefused(Path file, String problem) {
        Allocation.assertAtMost(
                MUCH_MEMORY, () -> assertThrows(InvalidInputException.class, () -> Safetensors.read(file)));
        InvalidInputException refusal = assertThrows(InvalidInputException.class, () -> Safetensors.read(file));
        assertTrue(refusal.getMessage().contains(problem), refusal.getMessage());
        assertOneLine(file, refusal);
    }

    private static void assertOneLine(Path file, InvalidInputException refusal) {
        assertTrue(refusal.getMessage().startsWith(file + " "), refusal.getMessage());
        assertFalse(refusal.getMessage().contains("\n"), refusal.getMessage());
        assertTrue(refusal.getMessage().length() < file.toString().length() + 350, refusal.getMessage());
    }
}
