package daegpu.noise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.noise.Noise.Kind;
import daegpu.noise.Noise.Measure;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Each kind, compared with the distribution that it is named after. Seeds are fixed: what passes once passes always.
 */
class NoiseKindTest {

    /** Means, deviations and shares of many draws are allowed this many standard errors. */
    private static final double STANDARD_ERRORS = 4;

    private static final int VALUES = 100_000;

    private static Noise noise(Kind kind, float mean, float level) {
        return new Noise(kind, mean, level, level, false);
    }

    /** What becomes of many values that are all the same. */
    private static float[] corrupted(Noise noise, int intensity) {
        float[] values = new float[VALUES];
        Arrays.fill(values, intensity / 255f);
        noise.corrupt(1, 3, 0, values, values, 0, VALUES);
        return values;
    }

    private static void assertMoments(double mean, double variance, double kurtosis, float[] values) {
        double sum = 0;
        double squares = 0;
        for (float value : values) {
            sum += value;
            squares += (value - mean) * (value - mean);
        }
        assertEquals(mean, sum / values.length, STANDARD_ERRORS * Math.sqrt(variance / values.length), "mean");
        assertEquals(
                variance,
                squares / values.length,
                STANDARD_ERRORS * variance * Math.sqrt((kurtosis - 1) / values.length),
                "variance");
    }

    private static void assertShare(double expected, float[] values, float value) {
        long count = 0;
        for (float each : values) {
            count += each == value ? 1 : 0;
        }
        assertEquals(
                expected,
                count / (double) values.length,
                STANDARD_ERRORS * Math.sqrt(expected * (1 - expected) / values.length),
                "share of " + value);
    }

    /** Pearson's statistic has mean n − 1 and variance 2(n − 1). */
    private static void assertCounts(double[] expected, int[] actual) {
        double statistic = 0;
        for (int i = 0; i < expected.length; i++) {
            statistic += (actual[i] - expected[i]) * (actual[i] - expected[i]) / expected[i];
        }
        double freedom = expected.length - 1;
        assertEquals(freedom, statistic, 5 * Math.sqrt(2 * freedom), "chi-square of " + Arrays.toString(actual));
    }

    @Test
    void uniformNoiseIsFlatWithItsMeanAndDeviation() {
        float[] values = corrupted(noise(Kind.UNIFORM, 0.1f, 0.15f), 102);
        assertMoments(0.5, 0.15 * 0.15, 1.8, values);
        double half = Math.sqrt(3) * 0.15;
        int[] counts = new int[50];
        for (float value : values) {
            assertEquals(0.5, value, half + 1e-6);
            counts[(int) Math.min(49, Math.max(0, (value - 0.5 + half) / (2 * half) * 50))]++;
        }
        double[] expected = new double[50];
        Arrays.fill(expected, VALUES / 50.0);
        assertCounts(expected, counts);
    }

    @Test
    void speckleGrowsWithTheValue() {
        for (int intensity : new int[] {51, 102}) {
            double x = intensity / 255.0;
            assertMoments(x * 1.1, x * x * 0.04, 3, corrupted(noise(Kind.SPECKLE, 0.1f, 0.2f), intensity));
        }
        for (float value : corrupted(noise(Kind.SPECKLE, 0, 10), 0)) {
            assertEquals(0, value, "black has no speckle");
        }
    }

    /** The variance is a line over the value. */
    @Test
    void poissonGaussianVarianceIsALine() {
        Noise noise = Noise.poissonGaussian(0.05f, 0.02f);
        for (int intensity : new int[] {0, 51, 204, 255}) {
            double x = intensity / 255.0;
            double variance = 0.02 * x + 0.05 * 0.05;
            assertEquals(Math.sqrt(variance), noise.deviation((float) x), 1e-6);
            assertMoments(x, variance, 3, corrupted(noise.clipped(false), intensity));
        }
    }

    @Test
    void noiseOfNoGainIsGaussian() {
        Noise gaussian = Noise.gaussian(0, 0.2f);
        for (int intensity : new int[] {0, 100, 255}) {
            assertArrayEquals(
                    corrupted(gaussian, intensity), corrupted(Noise.poissonGaussian(0.2f, 0), intensity), 1e-6f);
        }
    }

