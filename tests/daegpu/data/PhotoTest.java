package daegpu.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeds.class)
class PhotoTest {

    @TempDir
    private Path folder;

    // ---- sizes

    /** Halving smooth pictures of any kind: the mean stays, and a flat picture stays flat to its edges. */
    @Test
    void resizingKeepsTheMean() {
        Seeds.check(30, random -> {
            int channels = random.nextBoolean() ? 1 : 3;
            int height = 2 + random.nextInt(30);
            int width = 2 + random.nextInt(30);
            int newHeight = 1 + random.nextInt(40);
            int newWidth = 1 + random.nextInt(40);
            float[] flat = new float[height * width * channels];
            float[] slope = new float[flat.length];
            for (int i = 0; i < flat.length; i++) {
                flat[i] = (50 + 60 * (i % channels)) / 255f;
                slope[i] = (20 + i / channels % width * 6 + 20 * (i % channels)) / 255f;
            }
            Photo resized = photo(height, width, channels, flat).resized(newHeight, newWidth);
            assertEquals(newHeight, resized.height());
            assertEquals(newWidth, resized.width());
            for (int i = 0; i < resized.values().length; i++) {
                assertEquals(50 + 60 * (i % channels), Math.round(resized.values()[i] * 255));
            }
            assertEquals(
                    mean(slope),
                    mean(photo(height, width, channels, slope)
                            .resized(newHeight, newWidth)
                            .values()),
                    0.012,
                    height + "x" + width + " to " + newHeight + "x" + newWidth);
        });
    }

    /** Compared with Pillow 12's filter BILINEAR on a picture of floats. */
    @Test
    void resizingIsPillows() {
        float[] values = {0, .25f, 1, .5f, .125f, 1, 0, .75f, .5f, .25f, .5f, 1, 0, .0625f, 1};
        float[][] expected = {
            {0.28125f, 0.649306f, 0.3125f, 0.660714f, 0.345486f, 0.507812f},
            {
                0.352273f, 0.482955f, 0.415909f, 0.471591f, 0.511364f, 0.454545f, 0.547159f, 0.415341f, 0.571023f,
                0.389205f
            },
            {
                0, 0.142857f, 0.464286f, 1, 0.642857f, 0.339286f, 0.125f, 0.625f, 0.321429f, 0.308036f, 0.84375f,
                0.598214f, 0.372768f, 0.203125f, 0.8125f, 0.5625f, 0.401786f, 0.46875f, 0.373884f, 0.419643f, 0.53125f,
                0.5f, 0.785714f, 0.714286f, 0, 0.044643f, 0.464286f, 1
            }
        };
        int[][] sizes = {{2, 3}, {5, 2}, {4, 7}};
        for (int i = 0; i < sizes.length; i++) {
            Photo resized = photo(3, 5, 1, values).resized(sizes[i][0], sizes[i][1]);
            assertArrayEquals(expected[i], resized.values(), 2e-6f);
        }
    }

