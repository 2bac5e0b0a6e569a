package daegpu.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.data.EmbeddedMnist;
import daegpu.data.ImageSet;
import daegpu.data.Remedy;
import daegpu.engine.Convolutions;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.GivenBatch;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Precision;
import daegpu.engine.TrainingState;
import daegpu.engine.cuda.driver.CudaStatus;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.Gpu;
import daegpu.engine.cuda.driver.OwnedScope;
import daegpu.engine.cuda.layers.TrainedArrays;
import daegpu.engine.reference.ReferenceTrainingEngine;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.model.Parameters;
import daegpu.noise.Noise;
import daegpu.noise.Philox;
import daegpu.parity.Comparison;
import daegpu.parity.GoldenFiles;
import daegpu.parity.Parity;
import daegpu.parity.RecordedValues;
import daegpu.parity.Tolerance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** On a GPU where there is one, else on the emulated device. */
@RequiresCuda
class CudaEngineTest {

    private static final float RATE = 1e-3f;
    private static final Autoencoder SMALL = new Autoencoder(8, 12, 1, List.of(4, 6), 3, 5);

    static List<String> goldenFiles() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("tests/golden"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".safetensors") && !name.startsWith("unet"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("goldenFiles")
    void agreesWithKeras(String golden) {
        assertAgreesWithKeras(golden, Precision.FP32, Convolutions.CUDNN);
    }

    @ParameterizedTest
    @MethodSource("goldenFiles")
    void agreesWithKerasInTf32(String golden) {
        assertAgreesWithKeras(golden, Precision.TF32, Convolutions.CUDNN);
    }

    static void assertAgreesWithKeras(String golden, Precision precision, Convolutions convolutions) {
        Path file = Path.of("tests/golden", golden);
        RecordedValues recorded = RecordedValues.read(file);
        EngineOptions options = new EngineOptions(recorded.batch(), precision, 0, 0, convolutions);
        try (InspectableEngine engine = new CudaTrainingEngine(recorded.network(), recorded.rule(), options)) {
            GoldenFiles.assertAgrees(file, engine, EngineName.CUDA, options);
        }
    }

    private static void compare(RecordedValues recorded, Precision precision) {
        try (InspectableEngine engine = new CudaTrainingEngine(
                recorded.network(), LearningRule.DEFAULT, new EngineOptions(recorded.batch(), precision, 0))) {
            List<Comparison> comparisons = Parity.replay(recorded, engine, Tolerance.of(EngineName.CUDA, precision));
            assertAll(
                    recorded.name(),
                    comparisons.stream()
                            .map(comparison -> () -> assertTrue(comparison.passed(), comparison::toString)));
        }
    }

    /**
     * Against what the driver says is free: it may give more than was asked for, in pages, and libraries take their
     * own.
     */
    @Test
    void countsTheMemoryThatItHas() {
        Autoencoder architecture = Autoencoder.MNIST;
        byte[] pixels = new byte[3000 * architecture.imageSize()];
        ImageSet images = new ImageSet(28, 28, 1, pixels);
        InspectableEngine closed;
        try (Device observer = new Device(Gpu.all().get(0));
                InspectableEngine engine = new CudaTrainingEngine(
                        architecture.network(),
                        LearningRule.DEFAULT,
                        new EngineOptions(32, Precision.FP32, 0).withConvolutions(Convolutions.NATIVE))) {
            closed = engine;
            long opened = engine.deviceBytes();
            assertTrue(opened > 4L * 4 * architecture.parameterCount(), "weights, gradients, two moments: " + opened);
            observer.makeCurrent();
            long free = observer.freeBytes();
            engine.startEpoch(
                    images,
                    Noise.gaussian(0.5f, 0.5f),
                    1,
                    0,
                    IntStream.range(0, images.count()).toArray());
            observer.makeCurrent();
            long grown = engine.deviceBytes() - opened;
            assertTrue(grown >= pixels.length + 4L * images.count(), "images and their order: " + grown);
            long taken = free - observer.freeBytes();
            assertTrue(taken >= grown && taken <= grown + (32L << 20), grown + " counted, " + taken + " taken");
        }
        assertEquals(0, closed.deviceBytes());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void agreesWithReferenceOnRandomNetworks(int seed) {
        Random random = new Random(seed);
        int depth = 1 + random.nextInt(3);
        int factor = 1 << depth;
        int[] kernelSizes = {1, 3, 5, 7};
        Autoencoder architecture = new Autoencoder(
                factor * (1 + random.nextInt(4)),
                factor * (1 + random.nextInt(4)),
                1 + random.nextInt(4),
                random.ints(depth, 1, 10).boxed().toList(),
                kernelSizes[random.nextInt(4)],
                1 + random.nextInt(9));
        int batch = 1 + random.nextInt(6);
        float[] clean = uniform(random, batch * architecture.imageSize());
        float[] noisy = uniform(random, batch * architecture.imageSize());
        try (InspectableEngine reference =
                new ReferenceTrainingEngine(architecture.network(), LearningRule.DEFAULT, EngineOptions.fp32(batch))) {
            compare(
                    RecordedValues.record(
                            reference,
                            LearningRule.DEFAULT,
                            Initializer.glorotUniform(architecture.network(), seed),
                            new GivenBatch(clean, noisy, batch),
                            RATE,
                            3),
                    Precision.FP32);
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
                new ReferenceTrainingEngine(Autoencoder.MNIST.network(), LearningRule.DEFAULT, EngineOptions.fp32(8))) {
            expected = train(engine, digits, Noise.gaussian(0.5f, 0.5f), 3, 50, 8);
        }
        try (InspectableEngine engine =
                new CudaTrainingEngine(Autoencoder.MNIST.network(), LearningRule.DEFAULT, EngineOptions.fp32(8))) {
            double[] actual = train(engine, digits, Noise.gaussian(0.5f, 0.5f), 3, 50, 8);
            assertEquals(50, actual.length);
            for (int i = 0; i < expected.length; i++) {
                assertEquals(expected[i], actual[i], 0.01 * expected[i], "loss of step " + i);
            }
        }
    }

    /** Trains from the same start in an order that is no identity. */
    private static double[] train(
            InspectableEngine engine, ImageSet images, Noise noise, long seed, int steps, int batch) {
        engine.load(TrainingState.initial(Initializer.glorotUniform(engine.network(), 3)));
        int[] order = order(images.count());
        engine.startEpoch(images, noise, seed, 1, order);
        for (int step = 0; step < steps; step++) {
            int first = step * batch;
            engine.trainStep(first, Math.min(batch, order.length - first), RATE);
        }
        return engine.takeLosses();
    }

    static int[] order(int count) {
        return IntStream.range(0, count)
                .map(i -> (int) ((i * 7919L + 5) % count))
                .toArray();
    }

    static ImageSet randomImages(Autoencoder architecture, int count) {
        byte[] pixels = new byte[count * architecture.imageSize()];
        new Random(count).nextBytes(pixels);
        return new ImageSet(architecture.height(), architecture.width(), architecture.channels(), pixels);
    }

    /** Batches of 8 and a last one of 3, several times, so that both are run, captured and replayed. */
    @Test
    void givesTheSameBitsEveryTime() {
        ImageSet images = randomImages(SMALL, 27);
        Noise noise = new Noise(0.4f, 0.2f, 0.9f, false);
        List<float[]> ends = new ArrayList<>();
        List<double[]> losses = new ArrayList<>();
        for (int run = 0; run < 2; run++) {
            try (InspectableEngine engine =
                    new CudaTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(8))) {
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

    /**
     * The reference goes on where the GPU stopped, in the middle of an epoch, and ends where either would have come
     * alone.
     */
    @Test
    void anotherEngineGoesOn() {
        ImageSet images = randomImages(SMALL, 40);
        Noise noise = Noise.gaussian(0.5f, 0.5f);
        TrainingState half;
        try (InspectableEngine engine =
                new CudaTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(4))) {
            train(engine, images, noise, 2, 5, 4);
            half = engine.state();
        }
        assertEquals(5, half.step());
        float[] alone;
        try (InspectableEngine engine =
                new ReferenceTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(4))) {
            train(engine, images, noise, 2, 10, 4);
            alone = engine.state().parameters().values();
            assertClose(alone, goOn(engine, half, images, noise));
        }
        try (InspectableEngine engine =
                new CudaTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(4))) {
            float[] resumed = goOn(engine, half, images, noise);
            assertClose(alone, resumed);
            train(engine, images, noise, 2, 10, 4);
            assertArrayEquals(engine.state().parameters().values(), resumed, "an interruption changes bits");
        }
    }

    private static float[] goOn(InspectableEngine engine, TrainingState from, ImageSet images, Noise noise) {
        engine.load(from);
        engine.startEpoch(images, noise, 2, 1, order(images.count()));
        for (int step = 5; step < 10; step++) {
            engine.trainStep(4 * step, 4, RATE);
        }
        return engine.state().parameters().values();
    }

    private static void assertClose(float[] expected, float[] actual) {
        double[] differences = IntStream.range(0, expected.length)
                .mapToDouble(i -> Math.abs(expected[i] - actual[i]))
                .sorted()
                .toArray();
        assertEquals(0, differences[(int) (0.99 * differences.length)], 1e-4);
    }

    /** Any size, also not divisible by 4, any base, epoch and level; more images than are made at a time. */
    @ParameterizedTest
    @CsvSource({
        "28,28,1,3,0,0.5,0.5,false",
        "6,10,3,5,2,0.1,1.5,false",
        "2,2,1,700,4,0.3,0.8,false",
        "10,6,1,4,7,0.5,0.5,true",
        "2,6,5,9,1,0,0,false"
    })
    void corruptsByTheNoiseContract(
            int height, int width, int channels, int count, int epoch, float lowest, float highest, boolean once) {
        Autoencoder architecture = new Autoencoder(height, width, channels, List.of(2), 3, 2);
        ImageSet images = randomImages(architecture, count + 2);
        Noise noise = new Noise(0.25f, lowest, highest, once);
        float[][] expected = new float[2][count * images.imageSize()];
        float[][] actual = new float[2][count * images.imageSize()];
        for (long base : new long[] {0, Philox.VALIDATION}) {
            try (InspectableEngine engine =
                    new ReferenceTrainingEngine(architecture.network(), LearningRule.DEFAULT, EngineOptions.fp32(1))) {
                engine.corrupt(images, noise, 0x123456789abcL, base, epoch, 2, count, expected[0], expected[1]);
            }
            try (InspectableEngine engine =
                    new CudaTrainingEngine(architecture.network(), LearningRule.DEFAULT, EngineOptions.fp32(1))) {
                engine.corrupt(images, noise, 0x123456789abcL, base, epoch, 2, count, actual[0], actual[1]);
            }
            assertArrayEquals(expected[0], actual[0], "clean images are exact");
            assertArrayEquals(expected[1], actual[1], 1e-5f);
        }
    }

    /** Any kind, one level and a range, random shapes: exact where no normal is drawn and nothing is added. */
    @ParameterizedTest
    @EnumSource(Noise.Kind.class)
    void corruptsByEveryKind(Noise.Kind kind) {
        Random random = new Random(kind.ordinal());
        boolean exact = kind == Noise.Kind.SALT_PEPPER || kind == Noise.Kind.MASKING || kind == Noise.Kind.POISSON;
        for (int trial = 0; trial < 6; trial++) {
            Autoencoder architecture = new Autoencoder(
                    2 * (1 + random.nextInt(7)), 2 * (1 + random.nextInt(7)), trial % 2 == 0 ? 1 : 3, List.of(1), 3, 1);
            int count = 1 + random.nextInt(20);
            ImageSet images = randomImages(architecture, count);
            float[][] expected = new float[2][count * images.imageSize()];
            float[][] actual = new float[2][count * images.imageSize()];
            try (InspectableEngine reference = new ReferenceTrainingEngine(
                            architecture.network(), LearningRule.DEFAULT, EngineOptions.fp32(1));
                    InspectableEngine engine = new CudaTrainingEngine(
                            architecture.network(), LearningRule.DEFAULT, EngineOptions.fp32(1))) {
                for (float highest :
                        new float[] {kind.defaultLevel(), kind.defaultLevel() * 1.9f, kind.defaultLevel()}) {
                    Noise drawn = new Noise(kind, kind.defaultMean() / 2, kind.defaultLevel(), highest, false);
                    Noise noise = kind.leavesRange() ? drawn.clipped(random.nextBoolean()) : drawn;
                    long seed = random.nextLong();
                    reference.corrupt(images, noise, seed, Philox.VALIDATION, 7, 0, count, expected[0], expected[1]);
                    engine.corrupt(images, noise, seed, Philox.VALIDATION, 7, 0, count, actual[0], actual[1]);
                    assertArrayEquals(expected[0], actual[0], "clean images are exact");
                    assertArrayEquals(expected[1], actual[1], exact ? 0 : 1e-5f, noise.toString());
                }
            }
        }
    }

    /**
     * Kinds, clipped in every other epoch or not, and tables of photons of several sizes in turn, so that captured
     * steps of each are replayed among the others.
     */
    @Test
    void trainsOnOneKindAfterTheOther() {
        ImageSet images = randomImages(SMALL, 8);
        double[][] losses = new double[2][];
        for (int i = 0; i < 2; i++) {
            try (InspectableEngine engine = i == 0
                    ? new ReferenceTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(4))
                    : new CudaTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(4))) {
                engine.load(TrainingState.initial(Initializer.glorotUniform(SMALL.network(), 3)));
                for (int epoch = 0; epoch < 4; epoch++) {
                    for (Noise.Kind kind : Noise.Kind.values()) {
                        for (float factor : new float[] {1, 1.5f}) {
                            engine.startEpoch(
                                    images,
                                    new Noise(
                                            kind,
                                            kind.defaultMean(),
                                            kind.defaultLevel(),
                                            kind.defaultLevel() * factor,
                                            false,
                                            epoch % 2 == 0 || !kind.leavesRange()),
                                    6,
                                    epoch,
                                    order(8));
                            engine.trainStep(0, 4, RATE);
                            engine.trainStep(4, 4, RATE);
                        }
                    }
                }
                losses[i] = engine.takeLosses();
            }
        }
        assertEquals(96, losses[0].length);
        for (int i = 0; i < 96; i++) {
            assertEquals(losses[0][i], losses[1][i], 1e-3 * losses[0][i], "step " + i);
        }
    }

    /** What the network sees in training is the same, in planes with a border and by the epoch's order. */
    @ParameterizedTest
    @CsvSource({"8,12,1", "8,12,3", "6,10,1", "2,2,2"})
    void trainsOnTheSameNoise(int height, int width, int channels) {
        Autoencoder architecture = new Autoencoder(height, width, channels, List.of(3), 3, 4);
        ImageSet images = randomImages(architecture, 11);
        double[][] losses = new double[2][];
        try (InspectableEngine engine =
                new ReferenceTrainingEngine(architecture.network(), LearningRule.DEFAULT, EngineOptions.fp32(4))) {
            losses[0] = train(engine, images, new Noise(0.5f, 0.2f, 0.7f, false), 9, 3, 4);
        }
        try (InspectableEngine engine =
                new CudaTrainingEngine(architecture.network(), LearningRule.DEFAULT, EngineOptions.fp32(4))) {
            losses[1] = train(engine, images, new Noise(0.5f, 0.2f, 0.7f, false), 9, 3, 4);
        }
        for (int i = 0; i < 3; i++) {
            assertEquals(losses[0][i], losses[1][i], 1e-4 * losses[0][i]);
        }
    }

    @Test
    void denoisesAnyNumberOfImages() {
        Parameters parameters = Initializer.glorotUniform(SMALL.network(), 8);
        for (int count : new int[] {1, 3, 300}) {
            float[] noisy = uniform(new Random(count), count * SMALL.imageSize());
            float[] expected = new float[noisy.length];
            float[] actual = new float[noisy.length];
            float[] expectedLatents = new float[count * SMALL.latentDimension()];
            float[] actualLatents = new float[count * SMALL.latentDimension()];
            float[] decoded = new float[noisy.length];
            try (InspectableEngine engine =
                    new ReferenceTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(1))) {
                engine.load(TrainingState.initial(parameters));
                engine.denoise(noisy, count, expected);
                engine.encode(noisy, count, expectedLatents);
            }
            try (InspectableEngine engine =
                    new CudaTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(1))) {
                engine.load(TrainingState.initial(parameters));
                engine.denoise(noisy, count, actual);
                engine.encode(noisy, count, actualLatents);
                engine.decode(actualLatents, count, decoded);
            }
            assertArrayEquals(expected, actual, 1e-5f);
            assertArrayEquals(actual, decoded, "the way in two parts leads elsewhere");
            assertArrayEquals(expectedLatents, actualLatents, 1e-5f);
        }
    }

    @Test
    void moreLossesThanTheDeviceHoldsWaitInOrder() {
        Autoencoder architecture = new Autoencoder(2, 2, 1, List.of(1), 1, 1);
        ImageSet images = randomImages(architecture, 3);
        int steps = TrainedArrays.MOST_LOSSES + 5;
        try (InspectableEngine engine =
                new CudaTrainingEngine(architecture.network(), LearningRule.DEFAULT, EngineOptions.fp32(1))) {
            engine.load(TrainingState.initial(Initializer.glorotUniform(architecture.network(), 1)));
            engine.startEpoch(images, Noise.gaussian(0, 0), 1, 0, new int[] {0, 1, 2});
            for (int i = 0; i < steps; i++) {
                engine.trainStep(i % 3, 1, 0f);
            }
            double[] losses = engine.takeLosses();
            assertEquals(steps, losses.length);
            for (int i = 3; i < steps; i++) {
                assertEquals(losses[i % 3], losses[i]);
            }
            assertEquals(0, engine.takeLosses().length);
        }
    }

    @Test
    void refusesWhatItCannotDo() {
        assertMessage(
                "cuDNN computes in fp32 or tf32, not in bf16",
                SMALL,
                new EngineOptions(1, Precision.BF16, 0, 0, Convolutions.CUDNN));
        assertMessage("there is no device 99: there ", SMALL, new EngineOptions(1, Precision.FP32, 0, 99));
        assertMessage("the cuda engine counts to 2^31", Autoencoder.MNIST, EngineOptions.fp32(1 << 20));
        try (InspectableEngine engine =
                new CudaTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(2))) {
            assertThrows(IllegalArgumentException.class, () -> engine.trainStep(0, 3, RATE));
        }
    }

    private static void assertMessage(String expected, Autoencoder architecture, EngineOptions options) {
        EngineUnavailableException e = assertThrows(
                EngineUnavailableException.class,
                () -> new CudaTrainingEngine(architecture.network(), LearningRule.DEFAULT, options).close());
        assertTrue(e.getMessage().contains(expected), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }

    /** Far more than any GPU has, of one piece. */
    @Test
    void saysHowMuchMemoryIsMissing() {
        try (Device device = new Device(Gpu.all().get(0));
                OwnedScope scope = new OwnedScope(device)) {
            EngineUnavailableException e = assertThrows(
                    EngineUnavailableException.class, () -> device.allocate(scope.scope(), 1L << 48, "a batch of 7"));
            assertTrue(
                    e.getMessage()
                            .matches(".* has too little memory for a batch of 7: "
                                    + "281,474,976,710,656 bytes were asked for, "
                                    + "[\\d,]+ of [\\d,]+ are free"),
                    e.getMessage());
        }
    }

    /** Memory that the driver, cuBLAS or cuDNN want for themselves. */
    @Test
    void saysThatALibraryLacksMemory() {
        try (Device device = new Device(Gpu.all().get(0))) {
            device.makeCurrent();
            for (Executable check : List.<Executable>of(
                    () -> CudaStatus.check(2, "open a stream"),
                    () -> CudaStatus.checkBlas(3, "start"),
                    () -> CudaStatus.checkDnn(4004, "convolve"))) {
                EngineUnavailableException e = assertThrows(EngineUnavailableException.class, check);
                assertTrue(
                        e.getMessage()
                                .matches("(the CUDA driver|cuBLAS|cuDNN) could not [a-z ]+ for want of memory on the "
                                        + "GPU, which other programs may use, too: [\\d,]+ of [\\d,]+ bytes are free"),
                        e.getMessage());
                assertEquals(List.of(Remedy.SMALLER_BATCH, Remedy.SMALLER_NETWORK, Remedy.CPU_ENGINE), e.remedies());
            }
        }
    }

    @Test
    void closesTwice() {
        InspectableEngine engine = new CudaTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(1));
        engine.close();
        engine.close();
    }
}