    /** The gain is of the second draw of which the level is of the first: neither says anything of the other. */
    @Test
    void imagesOfARangeHaveTheirOwnGains() {
        Noise noise = new Noise(Kind.POISSON_GAUSSIAN, 0, 0.1f, 0.3f, 0.01f, 0.05f, false, false);
        float[] image = new float[37];
        Arrays.fill(image, 0.5f);
        int[] counts = new int[16];
        for (int index = 0; index < 16_000; index++) {
            float[] uniforms = new float[4];
            Philox.uniform4(5, Philox.subsequence(Philox.PURPOSE_IMAGE, index), 4 * 2, uniforms);
            float gain = noise.gain(5, index, 2);
            float level = noise.level(5, index, 2);
            assertEquals(0.01 + 0.04 * uniforms[1], gain, 1e-8);
            assertEquals(0.1 + 0.2 * uniforms[0], level, 1e-7);
            counts[4 * (int) Math.min(3, (level - 0.1f) / 0.05f) + (int) Math.min(3, (gain - 0.01f) / 0.01f)]++;
            if (index < 50) {
                float[] drawn = new float[37];
                float[] alone = new float[37];
                noise.corrupt(5, index, 2, image, drawn, 0, 37);
                noise.withLevel(level).withGains(gain, gain).corrupt(5, index, 2, image, alone, 0, 37);
                assertArrayEquals(alone, drawn);
            }
        }
        double[] expected = new double[16];
        Arrays.fill(expected, 1000);
        assertCounts(expected, counts);
    }

    @Test
    void atAPartOfItsRangesItIsOfOneLevel() {
        Noise noise = new Noise(Kind.POISSON_GAUSSIAN, 0, 0.1f, 0.3f, 0.01f, 0.07f, true, false);
        assertEquals(new Noise(Kind.POISSON_GAUSSIAN, 0, 0.1f, 0.1f, 0.01f, 0.01f, true, false), noise.at(0));
        assertEquals(new Noise(Kind.POISSON_GAUSSIAN, 0, 0.3f, 0.3f, 0.07f, 0.07f, true, false), noise.at(1));
        assertEquals(0.2, noise.at(0.5f).lowest(), 1e-7);
        assertEquals(0.04, noise.at(0.5f).highestGain(), 1e-7);
        assertThrows(IllegalStateException.class, () -> noise.deviation(0));
    }

    @ParameterizedTest
    @CsvSource({
        "GAUSSIAN, 0, 0.1, 'gaussian noise has no gain, so it must be 0, not 0.0..0.1'",
        "POISSON, 1, 1, 'poisson noise has no gain, so it must be 0, not 1.0..1.0'",
        "POISSON_GAUSSIAN, -1, 1, 'the noise gain must be 0 or more and its range ascend, not -1.0..1.0'",
        "POISSON_GAUSSIAN, 2, 1, 'the noise gain must be 0 or more and its range ascend, not 2.0..1.0'",
        "POISSON_GAUSSIAN, NaN, 1, 'the noise gain must be 0 or more and its range ascend, not NaN..1.0'",
        "POISSON_GAUSSIAN, 1, Infinity, 'the noise gain must be 0 or more and its range ascend, not 1.0..Infinity'"
    })
    void impossibleGainsAreRefused(Kind kind, float lowest, float highest, String message) {
        Noise noise = kind.defaultNoise();
        assertEquals(
                message,
                assertThrows(IllegalArgumentException.class, () -> noise.withGains(lowest, highest))
                        .getMessage());
    }

    @ParameterizedTest
    @ValueSource(floats = {0, 0.02f, 0.5f, 0.9f, 1})
    void saltAndPepperAreHalfOfTheAmountEach(float amount) {
        float[] values = corrupted(noise(Kind.SALT_PEPPER, 0, amount), 77);
        assertShare(amount / 2.0, values, 0);
        assertShare(amount / 2.0, values, 1);
        assertShare(1 - amount, values, 77 / 255f);
    }

