package daegpu.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.CRC32;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The files are written by the Java platform's own writers, and those in WebP by libwebp. */
class PictureReaderTest {

    /** 5×6 pixels, red, green and blue of each 17 times the sum of row, column and channel. */
    private static final String LOSSLESS_WEBP =
            "UklGRkAAAABXRUJQVlA4TDMAAAAvBEABAE8AEESD/14PE/EIkflPlqEmAJBWEXt8VrACFahA" + "BSpYwYj+xym5rTXW6/NifwIA";
    /** The same with an EXIF chunk: orientation 6. */
    private static final String TURNED_WEBP =
            "UklGRnQAAABXRUJQVlA4WAoAAAAIAAAABAAABQAAVlA4TDMAAAAvBEABAE8AEESD/14PE/EIkflP"
                    + "lqEmAJBWEXt8VrACFahABSpYwYj+xym5rTXW6/NifwIARVhJRhoAAABNTQAqAAAACAABARIAAwAAAAEABgAAAAAAAA==";
    /** Two frames, the first likewise. */
    private static final String MOVING_WEBP =
            "UklGRsoAAABXRUJQVlA4WAoAAAACAAAABAAABQAAQU5JTQYAAAAAAAAAAABBTk1GTAAAAAAAAAAA"
                    + "AAQAAAUAAAAAAAJWUDhMMwAAAC8EQAEATwAQRIP/Xg8T8QiR+U+WoSYAkFYRe3xWsAIVqEAFKljBiP7HKbmtNdbr82J/AgBBTk1GSgAAAAAA"
                    + "AAAAAAQAAAUAAAAAAABWUDhMMQAAAC8EQAEATwAQRIP/Xg8T8QiR+U+WoRqyFVpQT4EUUrgKVyGFFFIoov/xmzex9IGxFSUA";
    /** 16×16 pixels of 200, 100, 50, with losses. */
    private static final String LOSSY_WEBP =
            "UklGRj4AAABXRUJQVlA4IDIAAADQAQCdASoQABAAAMASJaACdLoB+AADsAD+2ib/7vN+09e09f1M//jKnyA/4yp/xcwAAA==";

    @TempDir
    private Path folder;

    private static byte[] decoded(String base64) {
        return Base64.getDecoder().decode(base64);
    }

    /** 16×12 pixels, the first at the top unlike all others. */
    private static BufferedImage picture(int type) {
        BufferedImage picture = new BufferedImage(16, 12, type);
        WritableRaster raster = picture.getRaster();
        Random random = new Random(7);
        for (int y = 0; y < 12; y++) {
            for (int x = 0; x < 16; x++) {
                for (int band = 0; band < raster.getNumBands(); band++) {
                    raster.setSample(
                            x,
                            y,
                            band,
                            random.nextInt(1 << raster.getSampleModel().getSampleSize(band)));
                }
            }
        }
        return picture;
    }

    private static BufferedImage deepColour() {
        ColorModel model = new ComponentColorModel(
                ColorSpace.getInstance(ColorSpace.CS_sRGB), false, false, 1, DataBuffer.TYPE_USHORT);
        WritableRaster raster = Raster.createInterleavedRaster(DataBuffer.TYPE_USHORT, 16, 12, 3, null);
        Random random = new Random(8);
        for (int i = 0; i < 16 * 12 * 3; i++) {
            raster.setSample(i / 3 % 16, i / 48, i % 3, random.nextInt(65_536));
        }
        return new BufferedImage(model, raster, false, null);
    }

    private static BufferedImage palette() {
        byte[] shades = new byte[256];
        byte[] others = new byte[256];
        for (int i = 0; i < 256; i++) {
            shades[i] = (byte) (i * 77);
            others[i] = (byte) i;
        }
        BufferedImage picture = new BufferedImage(
                16, 12, BufferedImage.TYPE_BYTE_INDEXED, new IndexColorModel(8, 256, shades, others, others));
        for (int i = 0; i < 16 * 12; i++) {
            picture.getRaster().setSample(i % 16, i / 16, 0, i * 7 % 256);
        }
        return picture;
    }

