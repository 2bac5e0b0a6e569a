package daegpu.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.data.TiffFiles.Field;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** TIFF files of several pages and of floats. */
class TiffPagesTest {

    @TempDir
    private Path folder;

    private Path write(byte[] content) throws IOException {
        return Files.write(folder.resolve("a.tif"), content);
    }

    private static Photo photo(Random random, ValueRange range) {
        int height = 1 + random.nextInt(90);
        int width = 1 + random.nextInt(90);
        int channels = random.nextBoolean() ? 1 : 3;
        Depth depth = range != null || random.nextBoolean() ? Depth.BITS_16 : Depth.BITS_8;
        int most = 1 + random.nextInt(depth.white());
        float[] values = new float[height * width * channels];
        for (int i = 0; i < values.length; i++) {
            values[i] = range != null ? 4 * random.nextFloat() - 2 : random.nextInt(most + 1) / (float) depth.white();
        }
        float[] alpha = null;
        if (random.nextInt(3) == 0) {
            alpha = new float[height * width];
            for (int i = 0; i < alpha.length; i++) {
                alpha[i] = random.nextInt(256) / 255f;
            }
        }
        return new Photo(height, width, channels, values, alpha, depth, "tiff", range);
    }

    private static PictureDescription stored(TiffForm form) {
        PictureDescription.Builder builder = new PictureDescription.Builder();
        builder.form(form);
        return builder.build();
    }