    @ParameterizedTest
    @ValueSource(floats = {0, 0.02f, 0.5f, 0.9f, 1})
    void maskingIsTheAmount(float amount) {
        float[] values = corrupted(noise(Kind.MASKING, 0, amount), 77);
        assertShare(amount, values, 0);
        assertShare(1 - amount, values, 77 / 255f);
    }

    /** Means of 0.04 to 300 photons; whatever is brighter than white is clipped, so white is as likely as all that. */
    @ParameterizedTest
    @CsvSource({"10, 1", "1, 10", "200, 1", "128, 4", "128, 30", "128, 100", "77, 1000", "255, 3", "255, 0.25"})
    void photonsArePoissons(int intensity, float peak) {
        double mean = intensity / 255.0 * peak;
        int white = (int) Math.ceil(peak);
        double[] expected = new double[white + 1];
        double below = 0;
        for (int k = 0; k < white; k++) {
            expected[k] = VALUES * Math.exp(k * Math.log(mean) - mean - logFactorial(k));
            below += expected[k];
        }
        expected[white] = VALUES - below;
        int[] counts = new int[white + 1];
        for (float value : corrupted(noise(Kind.POISSON, 0, peak), intensity)) {
            int photons = value == 1 ? white : Math.round(value * peak);
            assertEquals(Math.min(1, photons / (double) peak), value, 1e-6, "whole photons");
            counts[photons]++;
        }
        assertCounts(merged(expected, expected), round(merged(counts(counts), expected)));
    }

