package daegpu.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeds.class)
class IdxFileTest {

    /** More than refusing any of these files takes, and far less than what they claim to hold. */
    private static final long MUCH_MEMORY = 16_000_000;

    @TempDir
    private Path folder;

    @Test
    void bytesAreThoseOfTheFormat() throws IOException {
        Path file = folder.resolve("grey");
        IdxFile.write(file, new ImageSet(1, 3, 1, new byte[] {1, 2, 3, 4, 5, -1}));
        assertArrayEquals(
                new byte[] {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, -1},
                Files.readAllBytes(file));
        Path colour = folder.resolve("colour.gz");
        IdxFile.write(colour, new ImageSet(1, 1, 3, new byte[] {1, 2, -3}));
        try (InputStream in = new GZIPInputStream(Files.newInputStream(colour))) {
            assertArrayEquals(
                    new byte[] {0, 0, 8, 4, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, -3},
                    in.readAllBytes());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "raw, 5, 1",
        "zipped.gz, 5, 1",
        "raw, 2, 3",
        "zipped.GZ, 2, 3",
        "zipped.gz, 3, 2",
        "raw, 1, 4",
        "large.gz, 40000, 1"
    })
    void whatIsWrittenIsRead(String name, int count, int channels) throws IOException {
        byte[] pixels = random(count * 7 * 9 * channels);
        Path file = folder.resolve(name);
        IdxFile.write(file, new ImageSet(7, 9, channels, pixels));
        // The content decides, not the name.
        Path renamed = Files.move(file, folder.resolve("renamed"));
        ImageSet read = IdxFile.read(renamed, 0);
        assertEquals(
                count + " x 7 x 9 x " + channels,
                read.count() + " x " + read.height() + " x " + read.width() + " x " + read.channels());
        assertArrayEquals(pixels, read.pixels());
        try (InputStream in = Files.newInputStream(renamed)) {
            assertArrayEquals(pixels, IdxFile.read(in, "a stream", 0).pixels());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"raw", "zipped.gz"})
    void aLimitTakesTheFirstImages(String name) throws IOException {
        byte[] pixels = random(10 * 4);
        Path file = folder.resolve(name);
        IdxFile.write(file, new ImageSet(2, 2, 1, pixels));
        assertArrayEquals(Arrays.copyOf(pixels, 12), IdxFile.read(file, 3).pixels());
        assertArrayEquals(pixels, IdxFile.read(file, 10).pixels());
        assertArrayEquals(pixels, IdxFile.read(file, 1000).pixels());
        assertThrows(IllegalArgumentException.class, () -> IdxFile.read(file, -1));
    }

