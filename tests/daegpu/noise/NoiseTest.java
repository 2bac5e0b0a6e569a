package daegpu.noise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeds.class)
class NoiseTest {

    /** Means and deviations of many draws are allowed this many standard errors. */
    private static final double STANDARD_ERRORS = 4;

    @ParameterizedTest
    @CsvSource({
        "1, 0, 0",
        "3, 2, 1",
        "4, 59999, 9",
        "6, 5, 1",
        "63, 1, 3",
        "75, 1099511627776, 0",
        "105, 1099511627783, 0",
        "784, 17, 1000000"
    })
    void eachPixelIsThatOfTheContract(int size, long index, int epoch) {
        for (long seed : new long[] {0, 1234, -1, Long.MIN_VALUE}) {
            Noise noise = Noise.gaussian(0.25f, 0.75f);
            float[] clean = image(size, (int) index);
            float[] noisy = new float[size];
            float[] unclipped = new float[size];
            noise.corrupt(seed, index, epoch, clean, noisy, 0, size);
            noise.clipped(false).corrupt(seed, index, epoch, clean, unclipped, 0, size);
            for (int pixel = 0; pixel < size; pixel++) {
                double expected = clean[pixel] + 0.25 + 0.75 * contractNormal(seed, index, epoch, pixel, size);
                assertEquals(Math.min(Math.max(expected, 0), 1), noisy[pixel], 1e-6);
                assertEquals(expected, unclipped[pixel], 2e-6);
            }
        }
    }

    /** The contract in its own words, one pixel at a time. */
    private static double contractNormal(long seed, long index, int epoch, int pixel, int size) {
        int roundedUp = size % 4 == 0 ? size : size + 4 - size % 4;
        long offset = (long) epoch * roundedUp + 4L * (pixel / 4);
        int[] integers = PhiloxTest.definition(seed, index, offset);
        int pair = pixel % 4 / 2 * 2;
        // cuRAND's float32: a rounding here is a rounding there.
        float inverse = 2.3283064e-10f;
        float inverseTwoPi = 2.3283064e-10f * 6.2831855f;
        float u = Integer.toUnsignedLong(integers[pair]) * inverse + inverse / 2;
        float v = Integer.toUnsignedLong(integers[pair + 1]) * inverseTwoPi + inverseTwoPi / 2;
        return Math.sqrt(-2 * Math.log(u)) * (pixel % 2 == 0 ? Math.sin(v) : Math.cos(v));
    }

    private static float[] image(int size, int which) {
        Random random = Seeds.random(which);
        float[] image = new float[size];
        for (int i = 0; i < size; i++) {
            image[i] = random.nextInt(256) / 255f;
        }
        return image;
    }

    @Test
    void anImageIsTheSameInAnyOrderPlaceAndCompany() {
        int size = 27;
        int count = 9;
        Noise noise = new Noise(0.5f, 0.1f, 0.9f, false);
        float[] clean = image(size * count, 1);
        float[] together = new float[size * count];
        for (int i = 0; i < count; i++) {
            noise.corrupt(5, i, 3, clean, together, i * size, size);
        }
        float[] backwards = clean.clone();
        for (int i = count - 1; i >= 0; i--) {
            noise.corrupt(5, i, 3, backwards, backwards, i * size, size); // in place
        }
        assertArrayEquals(together, backwards);
        float[] alone = new float[size + 10];
        Arrays.fill(alone, -7);
        float[] cleanAlone = new float[size + 10];
        System.arraycopy(clean, 4 * size, cleanAlone, 5, size);
        noise.corrupt(5, 4, 3, cleanAlone, alone, 5, size);
        assertArrayEquals(Arrays.copyOfRange(together, 4 * size, 5 * size), Arrays.copyOfRange(alone, 5, 5 + size));
        for (int i = 0; i < 5; i++) {
            assertEquals(-7, alone[i], "nothing is written before the image");
            assertEquals(-7, alone[5 + size + i], "nothing is written after it");
        }
    }

    @Test
    void seedImageEpochAndValidationEachMakeOtherNoise() {
        Noise noise = Noise.gaussian(0.5f, 0.1f);
        float[] base = corruptGrey(noise, 1, 3, 2);
        assertArrayEquals(base, corruptGrey(noise, 1, 3, 2));
        assertDiffers(base, corruptGrey(Noise.gaussian(0.5f, 0.1f), 2, 3, 2));
        assertDiffers(base, corruptGrey(Noise.gaussian(0.5f, 0.1f), 1L << 32 | 1, 3, 2));
        assertDiffers(base, corruptGrey(noise, 1, 4, 2));
        assertDiffers(base, corruptGrey(noise, 1, 3, 3));
        assertDiffers(base, corruptGrey(noise, 1, 3 + Philox.VALIDATION, 2));
    }

    private static float[] corruptGrey(Noise noise, long seed, long index, int epoch) {
        float[] noisy = new float[30];
        noise.corrupt(seed, index, epoch, new float[30], noisy, 0, 30);
        return noisy;
    }

