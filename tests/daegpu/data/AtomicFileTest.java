package daegpu.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.ThisJava;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeds.class)
class AtomicFileTest {

    private static final int SIZE = 3_000_000;

    @TempDir
    private Path folder;

    @Test
    void createsAndReplaces() throws IOException {
        Path file = folder.resolve("a.bin");
        AtomicFile.write(file, new byte[] {1, 2, 3});
        assertArrayEquals(new byte[] {1, 2, 3}, Files.readAllBytes(file));
        AtomicFile.write(file, out -> {
            out.write(4);
            out.write(new byte[100_000]);
        });
        assertEquals(100_001, Files.size(file));
        assertEquals(List.of("a.bin"), names());
    }

    @Test
    void aNameWithoutAFolderIsInTheWorkingFolder() throws IOException {
        Path file = Path.of("target", "atomic-file-test.tmp");
        AtomicFile.write(file, new byte[] {1});
        assertTrue(Files.deleteIfExists(file));
    }

    @Test
    void aFailureLeavesTheFileAsItWasAndNothingElse() throws IOException {
        Path file = folder.resolve("a.bin");
        AtomicFile.write(file, new byte[] {1, 2, 3});
        IOException failure = assertThrows(
                IOException.class,
                () -> AtomicFile.write(file, out -> {
                    out.write(new byte[500_000]);
                    throw new IOException("No space left on device");
                }));
        assertEquals("cannot write " + file + ": No space left on device", failure.getMessage());
        assertThrows(
                IllegalStateException.class,
                () -> AtomicFile.write(file, out -> {
                    out.write(new byte[500_000]);
                    throw new IllegalStateException();
                }));
        assertThrows(
                OutOfMemoryError.class,
                () -> AtomicFile.write(file, out -> {
                    throw new OutOfMemoryError("thrown by a test");
                }));
        assertArrayEquals(new byte[] {1, 2, 3}, Files.readAllBytes(file));
        assertEquals(List.of("a.bin"), names());
    }

    @Test
    void theNewContentIsNotSeenBeforeItIsComplete() throws IOException {
        Path file = folder.resolve("a.bin");
        AtomicFile.write(file, new byte[] {1});
        AtomicFile.write(file, out -> {
            out.write(new byte[1_000_000]);
            out.flush();
            assertEquals(1, Files.size(file));
        });
        assertEquals(1_000_000, Files.size(file));
    }

    /** Only a rename leaves the old file to those who have it open; writing into it, however fast, does not. */
    @Test
    void whoReadsTheOldFileReadsAllOfIt() throws IOException {
        Path file = folder.resolve("a.bin");
        AtomicFile.write(file, new byte[] {1, 2, 3});
        try (InputStream old = Files.newInputStream(file)) {
            AtomicFile.write(file, new byte[] {4, 5, 6, 7});
            assertArrayEquals(new byte[] {1, 2, 3}, old.readAllBytes());
        }
        assertEquals(4, Files.size(file));
    }

    @Test
    void anInterruptedThreadCanStillSave() throws IOException {
        Path file = folder.resolve("a.bin");
        Thread.currentThread().interrupt();
        try {
            AtomicFile.write(file, new byte[] {1});
        } finally {
            assertTrue(Thread.interrupted());
        }
        assertEquals(List.of("a.bin"), names());
    }

    @Test
    void whatCannotBeWrittenIsNamed() throws IOException {
        Path absent = folder.resolve("absent").resolve("a.bin");
        assertEquals("cannot write " + absent + ": its folder does not exist", failure(absent));
        assertEquals("cannot write " + folder + ": it is a folder", failure(folder));
        Path file = Files.createFile(folder.resolve("file"));
        String message = failure(file.resolve("a.bin"));
        assertTrue(message.startsWith("cannot write " + file.resolve("a.bin") + ": "), message);
        assertFalse(message.contains("\n"));
        assertEquals(List.of("file"), names());
    }

    @Test
    void aDeviceIsNotReplaced() throws IOException {
        Path device = Path.of("/dev/null");
        Assumptions.assumeTrue(Files.exists(device));
        assertEquals("cannot write /dev/null: it is not a regular file", failure(device));
        assertFalse(Files.isRegularFile(device));
    }

