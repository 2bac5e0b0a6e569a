package daegpu.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.UnknownFieldSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads the files with checksums worked out bit by bit, and protobuf's own parser. */
class TensorBoardEventsTest {

    @TempDir
    private Path folder;

    /** The polynomial of Castagnoli, reflected, one bit at a time, as the definition has it. */
    private static int crc32c(byte[] data, int from, int length) {
        int crc = ~0;
        for (int i = from; i < from + length; i++) {
            crc ^= data[i] & 0xFF;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 1) != 0 ? crc >>> 1 ^ 0x82F63B78 : crc >>> 1;
            }
        }
        return ~crc;
    }

    /** As tensorflow/core/lib/hash/crc32c.h has it. */
    private static int masked(int crc) {
        return (crc >>> 15 | crc << 17) + 0xa282ead8;
    }

    private static List<UnknownFieldSet> read(byte[] file) throws IOException {
        List<UnknownFieldSet> events = new ArrayList<>();
        ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            int start = buffer.position();
            int length = Math.toIntExact(buffer.getLong());
            assertEquals(masked(crc32c(file, start, 8)), buffer.getInt(), "checksum of a length");
            byte[] data = new byte[length];
            buffer.get(data);
            assertEquals(masked(crc32c(data, 0, length)), buffer.getInt(), "checksum of a record");
            events.add(UnknownFieldSet.parseFrom(data));
        }
        return events;
    }

    private Path onlyFile() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.reduce((a, b) -> {
                        throw new AssertionError("more than one file");
                    })
                    .orElseThrow();
        }
    }

    private static UnknownFieldSet message(UnknownFieldSet message, int field) throws IOException {
        return UnknownFieldSet.parseFrom(
                message.getField(field).getLengthDelimitedList().get(0));
    }

    private static String text(UnknownFieldSet message, int field) {
        return message.getField(field).getLengthDelimitedList().get(0).toStringUtf8();
    }

    @Test
    void checksumOfThisTestIsTheKnownOne() {
        assertEquals(0xE3069283, crc32c("123456789".getBytes(StandardCharsets.US_ASCII), 0, 9));
    }

    @Test
    void recordsHoldWhatWasWritten() throws IOException {
        byte[] png = {1, 2, 3, -4};
        try (TensorBoardEvents events = TensorBoardEvents.create(folder)) {
            events.scalar("epoch_loss", 3, 0.125);
            events.image("samples", 1L << 40, 20, 30, 3, png);
            events.restart(7);
        }
        assertTrue(onlyFile().getFileName().toString().contains("tfevents"));
        List<UnknownFieldSet> events = read(Files.readAllBytes(onlyFile()));
        assertEquals(4, events.size());
        assertEquals("brain.Event:2", text(events.get(0), 3));
        double time = Double.longBitsToDouble(
                events.get(1).getField(1).getFixed64List().get(0));
        assertEquals(System.currentTimeMillis() / 1e3, time, 600, "seconds since 1970");

        assertEquals(3, events.get(1).getField(2).getVarintList().get(0));
        UnknownFieldSet scalar = message(message(events.get(1), 5), 1);
        assertEquals("epoch_loss", text(scalar, 1));
        assertEquals(
                0.125f, Float.intBitsToFloat(scalar.getField(2).getFixed32List().get(0)));

        assertEquals(1L << 40, events.get(2).getField(2).getVarintList().get(0));
        UnknownFieldSet value = message(message(events.get(2), 5), 1);
        assertEquals("samples", text(value, 1));
        UnknownFieldSet image = message(value, 4);
        assertEquals(List.of(20L), image.getField(1).getVarintList());
        assertEquals(List.of(30L), image.getField(2).getVarintList());
        assertEquals(List.of(3L), image.getField(3).getVarintList());
        assertArrayEquals(png, image.getField(4).getLengthDelimitedList().get(0).toByteArray());

        assertEquals(7, events.get(3).getField(2).getVarintList().get(0));
        assertEquals(List.of(1L), message(events.get(3), 7).getField(1).getVarintList());
    }

    @Test
    void checksumsFindAnyFlippedBit() throws IOException {
        try (TensorBoardEvents events = TensorBoardEvents.create(folder)) {
            events.scalar("x", 1, 2);
        }
        byte[] file = Files.readAllBytes(onlyFile());
        for (int i = 12; i < 12 + 20; i++) {
            byte[] damaged = file.clone();
            damaged[i] ^= 16;
            assertThrows(AssertionError.class, () -> read(damaged), "byte " + i);
        }
    }

    @Test
    void everySessionHasAFileOfItsOwn() throws IOException {
        for (int i = 0; i < 3; i++) {
            TensorBoardEvents.create(folder).close();
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(3, files.count());
        }
    }
}
