package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.drew.imaging.ImageMetadataReader;
import com.drew.imaging.ImageProcessingException;
import com.drew.metadata.Metadata;
import com.drew.metadata.exif.ExifIFD0Directory;
import com.drew.metadata.exif.ExifThumbnailDirectory;
import com.drew.metadata.icc.IccDirectory;
import com.drew.metadata.jfif.JfifDirectory;
import com.drew.metadata.jpeg.JpegCommentDirectory;
import com.drew.metadata.png.PngDirectory;
import daegpu.Seeds;
import daegpu.cli.Program.Result;
import daegpu.data.Depth;
import daegpu.data.ImageFile;
import daegpu.data.ImageSet;
import daegpu.data.Photo;
import daegpu.data.PictureDescription;
import daegpu.data.PictureFormat;
import daegpu.data.PictureReader;
import daegpu.data.PictureWriter;
import daegpu.train.Checkpoint;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** In which formats {@code denoise} writes pictures, and what it says of them. */
@ExtendWith(Seeds.class)
class PictureFormatsTest {

    @TempDir
    private static Path shared;

    private static Path model;

    @TempDir
    private Path folder;

    @BeforeAll
    static void train() throws IOException {
        model = Program.train(Program.writeImages(shared.resolve("data")), shared.resolve("model"));
    }

    private Result denoise(Object... arguments) {
        List<Object> all = new ArrayList<>(List.of("denoise", model, "--engine", "reference", "--threads", "1"));
        all.addAll(List.of(arguments));
        return Program.run(all.toArray());
    }