    private static void assertDiffers(float[] expected, float[] actual) {
        for (int i = 0; i < expected.length; i++) {
            assertNotEquals(expected[i], actual[i], "pixel " + i);
        }
    }

    /** Were the offset counted by the size itself, odd sizes would draw the same numbers twice. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 49})
    void epochsShareNoDraws(int size) {
        Noise noise = Noise.gaussian(0.5f, 0.05f);
        float[] drawn = new float[40 * size];
        for (int epoch = 0; epoch < 40; epoch++) {
            noise.corrupt(1, 0, epoch, new float[drawn.length], drawn, epoch * size, size);
        }
        Arrays.sort(drawn);
        int repeated = 0;
        for (int i = 1; i < drawn.length; i++) {
            repeated += drawn[i] == drawn[i - 1] ? 1 : 0;
        }
        assertTrue(repeated <= 2, "floats may coincide, but " + repeated + " times of " + drawn.length);
    }

    @Test
    void noiseDrawnOnceIsThatOfEpochZero() {
        for (float highest : new float[] {0.1f, 0.4f}) {
            Noise fresh = new Noise(0.5f, 0.1f, highest, false);
            Noise once = new Noise(0.5f, 0.1f, highest, true);
            assertArrayEquals(corruptGrey(fresh, 9, 2, 0), corruptGrey(once, 9, 2, 0));
            assertArrayEquals(corruptGrey(fresh, 9, 2, 0), corruptGrey(once, 9, 2, 7));
            assertEquals(fresh.level(9, 2, 0), once.level(9, 2, 7));
            assertEquals(0, once.epochOfDraws(7));
            assertEquals(7, fresh.epochOfDraws(7));
            assertDiffers(corruptGrey(fresh, 9, 2, 7), corruptGrey(once, 9, 2, 7));
        }
    }

    /** Ten deviations from either end, where there is nothing to clip, and where half of it would be clipped. */
    @ParameterizedTest
    @CsvSource({"0.3, true", "0.3, false", "-0.2, false", "0.8, false"})
    void noiseHasItsMeanAndDeviation(float mean, boolean clipped) {
        Noise noise = Noise.gaussian(mean, 0.025f).clipped(clipped);
        int images = 300;
        int size = 399;
        double[] sums = new double[4];
        for (int image = 0; image < images; image++) {
            float[] noisy = new float[size];
            float[] clean = new float[size];
            Arrays.fill(clean, 0.2f);
            noise.corrupt(1, image, 0, clean, noisy, 0, size);
            for (int i = 0; i < size; i++) {
                double z = (noisy[i] - 0.2 - mean) / 0.025;
                for (int power = 1; power <= 4; power++) {
                    sums[power - 1] += Math.pow(z, power);
                }
            }
        }
        double count = (double) images * size;
        assertEquals(0, sums[0] / count, STANDARD_ERRORS * Math.sqrt(1 / count));
        assertEquals(1, sums[1] / count, STANDARD_ERRORS * Math.sqrt(2 / count));
        assertEquals(0, sums[2] / count, STANDARD_ERRORS * Math.sqrt(15 / count));
        assertEquals(3, sums[3] / count, STANDARD_ERRORS * Math.sqrt(96 / count));
    }

    @Test
    void neighbouringPixelsImagesAndEpochsAreNotCorrelated() {
        Noise noise = Noise.gaussian(0.5f, 0.05f);
        int size = 101;
        double[] products = new double[3];
        int count = 0;
        for (int image = 0; image < 200; image++) {
            float[] here = new float[size];
            float[] next = new float[size];
            float[] later = new float[size];
            noise.corrupt(1, image, 0, new float[size], here, 0, size);
            noise.corrupt(1, image + 1, 0, new float[size], next, 0, size);
            noise.corrupt(1, image, 1, new float[size], later, 0, size);
            for (int i = 0; i + 1 < size; i++) {
                double z = (here[i] - 0.5) / 0.05;
                products[0] += z * (here[i + 1] - 0.5) / 0.05;
                products[1] += z * (next[i] - 0.5) / 0.05;
                products[2] += z * (later[i] - 0.5) / 0.05;
                count++;
            }
        }
        for (double product : products) {
            assertEquals(0, product / count, STANDARD_ERRORS / Math.sqrt(count));
        }
    }

    @Test
    void whatExceedsTheRangeOfAPixelIsClipped() {
        Noise noise = Noise.gaussian(0.5f, 0.5f);
        int size = 50_000;
        float[] noisy = new float[size];
        noise.corrupt(3, 0, 0, new float[size], noisy, 0, size);
        int black = 0;
        int white = 0;
        for (float value : noisy) {
            assertTrue(value >= 0 && value <= 1);
            black += value == 0 ? 1 : 0;
            white += value == 1 ? 1 : 0;
        }
        // One deviation below the mean lies 0, one above it 1.
        double share = 0.158655;
        double standardError = Math.sqrt(share * (1 - share) / size);
        assertEquals(share, (double) black / size, STANDARD_ERRORS * standardError);
        assertEquals(share, (double) white / size, STANDARD_ERRORS * standardError);
    }

