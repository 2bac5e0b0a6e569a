package daegpu.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.data.Depth;
import daegpu.data.Photo;
import daegpu.data.Pixels;
import daegpu.noise.Noise;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Scenes with known noise, which the generator of Java's own library draws. */
@ExtendWith(Seeds.class)
class NoiseEstimateTest {

    /** How a scene is stored after noise was added. */
    private enum Stored {
        FLOATS,
        BYTES,
        WORDS
    }

    /** A slope of brightness, edges, waves, and a quarter of texture that is as strong as strong noise. */
    private static float scene(int y, int x, int height, int width, int channel) {
        double v = 0.1 + 0.7 * x / width;
        if ((x / 40 + y / 40) % 3 == 0) {
            v += 0.15;
        }
        v += 0.05 * Math.sin(y / 15.0 + channel);
        if (y < height / 4) {
            v += 0.1 * Math.sin(x * 2.1 + y) * Math.cos(y * 2.7 - x);
        }
        return (float) Math.max(0, Math.min(1, v));
    }

    private static Photo scene(int height, int width, int channels) {
        float[] values = new float[height * width * channels];
        for (int i = 0; i < values.length; i++) {
            int pixel = i / channels;
            values[i] = scene(pixel / width, pixel % width, height, width, i % channels);
        }
        return photo(height, width, channels, values, Stored.FLOATS);
    }

    private static Photo photo(int height, int width, int channels, float[] values, Stored stored) {
        float white = stored == Stored.BYTES ? 255 : 65535;
        if (stored != Stored.FLOATS) {
            for (int i = 0; i < values.length; i++) {
                values[i] = Math.round(white * Math.max(0, Math.min(1, values[i]))) / white;
            }
        }
        return new Photo(
                height, width, channels, values, null, stored == Stored.BYTES ? Depth.BITS_8 : Depth.BITS_16, "png");
    }

    private static Photo noisy(Photo clean, double gain, double std, Stored stored, Random random) {
        float[] values = clean.values().clone();
        for (int i = 0; i < values.length; i++) {
            values[i] += (float) (Math.sqrt(gain * values[i] + std * std) * random.nextGaussian());
        }
        return photo(clean.height(), clean.width(), clean.channels(), values, stored);
    }

    private static NoiseEstimate estimate(Pixels picture) {
        return NoiseEstimate.of(picture).orElseThrow();
    }

    private static double deviation(NoiseEstimate noise, double x) {
        return Math.sqrt(noise.gain() * x + noise.blackStd() * noise.blackStd());
    }

    @ParameterizedTest
    @CsvSource({
        "1, FLOATS, 0.05",
        "5, FLOATS, 0.05",
        "15, FLOATS, 0.05",
        "25, FLOATS, 0.05",
        "75, FLOATS, 0.05",
        "1, BYTES, 0.1",
        "2, BYTES, 0.05",
        "5, BYTES, 0.05",
        "25, BYTES, 0.05",
        "50, BYTES, 0.1",
        "75, BYTES, 0.15",
        "1, WORDS, 0.05",
        "25, WORDS, 0.05"
    })
    void findsTheLevelOfGaussianNoise(double level, Stored stored, double tolerance) {
        Seeds.check(3, random -> {
            for (int channels : new int[] {1, 3}) {
                double std = level / 255;
                NoiseEstimate noise = estimate(noisy(scene(240, 320, channels), 0, std, stored, random));
                assertEquals(std, noise.std(), tolerance * std, noise + " in " + channels + " channels");
                assertEquals(noise.std(), noise.blackStd());
                assertFalse(noise.isSignalDependent(), noise.toString());
                assertTrue(noise.isReliable(), noise.toString());
            }
        });
    }

    @ParameterizedTest
    @CsvSource({
        "0.002, 0.005, FLOATS",
        "0.005, 0.02, FLOATS",
        "0.01, 0, FLOATS",
        "0.05, 0.05, FLOATS",
        "0.001, 0.003, BYTES",
        "0.005, 0.02, BYTES",
        "0.01, 0.02, BYTES",
        "0.03, 0.01, BYTES",
        "0.01, 0.01, WORDS"
    })
    void findsTheLineOfSignalDependentNoise(double gain, double std, Stored stored) {
        Seeds.check(3, random -> {
            for (int channels : new int[] {1, 3}) {
                NoiseEstimate noise = estimate(noisy(scene(240, 320, channels), gain, std, stored, random));
                assertTrue(noise.isSignalDependent() && noise.isReliable(), noise.toString());
                for (double x : new double[] {0.1, 0.5, 0.9}) {
                    double expected = Math.sqrt(gain * x + std * std);
                    assertEquals(expected, deviation(noise, x), 0.1 * expected, noise + " at " + x);
                }
            }
        });
    }