    private static byte[] file(String format, String compression, BufferedImage... pages) throws IOException {
        ImageWriter writer =
                PictureReader.ofThePlatform(ImageIO.getImageWritersByFormatName(format), ImageWriter.class);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(bytes)) {
            writer.setOutput(stream);
            ImageWriteParam parameters = writer.getDefaultWriteParam();
            if (compression != null) {
                parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
                parameters.setCompressionType(compression);
            }
            if (pages.length == 1) {
                writer.write(null, new IIOImage(pages[0], null, null), parameters);
            } else {
                writer.prepareWriteSequence(null);
                for (BufferedImage page : pages) {
                    writer.writeToSequence(new IIOImage(page, null, null), parameters);
                }
                writer.endWriteSequence();
            }
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    private Path write(String name, byte[] content) throws IOException {
        return Files.write(folder.resolve(name), content);
    }

    /** Red, green and blue, or grey, as numbers of the picture's own depth. */
    private static int[] samples(BufferedImage picture, int channels) {
        int[] samples = new int[picture.getWidth() * picture.getHeight() * channels];
        for (int i = 0; i < samples.length; i++) {
            int x = i / channels % picture.getWidth();
            int y = i / channels / picture.getWidth();
            samples[i] = picture.getColorModel() instanceof IndexColorModel palette
                    ? palette.getRGB(picture.getRaster().getSample(x, y, 0)) >> 16 - 8 * (i % channels) & 0xFF
                    : picture.getRaster().getSample(x, y, i % channels);
        }
        return samples;
    }

    private static int[] samples(Pixels pixels) {
        int most = pixels.depth().white();
        float[] values = pixels.values();
        int[] samples = new int[values.length];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = Math.round(values[i] * most);
        }
        return samples;
    }

    static List<List<Object>> lossless() throws IOException {
        BufferedImage grey = picture(BufferedImage.TYPE_BYTE_GRAY);
        BufferedImage colour = picture(BufferedImage.TYPE_3BYTE_BGR);
        BufferedImage deep = picture(BufferedImage.TYPE_USHORT_GRAY);
        return List.of(
                List.of("bmp", file("bmp", null, grey), grey, 1),
                List.of("bmp", file("bmp", null, colour), colour, 3),
                List.of("bmp", file("bmp", null, palette()), palette(), 3),
                List.of("gif", file("gif", null, palette()), palette(), 3),
                List.of("tiff", file("tiff", null, grey), grey, 1),
                List.of("tiff", file("tiff", "LZW", colour), colour, 3),
                List.of("tiff", file("tiff", "Deflate", deep), deep, 1),
                List.of("tiff", file("tiff", "PackBits", deepColour()), deepColour(), 3),
                List.of("tiff", file("tiff", null, palette()), palette(), 3),
                List.of("png", file("png", null, deepColour()), deepColour(), 3));
    }

    private static Depth depth(BufferedImage picture) {
        return picture.getSampleModel().getSampleSize(0) == 16 ? Depth.BITS_16 : Depth.BITS_8;
    }

    /** Whatever the name of the file says. */
    @ParameterizedTest
    @MethodSource("lossless")
    void readsEveryPixelOfEveryFormat(List<Object> kind) throws IOException {
        BufferedImage picture = (BufferedImage) kind.get(2);
        int channels = (int) kind.get(3);
        for (String name : List.of("a." + kind.get(0), "a.png", "a.jpg", "a")) {
            Path file = write(name, (byte[]) kind.get(1));
            assertEquals(kind.get(0), ImageFile.formatOf(file));
            assertEquals(new ImageFile.Header(12, 16, channels, depth(picture)), ImageFile.header(file));
            Photo photo = ImageFile.open(file);
            assertEquals(kind.get(0), photo.format());
            assertArrayEquals(samples(picture, channels), samples(photo));
        }
    }

