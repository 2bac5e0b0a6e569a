package daegpu.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import daegpu.Seeds;
import daegpu.data.Depth;
import daegpu.data.ImageSet;
import daegpu.model.LayerDescription;
import daegpu.model.Network;
import daegpu.noise.Noise;
import daegpu.noise.Noise.Kind;
import daegpu.noise.Philox;
import daegpu.parity.Agreement;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What noise is on every engine; it depends on neither network nor precision. */
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

    /** Black has the noise of its standard deviation only, and white that of the gain beside it. */
    @Test
    void poissonGaussianHasItsDeviationOnBlackAndWhite() {
        int side = 64;
        byte[] white = new byte[side * side];
        Arrays.fill(white, (byte) 255);
        Seeds.check(2, random -> {
            long seed = random.nextLong();
            Noise noise = Noise.poissonGaussian(0.03f, 0.04f).clipped(false);
            assertMoments(noise, seed, new byte[side * side], 0, 0, 0.03);
            assertMoments(noise, seed, white, 1, 0, Math.sqrt(0.04 + 0.03 * 0.03));
        });
    }

    private void assertMoments(
            Kind kind, float mean, float level, long seed, byte[] pixels, float clean, double bias, double deviation) {
        assertMoments(new Noise(kind, mean, level, level, false, false), seed, pixels, clean, bias, deviation);
    }

    private void assertMoments(Noise noise, long seed, byte[] pixels, float clean, double bias, double deviation) {
        int epochs = 20;
        int side = (int) Math.sqrt(pixels.length);
        ImageSet image = new ImageSet(side, side, 1, pixels);
        double sum = 0;
        double squares = 0;
        float[] noisy = new float[pixels.length];
        try (InferenceEngine engine = open(side, side, 1)) {
            for (int epoch = 0; epoch < epochs; epoch++) {
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
        String what = noise.kind() + " on " + clean;
        assertEquals(0, sum / values, STANDARD_ERRORS * deviation / Math.sqrt(values), what);
        // The kurtosis of none of these is above 3.2.
        assertEquals(variance, squares / values, STANDARD_ERRORS * variance * Math.sqrt(2.2 / values), what);
    }

    @ParameterizedTest
    @EnumSource
    void isWhatTheNoiseSays(Kind kind) {
        Seeds.check(12, random -> {
            int height = 1 + random.nextInt(14);
            int width = random.nextBoolean() ? 4 * (1 + random.nextInt(4)) : 1 + random.nextInt(14);
            float highest = random.nextBoolean() ? kind.defaultLevel() : kind.defaultLevel() * 1.9f;
            float highestGain = random.nextBoolean() ? kind.defaultGain() : kind.defaultGain() * 3;
            boolean isClipped = !kind.leavesRange() || random.nextBoolean();
            assertCorrupts(
                    images(height, width, random.nextBoolean() ? 1 : 3, 3 + random.nextInt(20), random),
                    new Noise(
                            kind,
                            kind.defaultMean() / 2,
                            kind.defaultLevel(),
                            highest,
                            kind.defaultGain(),
                            highestGain,
                            random.nextBoolean(),
                            isClipped),
                    random.nextLong(),
                    List.of(0L, 100L, Philox.VALIDATION).get(random.nextInt(3)),
                    random.nextInt(9));
        });
    }

    /** More images than are made at a time, a noise that is none, one that takes nearly everything out of bounds. */
    @ParameterizedTest
    @CsvSource({
        "28,28,1,3,0,0.5,0.5,false",
        "6,10,3,5,2,0.1,1.5,false",
        "2,2,1,700,4,0.3,0.8,false",
        "10,6,1,4,7,0.5,0.5,true",
        "2,6,5,9,1,0,0,false"
    })
    void corruptsAnyNumberOfImages(
            int height, int width, int channels, int count, int epoch, float lowest, float highest, boolean once) {
        Seeds.check(1, random -> {
            ImageSet images = images(height, width, channels, 2 + count, random);
            for (long base : new long[] {0, Philox.VALIDATION}) {
                assertCorrupts(images, new Noise(0.25f, lowest, highest, once), 0x123456789abcL, base, epoch);
            }
        });
    }

    private static ImageSet images(int height, int width, int channels, int count, Random random) {
        Depth depth = random.nextBoolean() ? Depth.BITS_8 : Depth.BITS_16;
        byte[] pixels = new byte[count * height * width * channels * depth.bytes()];
        random.nextBytes(pixels);
        return new ImageSet(height, width, channels, depth, pixels);
    }

    /** All images but the first two. Noise is exact where no normals are drawn; clean values are in any case. */
    private void assertCorrupts(ImageSet images, Noise noise, long seed, long base, int epoch) {
        int first = 2;
        int count = images.count() - first;
        int size = images.imageSize();
        float[][] expected = new float[2][count * size];
        float[][] actual = new float[2][count * size + 1];
        Arrays.fill(actual[0], -7);
        Arrays.fill(actual[1], -7);
        for (int i = 0; i < count; i++) {
            images.scale(first + i, expected[0], i * size);
            noise.corrupt(seed, base + first + i, epoch, expected[0], expected[1], i * size, size);
        }
        try (InferenceEngine engine = open(images.height(), images.width(), images.channels())) {
            engine.corrupt(images, noise, seed, base, epoch, first, count, actual[0], actual[1]);
        }
        assertEquals(-7, actual[0][count * size], "something is written after the last image");
        assertEquals(-7, actual[1][count * size], "something is written after the last image");
        Agreement.assertSame(expected[0], Arrays.copyOf(actual[0], count * size), "clean images");
        float most =
                switch (noise.kind()) {
                    case SALT_PEPPER, MASKING, POISSON -> 0;
                    case GAUSSIAN, SPECKLE, POISSON_GAUSSIAN -> name == EngineName.REFERENCE ? 0 : 1e-5f;
                    case UNIFORM -> name == EngineName.CUDA ? 1e-6f : 0; // nvcc multiplies and adds in one step
                };
        assertArrayEquals(expected[1], Arrays.copyOf(actual[1], count * size), most, noise.toString());
    }
}