    @Test
    void aLinkStaysALink() throws IOException {
        Path file = folder.resolve("file");
        Files.createFile(file);
        Path link = folder.resolve("link");
        try {
            Files.createSymbolicLink(link, file);
        } catch (IOException | UnsupportedOperationException e) {
            Assumptions.abort("no symbolic links here");
        }
        AtomicFile.write(link, new byte[] {1, 2});
        assertTrue(Files.isSymbolicLink(link));
        assertEquals(2, Files.size(file));
    }

    @Test
    void whatKilledProcessesLeftIsRemovedAfterAnHour() throws IOException {
        Path old = Files.createFile(folder.resolve(".dae-gpu-0123abcd.tmp"));
        Path recent = Files.createFile(folder.resolve(".dae-gpu-0123abce.tmp"));
        Path foreign = Files.createFile(folder.resolve(".dae-gpu-holidays.tmp"));
        FileTime longAgo = FileTime.from(Instant.now().minus(Duration.ofMinutes(61)));
        for (Path file : List.of(old, foreign)) {
            Files.setLastModifiedTime(file, longAgo);
        }
        Path file = folder.resolve("a.bin");
        AtomicFile.write(file, new byte[1]);
        assertFalse(Files.exists(old));
        assertTrue(Files.exists(recent));
        assertTrue(Files.exists(foreign));
        AtomicFile.removeTemporaries(folder);
        assertFalse(Files.exists(recent));
        assertTrue(Files.exists(foreign));
        AtomicFile.removeTemporaries(folder.resolve("absent"));
    }

    /** Also of letters that take several bytes each. */
    @ParameterizedTest
    @ValueSource(strings = {"a", "ü", "漢"})
    void namesMayBeAsLongAsTheSystemAllows(String letter) throws IOException {
        int bytes = letter.getBytes(StandardCharsets.UTF_8).length;
        String name = letter.repeat(255 / bytes);
        Path file = folder.resolve(name);
        try {
            Files.delete(Files.createFile(file));
        } catch (IOException e) {
            Assumptions.abort("no names of 255 bytes here");
        }
        AtomicFile.write(file, new byte[] {1});
        AtomicFile.write(file, new byte[] {1, 2});
        assertEquals(2, Files.size(file));
    }

    @Test
    void aKilledProcessLeavesAWholeFile() throws IOException, InterruptedException {
        Path file = folder.resolve("a.bin");
        Random random = Seeds.random(1);
        for (int round = 0; round < 4; round++) {
            Files.deleteIfExists(file);
            Process writer = ThisJava.process(
                            "-cp", System.getProperty("java.class.path"), Writer.class.getName(), file.toString())
                    .inheritIO()
                    .start();
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (!Files.exists(file)) {
                assertTrue(writer.isAlive() && System.nanoTime() < deadline, "the writing process does not write");
                Thread.sleep(5);
            }
            Thread.sleep(random.nextInt(100));
            writer.destroyForcibly().waitFor();
            byte[] content = Files.readAllBytes(file);
            assertEquals(SIZE, content.length);
            byte[] expected = new byte[SIZE];
            Arrays.fill(expected, content[0]);
            assertArrayEquals(expected, content);
            AtomicFile.write(file, new byte[] {1});
            assertEquals(1, Files.size(file));
        }
    }

    /** Writes files of one repeated byte each, until it is killed. */
    static final class Writer {

        private Writer() {}

        public static void main(String[] arguments) throws IOException {
            for (byte value = 0; ; value++) {
                byte[] content = new byte[SIZE];
                Arrays.fill(content, value);
                AtomicFile.write(Path.of(arguments[0]), content);
            }
        }
    }

    private static String failure(Path file) {
        return assertThrows(IOException.class, () -> AtomicFile.write(file, new byte[] {1}))
                .getMessage();
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return new ArrayList<>(
                    files.map(file -> file.getFileName().toString()).sorted().toList());
        }
    }
}