    @Test
    void readsWebP() throws IOException {
        int[] expected = new int[5 * 6 * 3];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = 17 * (i / 15 + i / 3 % 5 + i % 3);
        }
        Path file = write("a.webp", decoded(LOSSLESS_WEBP));
        assertEquals(new ImageFile.Header(6, 5, 3, Depth.BITS_8), ImageFile.header(file));
        assertArrayEquals(expected, samples(ImageFile.open(file)));
        Path turned = write("turned.webp", decoded(TURNED_WEBP));
        assertEquals(new ImageFile.Header(5, 6, 3, Depth.BITS_8), ImageFile.header(turned));
        // Stored at the left, and from the bottom upwards.
        assertEquals(expected[3 * 5 * 5], samples(ImageFile.open(turned))[0]);
        int[] lossy = samples(ImageFile.open(write("lossy.webp", decoded(LOSSY_WEBP))));
        for (int i = 0; i < lossy.length; i++) {
            assertEquals(List.of(200, 100, 50).get(i % 3), lossy[i], 3);
        }
    }

    @Test
    void hasAllPagesOfATiffFile() throws IOException {
        BufferedImage grey = picture(BufferedImage.TYPE_BYTE_GRAY);
        BufferedImage colour = picture(BufferedImage.TYPE_3BYTE_BGR);
        Path file = write("a.tif", file("tiff", "LZW", grey, colour, deepColour()));
        try (PictureReader reader = PictureReader.open(file)) {
            assertEquals(3, reader.pages());
            assertEquals(Optional.empty(), reader.remark());
            assertArrayEquals(samples(grey, 1), samples(reader.read(0)));
            assertArrayEquals(samples(colour, 3), samples(reader.read(1)));
            assertArrayEquals(samples(deepColour(), 3), samples(reader.read(2)));
        }
    }

    /** Which kind of animation does not matter. */
    @Test
    void saysThatAnAnimationGivesItsFirstFrame() throws IOException {
        byte[] png = file("png", null, picture(BufferedImage.TYPE_BYTE_GRAY));
        byte[] control = chunk("acTL", ByteBuffer.allocate(8).putInt(4).array());
        Map<String, byte[]> moving = new TreeMap<>(Map.of(
                "2 frames.webp", decoded(MOVING_WEBP),
                "3 frames.gif", file("gif", null, palette(), palette(), palette()),
                "4 frames.png", together(Arrays.copyOf(png, 33), control, Arrays.copyOfRange(png, 33, png.length))));
        for (Map.Entry<String, byte[]> each : moving.entrySet()) {
            Path file = write(each.getKey(), each.getValue());
            try (PictureReader reader = PictureReader.open(file)) {
                assertEquals(1, reader.pages());
                assertEquals(
                        Optional.of(file + " is animated: the first of its "
                                + each.getKey().replaceFirst("\\..*", "") + " is taken, as a picture"),
                        reader.remark());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0000001866747970686569630000, a HEIC picture",
        "0000001c6674797061766966, an AVIF picture",
        "0000000c6a5020200d0a870a, a JPEG 2000 picture",
        "0000000c4a584c200d0a870a, a JPEG XL picture",
        "38425053000100000000, a Photoshop document",
        "255044462d312e370a, a PDF document",
        "50360a3634203634, a PNM picture",
        "49492a00100000004352020000, a raw picture of a Canon camera"
    })
    void namesWhatCannotBeRead(String start, String title) throws IOException {
        Path file = write("a.jpg", HexFormat.of().parseHex(start));
        assertEquals(
                file + " is " + title + ", which cannot be read: convert it to PNG",
                assertThrows(InvalidInputException.class, () -> ImageFile.open(file))
                        .getMessage());
    }

    static List<byte[]> whole() throws IOException {
        List<byte[]> files = new ArrayList<>();
        for (List<Object> kind : lossless()) {
            files.add((byte[]) kind.get(1));
        }
        files.add(file("jpeg", null, picture(BufferedImage.TYPE_3BYTE_BGR)));
        files.add(decoded(LOSSLESS_WEBP));
        files.add(decoded(LOSSY_WEBP));
        files.add(decoded(TURNED_WEBP));
        return files;
    }

    /** Whatever is cut off, the file is refused in a line, or no pixel was lost. */
    @ParameterizedTest
    @MethodSource("whole")
    void noCutLosesPixels(byte[] whole) throws IOException {
        int[] expected = samples(ImageFile.open(write("whole", whole)));
        int step = Math.max(1, whole.length / 150);
        for (int length = 1; length < whole.length; length += whole.length - length < 40 ? 1 : step) {
            Path cut = write("cut", Arrays.copyOf(whole, length));
            try {
                assertArrayEquals(expected, samples(ImageFile.open(cut)), "cut to " + length + " of " + whole.length);
            } catch (InvalidInputException e) {
                assertTrue(
                        e.getMessage().startsWith(cut + " is ")
                                && !e.getMessage().contains("\n"),
                        e.getMessage());
            }
        }
    }

    // ---- what does not touch the pixels of a JPEG file

    private static byte[] jpeg() throws IOException {
        return file("jpeg", null, picture(BufferedImage.TYPE_3BYTE_BGR));
    }

    private static int indexOf(byte[] jpeg, int marker) {
        int at = 2;
        while ((jpeg[at + 1] & 0xFF) != marker) {
            at += 2 + ((jpeg[at + 2] & 0xFF) << 8 | jpeg[at + 3] & 0xFF);
        }
        return at;
    }

    private static byte[] inserted(byte[] file, int at, byte[] bytes) {
        return together(Arrays.copyOf(file, at), bytes, Arrays.copyOfRange(file, at, file.length));
    }

    private static byte[] segment(int marker, byte[] data) {
        return together(new byte[] {-1, (byte) marker, (byte) (data.length + 2 >> 8), (byte) (data.length + 2)}, data);
    }

    private void assertSamePixels(byte[] expected, byte[] file) throws IOException {
        Path plain = write("plain", expected);
        Path odd = write("odd", file);
        assertEquals(ImageFile.header(plain), ImageFile.header(odd));
        assertArrayEquals(ImageFile.open(plain).values(), ImageFile.open(odd).values());
    }

    @ParameterizedTest
    @ValueSource(ints = {0xE0, 0xDB, 0xC0, 0xC4, 0xDA})
    void strayBytesBeforeAMarkerDoNotMatter(int marker) throws IOException {
        byte[] jpeg = jpeg();
        for (String stray : List.of("1234", "00", "ff", "ffffff", "d9", "00ff00", "ffd01234")) {
            assertSamePixels(
                    jpeg, inserted(jpeg, indexOf(jpeg, marker), HexFormat.of().parseHex(stray)));
        }
    }

    @Test
    void whatFollowsTheEndDoesNotMatter() throws IOException {
        byte[] jpeg = jpeg();
        assertSamePixels(jpeg, together(jpeg, "X".repeat(5000).getBytes(StandardCharsets.US_ASCII)));
        assertSamePixels(jpeg, together(jpeg, jpeg));
        assertSamePixels(jpeg, inserted(jpeg, jpeg.length - 2, new byte[30]));
        byte[] png = file("png", null, deepColour());
        assertSamePixels(png, together(png, "X".repeat(5000).getBytes(StandardCharsets.US_ASCII)));
        assertSamePixels(png, together(png, new byte[1]));
    }

    @Test
    void metadataOfAJpegFileThatAreOddDoNotMatter() throws IOException {
        byte[] jpeg = jpeg();
        byte[] profile = "ICC_PROFILE\0\u0001\u0001nonsense".getBytes(StandardCharsets.ISO_8859_1);
        byte[] gap = "ICC_PROFILE\0\u0003\u0002nonsense".getBytes(StandardCharsets.ISO_8859_1);
        byte[] jfif = "JFIF\0".getBytes(StandardCharsets.US_ASCII);
        byte[] exif = "Exif\0\0MM\0*\u00FF\u00FF\u00FF\u00FF".getBytes(StandardCharsets.ISO_8859_1);
        for (byte[] odd : List.of(
                segment(0xE2, profile),
                together(segment(0xE2, profile), segment(0xE2, profile)),
                segment(0xE2, gap),
                segment(0xE0, jfif),
                segment(0xE0, Arrays.copyOf(jfif, 40)),
                segment(0xEE, "Ad".getBytes(StandardCharsets.US_ASCII)),
                segment(0xE1, exif),
                segment(0xE1, new byte[0]),
                segment(0xFE, new byte[0]))) {
            assertSamePixels(jpeg, inserted(jpeg, indexOf(jpeg, 0xDB), odd));
        }
    }

    @Test
    void scansAreLimited() throws IOException {
        ImageWriter writer =
                PictureReader.ofThePlatform(ImageIO.getImageWritersByFormatName("jpeg"), ImageWriter.class);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(bytes)) {
            writer.setOutput(stream);
            ImageWriteParam parameters = writer.getDefaultWriteParam();
            parameters.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
            writer.write(null, new IIOImage(picture(BufferedImage.TYPE_BYTE_GRAY), null, null), parameters);
        } finally {
            writer.dispose();
        }
        byte[] jpeg = bytes.toByteArray();
        int last = jpeg.length - 2;
        while (jpeg[last] != -1 || jpeg[last + 1] != (byte) 0xDA) {
            last--;
        }
        byte[] header = Arrays.copyOfRange(jpeg, last, last + 2 + jpeg[last + 3]);
        byte[][] headers = new byte[10_000][];
        Arrays.fill(headers, header);
        Path file = write("a.jpg", inserted(jpeg, last, together(headers)));
        String message = assertThrows(InvalidInputException.class, () -> ImageFile.open(file))
                .getMessage();
        assertTrue(message.startsWith(file + " has more than 500 scans"), message);
    }

    // ---- what does not touch the pixels of a PNG file

    private static byte[] chunk(String type, byte[] data) {
        byte[] body = together(type.getBytes(StandardCharsets.US_ASCII), data);
        CRC32 sum = new CRC32();
        sum.update(body);
        return ByteBuffer.allocate(body.length + 8)
                .putInt(data.length)
                .put(body)
                .putInt((int) sum.getValue())
                .array();
    }

    private static byte[] damaged(byte[] chunk) {
        byte[] damaged = chunk.clone();
        damaged[damaged.length - 1] ^= 1;
        return damaged;
    }

    @Test
    void chunksOfAPngFileThatAreOddDoNotMatter() throws IOException {
        byte[] text = "A".getBytes(StandardCharsets.US_ASCII);
        List<byte[]> odd = new ArrayList<>();
        for (String type : List.of(
                "tEXt", "zTXt", "iTXt", "iCCP", "gAMA", "cHRM", "sRGB", "pHYs", "bKGD", "hIST", "sBIT", "sPLT", "tIME",
                "eXIf", "acTL", "prVt")) {
            for (byte[] data : List.of(new byte[0], text, new byte[3], new byte[40])) {
                odd.add(chunk(type, data));
            }
            odd.add(damaged(chunk(type, text)));
        }
        odd.add(together(odd.toArray(byte[][]::new)));
        byte[] palette = file("png", null, palette());
        byte[] deep = file("png", null, deepColour());
        for (byte[] chunk : odd) {
            assertSamePixels(palette, inserted(palette, 33, chunk));
            assertSamePixels(deep, inserted(deep, 33, chunk));
            assertSamePixels(deep, inserted(deep, deep.length - 12, chunk));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"IHDR", "PLTE", "IDAT"})
    void damageOfWhatPixelsNeedIsRefused(String type) throws IOException {
        byte[] png = file("png", null, palette());
        int at = new String(png, StandardCharsets.ISO_8859_1).indexOf(type);
        for (int i = 0; i < 6; i++) {
            byte[] damaged = png.clone();
            damaged[at + i] ^= 0x20;
            Path file = write("damaged.png", damaged);
            assertThrows(InvalidInputException.class, () -> ImageFile.open(file), type + ", byte " + i);
        }
    }

    private static byte[] together(byte[]... parts) {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            whole.writeBytes(part);
        }
        return whole.toByteArray();
    }
}
