package daegpu.engine.cuda;

import static daegpu.engine.cuda.CudaEngineTest.order;
import static daegpu.engine.cuda.CudaEngineTest.randomImages;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.data.EmbeddedMnist;
import daegpu.data.ImageSet;
import daegpu.engine.Convolutions;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.GivenBatch;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Precision;
import daegpu.engine.TrainingState;
import daegpu.engine.reference.ReferenceTrainingEngine;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.noise.Noise;
import daegpu.parity.Comparison;
import daegpu.parity.Parity;
import daegpu.parity.RecordedValues;
import daegpu.parity.Tolerance;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The cuda engine without cuDNN and cuBLAS, on a GPU where there is one, else on the emulated device. */
@RequiresCuda
class NativeConvolutionsTest {

    private static final float RATE = 1e-3f;
    private static final Autoencoder SMALL = new Autoencoder(8, 12, 1, List.of(4, 6), 3, 5);

    private static EngineOptions options(int batch) {
        return new EngineOptions(batch, Precision.FP32, 0, 0, Convolutions.NATIVE);
    }

    static List<String> goldenFiles() throws java.io.IOException {
        return CudaEngineTest.goldenFiles();
    }

    @ParameterizedTest
    @MethodSource("goldenFiles")
    void agreesWithKeras(String golden) {
        CudaEngineTest.assertAgreesWithKeras(golden, Precision.FP32, Convolutions.NATIVE);
    }

    private static void compare(RecordedValues recorded) {
        try (InspectableEngine engine =
                new CudaTrainingEngine(recorded.network(), LearningRule.DEFAULT, options(recorded.batch()))) {
            List<Comparison> comparisons =
                    Parity.replay(recorded, engine, Tolerance.of(EngineName.CUDA, Precision.FP32));
            assertAll(
                    recorded.name(),
                    comparisons.stream()
                            .map(comparison -> () -> assertTrue(comparison.passed(), comparison::toString)));
        }
    }

    static int[] seeds() {
        return IntStream.rangeClosed(1, 16).toArray();
    }

    /** Channels of every kind: one, few, multiples of four, those that kernels are made for, and others. */
    @ParameterizedTest
    @MethodSource("seeds")
    void agreesWithReferenceOnRandomNetworks(int seed) {
        Random random = new Random(seed);
        int depth = 1 + random.nextInt(3);
        int factor = 1 << depth;
        int[] kernelSizes = {1, 3, 3, 5, 7};
        int[] filters = {1, 2, 3, 4, 5, 7, 8, 12, 32, 33, 64};
        Autoencoder architecture = new Autoencoder(
                factor * (1 + random.nextInt(2)),
                factor * (1 + random.nextInt(3)),
                1 + random.nextInt(5),
                IntStream.range(0, depth)
                        .map(i -> filters[random.nextInt(filters.length)])
                        .boxed()
                        .toList(),
                kernelSizes[random.nextInt(5)],
                1 + random.nextInt(40));
        int batch = 1 + random.nextInt(3);
        float[] clean = uniform(random, batch * architecture.imageSize());
        float[] noisy = uniform(random, batch * architecture.imageSize());
        try (InspectableEngine reference =
                new ReferenceTrainingEngine(architecture.network(), LearningRule.DEFAULT, EngineOptions.fp32(batch))) {
            compare(RecordedValues.record(
                    reference,
                    LearningRule.DEFAULT,
                    Initializer.glorotUniform(architecture.network(), seed),
                    new GivenBatch(clean, noisy, batch),
                    RATE,
                    2));
        }
    }

    private static float[] uniform(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextFloat();
        }
        return values;
    }

    @Test
    void trainsLikeTheReference() {
        ImageSet digits = EmbeddedMnist.training(400);
        double[] expected;
        try (InspectableEngine engine =
                new ReferenceTrainingEngine(Autoencoder.MNIST.network(), LearningRule.DEFAULT, EngineOptions.fp32(1))) {
            expected = train(engine, digits, Noise.gaussian(0.5f, 0.5f), 3, 50, 1);
        }
        try (InspectableEngine engine =
                new CudaTrainingEngine(Autoencoder.MNIST.network(), LearningRule.DEFAULT, options(1))) {
            double[] actual = train(engine, digits, Noise.gaussian(0.5f, 0.5f), 3, 50, 1);
            assertEquals(50, actual.length);
            for (int i = 0; i < expected.length; i++) {
                assertEquals(expected[i], actual[i], 0.01 * expected[i], "loss of step " + i);
            }
        }
    }

    private static double[] train(
            InspectableEngine engine, ImageSet images, Noise noise, long seed, int steps, int batch) {
        engine.load(TrainingState.initial(Initializer.glorotUniform(engine.network(), 3)));
        int[] order = order(images.count());
        engine.startEpoch(images, noise, seed, 1, order);
        for (int step = 0; step < steps; step++) {
            engine.trainStep(step * batch, Math.min(batch, order.length - step * batch), RATE);
        }
        return engine.takeLosses();
    }

    /** Batches of 8 and a last one of 3, several times, so that both are run, captured and replayed. */
    @Test
    void givesTheSameBitsEveryTime() {
        ImageSet images = randomImages(SMALL, 27);
        Noise noise = new Noise(0.4f, 0.2f, 0.9f, false);
        List<float[]> ends = new ArrayList<>();
        List<double[]> losses = new ArrayList<>();
        for (int run = 0; run < 2; run++) {
            try (InspectableEngine engine = new CudaTrainingEngine(SMALL.network(), LearningRule.DEFAULT, options(8))) {
                engine.load(TrainingState.initial(Initializer.glorotUniform(SMALL.network(), 1)));
                for (int epoch = 0; epoch < 4; epoch++) {
                    engine.startEpoch(images, noise, 5, epoch, order(27));
                    for (int first = 0; first < 27; first += 8) {
                        engine.trainStep(first, Math.min(8, 27 - first), RATE / (1 + first));
                    }
                }
                losses.add(engine.takeLosses());
                ends.add(engine.state().parameters().values());
            }
        }
        assertEquals(16, losses.get(0).length);
        assertArrayEquals(losses.get(0), losses.get(1));
        assertArrayEquals(ends.get(0), ends.get(1));
    }

    @Test
    void denoisesAnyNumberOfImages() {
        for (int count : new int[] {1, 3, 300}) {
            float[] noisy = uniform(new Random(count), count * SMALL.imageSize());
            float[][] denoised = new float[2][noisy.length];
            float[][] latents = new float[2][count * SMALL.latentDimension()];
            for (int i = 0; i < 2; i++) {
                try (InspectableEngine engine = i == 0
                        ? new ReferenceTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(1))
                        : new CudaTrainingEngine(SMALL.network(), LearningRule.DEFAULT, options(1))) {
                    engine.load(TrainingState.initial(Initializer.glorotUniform(SMALL.network(), 8)));
                    engine.denoise(noisy, count, denoised[i]);
                    engine.encode(noisy, count, latents[i]);
                }
            }
            assertArrayEquals(denoised[0], denoised[1], 1e-5f);
            assertArrayEquals(latents[0], latents[1], 1e-5f);
        }
    }
}
