package daegpu.engine.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import daegpu.data.ImageSet;
import daegpu.engine.EngineOptions;
import daegpu.engine.GivenBatch;
import daegpu.engine.InferenceEngine;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Loss;
import daegpu.engine.Networks;
import daegpu.engine.Optimizer;
import daegpu.engine.Precision;
import daegpu.engine.RandomNetwork;
import daegpu.engine.TrainingState;
import daegpu.model.Autoencoder;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.Parameters;
import daegpu.noise.Noise;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Shares of a batch, their sums, the two halves of a step, and the average of the parameters. */
class CpuSharesTest {

    private static final Network UNET = Networks.unet();
    private static final Network AUTOENCODER = new Autoencoder(8, 12, 1, List.of(8, 16), 3, 4).network();
    private static final LearningRule AVERAGED =
            new LearningRule(Loss.CHARBONNIER, Optimizer.adamW(0.01), OptionalDouble.of(0.9));
    private static final float RATE = 1e-3f;

    private static void assume(Precision precision) {
        OneDnn.load();
        assumeTrue(precision == Precision.FP32 || OneDnn.hasBf16(), "this processor has neither AVX-512 bf16 nor AMX");
    }

    private static CpuTrainingEngine open(
            Network network, LearningRule rule, int batch, Precision precision, int threads) {
        return new CpuTrainingEngine(network, rule, new EngineOptions(batch, precision, threads));
    }

    private static CpuTrainingEngine open(int batch, int threads) {
        return open(UNET, LearningRule.DEFAULT, batch, Precision.FP32, threads);
    }

    private static ImageSet images(Network network, int count) {
        byte[] pixels = new byte[count * network.input().size()];
        new Random(4).nextBytes(pixels);
        return new ImageSet(
                network.input().height(),
                network.input().width(),
                network.input().channels(),
                pixels);
    }

    /** Batches that are no multiple of a share, and more shares than a few threads have arrays of gradients for. */
    @ParameterizedTest
    @CsvSource({"FP32,1", "FP32,7", "FP32,9", "FP32,30", "FP32,45", "FP32,100", "BF16,5", "BF16,30", "BF16,100"})
    void threadsChangeNoBit(Precision precision, int batch) {
        assume(precision);
        for (Network network : List.of(UNET, AUTOENCODER)) {
            Map<String, int[]> alone = train(network, batch, precision, 1);
            for (int threads : new int[] {2, 3, 8}) {
                Map<String, int[]> together = train(network, batch, precision, threads);
                alone.forEach((what, bits) ->
                        assertArrayEquals(bits, together.get(what), what + " with " + threads + " threads"));
            }
        }
    }

    /** All that three steps on a data set, and one on given values, leave behind. */
    private static Map<String, int[]> train(Network network, int batch, Precision precision, int threads) {
        RandomNetwork drawn = RandomNetwork.of(network, batch, new Random(batch));
        Map<String, int[]> found = new LinkedHashMap<>();
        try (InspectableEngine engine = open(network, AVERAGED, batch, precision, threads)) {
            engine.load(drawn.parameters());
            startEpoch(engine, images(network, 2 * batch + 3));
            engine.trainStep(0, batch, RATE);
            engine.trainStep(batch, batch, RATE);
            engine.trainStep(2 * batch, Math.min(3, batch), RATE);
            engine.trainStep(new GivenBatch(drawn.clean(), drawn.noisy(), batch), RATE);
            TrainingState state = engine.state();
            found.put("parameters", bits(state.parameters()));
            found.put("first moment", bits(state.firstMoment()));
            found.put("second moment", bits(state.secondMoment()));
            found.put("average", bits(state.average().orElseThrow()));
            found.put("gradients", bits(engine.gradients()));
            for (Layer layer : network.layers()) {
                found.put(layer.name(), bits(engine.activation(layer.output())));
            }
            found.put(
                    "losses",
                    Arrays.stream(engine.takeLosses())
                            .mapToObj(Double::doubleToRawLongBits)
                            .flatMapToInt(bits -> IntStream.of(bits.intValue(), (int) (bits >>> 32)))
                            .toArray());
        }
        return found;
    }

    private static void startEpoch(InspectableEngine engine, ImageSet images) {
        engine.startEpoch(
                images,
                Noise.gaussian(0.5f, 0.5f),
                9,
                1,
                IntStream.range(0, images.count()).toArray());
    }

    private static int[] bits(Parameters parameters) {
        return bits(parameters.values());
    }

    private static int[] bits(float[] values) {
        return IntStream.range(0, values.length)
                .map(i -> Float.floatToRawIntBits(values[i]))
                .toArray();
    }

    @Test
    void aStepIsItsTwoHalves() {
        ImageSet images = images(UNET, 40);
        try (InspectableEngine whole = open(UNET, AVERAGED, 20, Precision.FP32, 2);
                InspectableEngine halves = open(UNET, AVERAGED, 20, Precision.FP32, 2)) {
            List<InspectableEngine> engines = List.of(whole, halves);
            Parameters start = RandomNetwork.of(UNET, 1, new Random(1)).parameters();
            for (InspectableEngine engine : engines) {
                engine.load(start);
                startEpoch(engine, images);
            }
            for (int first = 0; first < 40; first += 20) {
                whole.trainStep(first, 20, RATE);
                halves.computeGradients(first, 20, 20);
                assertArrayEquals(bits(whole.gradients()), bits(halves.gradients()));
                halves.update(halves.gradients(), RATE);
            }
            assertArrayEquals(
                    bits(whole.state().parameters()), bits(halves.state().parameters()));
            assertArrayEquals(
                    bits(whole.state().average().orElseThrow()),
                    bits(halves.state().average().orElseThrow()));
            assertEquals(2, halves.state().step());
            assertArrayEquals(whole.takeLosses(), halves.takeLosses());
        }
    }

