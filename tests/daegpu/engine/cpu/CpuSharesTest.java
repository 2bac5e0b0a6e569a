package daegpu.engine.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import daegpu.Seeds;
import daegpu.data.ImageSet;
import daegpu.engine.EngineOptions;
import daegpu.engine.GivenBatch;
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
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Shares of a batch, and the order in which their gradients are summed. */
@ExtendWith(Seeds.class)
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
        Seeds.random(4).nextBytes(pixels);
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
        RandomNetwork drawn = RandomNetwork.of(network, batch, Seeds.random(batch));
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

    /** Two halves of 16 images are two branches of the tree of 32; 12 and 8 of 20 are not. */
    @ParameterizedTest
    @CsvSource({"16,16,true", "12,8,false"})
    void enginesThatShareABatchComputeItsGradients(int first, int second, boolean exactly) {
        int batch = first + second;
        ImageSet images = images(UNET, batch);
        Parameters start = RandomNetwork.of(UNET, 1, Seeds.random(1)).parameters();
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
}