    private static Photo photo(int channels, Depth depth) {
        float[] values = new float[8 * 12 * channels];
        Random random = new Random(3);
        int most = depth.white();
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(most + 1) / (float) most;
        }
        return new Photo(8, 12, channels, values, null, depth, "png");
    }

    private Path write(String name, PictureFormat format, Photo... pages) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (PictureWriter writer = new PictureWriter(bytes, format, 95)) {
            for (Photo page : pages) {
                writer.write(page, PictureDescription.NONE);
            }
        }
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.write(file, bytes.toByteArray());
    }

    private Path write(String name, byte[] content) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.write(file, content);
    }

    /** A GIF file of one black pixel. */
    private static byte[] gif() {
        return HexFormat.of().parseHex("47494638396101000100800000000000ffffff2c00000000010001000002024401003b");
    }

    @ParameterizedTest
    @CsvSource({
        "a.png, png, out.jpg, jpeg",
        "a.png, png, out.JPE, jpeg",
        "a.jpg, jpeg, out.png, png",
        "a.png, jpeg, out.png, png",
        "a.tif, tiff, out.tif, tiff",
        "a.tif, tiff, out.png, png",
        "a.png, png, out.tiff, tiff",
        "a.bmp, bmp, out.bmp, bmp",
        "a.dib, bmp, out.jfif, jpeg",
        "a, jpeg, out, jpeg",
        "a, tiff, out.result, tiff"
    })
    void theNameOfTheResultSaysItsFormat(String in, String stored, String out, String expected) throws IOException {
        Path input = write(in, PictureFormat.of(stored), photo(1, Depth.BITS_8));
        denoise(input, "--output", folder.resolve(out)).assertDone();
        assertEquals(expected, ImageFile.formatOf(folder.resolve(out)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "jpeg", "tiff", "bmp", "JPG", "tif"})
    void theFormatCanBeChosen(String format) throws IOException {
        write("in/a.jpg", PictureFormat.JPEG, photo(3, Depth.BITS_8));
        write("in/b.PNG", PictureFormat.JPEG, photo(1, Depth.BITS_8));
        write("in/sub/c.tif", PictureFormat.TIFF, photo(1, Depth.BITS_16));
        write("in/d.gif", gif());
        denoise(folder.resolve("in"), "--format", format, "--output", folder.resolve("out"));
        String extension = format.matches("(?i)jpe?g") ? "jpg" : format.replace("tiff", "tif");
        for (String name : List.of("a", "b", "sub/c", "d")) {
            Path keepsName = folder.resolve("out/b.PNG");
            Path result = name.equals("b") && format.equals("png")
                    ? keepsName
                    : folder.resolve("out/" + name + "." + extension);
            assertEquals(extension.replace("jpg", "jpeg").replaceFirst("tif$", "tiff"), ImageFile.formatOf(result));
        }
    }

    @Test
    void pngStandsInForWhatIsNotWritten() throws IOException {
        Path in = write("in/a.gif", gif());
        write("in/a.png", PictureFormat.PNG, photo(1, Depth.BITS_8));
        Result result =
                denoise(folder.resolve("in"), "--output", folder.resolve("out")).assertDone();
        assertTrue(
                result.out().contains(in + " is a GIF file, which is not written: the result is a PNG file"),
                result.out());
        assertEquals("png", ImageFile.formatOf(folder.resolve("out/a.gif.png")));
        assertEquals(new ImageFile.Header(8, 12, 1, Depth.BITS_8), ImageFile.header(folder.resolve("out/a.png")));
        denoise(in, "--output", folder.resolve("b.webp"))
                .assertRefused("b.webp has the name of a WebP file, which is not written: name it .png");
    }

    @Test
    void refusesFormatsThatContradictEachOther() throws IOException {
        Path in = write("a.png", PictureFormat.PNG, photo(1, Depth.BITS_8));
        denoise(in, "--output", folder.resolve("b.jpg"), "--format", "png")
                .assertRefused("b.jpg has the name of a JPEG file, and --format says png");
        denoise(in, "--output", folder.resolve("b.png"), "--format", "gif")
                .assertRefused("pictures are written as png, jpeg, tiff or bmp, not as gif");
        denoise(in, "--output", folder.resolve("b.jpg"), "--quality", "0")
                .assertRefused("--quality must be from 1 to 100, not 0");
        denoise(in, "--output", folder.resolve("b.png"), "--quality", "50", "--format", "png")
                .assertRefused("--quality is for JPEG files; PNG has none");
    }

    @Test
    void qualityMakesJpegFilesSmaller() throws IOException {
        Path in = write("a.png", PictureFormat.PNG, photo(3, Depth.BITS_8));
        denoise(in, "--strength", "0", "--output", folder.resolve("1.jpg"), "--quality", "20")
                .assertDone();
        denoise(in, "--strength", "0", "--output", folder.resolve("2.jpg"), "--quality", "90")
                .assertDone();
        assertTrue(Files.size(folder.resolve("1.jpg")) < Files.size(folder.resolve("2.jpg")) - 100);
    }

    @ParameterizedTest
    @CsvSource({"tiff, BITS_8", "tiff, BITS_16", "bmp, BITS_8"})
    void nothingIsLostInFormatsWithoutLoss(String format, Depth depth) throws IOException {
        for (int channels : new int[] {1, 3}) {
            Photo photo = photo(channels, depth);
            Path in = write("in." + format, PictureFormat.of(format), photo);
            denoise(in, "--strength", "0", "--output", folder.resolve("out." + format), "--overwrite")
                    .assertDone();
            Photo out = ImageFile.open(folder.resolve("out." + format));
            assertEquals(depth, out.depth());
            assertArrayEquals(photo.values(), out.values());
        }
    }

    @Test
    void allPagesOfATiffFileAreDenoised() throws IOException {
        Path in = write(
                "in/a.tif",
                PictureFormat.TIFF,
                photo(1, Depth.BITS_8),
                photo(3, Depth.BITS_8),
                photo(1, Depth.BITS_16));
        Path out = folder.resolve("out/a.tif");
        denoise(in, "--strength", "0", "--output", out.getParent() + "/").assertDone();
        try (PictureReader reader = PictureReader.open(out)) {
            assertEquals(3, reader.pages());
            assertArrayEquals(photo(1, Depth.BITS_8).values(), reader.photo(0).values());
            assertArrayEquals(photo(3, Depth.BITS_8).values(), reader.photo(1).values());
            assertArrayEquals(photo(1, Depth.BITS_16).values(), reader.photo(2).values());
        }
        denoise(in, "--output", folder.resolve("a.png"))
                .assertRefused(in + " has 3 pages, and a PNG file holds one", "--format tiff");
        assertFalse(Files.exists(folder.resolve("a.png")));
    }

    @Test
    void namesWhatAFolderHasInstead() throws IOException {
        write("in/a.heic", new byte[4]);
        write("in/b.heic", new byte[4]);
        write("in/notes.txt", new byte[4]);
        denoise(folder.resolve("in"), "--output", folder.resolve("out"))
                .assertRefused("in holds no pictures that can be read", "it has 2 .heic files, 1 .txt file");
    }

    @Test
    void saysThatOneFrameIsTaken() throws IOException {
        byte[] png = ImageFile.encode(photo(1, Depth.BITS_8));
        Path in = write("a.png", inserted(png, 33, chunk("acTL", new byte[] {0, 0, 0, 9, 0, 0, 0, 0})));
        assertTrue(denoise(in, "--output", folder.resolve("b.png"))
                .assertDone()
                .out()
                .contains(in + " is animated: the first of its 9 frames is taken"));
    }

    // ---- what nobody sees

    @ParameterizedTest
    @CsvSource({"1, BITS_8", "3, BITS_8", "3, BITS_16"})
    void coloursUnderTransparencyDoNotShineThrough(int channels, Depth depth) throws IOException {
        Photo opaque = photo(channels, depth);
        float[] alpha = new float[8 * 12];
        float[] other = opaque.values().clone();
        for (int i = 0; i < alpha.length; i++) {
            boolean seen = i / 12 != 5 && (i + i / 12) % 2 == 0;
            alpha[i] = seen ? 1 : 0;
            for (int c = 0; c < channels && !seen; c++) {
                other[i * channels + c] = 1 - other[i * channels + c];
            }
        }
        float[][] results = new float[2][];
        for (int i = 0; i < 2; i++) {
            float[] values = i == 0 ? opaque.values() : other;
            Path in = folder.resolve("in" + i + ".png");
            Files.write(in, ImageFile.encode(new Photo(8, 12, channels, values, alpha, depth, "png")));
            denoise(in, "--output", folder.resolve("out" + i + ".png")).assertDone();
            Photo out = ImageFile.open(folder.resolve("out" + i + ".png"));
            assertArrayEquals(alpha, out.alpha());
            results[i] = out.values();
        }
        assertArrayEquals(results[0], results[1]);
    }

    @Test
    void transparencyIsShownOnWhiteWhereThereIsNone() throws IOException {
        float[] alpha = new float[8 * 12];
        Arrays.fill(alpha, 0, 48, 1);
        Photo photo = photo(1, Depth.BITS_8);
        Path in = write("in.png", ImageFile.encode(new Photo(8, 12, 1, photo.values(), alpha, Depth.BITS_8, "png")));
        Path out = folder.resolve("out.bmp");
        Result result = denoise(in, "--strength", "0", "--output", out).assertDone();
        assertTrue(result.out().contains("which a BMP file cannot be: they are shown on white"), result.out());
        float[] values = ImageFile.open(out).values();
        assertArrayEquals(Arrays.copyOf(photo.values(), 48), Arrays.copyOf(values, 48));
        for (int i = 48; i < 96; i++) {
            assertEquals(1, values[i]);
        }
    }

    // ---- what a file says of its picture

    private static byte[] inserted(byte[] file, int at, byte[]... parts) {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        whole.write(file, 0, at);
        for (byte[] part : parts) {
            whole.writeBytes(part);
        }
        whole.write(file, at, file.length - at);
        return whole.toByteArray();
    }

    private static byte[] chunk(String type, byte[] data) {
        byte[] body = inserted(data, 0, type.getBytes(StandardCharsets.US_ASCII));
        CRC32 sum = new CRC32();
        sum.update(body);
        return ByteBuffer.allocate(body.length + 8)
                .putInt(data.length)
                .put(body)
                .putInt((int) sum.getValue())
                .array();
    }

    private static byte[] segment(int marker, String word, byte[] data) {
        byte[] body = inserted(data, 0, word.getBytes(StandardCharsets.ISO_8859_1));
        return ByteBuffer.allocate(body.length + 4)
                .put((byte) 0xFF)
                .put((byte) marker)
                .putShort((short) (body.length + 2))
                .put(body)
                .array();
    }

    /** Big-endian: the maker is Cam, the orientation 6, and a thumbnail's folder follows. */
    private static byte[] exif() {
        return HexFormat.of()
                .parseHex("4d4d002a00000008" + "0002" + "010f000200000004" + "43616d00" + "0112000300000001"
                        + "00060000" + "00000026" + "0001" + "0103000300000001" + "00060000" + "00000000");
    }

    private static byte[] profile(int channels) {
        // Not sRGB's own: one that would be missed.
        return ICC_Profile.getInstance(channels == 3 ? ColorSpace.CS_LINEAR_RGB : ColorSpace.CS_GRAY)
                .getData();
    }

    private static byte[] deflated(byte[] data) {
        Deflater deflater = new Deflater();
        deflater.setInput(data);
        deflater.finish();
        byte[] out = new byte[data.length + 100];
        int length = deflater.deflate(out);
        deflater.end();
        return Arrays.copyOf(out, length);
    }

    private Path describedPng(int channels) throws IOException {
        byte[] resolution = ByteBuffer.allocate(9)
                .putInt(11_811)
                .putInt(7_874)
                .put((byte) 1)
                .array();
        return write(
                "described.png",
                inserted(
                        ImageFile.encode(photo(channels, Depth.BITS_8)),
                        33,
                        chunk("gAMA", ByteBuffer.allocate(4).putInt(45_455).array()),
                        chunk("iCCP", inserted(deflated(profile(channels)), 0, new byte[] {'x', 0, 0})),
                        chunk("pHYs", resolution),
                        chunk("tEXt", "Comment\0A scan".getBytes(StandardCharsets.US_ASCII)),
                        chunk("eXIf", exif())));
    }

    private Path describedJpeg(int channels) throws IOException {
        byte[] jpeg = ImageFile.encode(
                new ImageSet(
                        8,
                        12,
                        channels,
                        photo(channels, Depth.BITS_8).toImageSet(Depth.BITS_8).pixels()),
                0,
                "jpeg");
        ByteBuffer.wrap(jpeg).put(13, (byte) 1).putShort(14, (short) 300).putShort(16, (short) 200);
        return write(
                "described.jpg",
                inserted(
                        jpeg,
                        20,
                        segment(0xE1, "Exif\0\0", exif()),
                        segment(0xE2, "ICC_PROFILE\0\u0001\u0001", profile(channels)),
                        segment(0xFE, "A scan", new byte[0])));
    }

    /** By a library that shares nothing with what wrote the file. */
    private static Metadata metadata(Path file) throws IOException, ImageProcessingException {
        return ImageMetadataReader.readMetadata(file.toFile());
    }

    @ParameterizedTest
    @CsvSource({
        "png, png, 1",
        "png, png, 3",
        "png, jpg, 1",
        "png, jpg, 3",
        "jpg, png, 1",
        "jpg, png, 3",
        "jpg, jpg, 1",
        "jpg, jpg, 3"
    })
    void whatDescribesThePictureGoesOver(String from, String to, int channels)
            throws IOException, ImageProcessingException {
        Path in = from.equals("png") ? describedPng(channels) : describedJpeg(channels);
        assertEquals(new ImageFile.Header(12, 8, channels, Depth.BITS_8), ImageFile.header(in), "turned upright");
        Path out = folder.resolve("out." + to);
        denoise(in, "--strength", "0", "--output", out).assertDone();
        assertEquals(new ImageFile.Header(12, 8, channels, Depth.BITS_8), ImageFile.header(out), "and not once more");
        float[] upright = ImageFile.open(in).values();
        float[] written = ImageFile.open(out).values();
        if (to.equals("png")) {
            assertArrayEquals(upright, written);
        }
        Metadata said = metadata(out);
        ExifIFD0Directory exif = said.getFirstDirectoryOfType(ExifIFD0Directory.class);
        assertEquals("Cam", exif.getString(ExifIFD0Directory.TAG_MAKE));
        assertEquals(1, exif.getInteger(ExifIFD0Directory.TAG_ORIENTATION));
        assertEquals(
                0, said.getDirectoriesOfType(ExifThumbnailDirectory.class).size(), "a thumbnail that was not turned");
        IccDirectory profile = said.getFirstDirectoryOfType(IccDirectory.class);
        assertNotNull(profile);
        assertEquals(profile(channels).length, profile.getInteger(IccDirectory.TAG_PROFILE_BYTE_COUNT));
        if (to.equals("png")) {
            String chunks = said.getDirectoriesOfType(PngDirectory.class).stream()
                    .flatMap(directory -> directory.getTags().stream())
                    .map(tag -> tag.getTagName() + "=" + tag.getDescription())
                    .toList()
                    .toString();
            // 300 and 200 to an inch, turned.
            assertTrue(chunks.contains("Pixels Per Unit X=7874") && chunks.contains("Pixels Per Unit Y=11811"), chunks);
            assertTrue(chunks.contains("Comment: A scan"), chunks);
            assertEquals(from.equals("png"), chunks.contains("Image Gamma=0.455"), chunks);
        } else {
            JfifDirectory jfif = said.getFirstDirectoryOfType(JfifDirectory.class);
            assertEquals(
                    List.of(1, 200, 300),
                    List.of(
                            jfif.getInteger(JfifDirectory.TAG_UNITS),
                            jfif.getInteger(JfifDirectory.TAG_RESX),
                            jfif.getInteger(JfifDirectory.TAG_RESY)));
            assertEquals(
                    "A scan",
                    said.getFirstDirectoryOfType(JpegCommentDirectory.class)
                            .getString(JpegCommentDirectory.TAG_COMMENT));
        }
    }

    @Test
    void resolutionAndProfileGoThroughTiff() throws IOException, ImageProcessingException {
        Path in = describedJpeg(3);
        Path tiff = folder.resolve("a.tif");
        Path out = folder.resolve("a.jpg");
        denoise(in, "--output", tiff).assertDone();
        denoise(tiff, "--output", out).assertDone();
        Metadata said = metadata(out);
        assertNotNull(said.getFirstDirectoryOfType(IccDirectory.class));
        assertEquals(200, said.getFirstDirectoryOfType(JfifDirectory.class).getInteger(JfifDirectory.TAG_RESX));
        assertEquals(new ImageFile.Header(12, 8, 3, Depth.BITS_8), ImageFile.header(tiff));
    }

    /** It says so where it does not count, by whatever the format of the results is decided. */
    @Test
    void aQualityIsForJpegFiles() throws IOException {
        Path png = write("q.png", PictureFormat.PNG, photo(1, Depth.BITS_8));
        Path jpeg = write("q.jpg", PictureFormat.JPEG, photo(1, Depth.BITS_8));
        String remark = "--quality is for JPEG files, and no result is one";
        for (String name : List.of("o.png", "o.tif", "o", "folder/")) {
            Result result = denoise(png, "--quality", "50", "--output", folder + "/" + name)
                    .assertDone();
            assertTrue(result.out().contains(remark), name + ": " + result.out());
        }
        for (String name : List.of("p.jpg", "p.JPEG")) {
            Result result = denoise(png, "--quality", "50", "--output", folder + "/" + name)
                    .assertDone();
            assertFalse(result.out().contains("--quality"), name + ": " + result.out());
        }
        Result mixed = denoise(png, jpeg, "--quality", "50", "--output", folder.resolve("mixed"))
                .assertDone();
        assertFalse(mixed.out().contains("--quality"), mixed.out());
        denoise(png, "--quality", "50", "--format", "png", "--output", folder.resolve("r"))
                .assertRefused("--quality is for JPEG files");
    }

    // ---- what is wrong with the model

    /** Infinite on their way through the network, and no numbers at its end. */
    @Test
    void whatIsNotFiniteIsNotWritten() throws IOException {
        Checkpoint trained = Checkpoint.read(model.resolve("best.safetensors"));
        float[] weights = trained.state().weights().values();
        for (int i = 0; i < weights.length; i++) {
            weights[i] *= 1e20f;
        }
        Path broken = folder.resolve("broken.safetensors");
        trained.write(broken);
        Path in = write("a.png", PictureFormat.PNG, photo(1, Depth.BITS_8));
        Path out = folder.resolve("b.png");
        Program.run("denoise", broken, in, "--engine", "reference", "--output", out)
                .assertRefused("what the model makes of this is not finite", "its weights are damaged");
        assertFalse(Files.exists(out));
    }
}
