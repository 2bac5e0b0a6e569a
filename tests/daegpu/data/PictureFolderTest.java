package daegpu.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.data.Preparation.Colour;
import daegpu.data.Preparation.Fit;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(Seeds.class)
class PictureFolderTest {

    @TempDir
    private Path folder;

    private byte[] write(String name, int height, int width, int channels) throws IOException {
        byte[] pixels = new byte[height * width * channels];
        Seeds.random(name.hashCode()).nextBytes(pixels);
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, ImageFile.encode(new ImageSet(height, width, channels, pixels), 0, "png"));
        return pixels;
    }

    private DataSets open(Fit fit, int height, int width, Colour colour, int limit) {
        return DataSets.open(
                folder, null, 0.5, limit, 0, new Preparation(fit, height, width, 0, colour), ReadingListener.SILENT);
    }

    private static byte[] together(byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        byte[] whole = new byte[length];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, whole, at, part.length);
            at += part.length;
        }
        return whole;
    }

    /** The walk through a file system begins at its root, which has no name. */
    @Test
    void namesOfPicturesEndAsTheirFormatsDo() {
        for (String name : List.of(
                "a.png",
                "a/b.JPG",
                "a.b.jpeg",
                ".png",
                "a.jpe",
                "a.JFIF",
                "a.tif",
                "a.tiff",
                "a.bmp",
                "a.dib",
                "a.gif",
                "a.webp")) {
            assertTrue(PictureFolder.isNamedAsPicture(Path.of(name)), name);
        }
        for (String name : List.of("/", "png", "a.png/b", "a.png~")) {
            assertFalse(PictureFolder.isNamedAsPicture(Path.of(name)), name);
        }
    }

    /**
     * Files are sorted in whatever order the system lists them, including those of folders inside; what is hidden or no
     * picture is passed over.
     */
    @Test
    void filesAreTakenInTheOrderOfTheirNames() throws IOException {
        byte[] c = write("c.png", 4, 6, 1);
        byte[] b = write("b/x.PNG", 4, 6, 1);
        byte[] a = write("a.png", 4, 6, 1);
        byte[] d = write("b/z/y.png", 4, 6, 1);
        write(".hidden/x.png", 9, 9, 1);
        write("._a.png", 9, 9, 1);
        Files.writeString(folder.resolve("notes.txt"), "no picture");
        DataSets sets = open(Fit.NONE, 0, 0, Colour.AUTO, 0);
        assertArrayEquals(together(a, b), pixels(sets));
        assertArrayEquals(together(d, c), sets.validation().target().pixels());
        assertEquals("4x6 grey", sets.training().describeSize());
        assertEquals(
                sets.training().identity(),
                open(Fit.NONE, 0, 0, Colour.AUTO, 0).training().identity());
        assertEquals(List.of(), sets.unusable());
    }

    @Test
    void greyOrColourIsWhatThePicturesAreUnlessAsked() throws IOException {
        byte[] a = write("a.png", 2, 2, 1);
        write("b.png", 2, 2, 3);
        ImageSet colour = (ImageSet) open(Fit.NONE, 0, 0, Colour.AUTO, 0).training();
        assertEquals(3, colour.channels());
        for (int i = 0; i < 12; i++) {
            assertEquals(a[i / 3], colour.pixels()[i]);
        }
        DataSets grey = open(Fit.NONE, 0, 0, Colour.GREY, 0);
        assertArrayEquals(a, pixels(grey));
        assertEquals("2x2 grey", grey.validation().target().describeSize());
    }

    /** One picture of 16 bits decides for all; those of bytes are the same to the last bit of a float. */
    @Test
    void sixteenBitsStay() throws IOException {
        byte[] a = write("a.png", 4, 4, 1);
        float[] values = new float[16];
        for (int i = 0; i < values.length; i++) {
            values[i] = (4097 * i + 1) / 65_535f;
        }
        Files.write(folder.resolve("b.png"), ImageFile.encode(new Photo(4, 4, 1, values, null, Depth.BITS_16, "png")));
        byte[] c = write("c.png", 4, 4, 3);
        write("d.png", 4, 4, 1);
        for (Fit fit : List.of(Fit.NONE, Fit.TILES)) {
            DataSets sets = open(fit, 4, 4, Colour.COLOUR, 0);
            assertEquals(Depth.BITS_16, sets.training().depth());
            assertEquals(2, sets.training().count());
            assertEquals(Depth.BITS_16, sets.validation().target().depth());
            assertTrue(
                    sets.description().startsWith("training: 2 images of 4x4 colour in 16 bits from "),
                    sets.description());
            for (int i = 0; i < 48; i++) {
                assertEquals((a[i / 3] & 0xFF) / 255f, scaled(sets.training(), 0)[i]);
                assertEquals(values[i / 3], scaled(sets.training(), 1)[i]);
                assertEquals((c[i] & 0xFF) / 255f, scaled(sets.validation().target(), 0)[i]);
            }
        }
        TrainingImages scaled = open(Fit.CROP, 2, 2, Colour.GREY, 0).training();
        assertEquals(Depth.BITS_16, scaled.depth());
        for (int i = 0; i < 4; i++) {
            // Each pixel of the half size sees 16 with weights of 1, 3, 3, 1, or 12 or 9 at the edge.
            assertEquals(halved(values, i / 2, i % 2), scaled(scaled, 1)[i], 1.0 / 65_535);
        }
        Patches patches = (Patches) DataSets.open(
                        folder,
                        null,
                        0.25,
                        0,
                        0,
                        new Preparation(Fit.PATCHES, 4, 4, 0, Colour.GREY, 7),
                        ReadingListener.SILENT)
                .training();
        assertEquals(Depth.BITS_16, patches.depth());
        float[] grey = new float[16];
        patches.pictures().get(1).scale(0, grey, 0);
        assertArrayEquals(values, grey);
        Files.delete(folder.resolve("b.png"));
        assertEquals(
                Depth.BITS_8, open(Fit.NONE, 4, 4, Colour.COLOUR, 0).training().depth());
    }

    /** A pixel of a picture of 4×4 at half its size, by triangles of twice a pixel of the new size. */
    private static double halved(float[] values, int row, int column) {
        double sum = 0;
        double weights = 0;
        for (int y = 0; y < 4; y++) {
            for (int x = 0; x < 4; x++) {
                double weight = Math.max(0, 1 - Math.abs(y + 0.5 - (2 * row + 1)) / 2)
                        * Math.max(0, 1 - Math.abs(x + 0.5 - (2 * column + 1)) / 2);
                sum += weight * values[4 * y + x];
                weights += weight;
            }
        }
        return sum / weights;
    }

    private static float[] scaled(TrainingImages images, int index) {
        float[] values = new float[images.imageSize()];
        images.scaleInput(0, 0, index, values, 0);
        return values;
    }

    /** Sizes that tiles divide: the tiles are the parts of the pictures, row by row, and no picture is in both sets. */
    @Test
    void tilesAreThePartsOfWholePictures() throws IOException {
        byte[] a = write("a.png", 4, 6, 1);
        byte[] b = write("b.png", 2, 3, 1);
        write("c.png", 2, 9, 1);
        DataSets sets = DataSets.open(
                folder, null, 0.3, 0, 0, new Preparation(Fit.TILES, 2, 3, 0, Colour.AUTO), ReadingListener.SILENT);
        assertEquals(3, sets.validation().target().count());
        ImageSet training = (ImageSet) sets.training();
        assertEquals(5, training.count());
        for (int tile = 0; tile < 4; tile++) {
            for (int i = 0; i < 6; i++) {
                assertEquals(a[(tile / 2 * 2 + i / 3) * 6 + tile % 2 * 3 + i % 3], training.pixels()[tile * 6 + i]);
            }
        }
        assertArrayEquals(b, training.range(4, 5).pixels());
        DataSets limited = DataSets.open(
                folder, null, 0.3, 3, 2, new Preparation(Fit.TILES, 2, 3, 0, Colour.AUTO), ReadingListener.SILENT);
        assertArrayEquals(training.range(0, 3).pixels(), pixels(limited));
        assertEquals(2, limited.validation().target().count());
    }

    @Test
    void aSinglePictureIsSplitByItsTiles() throws IOException {
        write("a.png", 8, 8, 1);
        DataSets sets = open(Fit.TILES, 4, 4, Colour.AUTO, 0);
        assertEquals(2, sets.training().count());
        assertEquals(2, sets.validation().target().count());
        assertTrue(assertThrows(InvalidInputException.class, () -> open(Fit.RESIZE, 4, 4, Colour.AUTO, 0))
                .getMessage()
                .contains("holds 1 picture, which cannot be split"));
    }

    /** One whose header is broken, and one that only decoding finds out about. */
    @Test
    void whatCannotBeReadIsNamedAndLeftOut() throws IOException {
        byte[] a = write("a.png", 4, 6, 1);
        write("b.png", 4, 6, 1);
        byte[] c = write("c.png", 4, 6, 1);
        write("d.png", 4, 6, 1);
        write("e.png", 4, 6, 1);
        Path broken = Files.writeString(folder.resolve("0.png"), "no picture");
        Path cut = folder.resolve("b.png");
        byte[] whole = Files.readAllBytes(cut);
        Files.write(cut, Arrays.copyOf(whole, whole.length - 5));
        List<String> heard = new ArrayList<>();
        DataSets sets = DataSets.open(
                folder,
                null,
                0.4,
                0,
                0,
                Preparation.NONE,
                (task, done, all) -> heard.add(task + " " + done + "/" + all));
        assertArrayEquals(together(a, c), pixels(sets));
        assertEquals(2, sets.validation().target().count());
        assertEquals(
                List.of(
                        broken + " is not a picture that can be read: those are PNG, JPEG, TIFF, BMP, GIF or WebP",
                        cut + " is truncated"),
                messages(sets.unusable()));
        assertEquals("looking at pictures 1/6", heard.get(0));
        assertTrue(
                heard.contains("looking at pictures 6/6") && heard.contains("reading pictures 3/3"), heard.toString());
        for (String name : new String[] {"a.png", "b.png", "c.png", "d.png", "e.png"}) {
            Files.write(folder.resolve(name), new byte[] {1});
        }
        assertEquals(
                "no picture in " + folder + " can be used: " + broken
                        + " is not a picture that can be read: those are PNG, JPEG, TIFF, BMP, GIF or WebP, and 5 more",
                assertThrows(InvalidInputException.class, () -> open(Fit.RESIZE, 2, 2, Colour.AUTO, 0))
                        .getMessage());
    }

    @Test
    void validationImagesCanBeReadAlone() throws IOException {
        for (int i = 0; i < 7; i++) {
            write(i + ".png", 4 + i % 3, 9 - i, i % 2 == 0 ? 1 : 3);
        }
        Path broken = Files.write(folder.resolve("6.png"), new byte[] {1});
        for (Fit fit : new Fit[] {Fit.RESIZE, Fit.CROP, Fit.TILES}) {
            for (double split : new double[] {0, 0.5}) {
                for (int limit : new int[] {0, 3}) {
                    Preparation preparation = new Preparation(fit, 4, 3, fit == Fit.TILES ? 1 : 0, Colour.COLOUR);
                    DataSets.Validation alone =
                            DataSets.validation(folder, null, split, limit, preparation, ReadingListener.SILENT);
                    assertArrayEquals(
                            DataSets.open(folder, null, split, 0, limit, preparation, ReadingListener.SILENT)
                                    .validation()
                                    .target()
                                    .pixels(),
                            alone.images().target().pixels());
                    assertEquals(
                            List.of(
                                    broken
                                            + " is not a picture that can be read: those are PNG, JPEG, TIFF, BMP, GIF or WebP"),
                            messages(alone.unusable()));
                }
            }
        }
        for (int i = 1; i < 7; i++) {
            Files.delete(folder.resolve(i + ".png"));
        }
        Preparation tiles = new Preparation(Fit.TILES, 2, 2, 0, Colour.GREY);
        assertArrayEquals(
                DataSets.open(folder, null, 0, 0, 0, tiles, ReadingListener.SILENT)
                        .validation()
                        .target()
                        .pixels(),
                DataSets.validation(folder, null, 0, 0, tiles, ReadingListener.SILENT)
                        .images()
                        .target()
                        .pixels());
    }

    /** A picture of another size is left out, and the message says how it could be taken. */
    @Test
    void aCertainSizeCanBeWanted() throws IOException {
        write("a.png", 5, 6, 1);
        byte[] b = write("b.png", 4, 6, 1);
        DataSets.Validation validation = DataSets.validation(
                null, folder, 0, 0, new Preparation(Fit.NONE, 4, 6, 0, Colour.GREY), ReadingListener.SILENT);
        assertArrayEquals(b, validation.images().target().pixels());
        assertEquals(List.of(folder.resolve("a.png") + " is 5x6 where 4x6 is wanted"), messages(validation.unusable()));
        assertEquals(List.of(Remedy.FITTING), validation.unusable().get(0).remedies());
    }

    private static List<String> messages(List<InvalidInputException> problems) {
        return problems.stream().map(InvalidInputException::getMessage).toList();
    }

    @Test
    void differentSizesAreNamed() throws IOException {
        write("a.png", 4, 6, 1);
        write("b.png", 5, 6, 1);
        assertEquals(
                folder + " holds pictures of different sizes, such as 4x6 (a.png) and 5x6 (b.png)",
                assertThrows(InvalidInputException.class, () -> open(Fit.NONE, 0, 0, Colour.AUTO, 0))
                        .getMessage());
        assertEquals("3x2 grey", open(Fit.CROP, 3, 2, Colour.AUTO, 0).training().describeSize());
    }

    /** The sizes are known from the headers, before any picture is decoded: these files end after their headers. */
    @Test
    void whatFitsNoMemoryIsSaidAtOnce() throws IOException {
        for (int i = 0; i < 4; i++) {
            byte[] png = ImageFile.encode(new ImageSet(1, 1, 1, new byte[1]), 0, "png");
            png[18] = (byte) 0x75;
            png[22] = (byte) 0x75;
            Files.write(folder.resolve(i + ".png"), png);
        }
        InvalidInputException refusal =
                assertThrows(InvalidInputException.class, () -> open(Fit.TILES, 16, 16, Colour.COLOUR, 0));
        String message = refusal.getMessage();
        assertTrue(message.startsWith(folder + " makes ") && message.endsWith(" fit"), message);
        assertTrue(
                refusal.remedies().containsAll(List.of(Remedy.SMALLER_IMAGES, Remedy.FEWER_IMAGES)),
                refusal.remedies()::toString);
        String limited = assertThrows(InvalidInputException.class, () -> open(Fit.TILES, 16, 16, Colour.COLOUR, 10))
                .getMessage();
        assertTrue(limited.contains(" can be used: ") || limited.endsWith(" fit"), limited);
    }

    /** Two bytes a value: what fits as bytes does not fit as these. */
    @Test
    void memoryOfSixteenBitsIsCountedTwice() throws IOException {
        long most = Runtime.getRuntime().maxMemory();
        int side = (int) Math.sqrt(most / 100.0); // 60 as bytes and one as floats take 78 % of the memory
        for (int depth : new int[] {8, 16}) {
            for (int i = 0; i < 60; i++) {
                byte[] png = ImageFile.encode(new ImageSet(1, 1, 1, new byte[1]), 0, "png");
                ByteBuffer.wrap(png).putInt(16, side).putInt(20, side).put(24, (byte) depth);
                Files.write(folder.resolve(i + ".png"), png);
            }
            String message = assertThrows(
                            InvalidInputException.class,
                            () -> DataSets.open(
                                    folder,
                                    null,
                                    0.5,
                                    0,
                                    0,
                                    new Preparation(Fit.PATCHES, 16, 16, 0, Colour.GREY, 1),
                                    ReadingListener.SILENT))
                    .getMessage();
            if (depth == 8) {
                assertFalse(message.contains(" fit"), message); // the files are damaged
            } else {
                assertTrue(message.contains(" has 30 pictures in 16 bits to cut patches from"), message);
                assertTrue(message.contains(" in 16 bits to validate, "), message);
                assertTrue(message.endsWith(" fit"), message);
            }
        }
    }

    private static byte[] pixels(DataSets sets) {
        return ((ImageSet) sets.training()).pixels();
    }

    /** Each page of a file is a picture; of several frames the first is, and this is told once. */
    @Test
    void takesAllPagesAndFirstFrames() throws IOException {
        Path pictures = Files.createDirectory(folder.resolve("several"));
        BufferedImage page = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY);
        for (String name : List.of("a.tif", "b.gif", "c.gif")) {
            ImageWriter writer = ImageIO.getImageWritersByFormatName(name.endsWith("gif") ? "gif" : "tiff")
                    .next();
            try (ImageOutputStream out =
                    ImageIO.createImageOutputStream(pictures.resolve(name).toFile())) {
                writer.setOutput(out);
                writer.prepareWriteSequence(null);
                for (int i = 0; i < 3; i++) {
                    writer.writeToSequence(new IIOImage(page, null, null), null);
                }
                writer.endWriteSequence();
            }
            writer.dispose();
        }
        ImageIO.write(page, "png", pictures.resolve("d.png").toFile());
        String description = DataSets.open(pictures, null, 0.25, 0, 0).description();
        assertTrue(
                description.contains(
                        "training: 4 images of 8x8 grey from " + pictures + " (" + pictures.resolve("b.gif")
                                + " is animated: the first of its 3 frames is taken, as a picture, and so are those of 1 more)"),
                description);
        assertTrue(description.contains("validation: 2 images of 8x8 grey"), description);
    }
}