    private static byte[] file(List<Photo> pages, TiffForm form) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (PictureWriter writer = new PictureWriter(bytes, PictureFormat.TIFF, 95)) {
            for (Photo page : pages) {
                writer.write(page, stored(form));
            }
        }
        return bytes.toByteArray();
    }

    /** Java's reader does not know differences of 16 bits, nor BigTIFF; TwelveMonkeys' reads all. */
    @Test
    void whatIsWrittenIsReadByJavaAndByTwelveMonkeys() {
        Seeds.check(60, random -> {
            ValueRange range = random.nextInt(3) == 0 ? new ValueRange(-1000, 1e5f) : null;
            List<Photo> pages = new ArrayList<>();
            for (int i = 1 + random.nextInt(4); i > 0; i--) {
                pages.add(photo(random, range));
            }
            TiffForm form = new TiffForm(
                    List.of(TiffForm.NONE, TiffForm.LZW, TiffForm.DEFLATE, 32_773)
                            .get(random.nextInt(4)),
                    random.nextInt(4) == 0,
                    false,
                    random.nextBoolean() ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN,
                    random.nextInt(4) == 0,
                    List.of());
            byte[] file = file(pages, form);
            if (!form.big() && !form.writesDifferences(range != null)) {
                List<BufferedImage> javas = TiffFiles.read(file);
                assertEquals(pages.size(), javas.size());
                for (int page = 0; page < pages.size(); page++) {
                    assertSame(pages.get(page), javas.get(page).getRaster());
                }
            }
            try (PictureReader reader = PictureReader.open(write(file), range)) {
                assertEquals(pages.size(), reader.pages());
                for (int page = 0; page < pages.size(); page++) {
                    Photo expected = pages.get(page);
                    Photo read = reader.photo(page);
                    assertEquals(expected.depth(), read.depth());
                    assertEquals(range, read.range());
                    assertArrayEquals(expected.values(), read.values(), range == null ? 0 : 3e-7f);
                    if (expected.hasAlpha() || read.hasAlpha()) {
                        assertArrayEquals(expected.alpha(), read.alpha(), range == null ? 0 : 3e-7f);
                    }
                    TiffForm found = reader.description(page).form();
                    assertEquals(form.written(), found.compression());
                    assertEquals(form.order(), found.order());
                    assertEquals(form.big(), found.big());
                }
            }
        });
    }

    private static void assertSame(Photo expected, Raster raster) {
        int bands = expected.channels() + (expected.hasAlpha() ? 1 : 0);
        assertEquals(bands, raster.getNumBands());
        assertEquals(expected.height(), raster.getHeight());
        assertEquals(expected.width(), raster.getWidth());
        for (int y = 0; y < expected.height(); y++) {
            for (int x = 0; x < expected.width(); x++) {
                int pixel = y * expected.width() + x;
                for (int band = 0; band < bands; band++) {
                    boolean isAlpha = band == expected.channels();
                    float value =
                            isAlpha ? expected.alpha()[pixel] : expected.values()[pixel * expected.channels() + band];
                    double sample = raster.getSampleDouble(x, y, band);
                    if (expected.range() == null) {
                        assertEquals(Math.round(value * expected.depth().white()), sample);
                    } else if (isAlpha) {
                        assertEquals(value, sample);
                    } else {
                        ValueRange range = expected.range();
                        double own = range.low() + value * ((double) range.high() - range.low());
                        assertEquals(own, sample, 1e-7 * Math.abs(own));
                    }
                }
            }
        }
    }

    /** Codes of all lengths, a table that gets full, and what follows it. */
    @Test
    void lzwIsReadByJava() {
        LzwEncoder used = new LzwEncoder();
        Seeds.check(40, random -> {
            byte[] bytes = new byte[1 + random.nextInt(random.nextBoolean() ? 60_000 : 600)];
            int kinds = 1 + random.nextInt(256);
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) (random.nextInt(5) == 0 ? random.nextInt(kinds) : i / 50 % kinds);
            }
            byte[] compressed = used.encode(bytes, bytes.length);
            byte[] file = TiffFiles.byHand(
                    compressed,
                    new Field(256, bytes.length),
                    new Field(257, 1),
                    new Field(258, 8),
                    new Field(259, 5),
                    new Field(262, 1),
                    new Field(277, 1),
                    new Field(278, 1),
                    new Field(279, compressed.length));
            int[] read = TiffFiles.read(file).get(0).getRaster().getPixels(0, 0, bytes.length, 1, (int[]) null);
            for (int i = 0; i < bytes.length; i++) {
                assertEquals(bytes[i] & 0xFF, read[i], "byte " + i);
            }
        });
    }

    /** ImageJ reads the pixels of a stack that is not compressed one page after the other, by the first page alone. */
    @Test
    void pixelsThatAreNotCompressedFollowEachOther() throws IOException {
        Random random = Seeds.random(0);
        Photo first = photo(random, null);
        List<Photo> pages = List.of(first, first, first);
        byte[] file = file(pages, new TiffForm(TiffForm.NONE, false, false, ByteOrder.BIG_ENDIAN, false, List.of()));
        byte[] one =
                file(List.of(first), new TiffForm(TiffForm.NONE, false, false, ByteOrder.BIG_ENDIAN, false, List.of()));
        int bytes = first.height()
                * first.width()
                * (first.channels() + (first.hasAlpha() ? 1 : 0))
                * first.depth().bytes();
        byte[] pixels = Arrays.copyOfRange(one, 8, 8 + bytes);
        for (int page = 0; page < 3; page++) {
            assertArrayEquals(pixels, Arrays.copyOfRange(file, 8 + page * bytes, 8 + (page + 1) * bytes));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "LZW", "ZLib"})
    void floatsOfJavasAreRead(String compression) throws IOException {
        float[] values = {-5, 0, 1, 2.5f, 1e-3f, 7, 3, 4, 10, 11, 12, 13};
        Path file = write(TiffFiles.write(
                compression.equals("none") ? null : compression,
                TiffFiles.floats(2, 6, 1, values),
                TiffFiles.floats(2, 2, 3, values)));
        try (PictureReader reader = PictureReader.open(file, new ValueRange(0, 10))) {
            assertEquals(2, reader.pages());
            for (int page = 0; page < 2; page++) {
                Photo photo = reader.photo(page);
                assertEquals(page == 0 ? 1 : 3, photo.channels());
                assertEquals(Depth.BITS_16, photo.depth());
                for (int i = 0; i < values.length; i++) {
                    assertEquals(values[i] / 10, photo.values()[i], 1e-7);
                }
            }
        }
        assertEquals(new ImageFile.Header(2, 6, 1, Depth.BITS_16), ImageFile.header(file));
    }

    /** Compared with sorting them. */
    @Test
    void aRangeIsThatOfTheValuesInTheMiddle() {
        Seeds.check(60, random -> {
            BufferedImage[] pages = new BufferedImage[1 + random.nextInt(3)];
            List<Float> all = new ArrayList<>();
            float scale = (float) Math.pow(10, random.nextInt(9) - 4);
            float shift = random.nextBoolean() ? 0 : scale * 1000 * (random.nextFloat() - 0.5f);
            int kinds = 1 + random.nextInt(4000);
            for (int page = 0; page < pages.length; page++) {
                int height = 1 + random.nextInt(60);
                int width = 1 + random.nextInt(60);
                int channels = random.nextBoolean() ? 1 : 3;
                float[] values = new float[height * width * channels];
                for (int i = 0; i < values.length; i++) {
                    values[i] = shift
                            + scale * (random.nextBoolean() ? random.nextInt(kinds) : (float) random.nextGaussian());
                    all.add(values[i]);
                }
                pages[page] = TiffFiles.floats(height, width, channels, values);
            }
            all.sort(null);
            int cut = (int) (0.001 * (all.size() - 1));
            float low = all.get(cut);
            float high = all.get(all.size() - 1 - cut);
            try (PictureReader reader = PictureReader.open(write(TiffFiles.write(null, pages)))) {
                for (int page = 0; page < pages.length; page++) {
                    ValueRange range = reader.read(page).range();
                    if (low < high) {
                        assertEquals(new ValueRange(low, high), range);
                    } else {
                        assertEquals(all.get(0), range.low());
                        assertTrue(range.high() > range.low());
                    }
                }
            }
        });
    }

    @ParameterizedTest
    @CsvSource({"NaN, true", "Infinity, true", "-Infinity, false"})
    void floatsThatAreNotFiniteAreNamed(float value, boolean measured) throws IOException {
        Path file = write(TiffFiles.write(
                null, TiffFiles.floats(1, 3, 1, 1, 2, 3), TiffFiles.floats(2, 3, 1, 1, 2, 3, 4, value, 6)));
        try (PictureReader reader = PictureReader.open(file, measured ? null : new ValueRange(0, 1))) {
            String message = assertThrows(InvalidInputException.class, () -> reader.read(1))
                    .getMessage();
            assertTrue(
                    message.startsWith(file + ", page 2 has a value that is no finite number, " + value
                            + ", in row 2 and column 2"),
                    message);
        }
    }

    /** Whatever is cut off, the file or a page of it is refused in a line, or no page and no pixel was lost. */
    @ParameterizedTest
    @ValueSource(strings = {"none", "LZW", "ZLib", "own", "floats"})
    void noCutLosesAPage(String kind) throws IOException {
        Random random = Seeds.random(1);
        BufferedImage[] images = new BufferedImage[3];
        float[] values = new float[20 * 30];
        for (int page = 0; page < images.length; page++) {
            int[] samples = random.ints(values.length, 0, 65_536).toArray();
            for (int i = 0; i < samples.length; i++) {
                values[i] = samples[i];
            }
            images[page] = kind.equals("floats")
                    ? TiffFiles.floats(20, 30, 1, values.clone())
                    : TiffFiles.deep(20, 30, samples);
        }
        byte[] whole = TiffFiles.write(kind.equals("LZW") || kind.equals("ZLib") ? kind : null, images);
        if (kind.equals("own")) {
            try (PictureReader reader = PictureReader.open(write(whole))) {
                whole = file(List.of(reader.photo(0), reader.photo(1), reader.photo(2)), TiffForm.DEFAULT);
            }
        }
        List<float[]> expected = pages(write(whole));
        assertEquals(3, expected.size());
        int refused = 0;
        for (int length = 1; length < whole.length; length += 1 + whole.length / 300) {
            try {
                List<float[]> read = pages(write(Arrays.copyOf(whole, length)));
                assertEquals(3, read.size(), "cut to " + length + " of " + whole.length);
                for (int page = 0; page < 3; page++) {
                    assertArrayEquals(expected.get(page), read.get(page), "cut to " + length + " of " + whole.length);
                }
            } catch (InvalidInputException e) {
                assertTrue(e.getMessage().startsWith(folder.toString()), e.getMessage());
                refused++;
            }
        }
        assertTrue(refused > 250, "only " + refused);
    }

    private static List<float[]> pages(Path file) {
        List<float[]> pages = new ArrayList<>();
        try (PictureReader reader = PictureReader.open(file, new ValueRange(0, 65_535))) {
            for (int page = 0; page < reader.pages(); page++) {
                pages.add(reader.photo(page).values());
            }
        }
        return pages;
    }

    /** Of a page that is damaged, the others can be read. */
    @Test
    void aDamagedPageIsNamed() throws IOException {
        int[] samples = new int[64 * 64];
        Arrays.setAll(samples, i -> i * 37 % 65_536);
        BufferedImage image = TiffFiles.deep(64, 64, samples);
        byte[] file = TiffFiles.write("ZLib", image, image, image);
        Path path = write(file);
        long[] strips;
        try (PictureReader reader = PictureReader.open(path)) {
            strips = new long[] {file.length / 3 + 300, file.length / 3 + 340};
            assertEquals(3, reader.pages());
        }
        Arrays.fill(file, (int) strips[0], (int) strips[1], (byte) 0x55);
        try (PictureReader reader = PictureReader.open(write(file))) {
            reader.read(0);
            String message = assertThrows(InvalidInputException.class, () -> reader.read(1))
                    .getMessage();
            assertTrue(message.startsWith(path + ", page 2 is damaged"), message);
            reader.read(2);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {9, 10, 11, 12, 13, 14})
    void samplesOfTenToFourteenBitsAreScaledToSixteen(int bits) throws IOException {
        int[] samples = {0, 1, (1 << bits) - 1, 77, (1 << bits) / 2, 5, 300, 2};
        long waiting = 0;
        int waitingBits = 0;
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        for (int sample : samples) {
            waiting = waiting << bits | sample;
            for (waitingBits += bits; waitingBits >= 8; waitingBits -= 8) {
                packed.write((int) (waiting >> waitingBits - 8));
            }
        }
        Path file = write(TiffFiles.byHand(
                packed.toByteArray(),
                new Field(256, 8),
                new Field(257, 1),
                new Field(258, bits),
                new Field(259, 1),
                new Field(262, 1),
                new Field(277, 1),
                new Field(278, 1),
                new Field(279, packed.size())));
        if (bits % 2 == 1) {
            String message = assertThrows(InvalidInputException.class, () -> ImageFile.open(file))
                    .getMessage();
            assertTrue(message.startsWith(file + " has samples of a kind that cannot be read"), message);
            return;
        }
        Photo photo = ImageFile.open(file);
        assertEquals(Depth.BITS_16, photo.depth());
        for (int i = 0; i < samples.length; i++) {
            assertEquals(samples[i] / (double) ((1 << bits) - 1), photo.values()[i], 0.6 / 65_535);
        }
    }

    /** Above 4 GiB, ImageJ describes one page, and the pixels of the others follow. */
    @Test
    void stacksThatImageJAloneReadsAreRefused() throws IOException {
        for (int there : List.of(5, 4)) {
            byte[] pixels = new byte[there * 6];
            Path file = write(TiffFiles.byHand(
                    pixels,
                    new Field(256, 3),
                    new Field(257, 2),
                    new Field(258, 8),
                    new Field(259, 1),
                    new Field(262, 1),
                    new Field(270, "ImageJ=1.54f\nimages=" + there + "\nslices=" + there + "\nloop=false\n"),
                    new Field(277, 1),
                    new Field(278, 2),
                    new Field(279, 6)));
            String message = assertThrows(InvalidInputException.class, () -> PictureReader.open(file))
                    .getMessage();
            assertTrue(message.startsWith(file + " is a stack of " + there + " images as ImageJ alone"), message);
        }
    }

    @Test
    void anUnknownCompressionIsNamed() throws IOException {
        Path file = write(TiffFiles.byHand(
                new byte[6],
                new Field(256, 3),
                new Field(257, 2),
                new Field(258, 8),
                new Field(259, 50_000),
                new Field(262, 1),
                new Field(277, 1),
                new Field(278, 2),
                new Field(279, 6)));
        String message = assertThrows(InvalidInputException.class, () -> ImageFile.open(file))
                .getMessage();
        assertTrue(message.startsWith(file + " is compressed in a way that cannot be read (number 50000"), message);
    }

    @ParameterizedTest
    @CsvSource({"13, wide", "12, signed", "11, double"})
    void otherSamplesAreRefused(int unused, String kind) throws IOException {
        boolean signed = kind.equals("signed");
        int bits = signed ? 16 : kind.equals("wide") ? 32 : 64;
        Path file = write(TiffFiles.byHand(
                new byte[bits / 8],
                new Field(256, 1),
                new Field(257, 1),
                new Field(258, bits),
                new Field(259, 1),
                new Field(262, 1),
                new Field(277, 1),
                new Field(278, 1),
                new Field(279, bits / 8),
                new Field(339, signed ? 2 : bits == 64 ? 3 : 1)));
        String message = assertThrows(InvalidInputException.class, () -> ImageFile.open(file))
                .getMessage();
        assertTrue(message.startsWith(file + " has samples of a kind that cannot be read"), message);
    }

    @Test
    void pagesAreReadByTheirNames() throws IOException {
        Path stack = write(TiffFiles.write(
                null, TiffFiles.deep(1, 2, 1, 2), TiffFiles.deep(2, 2, 3, 4, 5, 6), TiffFiles.deep(1, 1, 7)));
        Path one = Files.write(
                folder.resolve("b.png"),
                ImageFile.encode(new Photo(1, 1, 1, new float[] {0.2f}, null, Depth.BITS_8, "png")));
        try (PageReader reader = new PageReader(null)) {
            List<PicturePage> pages = reader.pages(stack);
            assertEquals(3, pages.size());
            assertEquals(stack + ", page 2", pages.get(1).toString());
            List<PicturePage> single = reader.pages(one);
            assertEquals(List.of(new PicturePage(one, 0, 1)), single);
            assertEquals(one.toString(), single.get(0).toString());
            assertEquals(new ImageFile.Header(2, 2, 1, Depth.BITS_16), reader.header(pages.get(1)));
            assertEquals(7 / 65_535f, reader.photo(pages.get(2)).values()[0]);
            assertEquals(0.2f, reader.photo(single.get(0)).values()[0]);
            assertEquals(2 / 65_535f, reader.photo(pages.get(0)).values()[1]);
            assertNull(reader.read(pages.get(0)).range());
        }
        Files.write(stack, TiffFiles.write(null, TiffFiles.deep(1, 2, 1, 2)));
        try (PageReader reader = new PageReader(null)) {
            assertEquals(
                    stack + " has changed: it had 3 pages before, and has 1 now",
                    assertThrows(InvalidInputException.class, () -> reader.read(new PicturePage(stack, 1, 3)))
                            .getMessage());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0..4095, 0, 4095",
        "-1.5..1.5, -1.5, 1.5",
        "-1e-3..+2E2, -0.001, 200",
        ".5...75, 0.5, 0.75",
        "1..2.5, 1, 2.5"
    })
    void rangesAreRead(String text, float low, float high) {
        ValueRange range = ValueRange.of(text);
        assertEquals(new ValueRange(low, high), range);
        assertEquals(range, ValueRange.of(range.option()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "1", "1..", "..1", "2..1", "1..1", "1...", "a..b", "0..1e99", "NaN..1", "1,2", "0x1..9"})
    void otherTextsAreNoRanges(String text) {
        assertThrows(IllegalArgumentException.class, () -> ValueRange.of(text));
    }
}