    /** Two halves of 16 images are two branches of the tree of 32; 12 and 8 of 20 are not. */
    @ParameterizedTest
    @CsvSource({"16,16,true", "12,8,false"})
    void enginesThatShareABatchComputeItsGradients(int first, int second, boolean exactly) {
        int batch = first + second;
        ImageSet images = images(UNET, batch);
        Parameters start = RandomNetwork.of(UNET, 1, new Random(1)).parameters();
        try (InspectableEngine whole = open(batch, 2);
                InspectableEngine left = open(first, 1);
                InspectableEngine right = open(second, 2)) {
            for (InspectableEngine engine : List.of(whole, left, right)) {
                engine.load(start);
                startEpoch(engine, images);
            }
            whole.computeGradients(0, batch, batch);
            left.computeGradients(0, first, batch);
            right.computeGradients(first, second, batch);
            float[] expected = whole.gradients().values();
            float[] sum = left.gradients().values();
            float[] others = right.gradients().values();
            float largest = 0;
            for (int i = 0; i < sum.length; i++) {
                sum[i] += others[i];
                largest = Math.max(largest, Math.abs(expected[i]));
            }
            if (exactly) {
                assertArrayEquals(bits(expected), bits(sum));
            } else {
                assertArrayEquals(expected, sum, 1e-6f * largest);
            }
            double loss = whole.takeLosses()[0];
            assertEquals(loss, left.takeLosses()[0] + right.takeLosses()[0], 1e-12 * loss);
        }
    }

    /** What denoises is the average, from the first update on; and it goes where the state goes. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void theAverageDenoises(int threads) {
        RandomNetwork drawn = RandomNetwork.of(UNET, 9, new Random(2));
        GivenBatch given = new GivenBatch(drawn.clean(), drawn.noisy(), 9);
        try (InspectableEngine engine = open(UNET, AVERAGED, 9, Precision.FP32, threads);
                InspectableEngine other = open(UNET, AVERAGED, 9, Precision.FP32, threads);
                InferenceEngine inference = new CpuEngine(UNET, new EngineOptions(9, Precision.FP32, threads))) {
            engine.load(drawn.parameters());
            assertArrayEquals(denoised(inference, drawn.parameters(), drawn), denoised(engine, drawn));
            for (int step = 0; step < 3; step++) {
                engine.trainStep(given, 1e-2f);
                Parameters average = engine.state().average().orElseThrow();
                assertFalse(Arrays.equals(
                        average.values(), engine.state().parameters().values()));
                assertArrayEquals(denoised(inference, average, drawn), denoised(engine, drawn));
            }
            other.load(engine.state());
            assertArrayEquals(denoised(engine, drawn), denoised(other, drawn));
            engine.trainStep(given, 1e-2f);
            other.trainStep(given, 1e-2f);
            assertArrayEquals(
                    bits(engine.state().average().orElseThrow()),
                    bits(other.state().average().orElseThrow()));
            assertArrayEquals(denoised(engine, drawn), denoised(other, drawn));
        }
    }

    private static float[] denoised(InferenceEngine engine, Parameters weights, RandomNetwork images) {
        engine.load(weights);
        return denoised(engine, images);
    }

    private static float[] denoised(InferenceEngine engine, RandomNetwork images) {
        float[] denoised = new float[images.noisy().length];
        engine.denoise(images.noisy(), images.batch(), denoised);
        return denoised;
    }

    /** An average that a state lacks begins at its parameters; one that the rule does not want is left out. */
    @Test
    void anAverageBeginsAndEndsWithTheRule() {
        TrainingState without =
                TrainingState.initial(RandomNetwork.of(UNET, 1, new Random(3)).parameters());
        try (InspectableEngine averaging = open(UNET, AVERAGED, 1, Precision.FP32, 1);
                InspectableEngine plain = open(1, 1)) {
            averaging.load(without);
            assertArrayEquals(
                    without.parameters().values(),
                    averaging.state().average().orElseThrow().values());
            plain.load(averaging.state());
            assertEquals(Optional.empty(), plain.state().average());
        }
    }

    /** A mask of ones is none, and what a mask hides does not matter. */
    @Test
    void aMaskDecidesWhatCounts() {
        RandomNetwork drawn = RandomNetwork.of(UNET, 10, new Random(5));
        float[] ones = new float[drawn.clean().length];
        Arrays.fill(ones, 1);
        float[] half = ones.clone();
        float[] other = drawn.clean().clone();
        for (int i = 0; i < half.length; i += 2) {
            half[i] = 0;
            other[i] = 1 - other[i];
        }
        try (InspectableEngine engine = open(10, 2)) {
            float[][] gradients = {
                gradients(engine, drawn, drawn.clean(), Optional.empty()),
                gradients(engine, drawn, drawn.clean(), Optional.of(ones)),
                gradients(engine, drawn, drawn.clean(), Optional.of(half)),
                gradients(engine, drawn, other, Optional.of(half))
            };
            assertArrayEquals(gradients[0], gradients[1]);
            assertArrayEquals(gradients[2], gradients[3]);
            assertFalse(Arrays.equals(gradients[0], gradients[2]));
            double[] losses = engine.takeLosses();
            assertEquals(losses[0], losses[1]);
            assertEquals(losses[2], losses[3]);
        }
    }

    private static float[] gradients(
            InspectableEngine engine, RandomNetwork drawn, float[] clean, Optional<float[]> mask) {
        engine.load(drawn.parameters());
        engine.trainStep(new GivenBatch(clean, drawn.noisy(), mask, 10), RATE);
        return engine.gradients().values();
    }
}