    @Test
    void extremeNoiseLeavesNumbers() {
        for (float mean : new float[] {-Float.MAX_VALUE, 0, Float.MAX_VALUE}) {
            float[] noisy = new float[1000];
            Noise.gaussian(mean, Float.MAX_VALUE).corrupt(1, 0, 0, new float[1000], noisy, 0, 1000);
            for (float value : noisy) {
                assertTrue(value >= 0 && value <= 1);
            }
        }
        float[] clean = image(50, 1);
        float[] noisy = new float[50];
        Noise.gaussian(0, 0).corrupt(1, 0, 0, clean, noisy, 0, 50);
        assertArrayEquals(clean, noisy);
    }

    @Test
    void eachImageDrawsItsLevelFromTheRange() {
        Noise noise = new Noise(0.5f, 0.2f, 0.8f, false);
        int images = 20_000;
        double sum = 0;
        double squares = 0;
        for (int image = 0; image < images; image++) {
            double level = noise.level(11, image, 2);
            assertTrue(level >= 0.2f && level <= 0.8f);
            sum += level;
            squares += (level - 0.5) * (level - 0.5);
        }
        double variance = 0.6 * 0.6 / 12;
        assertEquals(0.5, sum / images, STANDARD_ERRORS * Math.sqrt(variance / images));
        assertEquals(variance, squares / images, STANDARD_ERRORS * variance * Math.sqrt(0.8 / images));
        assertNotEquals(noise.level(11, 0, 0), noise.level(11, 0, 1));
        assertNotEquals(noise.level(11, 0, 0), noise.level(11, Philox.VALIDATION, 0));
    }

    @Test
    void theLevelOfAnImageIsThatOfTheContract() {
        Noise noise = new Noise(0.5f, 0.25f, 1, false);
        for (long index : new long[] {0, 59_999, Philox.VALIDATION + 7}) {
            for (int epoch : new int[] {0, 1, 1000}) {
                int drawn = PhiloxTest.definition(-3, (1L << 41) + index, 4L * epoch)[0];
                double uniform = Integer.toUnsignedLong(drawn) * 0x1p-32 + 0x1p-33;
                assertEquals(0.25 + 0.75 * uniform, noise.level(-3, index, epoch), 1e-7);
            }
        }
    }

    /** The level scales the same normals: it is no draw of the pixels' own. */
    @Test
    void pixelsOfARangeAreThoseOfItsLevel() {
        Noise range = new Noise(0.5f, 0.1f, 0.9f, false);
        assertArrayEquals(corruptGrey(range.withLevel(range.level(8, 6, 4)), 8, 6, 4), corruptGrey(range, 8, 6, 4));
    }

    @Test
    void oneChangeKeepsTheRest() {
        Noise noise = new Noise(Noise.Kind.SPECKLE, 0.25f, 0.1f, 0.9f, true, false);
        assertEquals(new Noise(Noise.Kind.SPECKLE, 0.25f, 0.7f, 0.7f, true, false), noise.withLevel(0.7f));
        assertEquals(new Noise(Noise.Kind.SPECKLE, 0.25f, 0.2f, 0.3f, true, false), noise.withLevels(0.2f, 0.3f));
        assertEquals(new Noise(Noise.Kind.SPECKLE, 0.5f, 0.1f, 0.9f, true, false), noise.withMean(0.5f));
        assertEquals(new Noise(Noise.Kind.SPECKLE, 0.25f, 0.1f, 0.9f, false, false), noise.drawnOnce(false));
        assertEquals(new Noise(Noise.Kind.SPECKLE, 0.25f, 0.1f, 0.9f, true), noise.clipped(true));
    }

    @Test
    void impossibleNoiseIsRefused() {
        for (float mean : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            assertEquals(
                    "the noise mean must be a finite number, not " + mean,
                    assertThrows(IllegalArgumentException.class, () -> Noise.gaussian(mean, 0.5f))
                            .getMessage());
        }
        float[][] ranges = {
            {-0.1f, -0.1f},
            {-0.1f, 1},
            {0.5f, 0.25f},
            {Float.NaN, 1},
            {0, Float.NaN},
            {0, Float.POSITIVE_INFINITY},
            {Float.POSITIVE_INFINITY, Float.POSITIVE_INFINITY}
        };
        for (float[] range : ranges) {
            String message = assertThrows(
                            IllegalArgumentException.class, () -> new Noise(0.5f, range[0], range[1], false))
                    .getMessage();
            boolean isSingle = Float.compare(range[0], range[1]) == 0;
            assertTrue(message.endsWith("not " + range[0] + (isSingle ? "" : ".." + range[1])), message);
        }
    }
}