    /** Neighbours together until 20 are expected: Pearson's statistic wants no less. */
    private static double[] merged(double[] values, double[] expected) {
        double[] merged = new double[values.length];
        int last = 0;
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            merged[last] += values[i];
            sum += expected[i];
            double rest = Arrays.stream(expected, i + 1, expected.length).sum();
            if (sum >= 20 && rest >= 20) {
                last++;
                sum = 0;
            }
        }
        return Arrays.copyOf(merged, last + 1);
    }

    private static double[] counts(int[] counts) {
        return Arrays.stream(counts).asDoubleStream().toArray();
    }

    private static int[] round(double[] counts) {
        return Arrays.stream(counts).mapToInt(count -> (int) Math.round(count)).toArray();
    }

    private static double logFactorial(int k) {
        double sum = 0;
        for (int i = 2; i <= k; i++) {
            sum += Math.log(i);
        }
        return sum;
    }

    @Test
    void manyPhotonsHaveTheirMeanAndVariance() {
        assertMoments(128 / 255.0, 128 / 255.0 / 60_000, 3, corrupted(noise(Kind.POISSON, 0, 60_000), 128));
        assertShare(1, corrupted(noise(Kind.POISSON, 0, 65_536), 0), 0);
    }

    /** The contract in its own words, one value at a time, from Philox written a second time. */
    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            mode = Mode.EXCLUDE,
            names = {"GAUSSIAN"})
    void eachValueIsThatOfTheContract(Kind kind) {
        Seeds.check(60, random -> {
            int size = 1 + random.nextInt(50);
            long index = random.nextInt(60_000) + (random.nextBoolean() ? Philox.VALIDATION : 0);
            int epoch = random.nextInt(30);
            float mean = kind.hasMean() ? random.nextFloat() - 0.5f : 0;
            float level = kind.measure() == Measure.PEAK ? 0.5f + 20 * random.nextFloat() : random.nextFloat();
            long seed = random.nextLong();
            boolean clipped = !kind.leavesRange() || random.nextBoolean();
            float gain = kind.hasGain() ? random.nextFloat() : 0;
            Noise noise = new Noise(kind, mean, level, level, gain, gain, false, clipped);
            int[] image = random.ints(size, 0, 256).toArray();
            float[] values = new float[size];
            for (int i = 0; i < size; i++) {
                values[i] = image[i] / 255f;
            }
            noise.corrupt(seed, index, epoch, values, values, 0, size);
            for (int i = 0; i < size; i++) {
                long offset = epoch * ((size + 3L) / 4 * 4) + i / 4 * 4L;
                int[] draws = PhiloxTest.definition(seed, index, offset);
                double expected = expected(noise, image[i], draws, i % 4);
                assertEquals(
                        clipped ? Math.min(1, Math.max(0, expected)) : expected, values[i], 4e-6, noise + " at " + i);
            }
        });
    }

    private static double expected(Noise noise, int intensity, int[] draws, int i) {
        double x = intensity / 255.0;
        double uniform = (Integer.toUnsignedLong(draws[i]) + 0.5) * 0x1p-32;
        double level = noise.lowest();
        return switch (noise.kind()) {
            case UNIFORM -> x + noise.mean() + level * Math.sqrt(3) * (2 * uniform - 1);
            case SALT_PEPPER -> uniform <= level / 2 ? 0 : uniform > 1 - level / 2 ? 1 : x;
            case MASKING -> uniform <= level ? 0 : x;
            case SPECKLE -> x + x * (noise.mean() + level * normal(draws, i));
            case POISSON -> photons(x * level, uniform) / level;
            case POISSON_GAUSSIAN -> x + Math.sqrt(noise.lowestGain() * x + level * level) * normal(draws, i);
            case GAUSSIAN -> throw new AssertionError();
        };
    }

    private static double normal(int[] draws, int i) {
        float inverse = 2.3283064e-10f;
        float inverseTwoPi = 2.3283064e-10f * 6.2831855f;
        float u = Integer.toUnsignedLong(draws[i / 2 * 2]) * inverse + inverse / 2;
        float v = Integer.toUnsignedLong(draws[i / 2 * 2 + 1]) * inverseTwoPi + inverseTwoPi / 2;
        return Math.sqrt(-2 * Math.log(u)) * (i % 2 == 0 ? Math.sin(v) : Math.cos(v));
    }

    /** Inversion by sequential search. */
    private static int photons(double mean, double uniform) {
        double probability = Math.exp(-mean);
        double sum = probability;
        int k = 0;
        while (uniform > sum) {
            k++;
            probability *= mean / k;
            sum += probability;
        }
        return k;
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void imagesOfARangeHaveTheirOwnLevels(Kind kind) {
        float lowest = kind.measure() == Measure.PEAK ? 2 : 0.25f;
        float highest = kind.measure() == Measure.PEAK ? 10 : 0.75f;
        Noise range = new Noise(kind, kind.defaultMean(), lowest, highest, false);
        float[] image = new float[37];
        for (int i = 0; i < image.length; i++) {
            image[i] = i * 7 / 255f;
        }
        int[] counts = new int[17];
        for (int index = 0; index < 17_000; index++) {
            float level = range.level(5, index, 2);
            assertTrue(level >= lowest && level <= highest);
            double step = (level - lowest) / (highest - lowest) * (kind == Kind.POISSON ? 16 : 17);
            if (kind == Kind.POISSON) {
                assertEquals(Math.rint(step), step, 1e-4, "one of 17 levels");
            }
            counts[(int) Math.min(16, kind == Kind.POISSON ? Math.rint(step) : step)]++;
            if (index < 50) {
                float[] drawn = new float[37];
                float[] alone = new float[37];
                range.corrupt(5, index, 2, image, drawn, 0, 37);
                range.withLevel(level).corrupt(5, index, 2, image, alone, 0, 37);
                assertArrayEquals(alone, drawn, "the level is no draw of the pixels' own");
            }
        }
        double[] expected = new double[17];
        Arrays.fill(expected, 1000);
        assertCounts(expected, counts);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void epochsDifferUnlessDrawnOnce(Kind kind) {
        Noise fresh = new Noise(kind, kind.defaultMean(), kind.defaultLevel(), kind.defaultLevel(), false);
        Noise once = new Noise(kind, kind.defaultMean(), kind.defaultLevel(), kind.defaultLevel(), true);
        float[] image = new float[200];
        Arrays.fill(image, 0.6f);
        float[][] values = new float[3][200];
        fresh.corrupt(5, 1, 0, image, values[0], 0, 200);
        fresh.corrupt(5, 1, 4, image, values[1], 0, 200);
        once.corrupt(5, 1, 4, image, values[2], 0, 200);
        assertArrayEquals(values[0], values[2]);
        assertFalse(Arrays.equals(values[0], values[1]));
        assertNotEquals(fresh, once);
    }

    @ParameterizedTest
    @CsvSource({
        "UNIFORM, 3.4e38, 3.4e38",
        "UNIFORM, -3.4e38, 3.4e38",
        "SPECKLE, 3.4e38, 3.4e38",
        "SPECKLE, -3.4e38, 3.4e38",
        "POISSON, 0, 1e-30",
        "POISSON, 0, 65536",
        "POISSON_GAUSSIAN, 0, 1e19"
    })
    void extremeNoiseLeavesNumbers(Kind kind, float mean, float level) {
        for (int intensity : new int[] {0, 1, 255}) {
            for (float value : corrupted(noise(kind, mean, level), intensity)) {
                assertTrue(value >= 0 && value <= 1, () -> kind + " makes " + value);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GAUSSIAN, 0, -1, 1",
        "UNIFORM, 0, 2, 1",
        "UNIFORM, 0, 0, Infinity",
        "SPECKLE, NaN, 0, 1",
        "SALT_PEPPER, 0, 0, 1.1",
        "SALT_PEPPER, 0, -0.1, 0.5",
        "SALT_PEPPER, 0.5, 0, 1",
        "MASKING, 0, NaN, 1",
        "MASKING, 0, 0.5, 0.4",
        "POISSON, 0, 0, 1",
        "POISSON, 0, 1, 65537",
        "POISSON, 0.5, 1, 2",
        "POISSON, 0, 2, 1",
        "POISSON_GAUSSIAN, 0.5, 0, 1",
        "POISSON_GAUSSIAN, 0, -1, 1"
    })
    void impossibleNoiseIsRefused(Kind kind, float mean, float lowest, float highest) {
        String message = assertThrows(
                        IllegalArgumentException.class, () -> new Noise(kind, mean, lowest, highest, false))
                .getMessage();
        assertTrue(message.contains("not " + (mean != 0 ? mean + "" : lowest + ".." + highest)), message);
    }

    /** Black and white, of which clipping would take half of the noise away. */
    @ParameterizedTest
    @CsvSource({
        "GAUSSIAN, 0, 0.2, 0, 0.2, 0.2, 3",
        "UNIFORM, -0.1, 0.3, -0.1, 0.3, 0.3, 1.8",
        "SPECKLE, 0.25, 0.5, 0.25, 0, 0.5, 3",
        "POISSON, 0, 25, 0, 0, 0.2, 3.04"
    })
    void whatIsNotClippedHasItsMeanAndDeviationOnBlackAndWhite(
            Kind kind, float mean, float level, double expectedMean, double black, double white, double kurtosis) {
        Noise noise = noise(kind, mean, level).clipped(false);
        if (black == 0) {
            assertShare(1, corrupted(noise, 0), 0);
        } else {
            assertMoments(expectedMean, black * black, kurtosis, corrupted(noise, 0));
        }
        assertMoments(1 + expectedMean, white * white, kurtosis, corrupted(noise, 255));
    }

    @Test
    void whatStaysInTheRangeIsAlwaysClipped() {
        for (Kind kind : Kind.values()) {
            Noise noise = kind.defaultNoise();
            assertTrue(noise.clipped());
            assertEquals(0, noise.least());
            assertEquals(1, noise.greatest());
            if (kind.leavesRange()) {
                assertEquals(Float.NEGATIVE_INFINITY, noise.clipped(false).least());
                assertEquals(Float.POSITIVE_INFINITY, noise.clipped(false).greatest());
            } else {
                assertEquals(
                        kind + " noise stays from 0 to 1, so it cannot be left unclipped",
                        assertThrows(IllegalArgumentException.class, () -> noise.clipped(false))
                                .getMessage());
            }
        }
    }

    @Test
    void namesAreReadAsTheyAreWritten() {
        for (Kind kind : Kind.values()) {
            assertEquals(kind, Kind.of(kind.toString()));
        }
        String message = assertThrows(IllegalArgumentException.class, () -> Kind.of("pink"))
                .getMessage();
        assertEquals(
                "there is no noise called pink; choose one of gaussian, uniform, salt-pepper, masking, speckle, poisson,"
                        + " poisson-gaussian",
                message);
        assertThrows(
                IllegalStateException.class, () -> noise(Kind.MASKING, 0, 0.5f).photons());
    }
}