    /** Of a quarter that is covered by black, white or one grey, nothing is taken for a lack of noise. */
    @ParameterizedTest
    @ValueSource(floats = {0, 1, 0.5f})
    void leavesOutWhatSomebodyPaintedOver(float paint) {
        Seeds.check(3, random -> {
            Photo picture = noisy(scene(240, 320, 1), 0, 10 / 255.0, Stored.BYTES, random);
            for (int y = 0; y < 240; y++) {
                Arrays.fill(picture.values(), y * 320, y * 320 + 80, paint);
            }
            NoiseEstimate noise = estimate(picture);
            assertEquals(10 / 255.0, noise.std(), 0.6 / 255, noise.toString());
        });
    }

    @Test
    void aFlatPictureHasItsNoiseAndNothingElse() {
        for (float grey : new float[] {0, 0.3f, 1}) {
            float[] values = new float[64 * 64];
            Arrays.fill(values, grey);
            assertEquals(
                    new NoiseEstimate(0, 0, 0, true), estimate(photo(64, 64, 1, values, Stored.BYTES)), "all " + grey);
        }
        Seeds.check(3, random -> {
            float[] values = new float[200 * 200];
            Arrays.fill(values, 0.4f);
            NoiseEstimate noise =
                    estimate(noisy(photo(200, 200, 1, values, Stored.FLOATS), 0, 0.05, Stored.BYTES, random));
            assertEquals(0.05, noise.std(), 0.004, noise.toString());
            assertFalse(noise.isSignalDependent(), noise.toString());
        });
    }

    @Test
    void aTinyPictureTellsNothing() {
        for (int[] size : new int[][] {{1, 1}, {31, 1000}, {1000, 31}}) {
            Photo picture = noisy(scene(size[0], size[1], 1), 0, 0.1, Stored.FLOATS, new Random(1));
            assertFalse(NoiseEstimate.isLargeEnough(picture));
            assertTrue(NoiseEstimate.of(picture).isEmpty());
        }
        Seeds.check(5, random -> {
            NoiseEstimate noise = estimate(noisy(scene(32, 32, 1), 0, 0.1, Stored.FLOATS, random));
            assertEquals(0.1, noise.std(), 0.04, noise.toString());
        });
    }

