package daegpu.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.ThisJava;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A WebP file of a few bytes that claims to be larger than the memory is refused by its header. */
class HugeWebPTest {

    @TempDir
    private Path folder;

    private static byte[] file(boolean lossy, int side) {
        ByteBuffer chunk = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN);
        chunk.put("RIFF".getBytes(StandardCharsets.US_ASCII))
                .putInt(32)
                .put("WEBP".getBytes(StandardCharsets.US_ASCII));
        if (lossy) {
            // A key frame that is shown: its tag, the start code, and 14 bits of either side.
            chunk.put("VP8 ".getBytes(StandardCharsets.US_ASCII))
                    .putInt(20)
                    .put(new byte[] {0x10, 2, 0, (byte) 0x9D, 1, 0x2A});
            chunk.putShort((short) side).putShort((short) side);
        } else {
            chunk.put("VP8L".getBytes(StandardCharsets.US_ASCII)).putInt(20).put((byte) 0x2F);
            chunk.putInt((side - 1) | (side - 1) << 14);
        }
        return chunk.array();
    }

    /** In a process of its own with little memory; it gets no pixels, so decoding would say that it is damaged. */
    @ParameterizedTest
    @CsvSource({"true, 3000", "true, 16383", "false, 4000", "false, 16383"})
    void isRefusedBeforeItIsDecoded(boolean lossy, int side) throws IOException, InterruptedException {
        Path file = Files.write(folder.resolve("a.webp"), file(lossy, side));
        Process process = ThisJava.process(
                        "-Xmx128m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        HugeWebPTest.class.getName(),
                        file.toString())
                .redirectErrorStream(true)
                .start();
        String message = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), message);
        assertTrue(message.contains(side + "x" + side) && message.contains("MiB, and Java may use"), message);
    }

    /** The process of its own. */
    public static void main(String[] arguments) {
        try {
            ImageFile.open(Path.of(arguments[0]));
        } catch (InvalidInputException e) {
            System.out.println(e.getMessage());
        }
    }
}
