package daegpu.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeFileTest {

    @TempDir
    private Path folder;

    @Test
    void readsUpToItsLimit() throws IOException {
        Path file = folder.resolve("a");
        for (int length : new int[] {0, 1, 2047, 2048}) {
            byte[] content = new byte[length];
            Files.write(file, content);
            assertArrayEquals(content, WholeFile.read(file, 2048));
        }
        Files.write(file, new byte[2049]);
        assertEquals(file + " has over 2 KiB, and is not what it is taken for", refusal(file));
    }

    @Test
    void endlessDevicesAndWhatIsNotThereAreNamed() {
        Path zero = Path.of("/dev/zero");
        assumeTrue(Files.exists(zero));
        assertEquals("/dev/zero has over 2 KiB, and is not what it is taken for", refusal(zero));
        Path absent = folder.resolve("absent");
        assertEquals(absent + " does not exist", refusal(absent));
    }

    @Test
    void textIsUtf8() throws IOException {
        Path file = Files.writeString(folder.resolve("a"), "ü");
        assertEquals("ü", WholeFile.readText(file, 10));
        Files.write(file, new byte[] {(byte) 0xFC});
        assertEquals(
                file + " is not UTF-8 text",
                assertThrows(InvalidInputException.class, () -> WholeFile.readText(file, 10))
                        .getMessage());
    }

    private static String refusal(Path file) {
        return assertThrows(InvalidInputException.class, () -> WholeFile.read(file, 2048))
                .getMessage();
    }
}