    @Test
    void whatIsClippedNearlyEverywhereTellsNothing() {
        float[] values = new float[100 * 100];
        Random random = new Random(5);
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextBoolean() ? 1 : 0;
        }
        assertTrue(NoiseEstimate.of(photo(100, 100, 1, values, Stored.BYTES)).isEmpty());
    }

    @Test
    void smoothedNoiseAndTextureEverywhereAreNotReliable() {
        Seeds.check(3, random -> {
            Photo grain = noisy(photo(202, 202, 1, new float[202 * 202], Stored.FLOATS), 0, 0.1, Stored.FLOATS, random);
            float[] smoothed = new float[200 * 200];
            float[] texture = new float[200 * 200];
            for (int i = 0; i < smoothed.length; i++) {
                int y = i / 200;
                int x = i % 200;
                double sum = 0;
                for (int j = 0; j < 9; j++) {
                    sum += grain.values()[(y + j / 3) * 202 + x + j % 3] / 9;
                }
                smoothed[i] = (float) (0.5 + sum);
                texture[i] = (float) (0.5 + 0.2 * Math.sin(x * 0.9) * Math.sin(y * 1.1 + x * 0.05));
            }
            assertFalse(estimate(photo(200, 200, 1, smoothed, Stored.FLOATS)).isReliable());
            assertFalse(estimate(noisy(photo(200, 200, 1, texture, Stored.FLOATS), 0, 0.01, Stored.BYTES, random))
                    .isReliable());
        });
    }

    /** A scene of any size, of which nothing is kept. */
    private static final class Endless implements Pixels {
        private final int height;
        private final int width;
        private final Random random;
        private long read;

        Endless(int height, int width, Random random) {
            this.height = height;
            this.width = width;
            this.random = random;
        }

        @Override
        public int height() {
            return height;
        }

        @Override
        public int width() {
            return width;
        }

        @Override
        public int channels() {
            return 1;
        }

        @Override
        public Depth depth() {
            return Depth.BITS_16;
        }

        @Override
        public String format() {
            return "png";
        }

        @Override
        public void read(int row, int column, int count, float[] values, int at) {
            assertTrue(row >= 0 && row < height && column >= 0 && column + count <= width, row + ", " + column);
            read += count;
            for (int i = 0; i < count; i++) {
                // Dark at the left and the top, where the noise is weaker.
                double clean = 0.1 + 0.4 * (column + i) / width + 0.4 * row / height;
                values[at + i] = (float) (clean + Math.sqrt(0.01 * clean) * random.nextGaussian());
            }
        }

        @Override
        public boolean hasAlpha() {
            return false;
        }

        @Override
        public void readAlpha(int row, float[] alpha) {
            throw new UnsupportedOperationException();
        }
    }

    @ParameterizedTest
    @CsvSource({"30000, 40000", "32, 50000000", "50000000, 32", "1100, 1000", "200, 1000000"})
    void readsAMillionPixelsOfAnyPictureAtMost(int height, int width) {
        Seeds.check(1, random -> {
            Endless picture = new Endless(height, width, random);
            NoiseEstimate noise = estimate(picture);
            assertTrue(picture.read <= 1 << 20, picture.read + " pixels were read");
            assertTrue(picture.read > 500_000, picture.read + " pixels were read");
            for (double x : new double[] {0.1, 0.5, 0.9}) {
                assertEquals(Math.sqrt(0.01 * x), deviation(noise, x), 0.1 * Math.sqrt(0.01 * x), noise + " at " + x);
            }
        });
    }

    private static NoiseEstimate gaussian(double std, boolean reliable) {
        return new NoiseEstimate(std, 0, std, reliable);
    }

    @Test
    void trainsOnTheRangeOfThePictures() {
        assertEquals(
                new Noise(Noise.Kind.GAUSSIAN, 0, 0.1f, 0.1f, false, false),
                NoiseEstimate.range(List.of(gaussian(0.1, true))));
        // Of three, a fifth of the way from the least to the middle one, and from the greatest.
        assertEquals(
                new Noise(Noise.Kind.GAUSSIAN, 0, 0.14f, 0.46f, false, false),
                NoiseEstimate.range(
                        List.of(gaussian(0.5, true), gaussian(0.3, true), gaussian(9, false), gaussian(0.1, true))));
        assertEquals(
                new Noise(Noise.Kind.GAUSSIAN, 0, 9, 9, false, false),
                NoiseEstimate.range(List.of(gaussian(9, false))));
        NoiseEstimate dependent = new NoiseEstimate(0.05, 0.01, 0.02, true);
        assertEquals(
                new Noise(Noise.Kind.POISSON_GAUSSIAN, 0, 0.02f, 0.02f, 0.01f, 0.01f, false, false),
                NoiseEstimate.range(List.of(gaussian(0.5, true), dependent)));
        assertEquals(
                Noise.Kind.GAUSSIAN,
                NoiseEstimate.range(List.of(gaussian(0.5, true), dependent, gaussian(0.4, true)))
                        .kind());
        assertThrows(IllegalArgumentException.class, () -> NoiseEstimate.range(List.of()));
    }

    @Test
    void figuresHaveFourDigits() {
        assertEquals(0.01235f, NoiseEstimate.rounded(0.0123456));
        assertEquals(1.235e-5f, NoiseEstimate.rounded(1.23456e-5));
        assertEquals(0, NoiseEstimate.rounded(0));
    }

    /** Compared with a million draws. */
    @ParameterizedTest
    @CsvSource({"0.5, 0.1", "0.1, 0.1", "0, 0.2", "0.9, 0.3", "0.3, 0.6", "1, 0.05"})
    void clippingIsThatOfANormal(double mean, double std) {
        Random random = new Random(3);
        int draws = 1_000_000;
        double sum = 0;
        double squares = 0;
        int black = 0;
        int white = 0;
        for (int i = 0; i < draws; i++) {
            double value = Math.max(0, Math.min(1, mean + std * random.nextGaussian()));
            sum += value;
            squares += value * value;
            black += value == 0 ? 1 : 0;
            white += value == 1 ? 1 : 0;
        }
        ClippedNormal clipped = ClippedNormal.of(black / (double) draws, white / (double) draws);
        double clippedMean = sum / draws;
        assertEquals(mean, clippedMean - clipped.mean() * std, 5e-3);
        assertEquals(std * std, (squares / draws - clippedMean * clippedMean) / clipped.variance(), 0.01 * std * std);
    }
}
