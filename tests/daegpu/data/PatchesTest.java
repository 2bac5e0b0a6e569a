package daegpu.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.noise.Philox;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeds.class)
class PatchesTest {

    private static ImageSet picture(Random random, int height, int width, int channels) {
        byte[] pixels = new byte[height * width * channels];
        random.nextBytes(pixels);
        return new ImageSet(height, width, channels, pixels);
    }

    /** Each patch is searched for in all pictures, at all places, in all orientations. */
    @Test
    void areCutFromThePictures() {
        Seeds.check(10, random -> {
            int channels = 1 + 2 * random.nextInt(2);
            int height = 3 + random.nextInt(3);
            int width = random.nextBoolean() ? height : 3 + random.nextInt(3);
            List<ImageSet> pictures = IntStream.range(0, 3)
                    .mapToObj(i -> picture(random, height + random.nextInt(4), width + random.nextInt(4), channels))
                    .toList();
            Patches patches = new Patches(pictures, height, width, 40);
            ImageSet epoch = patches.ofEpoch(random.nextLong(), random.nextInt(1000));
            assertEquals(40, epoch.count());
            assertTrue(epoch.hasSize(height, width, channels));
            for (int i = 0; i < epoch.count(); i++) {
                byte[] patch = epoch.range(i, i + 1).pixels();
                assertTrue(
                        pictures.stream().anyMatch(picture -> contains(picture, patch, height, width)),
                        "patch " + i + " is in no picture");
            }
        });
    }

    private static boolean contains(ImageSet picture, byte[] patch, int height, int width) {
        for (int top = 0; top + height <= picture.height(); top++) {
            for (int left = 0; left + width <= picture.width(); left++) {
                for (int orientation = 0; orientation < (height == width ? 8 : 4); orientation++) {
                    if (Arrays.equals(cut(picture, top, left, height, width, orientation), patch)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /** Cut first, then reversed, and then exchanged: three steps, where the program takes one. */
    private static byte[] cut(ImageSet picture, int top, int left, int height, int width, int orientation) {
        int channels = picture.channels();
        byte[] cut = new byte[height * width * channels];
        for (int i = 0; i < height; i++) {
            for (int j = 0; j < width; j++) {
                int row = (orientation & 1) != 0 ? height - 1 - i : i;
                int column = (orientation & 2) != 0 ? width - 1 - j : j;
                for (int c = 0; c < channels; c++) {
                    cut[(i * width + j) * channels + c] =
                            picture.pixels()[((top + row) * picture.width() + left + column) * channels + c];
                }
            }
        }
        if ((orientation & 4) == 0) {
            return cut;
        }
        byte[] exchanged = new byte[cut.length];
        for (int i = 0; i < height; i++) {
            for (int j = 0; j < width; j++) {
                System.arraycopy(cut, (j * width + i) * channels, exchanged, (i * width + j) * channels, channels);
            }
        }
        return exchanged;
    }

    /** Written out from the contract: purpose 4, the patch's number, four times the epoch. */
    @Test
    void placeIsAFunctionOfSeedEpochAndNumber() {
        Random random = Seeds.random(3);
        List<ImageSet> pictures = List.of(picture(random, 9, 8, 1), picture(random, 6, 11, 1));
        ImageSet epoch = new Patches(pictures, 5, 5, 20).ofEpoch(77, 6);
        int[] draws = new int[4];
        for (int i = 0; i < 20; i++) {
            Philox.integers4(77, 4 * (1L << 41) + i, 4 * 6, draws);
            double[] parts = Arrays.stream(draws)
                    .mapToDouble(draw -> Integer.toUnsignedLong(draw) / 4294967296.0)
                    .toArray();
            ImageSet picture = pictures.get((int) (2 * parts[0]));
            int top = (int) ((picture.height() - 4) * parts[1]);
            int left = (int) ((picture.width() - 4) * parts[2]);
            assertArrayEquals(
                    cut(picture, top, left, 5, 5, (int) (8 * parts[3])),
                    epoch.range(i, i + 1).pixels(),
                    "patch " + i);
        }
    }

    /** Over many patches, each picture, place and orientation comes about as often as the others. */
    @Test
    void allPlacesAndOrientationsComeAboutEquallyOften() {
        byte[] pixels = new byte[16];
        for (int i = 0; i < 16; i++) {
            pixels[i] = (byte) i;
        }
        ImageSet epoch = new Patches(List.of(new ImageSet(4, 4, 1, pixels)), 3, 3, 16_000).ofEpoch(5, 0);
        Map<String, Integer> counts = new HashMap<>();
        for (int i = 0; i < epoch.count(); i++) {
            counts.merge(Arrays.toString(epoch.range(i, i + 1).pixels()), 1, Integer::sum);
        }
        assertEquals(4 * 8, counts.size());
        double expected = 16_000 / 32.0;
        double chiSquare = counts.values().stream()
                .mapToDouble(count -> (count - expected) * (count - expected) / expected)
                .sum();
        assertTrue(chiSquare < 61.1, "chi-square with 31 degrees of freedom is " + chiSquare); // p = 0.001
    }

    @Test
    void epochsAndSeedsDiffer() {
        Random random = Seeds.random(4);
        Patches patches = new Patches(List.of(picture(random, 40, 40, 1)), 8, 8, 30);
        Set<String> seen = new HashSet<>();
        for (int epoch = 0; epoch < 4; epoch++) {
            for (long seed = 0; seed < 4; seed++) {
                assertTrue(seen.add(patches.ofEpoch(seed, epoch).identity()));
            }
        }
        assertEquals(patches.ofEpoch(2, 3).identity(), patches.ofEpoch(2, 3).identity());
    }

    @Test
    void identityTellsPicturesAndPatchesApart() {
        ImageSet picture = picture(Seeds.random(5), 8, 6, 1);
        ImageSet turned = new ImageSet(6, 8, 1, picture.pixels());
        String identity = new Patches(List.of(picture), 4, 4, 10).identity();
        assertEquals(identity, new Patches(List.of(picture), 4, 4, 10).identity());
        assertNotEquals(identity, new Patches(List.of(picture), 4, 4, 11).identity());
        assertNotEquals(identity, new Patches(List.of(picture), 4, 5, 10).identity());
        assertNotEquals(identity, new Patches(List.of(turned), 4, 4, 10).identity());
    }

    @Test
    void refusesWhatCannotBeCut() {
        ImageSet picture = picture(Seeds.random(6), 8, 6, 1);
        assertThrows(IllegalArgumentException.class, () -> new Patches(List.of(), 4, 4, 1));
        assertThrows(IllegalArgumentException.class, () -> new Patches(List.of(picture), 4, 7, 1));
        assertThrows(IllegalArgumentException.class, () -> new Patches(List.of(picture), 4, 4, 0));
        assertThrows(IllegalArgumentException.class, () -> new Patches(List.of(picture), 4, 4, 1 << 28));
    }
}
