package daegpu.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.data.ImageFile.Picture;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeds.class)
class ImageFileTest {

    private static final int GREY = 0;
    private static final int COLOUR = 2;
    private static final int PALETTE = 3;
    private static final int GREY_ALPHA = 4;
    private static final int COLOUR_ALPHA = 6;

    /** More than reading any of these files takes, and far less than what they claim to hold. */
    private static final long MUCH_MEMORY = 16_000_000;

    @TempDir
    private Path folder;

    // ---- writing and reading back

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void pngKeepsEveryPixel(int channels) throws IOException {
        byte[] pixels = new byte[2 * 16 * 20 * channels];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (i * 7);
        }
        ImageSet images = new ImageSet(16, 20, channels, pixels);
        Path file = write(ImageFile.encode(images, 1, "png"));
        Picture picture = ImageFile.read(file, 16, 20, channels);
        assertEquals("png", picture.format());
        assertEquals(1, picture.image().count());
        assertArrayEquals(images.range(1, 2).pixels(), picture.image().pixels());
    }

    @ParameterizedTest
    @EnumSource
    void valuesOutsideTheRangeAreWrittenAsBlackAndWhite(Depth depth) throws IOException {
        float[] values = {-0.01f, -7, Float.NEGATIVE_INFINITY, 1.01f, 300, Float.POSITIVE_INFINITY, 0.2f, 1};
        byte[] file = ImageFile.encode(new Photo(2, 4, 1, values, null, depth, "png"));
        assertArrayEquals(
                new float[] {0, 0, 0, 1, 1, 1, 0.2f, 1},
                ImageFile.open(write(file)).values());
    }

    /** By the decoder of the platform alone, as another program would see the file. */
    @Test
    void whatIsEncodedIsGreyOrColourForOthersToo() throws IOException {
        byte[] grey = {0, 1, 100, (byte) 128, (byte) 200, -1};
        BufferedImage read =
                ImageIO.read(new ByteArrayInputStream(ImageFile.encode(new ImageSet(2, 3, 1, grey), 0, "png")));
        assertEquals(BufferedImage.TYPE_BYTE_GRAY, read.getType());
        assertArrayEquals(new int[] {0, 1, 100, 128, 200, 255}, read.getRaster().getPixels(0, 0, 3, 2, (int[]) null));
        byte[] colour = {10, 20, 30, (byte) 200, (byte) 150, (byte) 100};
        read = ImageIO.read(new ByteArrayInputStream(ImageFile.encode(new ImageSet(1, 2, 3, colour), 0, "png")));
        assertEquals(0xFF0A141E, read.getRGB(0, 0));
        assertEquals(0xFFC89664, read.getRGB(1, 0));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void jpegComesClose(int channels) throws IOException {
        byte[] pixels = new byte[28 * 28 * channels];
        for (int i = 0; i < pixels.length; i++) {
            int place = i / channels;
            pixels[i] = (byte) (4 * (place % 28) + 3 * (place / 28) + (channels == 3 ? i % 3 * 20 : 0));
        }
        Path file = write(ImageFile.encode(new ImageSet(28, 28, channels, pixels), 0, "jpeg"));
        Picture picture = ImageFile.read(file, 28, 28, channels);
        assertEquals("jpeg", picture.format());
        for (int i = 0; i < pixels.length; i++) {
            assertEquals(pixels[i] & 0xFF, picture.image().pixels()[i] & 0xFF, 6, "value " + i);
        }
    }

    @Test
    void chartsAreWrittenAsPng() throws IOException {
        BufferedImage chart = new BufferedImage(5, 4, BufferedImage.TYPE_INT_RGB);
        chart.setRGB(2, 3, 0x123456);
        Path file = folder.resolve("chart.png");
        ImageFile.write(file, chart);
        byte[] pixels = pixels(file, 4, 5, 3);
        assertArrayEquals(new byte[] {0x12, 0x34, 0x56}, Arrays.copyOfRange(pixels, (3 * 5 + 2) * 3, (3 * 5 + 3) * 3));
    }

    @Test
    void whatNoPictureCanHoldIsNotEncoded() {
        assertThrows(
                IllegalArgumentException.class, () -> ImageFile.encode(new ImageSet(1, 1, 2, new byte[2]), 0, "png"));
        assertThrows(
                IllegalArgumentException.class, () -> ImageFile.encode(new ImageSet(1, 1, 1, new byte[1]), 0, "gif"));
    }

    // ---- every kind of PNG

    @ParameterizedTest
    @CsvSource({"1, 255", "2, 85", "4, 17", "8, 1"})
    void greysOfAllDepthsAreRead(int depth, int step) throws IOException {
        // Every value that there is, and a width that leaves the last byte of each row partly used.
        int width = (1 << depth) + 3;
        int[] values = new int[width * 2];
        byte[] expected = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (i * 5 + i / width) % (1 << depth);
            expected[i] = (byte) (values[i] * step);
        }
        Path file = write(png(width, 2, depth, GREY, values));
        assertArrayEquals(expected, pixels(file, 2, width, 1));
        byte[] tripled = pixels(file, 2, width, 3);
        for (int i = 0; i < tripled.length; i++) {
            assertEquals(expected[i / 3], tripled[i]);
        }
    }

    @Test
    void sixteenBitsStay() throws IOException {
        Path grey = write(png(2, 2, 16, GREY, new int[] {0, 0x1234, 0x80FF, 0xFFFF}));
        ImageSet image = ImageFile.read(grey, 2, 2, 1).image();
        assertEquals(Depth.BITS_16, image.depth());
        assertArrayEquals(new byte[] {0, 0, 0x34, 0x12, -1, (byte) 0x80, -1, -1}, image.pixels());
        assertEquals(new ImageFile.Header(2, 2, 1, Depth.BITS_16), ImageFile.header(grey));
        Path colour = write(png(1, 1, 16, COLOUR, new int[] {0x1200, 0x3412, 0x56FF}));
        assertArrayEquals(new byte[] {0, 0x12, 0x12, 0x34, -1, 0x56}, pixels(colour, 1, 1, 3));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    void palettesAreLookedUp(int depth) throws IOException {
        byte[] palette = {10, 20, 30, 7, 7, 7};
        int[] values = {1, 0, 1, 1, 0};
        byte[] file = png(5, 1, depth, PALETTE, values, chunk("PLTE", palette));
        assertArrayEquals(new byte[] {7, 7, 7, 10, 20, 30, 7, 7, 7, 7, 7, 7, 10, 20, 30}, pixels(write(file), 1, 5, 3));
        assertRefused(write(file), 1, 5, 1, "is in colour; the model wants 1x5 grey");
        byte[] grey = png(2, 1, depth, PALETTE, new int[] {1, 0}, chunk("PLTE", new byte[] {3, 3, 3, 9, 9, 9}));
        assertArrayEquals(new byte[] {9, 3}, pixels(write(grey), 1, 2, 1));
    }

    @Test
    void colourIsAcceptedAsGreyOnlyIfItIsGrey() throws IOException {
        Path grey = write(png(2, 1, 8, COLOUR, new int[] {9, 9, 9, 200, 200, 200}));
        assertArrayEquals(new byte[] {9, (byte) 200}, pixels(grey, 1, 2, 1));
        Path colour = write(png(2, 1, 8, COLOUR, new int[] {9, 9, 9, 200, 200, 201}));
        assertRefused(colour, 1, 2, 1, "is in colour; the model wants 1x2 grey");
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 16})
    void opaqueAlphaIsDroppedAndOtherRefused(int depth) throws IOException {
        int scale = depth == 8 ? 1 : 257;
        int opaque = 255 * scale;
        Path grey = write(png(2, 1, depth, GREY_ALPHA, new int[] {100 * scale, opaque, 50 * scale, opaque}));
        assertArrayEquals(repeated(depth / 8, 100, 50), pixels(grey, 1, 2, 1));
        Path colour = write(png(1, 1, depth, COLOUR_ALPHA, new int[] {100 * scale, 90 * scale, 80 * scale, opaque}));
        assertArrayEquals(repeated(depth / 8, 100, 90, 80), pixels(colour, 1, 1, 3));
        assertRefused(
                write(png(2, 1, depth, GREY_ALPHA, new int[] {100, opaque, 50, opaque - scale})),
                1,
                2,
                1,
                "is transparent in places");
        assertRefused(
                write(png(1, 1, depth, COLOUR_ALPHA, new int[] {1, 2, 3, 0})), 1, 1, 3, "is transparent in places");
    }

    /** 257 times a byte is the byte twice. */
    private static byte[] repeated(int times, int... bytes) {
        byte[] repeated = new byte[times * bytes.length];
        for (int i = 0; i < repeated.length; i++) {
            repeated[i] = (byte) bytes[i / times];
        }
        return repeated;
    }

    @Test
    void transparentColoursAreRefusedWhereTheyAreUsed() throws IOException {
        byte[] palette = chunk("PLTE", new byte[] {1, 1, 1, 2, 2, 2});
        byte[] transparency = chunk("tRNS", new byte[] {-1, 0});
        assertRefused(
                write(png(2, 1, 8, PALETTE, new int[] {0, 1}, palette, transparency)),
                1,
                2,
                1,
                "is transparent in places");
        assertArrayEquals(
                new byte[] {1, 1},
                pixels(write(png(2, 1, 8, PALETTE, new int[] {0, 0}, palette, transparency)), 1, 2, 1));
        byte[] transparentSeven = chunk("tRNS", new byte[] {0, 7});
        assertRefused(
                write(png(2, 1, 8, GREY, new int[] {6, 7}, transparentSeven)), 1, 2, 1, "is transparent in places");
        assertArrayEquals(
                new byte[] {6, 8}, pixels(write(png(2, 1, 8, GREY, new int[] {6, 8}, transparentSeven)), 1, 2, 1));
        for (int depth : new int[] {1, 2, 4, 16}) {
            byte[] transparentOne = chunk("tRNS", new byte[] {0, 1});
            assertRefused(
                    write(png(2, 1, depth, GREY, new int[] {0, 1}, transparentOne)),
                    1,
                    2,
                    1,
                    "declares one of its colours transparent");
        }
        byte[] deepTransparentColour = chunk("tRNS", new byte[] {0, 1, 0, 2, 0, 3});
        assertRefused(
                write(png(1, 1, 16, COLOUR, new int[] {1, 2, 3}, deepTransparentColour)),
                1,
                1,
                3,
                "declares one of its colours transparent");
        byte[] transparentColour = chunk("tRNS", new byte[] {0, 1, 0, 2, 0, 3});
        assertRefused(
                write(png(1, 1, 8, COLOUR, new int[] {1, 2, 3}, transparentColour)),
                1,
                1,
                3,
                "is transparent in places");
    }

    @Test
    void gammaAndTextAreIgnored() throws IOException {
        byte[] gamma = chunk("gAMA", ByteBuffer.allocate(4).putInt(45_455).array());
        byte[] text = chunk("tEXt", "Title\0digit".getBytes(StandardCharsets.ISO_8859_1));
        assertArrayEquals(
                new byte[] {60, 120}, pixels(write(png(2, 1, 8, GREY, new int[] {60, 120}, gamma, text)), 1, 2, 1));
    }

    // ---- what does not fit

    @Test
    void sizesThatDoNotFitAreNamed() throws IOException {
        assertEquals(
                folder.resolve("picture") + " is 2x4 grey; the model wants 28x28 grey",
                refusal(write(png(4, 2, 8, GREY, new int[8])), 28, 28, 1));
        assertEquals(
                folder.resolve("picture") + " is 2x4 colour; the model wants 4x2 grey",
                refusal(write(png(4, 2, 8, COLOUR, new int[24])), 4, 2, 1));
        assertEquals(
                folder.resolve("picture") + " is 16x8 grey; the model wants 28x28 colour",
                refusal(write(ImageFile.encode(new ImageSet(16, 8, 1, new byte[128]), 0, "jpeg")), 28, 28, 3));
        assertRefused(
                write(png(4, 2, 8, GREY, new int[8])),
                2,
                4,
                2,
                "is a picture, in grey or colour; the model wants 2x4 2 channels");
    }

    /** Headers that ask for gigabytes, with no pixels after them. */
    @Test
    void sizesAreCheckedBeforePixelsAreDecoded() throws IOException {
        assertEquals(
                folder.resolve("picture") + " is 40000x50000 colour; the model wants 28x28 grey",
                refusal(write(pngWithData(50_000, 40_000, 8, COLOUR, new byte[0])), 28, 28, 1));
        byte[] jpeg = ImageFile.encode(new ImageSet(28, 28, 3, new byte[28 * 28 * 3]), 0, "jpeg");
        int frame = find(jpeg, 0xC0);
        ByteBuffer.wrap(jpeg).putShort(frame + 5, (short) 65_000).putShort(frame + 7, (short) 64_000);
        assertEquals(
                folder.resolve("picture") + " is 65000x64000 colour; the model wants 28x28 colour",
                refusal(write(jpeg), 28, 28, 3));
    }

    /** 64 MB of zeros in compressed text, which need not be read. */
    @Test
    void compressedTextIsNotInflated() throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        text.write("Comment\0\0".getBytes(StandardCharsets.ISO_8859_1));
        try (OutputStream out = new DeflaterOutputStream(text)) {
            for (int i = 0; i < 64; i++) {
                out.write(new byte[1 << 20]);
            }
        }
        Path file = write(png(1, 1, 8, GREY, new int[] {5}, chunk("zTXt", text.toByteArray())));
        Allocation.assertAtMost(MUCH_MEMORY, () -> assertArrayEquals(new byte[] {5}, pixels(file, 1, 1, 1)));
    }

    @Test
    void cmykIsRefused() throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        WritableRaster raster = Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, 8, 8, 4, null);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(bytes)) {
            writer.setOutput(stream);
            writer.write(null, new IIOImage(raster, null, null), null);
        } finally {
            writer.dispose();
        }
        assertRefused(
                write(bytes.toByteArray()),
                8,
                8,
                3,
                "is in CMYK or another colour model that cannot be read; convert it to RGB");
    }

    @Test
    void progressiveJpegIsRead() throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        BufferedImage flat = new BufferedImage(16, 16, BufferedImage.TYPE_BYTE_GRAY);
        flat.getRaster()
                .setPixels(
                        0, 0, 16, 16, IntStream.generate(() -> 100).limit(256).toArray());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(bytes)) {
            writer.setOutput(stream);
            ImageWriteParam parameters = writer.getDefaultWriteParam();
            parameters.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
            writer.write(null, new IIOImage(flat, null, null), parameters);
        } finally {
            writer.dispose();
        }
        assertTrue(find(bytes.toByteArray(), 0xC2) > 0);
        for (byte pixel : pixels(write(bytes.toByteArray()), 16, 16, 1)) {
            assertEquals(100, pixel, "flat grey has no gamma and no loss");
        }
    }

    // ---- damage

    @Test
    void otherFilesAreRefused() throws IOException {
        assertRefused(write(new byte[0]), 1, 1, 1, "is empty");
        assertRefused(write("GIF".getBytes(StandardCharsets.US_ASCII)), 1, 1, 1, "is not a picture that can be read");
        assertRefused(folder, 1, 1, 1, "is a folder, not a picture");
        assertRefused(folder.resolve("absent"), 1, 1, 1, "does not exist");
        assertThrows(InvalidInputException.class, () -> ImageFile.formatOf(folder.resolve("absent")));
        assertThrows(InvalidInputException.class, () -> ImageFile.formatOf(folder));
    }

    @Test
    void theContentTellsTheFormat() throws IOException {
        ImageSet image = new ImageSet(1, 1, 1, new byte[1]);
        assertEquals("png", ImageFile.formatOf(write(ImageFile.encode(image, 0, "png"))));
        assertEquals("jpeg", ImageFile.formatOf(write(ImageFile.encode(image, 0, "jpeg"))));
        assertNull(ImageFile.formatOf(write(new byte[] {0, 0, 8, 3})));
        assertNull(ImageFile.formatOf(write(new byte[0])));
    }

    @Test
    void damagedPngIsRefused() throws IOException {
        byte[] valid = png(4, 4, 8, GREY, new int[16]);
        byte[] wrongSum = valid.clone();
        wrongSum[valid.length - 20] ^= 1;
        assertRefused(write(wrongSum), 4, 4, 1, "is damaged: a check sum does not match");
        for (int length = 8; length < valid.length; length++) {
            assertRefused(write(Arrays.copyOf(valid, length)), 4, 4, 1, "is truncated");
        }
        // The check sums are right here, and the pixels missing.
        assertRefused(
                write(pngWithData(4, 4, 8, GREY, deflate(new byte[19]))),
                4,
                4,
                1,
                "is damaged: its pixels cannot be decoded");
        assertRefused(
                write(pngWithData(4, 4, 8, GREY, new byte[0])), 4, 4, 1, "is damaged: its pixels cannot be decoded");
        assertRefused(
                write(pngWithData(4, 4, 3, GREY, deflate(new byte[20]))),
                4,
                4,
                1,
                "is damaged: its pixels cannot be decoded");
        assertRefused(
                write(pngWithData(4, 4, 8, 7, deflate(new byte[20]))),
                4,
                4,
                1,
                "is damaged: its pixels cannot be decoded");
    }

    @Test
    void everyCutJpegIsRefused() throws IOException {
        byte[] pixels = new byte[16 * 16 * 3];
        Seeds.random(1).nextBytes(pixels);
        byte[] valid = ImageFile.encode(new ImageSet(16, 16, 3, pixels), 0, "jpeg");
        for (int length = 3; length < valid.length; length++) {
            assertRefused(write(Arrays.copyOf(valid, length)), 16, 16, 3, "");
        }
    }

    @ParameterizedTest
    @CsvSource({"png, 1", "png, 3", "jpeg, 1", "jpeg, 3"})
    void anyDamageIsEitherHarmlessOrRefused(String format, int channels) throws IOException {
        byte[] pixels = new byte[16 * 16 * channels];
        Random random = Seeds.random(5);
        random.nextBytes(pixels);
        byte[] valid = ImageFile.encode(new ImageSet(16, 16, channels, pixels), 0, format);
        int refused = 0;
        for (int round = 0; round < 600; round++) {
            byte[] damaged = Arrays.copyOf(valid, round % 5 == 0 ? random.nextInt(valid.length) : valid.length);
            for (int flips = 1 + random.nextInt(3); flips > 0 && damaged.length > 0; flips--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            if (format.equals("png") && round % 2 == 1) {
                // Otherwise the decoder would see none of them.
                repairSums(damaged);
            }
            Path file = write(damaged);
            try {
                assertEquals(16 * 16 * channels, pixels(file, 16, 16, channels).length);
            } catch (InvalidInputException e) {
                assertOneLine(file, e.getMessage());
                refused++;
            }
        }
        assertTrue(refused > 150, "only " + refused + " were refused");
    }

    // ---- a PNG encoder that shares nothing with the one under test

    /** @param values samples in row, column, channel order, as large as the depth allows */
    private static byte[] png(int width, int height, int depth, int type, int[] values, byte[]... chunks)
            throws IOException {
        int samples = values.length / height;
        byte[] rows = new byte[height * (1 + (samples * depth + 7) / 8)];
        for (int y = 0; y < height; y++) {
            int start = y * (rows.length / height) + 1;
            for (int i = 0; i < samples; i++) {
                int value = values[y * samples + i];
                if (depth == 16) {
                    rows[start + 2 * i] = (byte) (value >> 8);
                    rows[start + 2 * i + 1] = (byte) value;
                } else {
                    rows[start + i * depth / 8] |= (byte) (value << 8 - depth - i * depth % 8);
                }
            }
        }
        return pngWithData(width, height, depth, type, deflate(rows), chunks);
    }

    private static byte[] pngWithData(int width, int height, int depth, int type, byte[] data, byte[]... chunks)
            throws IOException {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'});
        file.write(chunk(
                "IHDR",
                ByteBuffer.allocate(13)
                        .putInt(width)
                        .putInt(height)
                        .put((byte) depth)
                        .put((byte) type)
                        .array()));
        for (byte[] chunk : chunks) {
            file.write(chunk);
        }
        file.write(chunk("IDAT", data));
        file.write(chunk("IEND", new byte[0]));
        return file.toByteArray();
    }

    private static byte[] chunk(String type, byte[] data) {
        ByteBuffer chunk = ByteBuffer.allocate(12 + data.length)
                .putInt(data.length)
                .put(type.getBytes(StandardCharsets.US_ASCII))
                .put(data);
        return chunk.putInt(sum(chunk.array(), 4, 4 + data.length)).array();
    }

    private static int sum(byte[] bytes, int at, int length) {
        CRC32 sum = new CRC32();
        sum.update(bytes, at, length);
        return (int) sum.getValue();
    }

    private static void repairSums(byte[] png) {
        ByteBuffer buffer = ByteBuffer.wrap(png);
        int at = 8;
        while (at + 12 <= png.length) {
            int length = buffer.getInt(at);
            if (length < 0 || length > png.length - at - 12) {
                return;
            }
            buffer.putInt(at + 8 + length, sum(png, at + 4, 4 + length));
            at += 12 + length;
        }
    }

    private static byte[] deflate(byte[] content) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = new DeflaterOutputStream(bytes)) {
            out.write(content);
        }
        return bytes.toByteArray();
    }

    /** Where the JPEG marker begins, or -1. */
    private static int find(byte[] jpeg, int marker) {
        for (int i = 0; i + 1 < jpeg.length; i++) {
            if (jpeg[i] == -1 && (jpeg[i + 1] & 0xFF) == marker) {
                return i;
            }
        }
        return -1;
    }

    private Path write(byte[] content) throws IOException {
        return Files.write(folder.resolve("picture"), content);
    }

    private static byte[] pixels(Path file, int height, int width, int channels) {
        return ImageFile.read(file, height, width, channels).image().pixels();
    }

    private static String refusal(Path file, int height, int width, int channels) {
        Executable reading = () -> ImageFile.read(file, height, width, channels);
        Allocation.assertAtMost(MUCH_MEMORY, () -> assertThrows(InvalidInputException.class, reading));
        String message = assertThrows(InvalidInputException.class, reading).getMessage();
        assertOneLine(file, message);
        return message;
    }

    private static void assertRefused(Path file, int height, int width, int channels, String problem) {
        String message = refusal(file, height, width, channels);
        assertTrue(message.contains(problem), message);
    }

    private static void assertOneLine(Path file, String message) {
        assertTrue(message.startsWith(file + " "), message);
        assertFalse(message.contains("\n"), message);
    }

    /** Not that there was an error, but which. */
    @ParameterizedTest
    @ValueSource(strings = {"png", "jpeg"})
    void saysWhyWritingFailed(String format) {
        Random random = new Random(1);
        float[] values = new float[200 * 200 * 3];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        OutputStream full = new OutputStream() {
            private int room = 20_000;

            @Override
            public void write(int value) throws IOException {
                if (room-- == 0) {
                    throw new IOException("the disk is full");
                }
            }
        };
        OutputStream buffered = new BufferedOutputStream(full, 1 << 16);
        IOException failure = assertThrows(
                IOException.class,
                () -> ImageFile.encode(new Photo(200, 200, 3, values, null, Depth.BITS_8, format), buffered));
        assertEquals("the disk is full", failure.getMessage());
    }
}