    private static double mean(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += value;
        }
        return sum / values.length;
    }

    /**
     * Every pixel counts: fine black and white stripes become grey, where picking pixels would give one or the other.
     */
    @Test
    void fineStripesBecomeGrey() {
        float[] stripes = new float[64 * 64];
        for (int i = 0; i < stripes.length; i++) {
            stripes[i] = i % 2;
        }
        for (float value : photo(64, 64, 1, stripes).resized(8, 8).values()) {
            assertEquals(0.5, value, 0.04);
        }
    }

    @Test
    void theMiddleIsCroppedAndProportionsStay() {
        float[] values = new float[4 * 10];
        for (int i = 0; i < values.length; i++) {
            values[i] = i / 255f;
        }
        float[] middle = {3, 4, 5, 6, 13, 14, 15, 16, 23, 24, 25, 26, 33, 34, 35, 36};
        for (int i = 0; i < middle.length; i++) {
            middle[i] /= 255f;
        }
        assertArrayEquals(middle, photo(4, 10, 1, values).cropped(4, 4).values());
        assertArrayEquals(
                Arrays.copyOfRange(values, 12, 28),
                photo(10, 4, 1, values).cropped(4, 4).values());
        Photo wide = photo(100, 100, 1, new float[10_000]).cropped(8, 16);
        assertEquals(8, wide.height());
        assertEquals(16, wide.width());
        Photo same = photo(4, 10, 1, values);
        assertSame(same, same.resized(4, 10));
    }

    @Test
    void coloursAndGreysBecomeEachOther() {
        Photo colour = photo(1, 2, 3, new float[] {1, 0, 0, 0.5f, 0.5f, 0.5f});
        assertFalse(colour.isGrey());
        assertArrayEquals(new float[] {0.299f, 0.5f}, colour.withChannels(1).values(), 1e-6f);
        assertArrayEquals(
                new float[] {0.2f, 0.2f, 0.2f},
                photo(1, 1, 1, new float[] {0.2f}).withChannels(3).values());
        Photo grey = photo(1, 1, 3, new float[] {0.7f, 0.7f, 0.7f});
        assertTrue(grey.isGrey());
        assertEquals(0.7f, grey.withChannels(1).values()[0]);
    }

    private static Photo photo(int height, int width, int channels, float[] values) {
        return new Photo(height, width, channels, values, null, Depth.BITS_8, "png");
    }

    // ---- files

    /**
     * The eight ways to hold a camera, each with the four corners of the upright picture as they are stored, after the
     * EXIF standard's own words for the 0th row and the 0th column.
     */
    @ParameterizedTest
    @CsvSource({
        "1, top, left",
        "2, top, right",
        "3, bottom, right",
        "4, bottom, left",
        "5, left, top",
        "6, right, top",
        "7, right, bottom",
        "8, left, bottom"
    })
    void exifOrientationIsApplied(int tag, String row0, String column0) throws IOException {
        boolean turned = tag >= 5;
        // Upright: 16 rows, 32 columns, each quarter flat in its own grey.
        int[][] quarters = {{30, 90}, {150, 220}};
        BufferedImage stored = new BufferedImage(turned ? 16 : 32, turned ? 32 : 16, BufferedImage.TYPE_BYTE_GRAY);
        for (int y = 0; y < stored.getHeight(); y++) {
            for (int x = 0; x < stored.getWidth(); x++) {
                boolean nearRow0 = y < stored.getHeight() / 2;
                boolean nearColumn0 = x < stored.getWidth() / 2;
                String vertical = turned ? opposite(column0, nearColumn0) : opposite(row0, nearRow0);
                String horizontal = turned ? opposite(row0, nearRow0) : opposite(column0, nearColumn0);
                stored.getRaster()
                        .setSample(
                                x, y, 0, quarters[vertical.equals("top") ? 0 : 1][horizontal.equals("left") ? 0 : 1]);
            }
        }
        ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
        ImageIO.write(stored, "jpeg", jpeg);
        Path file = Files.write(folder.resolve("held.jpg"), withOrientation(jpeg.toByteArray(), tag));
        assertEquals(new ImageFile.Header(16, 32, 1, Depth.BITS_8), ImageFile.header(file));
        Photo photo = ImageFile.open(file);
        assertEquals(16, photo.height());
        assertEquals(32, photo.width());
        for (int y = 0; y < 16; y++) {
            for (int x = 0; x < 32; x++) {
                assertEquals(
                        quarters[y / 8][x / 16], photo.values()[y * 32 + x] * 255, 4, "row " + y + ", column " + x);
            }
        }
        Path again = Files.write(folder.resolve("again.jpg"), ImageFile.encode(photo));
        assertEquals(ImageFile.header(file), ImageFile.header(again), "what is written must not be turned again");
    }

    private static String opposite(String side, boolean near) {
        if (near) {
            return side;
        }
        return switch (side) {
            case "top" -> "bottom";
            case "bottom" -> "top";
            case "left" -> "right";
            default -> "left";
        };
    }

    /** An APP1 segment of EXIF with one entry, big-endian, directly after the start of the image. */
    static byte[] withOrientation(byte[] jpeg, int tag) {
        byte[] segment = {
            (byte) 0xFF,
            (byte) 0xE1,
            0,
            34,
            'E',
            'x',
            'i',
            'f',
            0,
            0,
            'M',
            'M',
            0,
            42,
            0,
            0,
            0,
            8,
            0,
            1,
            1,
            0x12,
            0,
            3,
            0,
            0,
            0,
            1,
            0,
            (byte) tag,
            0,
            0,
            0,
            0,
            0,
            0
        };
        byte[] whole = Arrays.copyOf(jpeg, jpeg.length + segment.length);
        System.arraycopy(segment, 0, whole, 2, segment.length);
        System.arraycopy(jpeg, 2, whole, 2 + segment.length, jpeg.length - 2);
        return whole;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 9, 255})
    void orientationsThatAreNoneAreIgnored(int tag) throws IOException {
        byte[] jpeg = ImageFile.encode(new ImageSet(8, 16, 1, new byte[128]), 0, "jpeg");
        Path file = Files.write(folder.resolve("odd.jpg"), withOrientation(jpeg, tag));
        assertEquals(new ImageFile.Header(8, 16, 1, Depth.BITS_8), ImageFile.header(file));
        byte[] broken = withOrientation(jpeg, 6);
        Arrays.fill(broken, 12, 30, (byte) 0xEE);
        assertEquals(
                16,
                ImageFile.open(Files.write(folder.resolve("broken.jpg"), broken))
                        .width());
    }

    @ParameterizedTest
    @CsvSource({
        "1, BITS_8, false",
        "1, BITS_8, true",
        "1, BITS_16, false",
        "1, BITS_16, true",
        "3, BITS_8, false",
        "3, BITS_8, true",
        "3, BITS_16, false",
        "3, BITS_16, true"
    })
    void pngKeepsDepthAndAlpha(int channels, Depth depth, boolean transparent) throws IOException {
        Random random = Seeds.random(depth.white() * 10 + channels);
        int largest = depth.white();
        float[] values = new float[5 * 7 * channels];
        float[] alpha = new float[35];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(largest + 1) / (float) largest;
            alpha[i % 35] = random.nextInt(largest + 1) / (float) largest;
        }
        Photo photo = new Photo(5, 7, channels, values, transparent ? alpha : null, depth, "png");
        byte[] png = ImageFile.encode(photo);
        Photo read = ImageFile.open(Files.write(folder.resolve("a.png"), png));
        assertEquals(depth, read.depth());
        assertEquals(channels, read.channels());
        assertArrayEquals(values, read.values());
        if (transparent) {
            assertArrayEquals(alpha, read.alpha());
        } else {
            assertNull(read.alpha());
        }
        // By the platform's decoder alone.
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
        assertEquals(transparent, image.getColorModel().hasAlpha());
        assertEquals(8 * depth.bytes(), image.getSampleModel().getSampleSize(0));
        assertEquals(Math.round(values[0] * largest), image.getRaster().getSample(0, 0, 0));
        assertEquals(new ImageFile.Header(5, 7, channels, depth), ImageFile.header(folder.resolve("a.png")));
    }

    /** 40,000 by 40,000 pixels in a file of a few bytes. */
    @Test
    void picturesThatNoMemoryHoldsAreRefusedBeforeTheyAreDecoded() throws IOException {
        byte[] png = ImageFile.encode(photo(1, 1, 3, new float[3]));
        png[18] = (byte) 0x9C;
        png[19] = 0x40;
        png[22] = (byte) 0x9C;
        png[23] = 0x40;
        CRC32 sum = new CRC32();
        sum.update(png, 12, 17);
        ByteBuffer.wrap(png).putInt(29, (int) sum.getValue());
        Path file = Files.write(folder.resolve("bomb.png"), png);
        InvalidInputException refusal = assertThrows(InvalidInputException.class, () -> ImageFile.open(file));
        assertTrue(
                refusal.getMessage().startsWith(file + " is 40000x40000 colour, which takes "), refusal.getMessage());
    }
}