    @Test
    void aLimitMakesHugeFilesReadable() throws IOException {
        Path file = folder.resolve("a");
        // 4 GB of 1 MB images, sparse on the disk.
        write(file, out -> out.write(header(3, 4_000, 1_000, 1_000)));
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(16 + 4_000_000_000L);
        }
        assertRefused(file, "announces 4000 images of 1000x1000, which is over 2 GiB");
        assertEquals(2, IdxFile.read(file, 2).count());
    }

    @Test
    void damagedHeadersAreRefused() throws IOException {
        Path file = folder.resolve("a");
        assertRefused(file, new byte[0], "is empty");
        assertRefused(file, new byte[] {0, 0}, "is not an IDX file: it begins with 00 00");
        assertRefused(file, new byte[] {0, 0, 8, 3, 0, 0, 0, 1, 0}, "is truncated within its header");
        assertRefused(
                file, "GIF89a and so on".getBytes(StandardCharsets.US_ASCII), "is a GIF picture, not an IDX file");
        assertRefused(file, new byte[] {0, 0, 7, 3, 0, 0}, "is not an IDX file: it begins with 00 00 07 03");
        assertRefused(
                file, new byte[] {0, 0, 9, 3, 0, 0}, "holds signed bytes; only unsigned bytes can be read as images");
        assertRefused(file, new byte[] {0, 0, 0x0B, 3}, "holds 16-bit integers");
        assertRefused(file, new byte[] {0, 0, 0x0C, 3}, "holds 32-bit integers");
        assertRefused(file, new byte[] {0, 0, 0x0D, 3}, "holds 32-bit floats");
        assertRefused(file, new byte[] {0, 0, 0x0E, 3}, "holds 64-bit floats");
        assertRefused(file, new byte[] {0, 0, 8, 1, 0, 0, 0, 1, 5}, "holds labels (one dimension), not images");
        assertRefused(file, new byte[] {0, 0, 8, 2, 0, 0, 0, 1}, "has 2 dimensions; images have 3 or 4");
        assertRefused(file, new byte[] {0, 0, 8, -1, 0, 0, 0, 1}, "has 255 dimensions; images have 3 or 4");
        assertRefused(file, header(3, 0, 2, 2), "holds no images");
        assertRefused(file, header(3, 1, 0, 2), "announces images without pixels: 1 images of 0x2");
        assertRefused(file, header(4, 1, 2, 2, 0), "announces images without pixels: 1 images of 2x2x0");
        assertRefused(file, header(4, 1, 2, 2, 5), "announces 1 images of 2x2x5; at most 4 channels can be read");
        assertRefused(
                file,
                header(3, -1, 2, 2),
                "is truncated: it announces 4294967295 images of 2x2, 17179869180 bytes, and holds 0");
        assertRefused(
                file,
                header(3, 1, -1, 2),
                "announces 1 images of 4294967295x2, which is over 2 GiB for a single image");
        assertRefused(file, header(3, 1, -1, -1), "which is over 2 GiB for a single image");
        assertRefused(file, header(4, 1, 65536, 65536, 1), "which is over 2 GiB for a single image");
        assertRefused(file, header(4, 1, 30000, 30000, 3), "which is over 2 GiB for a single image");
        assertRefused(file, header(3, -1, 46340, 46340), "is truncated: it announces 4294967295 images of 46340x46340");
        assertRefused(
                file,
                header(3, 1, 40000, 50000),
                "is truncated: it announces 1 images of 40000x50000, 2000000000 bytes, and holds 0");
    }

    @Test
    void filesThatDoNotHoldWhatTheyAnnounceAreRefused() throws IOException {
        Path file = folder.resolve("a");
        byte[] valid = concatenate(header(3, 3, 2, 2), new byte[12]);
        assertRefused(
                file, Arrays.copyOf(valid, 27), "is truncated: it announces 3 images of 2x2, 12 bytes, and holds 11");
        assertRefused(
                file,
                gzip(Arrays.copyOf(valid, 27)),
                "is truncated: it announces 3 images of 2x2, 12 bytes, and holds 11");
        assertRefused(
                file, Arrays.copyOf(valid, 29), "is too long: it goes on after the 3 images of 2x2 that it announces");
        assertRefused(
                file,
                gzip(Arrays.copyOf(valid, 29)),
                "is too long: it goes on after the 3 images of 2x2 that it announces");
        Files.write(file, Arrays.copyOf(valid, 27));
        assertEquals(2, IdxFile.read(file, 2).count(), "what a limit leaves out need not be there");
        Files.write(file, Arrays.copyOf(valid, 29));
        assertEquals(2, IdxFile.read(file, 2).count());
        assertRefused(folder, "is a folder, not an IDX file");
        assertRefused(folder.resolve("absent"), "does not exist");
    }

    @Test
    void damagedCompressionIsRefused() throws IOException {
        Path file = folder.resolve("a.gz");
        byte[] valid = gzip(concatenate(header(3, 100, 8, 8), random(6400)));
        for (int length : new int[] {2, 9, 12, 100, 3000, valid.length - 9, valid.length - 1}) {
            assertRefused(file, Arrays.copyOf(valid, length), "is truncated: its compressed data end early");
        }
        byte[] wrongSum = valid.clone();
        wrongSum[valid.length - 6] ^= 1;
        assertRefused(file, wrongSum, "is damaged: ");
        byte[] wrongBlock = valid.clone();
        wrongBlock[10] = 7;
        assertRefused(file, wrongBlock, "is damaged: ");
        assertRefused(file, gzip(gzip(valid)), "is a file compressed with gzip, not an IDX file: unpack it");
    }

    /** What comes where the images should: what a browser saved, what was not unpacked, what is another format. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "<!DOCTYPE html>\\n<html>404 | is a web page (HTML), not an IDX file: the download failed",
                "\\n\\n <HTML lang='en'> | is a web page (HTML), not an IDX file",
                "<?xml version='1.0'?><!DOCTYPE html PUBLIC | is a web page (HTML), not an IDX file",
                "<?xml version='1.0'?><Error><Code>AccessDenied | is an XML text, not an IDX file: did the download",
                "{\"message\": \"not found\"} | is a JSON text, not an IDX file: did the download",
                "Not Found | is a text, not an IDX file",
                "PK\\u0003\\u0004xxxx | is a zip archive, not an IDX file: unpack it first",
                "7z\\u00bc\\u00af\\u0027\\u001c | is a 7-Zip archive, not an IDX file: unpack it first",
                "\\u00fd7zXZ\\u0000 | is a file compressed with xz, not an IDX file: unpack it first",
                "\\u0089HDF\\r\\n\\u001a\\n | is an HDF5 file, not an IDX file",
                "%PDF-1.7 | is a PDF document, not an IDX file",
                "\\u0089PNG\\r\\n\\u001a\\n | is a PNG picture, not an IDX file",
                "version https://git-lfs.github.com/spec/v1 | is a pointer of Git LFS, not an IDX file: fetch the file"
            })
    void otherFilesAreCalledWhatTheyAre(String start, String problem) throws IOException {
        byte[] content = unescaped(start).getBytes(StandardCharsets.ISO_8859_1);
        assertRefused(folder.resolve("train-images-idx3-ubyte"), content, problem);
        assertRefused(folder.resolve("train-images-idx3-ubyte.gz"), gzip(content), problem);
    }

    @Test
    void anArchiveIsToldByItsBytesBehindTheFirst() throws IOException {
        byte[] tar = new byte[1024];
        tar[0] = 't';
        System.arraycopy("ustar".getBytes(StandardCharsets.US_ASCII), 0, tar, 257, 5);
        assertRefused(folder.resolve("a.gz"), gzip(tar), "is a tar archive, not an IDX file: unpack it first");
    }

    private static String unescaped(String text) {
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            if (text.startsWith("\\u", i)) {
                plain.append((char) Integer.parseInt(text.substring(i + 2, i + 6), 16));
                i += 5;
            } else if (text.startsWith("\\n", i) || text.startsWith("\\r", i)) {
                plain.append(text.charAt(i + 1) == 'n' ? '\n' : '\r');
                i++;
            } else {
                plain.append(text.charAt(i));
            }
        }
        return plain.toString();
    }

    @Test
    void compressedFilesAreNotBelieved() throws IOException {
        Path file = folder.resolve("a.gz");
        // Under 30 bytes that ask for 2 GB: the buffer must not be taken before the bytes are there.
        assertRefused(
                file,
                gzip(header(3, 1, 40000, 50000)),
                "is truncated: it announces 1 images of 40000x50000, 2000000000 bytes, and holds 0");
        assertRefused(file, gzip(header(3, -1, 40000, 50000)), "which is over 2 GiB");
        // 64 MB of zeros in 64 KB where 4 bytes were announced.
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(bomb)) {
            out.write(header(3, 1, 2, 2));
            for (int i = 0; i < 64; i++) {
                out.write(new byte[1 << 20]);
            }
        }
        assertRefused(file, bomb.toByteArray(), "is too long");
    }

    @Test
    void streamsAreNotBelievedEither() {
        InputStream in = new ByteArrayInputStream(header(3, 1, 40000, 50000));
        Allocation.assertAtMost(MUCH_MEMORY, () -> {
            InvalidInputException refusal =
                    assertThrows(InvalidInputException.class, () -> IdxFile.read(in, "the stream", 0));
            assertEquals(
                    "the stream is truncated: it announces 1 images of 40000x50000, 2000000000 bytes, and holds 0",
                    refusal.getMessage());
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anyDamageIsEitherHarmlessOrRefused(boolean compressed) throws IOException {
        Path file = folder.resolve("a");
        byte[] raw = concatenate(header(3, 20, 4, 4), random(320));
        byte[] valid = compressed ? gzip(raw) : raw;
        Random random = Seeds.random(3);
        int refused = 0;
        for (int round = 0; round < 1_000; round++) {
            byte[] damaged = Arrays.copyOf(valid, round % 2 == 0 ? random.nextInt(valid.length) : valid.length);
            if (round % 2 == 1) {
                damaged[random.nextInt(compressed ? valid.length : 20)] = (byte) random.nextInt();
            }
            Files.write(file, damaged);
            try {
                ImageSet read = IdxFile.read(file, 0);
                assertEquals(valid.length, damaged.length, "a cut file was accepted");
                assertEquals(320, read.pixels().length);
            } catch (InvalidInputException e) {
                assertOneLine(file, e);
                refused++;
            }
        }
        assertTrue(refused > 500, "only " + refused + " were refused");
    }

    private static byte[] header(int dimensions, int... sizes) {
        ByteBuffer header = ByteBuffer.allocate(4 + 4 * sizes.length).putInt(0x0800 | dimensions);
        for (int size : sizes) {
            header.putInt(size);
        }
        return header.array();
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        Seeds.random(length).nextBytes(bytes);
        return bytes;
    }

    private static byte[] concatenate(byte[] first, byte[] second) {
        return ByteBuffer.allocate(first.length + second.length)
                .put(first)
                .put(second)
                .array();
    }

    private static byte[] gzip(byte[] content) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(bytes)) {
            out.write(content);
        }
        return bytes.toByteArray();
    }

    private static void write(Path file, AtomicFile.Content content) throws IOException {
        try (OutputStream out = Files.newOutputStream(file)) {
            content.writeTo(out);
        }
    }

    private static void assertRefused(Path file, byte[] content, String problem) throws IOException {
        Files.write(file, content);
        assertRefused(file, problem);
    }

    private static void assertRefused(Path file, String problem) {
        Allocation.assertAtMost(
                MUCH_MEMORY, () -> assertThrows(InvalidInputException.class, () -> IdxFile.read(file, 0)));
        InvalidInputException refusal = assertThrows(InvalidInputException.class, () -> IdxFile.read(file, 0));
        assertTrue(refusal.getMessage().contains(problem), refusal.getMessage());
        assertOneLine(file, refusal);
    }

    private static void assertOneLine(Path file, InvalidInputException refusal) {
        assertTrue(refusal.getMessage().startsWith(file + " "), refusal.getMessage());
        assertFalse(refusal.getMessage().contains("\n"), refusal.getMessage());
    }
}
