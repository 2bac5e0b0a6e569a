package daegpu.engine.cpu;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import daegpu.data.EmbeddedMnist;
import daegpu.data.ImageSet;
import daegpu.data.Remedy;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.GivenBatch;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Precision;
import daegpu.engine.TrainingState;
import daegpu.engine.reference.ReferenceTrainingEngine;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.model.ParameterTensor;
import daegpu.model.Parameters;
import daegpu.noise.Noise;
import daegpu.noise.Philox;
import daegpu.parity.Comparison;
import daegpu.parity.Parity;
import daegpu.parity.RecordedValues;
import daegpu.parity.Tolerance;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CpuEngineTest {

    private static final Autoencoder SMALL = new Autoencoder(8, 12, 1, List.of(8, 16), 3, 4);

    @ParameterizedTest
    @CsvSource({
        "tiny,1",
        "tiny,2",
        "tiny,3",
        "seed,1",
        "seed,2",
        "seed,3",
        "kernel1_8x8x2,2",
        "kernel3_6x10x3,2",
        "kernel5_16x8x3,2",
        "kernel7_24x12x1,2",
        "kernel7_4x4x3,2",
        "unet-grey,1",
        "unet-grey,2",
        "unet-color,2"
    })
    void agreesWithKeras(String golden, int threads) {
        assertAgrees(RecordedValues.read(Path.of("tests/golden", golden + ".safetensors")), 0, threads);
    }

    /** @param threads that the cpu engine uses */
    private record Network(Autoencoder architecture, int batch, int threads) {}

    private static List<Network> networks() {
        return List.of(
                new Network(new Autoencoder(16, 24, 3, List.of(8, 16), 3, 5), 6, 2), // colour, not square
                new Network(new Autoencoder(12, 20, 3, List.of(5, 7), 3, 3), 7, 3), // channels that fill no vector
                new Network(new Autoencoder(16, 16, 1, List.of(4), 5, 9), 4, 2),
                new Network(new Autoencoder(16, 8, 2, List.of(3, 5, 7), 7, 2), 5, 2), // images narrower than the kernel
                new Network(new Autoencoder(8, 12, 1, List.of(6, 10), 1, 4), 3, 1),
                new Network(new Autoencoder(20, 36, 4, List.of(16, 8), 5, 11), 2, 2),
                new Network(new Autoencoder(14, 14, 1, List.of(33), 3, 6), 1, 4), // more threads than images
                new Network(
                        new Autoencoder(6, 10, 1, List.of(1), 3, 1),
                        3,
                        2), // the tiles of the last layer have odd sizes
                new Network(new Autoencoder(16, 16, 3, List.of(32, 64, 96), 3, 24), 8, 2));
    }

    @ParameterizedTest
    @MethodSource("networks")
    void agreesWithTheReference(Network network) {
        RecordedValues recorded = record(network, Precision.FP32);
        assertAgrees(recorded, 0, network.threads);
        assertAgrees(recorded, 5, network.threads); // as the last, smaller batch of an epoch
    }

    @ParameterizedTest
    @MethodSource("networks")
    void agreesWithTheReferenceInBf16(Network network) {
        assumeBf16();
        assertAgreesInBf16(record(network, Precision.BF16), network.threads);
    }

    /**
     * From Keras's values gradients are further away than 2 %, where rounding a value to bf16 turns a ReLU on or off.
     * The reference engine, which rounds the same, is as far from them.
     */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "tiny",
                "seed",
                "kernel1_8x8x2",
                "kernel3_6x10x3",
                "kernel5_16x8x3",
                "kernel7_24x12x1",
                "kernel7_4x4x3"
            })
    void agreesOnKerassNetworksInBf16(String golden) {
        assumeBf16();
        RecordedValues keras = RecordedValues.read(Path.of("tests/golden", golden + ".safetensors"));
        try (InspectableEngine reference = new ReferenceTrainingEngine(
                keras.network(), LearningRule.DEFAULT, new EngineOptions(keras.batch(), Precision.BF16, 0))) {
            assertAgreesInBf16(
                    RecordedValues.record(
                            reference,
                            LearningRule.DEFAULT,
                            keras.initial(),
                            keras.given(),
                            keras.learningRate(),
                            keras.steps()),
                    2);
        }
    }

    /**
     * What is rounded is the same, but for sums that differ in their last bits: a quarter of the bound for bf16 against
     * fp32. Where such a bit turns a ReLU on in one engine only, which it did in one of these networks, gradients
     * cannot agree.
     */
    private static void assertAgreesInBf16(RecordedValues recorded, int threads) {
        Tolerance tolerance = new Tolerance(5e-3, 5e-2);
        try (InspectableEngine engine = new CpuTrainingEngine(
                        recorded.network(),
                        LearningRule.DEFAULT,
                        new EngineOptions(recorded.batch(), Precision.BF16, threads));
                InspectableEngine reference = new ReferenceTrainingEngine(
                        recorded.network(),
                        LearningRule.DEFAULT,
                        new EngineOptions(recorded.batch(), Precision.BF16, 0))) {
            List<Comparison> comparisons = Parity.replay(recorded, engine, tolerance);
            if (comparisons.stream().anyMatch(comparison -> !comparison.passed())) {
                assumeFalse(
                        Parity.roundingOpensRelu(recorded, reference, engine, tolerance.values()),
                        "rounding opens a ReLU");
            }
            assertPassed(comparisons);
        }
    }

    private static void assertPassed(List<Comparison> comparisons) {
        assertAll(comparisons.stream().map(comparison -> () -> assertTrue(comparison.passed(), comparison::toString)));
    }

    private static RecordedValues record(Network network, Precision precision) {
        int size = network.batch * network.architecture.imageSize();
        try (InspectableEngine reference = new ReferenceTrainingEngine(
                network.architecture.network(), LearningRule.DEFAULT, new EngineOptions(network.batch, precision, 0))) {
            return RecordedValues.record(
                    reference,
                    LearningRule.DEFAULT,
                    withBiases(network.architecture),
                    new GivenBatch(uniform(size, 11), uniform(size, 12), network.batch),
                    1e-3f,
                    3);
        }
    }

    /**
     * Initial weights, but biases that are not zero: they keep what goes into ReLU away from zero, where a rounding
     * error in the last bit would turn a unit on in one engine only.
     */
    private static Parameters withBiases(Autoencoder architecture) {
        Parameters parameters = Initializer.glorotUniform(architecture.network(), 5);
        for (ParameterTensor tensor : architecture.network().parameterTensors()) {
            if (tensor.shape().length == 1) {
                float[] biases = uniform(tensor.size(), tensor.offset());
                for (int i = 0; i < biases.length; i++) {
                    biases[i] = 0.6f * biases[i] - 0.3f;
                }
                parameters.set(tensor.name(), biases);
            }
        }
        return parameters;
    }

    /** @param room images that the engine is opened for beyond those of a batch */
    private static void assertAgrees(RecordedValues recorded, int room, int threads) {
        EngineOptions options = new EngineOptions(recorded.batch() + room, Precision.FP32, threads);
        try (InspectableEngine engine = new CpuTrainingEngine(recorded.network(), recorded.rule(), options)) {
            assertPassed(Parity.replay(recorded, engine, Tolerance.of(EngineName.CPU, Precision.FP32)));
        }
    }

    @Test
    void learnsRealDigitsAsTheReferenceDoes() {
        int batch = 16;
        int steps = 200;
        ImageSet images = EmbeddedMnist.training(batch * steps);
        double[] expected;
        double[] actual;
        try (InspectableEngine reference = new ReferenceTrainingEngine(
                Autoencoder.MNIST.network(), LearningRule.DEFAULT, EngineOptions.fp32(batch))) {
            expected = train(reference, images, batch, steps);
        }
        try (InspectableEngine engine =
                new CpuTrainingEngine(Autoencoder.MNIST.network(), LearningRule.DEFAULT, EngineOptions.fp32(batch))) {
            actual = train(engine, images, batch, steps);
        }
        for (int step = 0; step < steps; step++) {
            assertEquals(expected[step], actual[step], 0.01 * expected[step], "loss of step " + step);
        }
    }

    @Test
    void givesTheSameBitsUnderLoad() throws InterruptedException {
        Thread load = new Thread(() -> {
            double sum = 0;
            while (!Thread.currentThread().isInterrupted()) {
                sum = Math.sin(sum + 1);
            }
        });
        load.setDaemon(true);
        load.start();
        try {
            for (Autoencoder architecture : List.of(Autoencoder.MNIST, SMALL)) {
                float[] first = null;
                for (int repeat = 0; repeat < 20; repeat++) {
                    try (InspectableEngine engine = new CpuTrainingEngine(
                            architecture.network(), LearningRule.DEFAULT, new EngineOptions(12, Precision.FP32, 3))) {
                        train(engine, randomImages(architecture, 64), 12, 5);
                        float[] parameters = engine.state().parameters().values();
                        first = first == null ? parameters : first;
                        assertArrayEquals(first, parameters, "repetition " + repeat);
                    }
                }
            }
        } finally {
            load.interrupt();
            load.join();
        }
    }

    @Test
    void goesOnFromASavedStateWithTheSameBits() {
        ImageSet images = randomImages(SMALL, 64);
        try (InspectableEngine engine =
                        new CpuTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(8));
                InspectableEngine other =
                        new CpuTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(8))) {
            train(engine, images, 8, 4);
            other.load(engine.state());
            for (InspectableEngine each : List.of(engine, other)) {
                each.startEpoch(
                        images,
                        Noise.gaussian(0.5f, 0.5f),
                        1,
                        1,
                        IntStream.range(0, 64).toArray());
                each.trainStep(8, 8, 1e-3f);
                each.trainStep(16, 3, 1e-3f);
            }
            assertArrayEquals(
                    engine.state().parameters().values(),
                    other.state().parameters().values());
            assertEquals(6, other.state().step());
        }
    }

    @Test
    void trainsOnWhatItShowsAsCorrupted() {
        ImageSet images = randomImages(SMALL, 30);
        Noise noise = new Noise(0.5f, 0.25f, 1, false);
        int size = SMALL.imageSize();
        float[] clean = new float[30 * size];
        float[] noisy = new float[30 * size];
        try (InspectableEngine engine =
                new CpuTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(30))) {
            TrainingState initial = TrainingState.initial(Initializer.glorotUniform(SMALL.network(), 0));
            engine.load(initial);
            engine.startEpoch(images, noise, 9, 2, IntStream.range(0, 30).toArray());
            engine.trainStep(0, 30, 1e-3f);
            float[] drawn = engine.state().parameters().values();
            engine.corrupt(images, noise, 9, 0, 2, 0, 30, clean, noisy);
            engine.load(initial);
            engine.trainStep(new GivenBatch(clean, noisy, 30), 1e-3f);
            assertArrayEquals(drawn, engine.state().parameters().values());
            double[] losses = engine.takeLosses();
            assertEquals(losses[0], losses[1]);
            assertEquals(0, engine.takeLosses().length);
        }
    }

    @Test
    void corruptsAsTheReferenceDoes() {
        ImageSet images = randomImages(SMALL, 30);
        Noise noise = Noise.gaussian(0.5f, 0.5f);
        int size = SMALL.imageSize();
        float[][] clean = new float[2][20 * size];
        float[][] noisy = new float[2][20 * size];
        try (InspectableEngine engine =
                        new CpuTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(4));
                InspectableEngine reference =
                        new ReferenceTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(4))) {
            engine.corrupt(images, noise, 9, Philox.VALIDATION, 0, 7, 20, clean[0], noisy[0]);
            reference.corrupt(images, noise, 9, Philox.VALIDATION, 0, 7, 20, clean[1], noisy[1]);
        }
        assertArrayEquals(clean[1], clean[0]);
        assertArrayEquals(noisy[1], noisy[0], 1e-5f);
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "5", "9", "63", "64", "65", "128", "129", "300"})
    void denoisesAnyNumberOfImages(int count) {
        float[] images = uniform(count * SMALL.imageSize(), 3);
        float[][] denoised = new float[2][images.length];
        float[][] latents = new float[2][count * SMALL.latentDimension()];
        float[][] decoded = new float[2][images.length];
        TrainingState state = TrainingState.initial(Initializer.glorotUniform(SMALL.network(), 1));
        try (InspectableEngine engine =
                        new CpuTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(4));
                InspectableEngine reference =
                        new ReferenceTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(4))) {
            InspectableEngine[] engines = {engine, reference};
            for (int i = 0; i < 2; i++) {
                engines[i].load(TrainingState.initial(Initializer.glorotUniform(SMALL.network(), 2)));
                engines[i].denoise(images, count, denoised[i]); // with other weights: they must not stick
                engines[i].load(state);
                engines[i].denoise(images, count, denoised[i]);
                engines[i].encode(images, count, latents[i]);
                engines[i].decode(latents[i], count, decoded[i]);
            }
        }
        assertArrayEquals(denoised[1], denoised[0], 1e-5f);
        assertArrayEquals(latents[1], latents[0], 1e-5f);
        assertArrayEquals(denoised[0], decoded[0], "the way in two parts leads elsewhere");
        assertArrayEquals(denoised[1], decoded[1]);
    }

    @Test
    void denoisesWithTheWeightsOfTheLastUpdate() {
        float[] images = uniform(4 * SMALL.imageSize(), 3);
        float[] before = new float[images.length];
        float[] after = new float[images.length];
        float[] loaded = new float[images.length];
        try (InspectableEngine engine =
                        new CpuTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(4));
                InspectableEngine other =
                        new CpuTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(4))) {
            engine.load(TrainingState.initial(Initializer.glorotUniform(SMALL.network(), 2)));
            engine.denoise(images, 4, before);
            engine.trainStep(new GivenBatch(images, images, 4), 1e-2f);
            engine.denoise(images, 4, after);
            other.load(engine.state());
            other.denoise(images, 4, loaded);
        }
        assertFalse(Arrays.equals(before, after));
        assertArrayEquals(loaded, after);
    }

    /**
     * oneDNN falls back without a word to code that is slower by a factor of hundreds, and says so only in its name.
     */
    @Test
    void usesNoReferenceCode() {
        try (CpuTrainingEngine engine =
                new CpuTrainingEngine(Autoencoder.MNIST.network(), LearningRule.DEFAULT, EngineOptions.fp32(32))) {
            assertEquals(
                    List.of(),
                    engine.implementations().stream()
                            .filter(line -> line.contains("ref"))
                            .toList());
        }
    }

    /**
     * Losses in bf16 within 5 % of the reference engine's; runs only where the processor has bf16, or may emulate it.
     */
    @Test
    void learnsInBf16AsTheReferenceDoes() {
        assumeBf16();
        int batch = 16;
        int steps = 200;
        ImageSet images = EmbeddedMnist.training(batch * steps);
        double[] expected;
        double[] actual;
        try (InspectableEngine reference = new ReferenceTrainingEngine(
                Autoencoder.MNIST.network(), LearningRule.DEFAULT, EngineOptions.fp32(batch))) {
            expected = train(reference, images, batch, steps);
        }
        try (InspectableEngine engine = new CpuTrainingEngine(
                Autoencoder.MNIST.network(), LearningRule.DEFAULT, new EngineOptions(batch, Precision.BF16, 0))) {
            actual = train(engine, images, batch, steps);
        }
        for (int step = 0; step < steps; step++) {
            assertEquals(expected[step], actual[step], 0.05 * expected[step], "loss of step " + step);
        }
    }

    @Test
    void givesTheSameBitsInBf16() {
        assumeBf16();
        float[][] parameters = new float[2][];
        for (int i = 0; i < 2; i++) {
            try (InspectableEngine engine = new CpuTrainingEngine(
                    SMALL.network(), LearningRule.DEFAULT, new EngineOptions(12, Precision.BF16, 2))) {
                train(engine, randomImages(SMALL, 64), 12, 5);
                parameters[i] = engine.state().parameters().values();
            }
        }
        assertArrayEquals(parameters[0], parameters[1]);
    }

    private static void assumeBf16() {
        OneDnn.load();
        assumeTrue(OneDnn.hasBf16(), "this processor has neither AVX-512 bf16 nor AMX");
    }

    @Test
    void roundsToBf16AsIeeeDoes() {
        float[] values = {
            1, -2.5f, 0x1.01p0f, 0x1.03p0f, 0x1.010002p0f, 0x1.FFp0f, 0, 0x1p-130f, Float.POSITIVE_INFINITY
        };
        float[] rounded = {1, -2.5f, 1, 0x1.04p0f, 0x1.02p0f, 2, 0, 0x1p-130f, Float.POSITIVE_INFINITY};
        float[] read = new float[values.length];
        OneDnn.load();
        try (NativeScope scope = new NativeScope()) {
            NativeArray array = NativeArray.allocate(scope, OneDnn.openEngine(scope), ElementType.BF16, values.length);
            array.write(0, values, 0, values.length);
            array.read(0, read, 0, read.length);
        }
        assertArrayEquals(rounded, read);
    }

    @Test
    void refusesWhatItCannotDo() {
        OneDnn.load();
        if (!OneDnn.hasBf16()) {
            EngineUnavailableException bf16 = assertThrows(
                    EngineUnavailableException.class,
                    () -> new CpuTrainingEngine(
                            SMALL.network(), LearningRule.DEFAULT, new EngineOptions(4, Precision.BF16, 0)));
            assertTrue(bf16.getMessage().matches("bf16 needs .* and this one has neither"), bf16.getMessage());
        }
        assertThrows(
                EngineUnavailableException.class,
                () -> new CpuTrainingEngine(
                        SMALL.network(), LearningRule.DEFAULT, new EngineOptions(4, Precision.TF32, 0)));
        Autoencoder large = new Autoencoder(4096, 4096, 1, List.of(8, 8, 8, 8, 8, 8, 8, 8, 8, 8), 3, 1);
        EngineUnavailableException tooLarge = assertThrows(
                EngineUnavailableException.class,
                () -> new CpuTrainingEngine(
                        large.network(), LearningRule.DEFAULT, new EngineOptions(1024, Precision.FP32, 1)));
        assertEquals(List.of(Remedy.SMALLER_BATCH, Remedy.SMALLER_NETWORK), tooLarge.remedies());
        try (InspectableEngine engine =
                new CpuTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(4))) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> engine.trainStep(new GivenBatch(new float[0], new float[0], 5), 1e-3f));
        }
    }

    @Test
    void refusesToWorkOnceClosed() {
        InspectableEngine engine = new CpuTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(4));
        engine.close();
        engine.close();
        assertThrows(
                IllegalStateException.class,
                () -> engine.denoise(new float[SMALL.imageSize()], 1, new float[SMALL.imageSize()]));
        assertThrows(
                IllegalStateException.class,
                () -> engine.activation(engine.network().layer("conv1").output()));
        assertThrows(
                IllegalStateException.class,
                () -> engine.load(TrainingState.initial(Initializer.glorotUniform(SMALL.network(), 2))));
    }

    private static double[] train(InspectableEngine engine, ImageSet images, int batch, int steps) {
        engine.load(TrainingState.initial(Initializer.glorotUniform(engine.network(), 0)));
        engine.startEpoch(
                images,
                Noise.gaussian(0.5f, 0.5f),
                0,
                0,
                IntStream.range(0, images.count()).toArray());
        for (int step = 0; step < steps; step++) {
            engine.trainStep(step * batch, Math.min(batch, images.count() - step * batch), 1e-3f);
        }
        return engine.takeLosses();
    }

    private static ImageSet randomImages(Autoencoder architecture, int count) {
        byte[] pixels = new byte[count * architecture.imageSize()];
        new Random(4).nextBytes(pixels);
        return new ImageSet(architecture.height(), architecture.width(), architecture.channels(), pixels);
    }

    private static float[] uniform(int count, int seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextFloat();
        }
        return values;
    }
}
