package daegpu.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
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
        return picture(random, height, width, channels, Depth.BITS_8);
    }

    private static ImageSet picture(Random random, int height, int width, int channels, Depth depth) {
        byte[] pixels = new byte[height * width * channels * depth.bytes()];
        random.nextBytes(pixels);
        return new ImageSet(height, width, channels, depth, pixels);
    }

    /** All patches of an epoch. */
    private static ImageSet epoch(Patches patches, long seed, int epoch) {
        int size = patches.imageBytes();
        byte[] pixels = new byte[patches.count() * size];
        byte[] patch = new byte[size];
        for (int i = 0; i < patches.count(); i++) {
            patches.copy(patches.target(seed, epoch, i), patch, 0);
            System.arraycopy(patch, 0, pixels, i * size, size);
        }
        return new ImageSet(patches.height(), patches.width(), patches.channels(), patches.depth(), pixels);
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
            ImageSet epoch = epoch(patches, random.nextLong(), random.nextInt(1000));
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
                    if (Arrays.equals(CutBeforehand.cut(picture, top, left, height, width, orientation), patch)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /**
     * Written out from the contract; two pictures of several sizes, in grey and in colour, of bytes and of 16 bits,
     * square patches and others.
     */
    @Test
    void placeIsAFunctionOfSeedEpochAndNumber() {
        Seeds.check(10, random -> {
            int channels = 1 + 2 * random.nextInt(2);
            int width = 5 + random.nextInt(2);
            Depth depth = random.nextBoolean() ? Depth.BITS_8 : Depth.BITS_16;
            List<ImageSet> pictures =
                    List.of(picture(random, 9, 8, channels, depth), picture(random, 6, 11, channels, depth));
            long seed = random.nextLong();
            int epoch = random.nextInt(1000);
            Patches patches = new Patches(pictures, 5, width, 20);
            ImageSet expected = CutBeforehand.epoch(pictures, 5, width, 20, seed, epoch);
            assertArrayEquals(expected.pixels(), epoch(patches, seed, epoch).pixels());
            float[] scaled = new float[1 + patches.imageSize()];
            float[] expectedScaled = new float[scaled.length];
            for (int i = 0; i < 20; i++) {
                patches.scaleInput(seed, epoch, i, scaled, 1);
                expected.scale(i, expectedScaled, 1);
                assertArrayEquals(expectedScaled, scaled);
            }
        });
    }

    /** Over many patches, each picture, place and orientation comes about as often as the others. */
    @Test
    void allPlacesAndOrientationsComeAboutEquallyOften() {
        byte[] pixels = new byte[16];
        for (int i = 0; i < 16; i++) {
            pixels[i] = (byte) i;
        }
        ImageSet epoch = epoch(new Patches(List.of(new ImageSet(4, 4, 1, pixels)), 3, 3, 16_000), 5, 0);
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
                assertTrue(seen.add(epoch(patches, seed, epoch).identity()));
            }
        }
        assertEquals(epoch(patches, 2, 3).identity(), epoch(patches, 2, 3).identity());
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

    /** An epoch of more bytes than an array holds: no patch is there before it is asked for. */
    @Test
    void numberOfPatchesTakesNoMemory() {
        ImageSet picture = picture(Seeds.random(7), 8, 6, 1);
        Patches patches = new Patches(List.of(picture), 4, 4, Integer.MAX_VALUE);
        byte[] last = new byte[16];
        patches.copy(patches.target(1, 2, Integer.MAX_VALUE - 1), last, 0);
        assertTrue(contains(picture, last, 4, 4));
    }

    @Test
    void refusesWhatCannotBeCut() {
        ImageSet picture = picture(Seeds.random(6), 8, 6, 1);
        assertThrows(IllegalArgumentException.class, () -> new Patches(List.of(), 4, 4, 1));
        assertThrows(IllegalArgumentException.class, () -> new Patches(List.of(picture), 4, 7, 1));
        assertThrows(IllegalArgumentException.class, () -> new Patches(List.of(picture), 4, 4, 0));
        ImageSet deeper = picture(Seeds.random(8), 8, 6, 1, Depth.BITS_16);
        assertThrows(IllegalArgumentException.class, () -> new Patches(List.of(picture, deeper), 4, 4, 1));
    }
}
