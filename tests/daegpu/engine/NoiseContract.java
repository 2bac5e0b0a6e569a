package daegpu.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import daegpu.Seeds;
import daegpu.data.ImageSet;
import daegpu.model.LayerDescription;
import daegpu.model.Network;
import daegpu.noise.Noise;
import daegpu.noise.Noise.Kind;
import daegpu.noise.Philox;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What noise that is not clipped is on every engine. */
public abstract class NoiseContract {

    /** Means and deviations of many draws are allowed this many standard errors, of any seed. */
    private static final double STANDARD_ERRORS = 6;

    private final EngineName name;

    protected NoiseContract(EngineName name) {
        this.name = name;
    }

    private InferenceEngine open(int height, int width, int channels) {
        Network.Builder network = new Network.Builder(height, width, channels);
        network.add(LayerDescription.convolution("output", channels, 1, 1), network.input());
        return Engines.open(name, network.build(), EngineOptions.fp32(1)).engine();
    }

    /** On black, of mean 0 and deviation 1, it is the very numbers of cuRAND. */
    @ParameterizedTest
    @MethodSource("daegpu.noise.PhiloxTest#knownAnswers")
    void isThatOfCurand(JsonNode answer) {
        // Each epoch takes as many draws as an image has values. The furthest of the answers is a multiple of 1,000.
        long offset = Long.parseUnsignedLong(answer.get("offset").textValue());
        int width = offset % 1000 == 0 ? 1000 : 4;
        float[] noisy = new float[width];
        try (InferenceEngine engine = open(1, width, 1)) {
            engine.corrupt(
                    new ImageSet(1, width, 1, new byte[width]),
                    Noise.gaussian(0, 1).clipped(false),
                    Long.parseUnsignedLong(answer.get("seed").textValue()),
                    Long.parseUnsignedLong(answer.get("subsequence").textValue()),
                    Math.toIntExact(offset / width),
                    0,
                    1,
                    new float[width],
                    noisy);
        }
        for (int i = 0; i < 4; i++) {
            assertEquals(answer.get("normal4").get(i).doubleValue(), noisy[i], 1e-5);
        }
    }

    @ParameterizedTest
    @CsvSource({"GAUSSIAN, -0.01, 0.1", "UNIFORM, 0.02, 0.2", "SPECKLE, 0.03, 0.3", "POISSON, 0, 9"})
    void hasItsMeanAndDeviationOnBlackAndWhite(Kind kind, float mean, float level) {
        int side = 64;
        int size = side * side;
        byte[] white = new byte[size];
        Arrays.fill(white, (byte) 255);
        double deviation = kind == Kind.POISSON ? 1 / Math.sqrt(level) : level;
        boolean needsLight = kind == Kind.SPECKLE || kind == Kind.POISSON;
        Seeds.check(2, random -> {
            long seed = random.nextLong();
            assertMoments(kind, mean, level, seed, white, 1, mean, deviation);
            if (needsLight) {
                assertMoments(kind, mean, level, seed, new byte[size], 0, 0, 0);
            } else {
                assertMoments(kind, mean, level, seed, new byte[size], 0, mean, deviation);
            }
        });
    }

    private void assertMoments(
            Kind kind, float mean, float level, long seed, byte[] pixels, float clean, double bias, double deviation) {
        int epochs = 20;
        int side = (int) Math.sqrt(pixels.length);
        ImageSet image = new ImageSet(side, side, 1, pixels);
        double sum = 0;
        double squares = 0;
        float[] noisy = new float[pixels.length];
        try (InferenceEngine engine = open(side, side, 1)) {
            for (int epoch = 0; epoch < epochs; epoch++) {
                Noise noise = new Noise(kind, mean, level, level, false, false);
                engine.corrupt(image, noise, seed, 0, epoch, 0, 1, new float[pixels.length], noisy);
                for (float value : noisy) {
                    double difference = value - clean - bias;
                    sum += difference;
                    squares += difference * difference;
                }
            }
        }
        int values = epochs * pixels.length;
        double variance = deviation * deviation;
        String what = kind + " on " + clean;
        assertEquals(0, sum / values, STANDARD_ERRORS * deviation / Math.sqrt(values), what);
        // The kurtosis of none of these is above 3.2.
        assertEquals(variance, squares / values, STANDARD_ERRORS * variance * Math.sqrt(2.2 / values), what);
    }

    /** Exact where no normals are drawn and nothing is added by another rounding. */
    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"GAUSSIAN", "UNIFORM", "SPECKLE", "POISSON"})
    void isWhatTheNoiseSays(Kind kind) {
        Seeds.check(8, random -> {
            int height = 1 + random.nextInt(14);
            int width = random.nextBoolean() ? 4 * (1 + random.nextInt(4)) : 1 + random.nextInt(14);
            int channels = random.nextBoolean() ? 1 : 3;
            int size = height * width * channels;
            int count = 1 + random.nextInt(5);
            byte[] pixels = new byte[count * size];
            random.nextBytes(pixels);
            ImageSet images = new ImageSet(height, width, channels, pixels);
            float highest = random.nextBoolean() ? kind.defaultLevel() : kind.defaultLevel() * 1.9f;
            Noise noise = new Noise(kind, kind.defaultMean() / 2, kind.defaultLevel(), highest, false, false);
            long seed = random.nextLong();
            float[] clean = new float[count * size];
            float[] expected = new float[count * size];
            for (int i = 0; i < count; i++) {
                images.scale(i, clean, i * size);
                noise.corrupt(seed, Philox.VALIDATION + i, 3, clean, expected, i * size, size);
            }
            float[] actual = new float[count * size];
            try (InferenceEngine engine = open(height, width, channels)) {
                engine.corrupt(images, noise, seed, Philox.VALIDATION, 3, 0, count, new float[count * size], actual);
            }
            boolean exact = kind == Kind.POISSON || name == EngineName.REFERENCE;
            assertArrayEquals(expected, actual, exact ? 0 : 1e-5f, noise.toString());
        });
    }
}
