package daegpu.engine.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.data.ImageSet;
import daegpu.engine.DoublePrecisionNetwork;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.GivenBatch;
import daegpu.engine.LearningRule;
import daegpu.engine.Precision;
import daegpu.engine.RandomNetwork;
import daegpu.engine.TrainingState;
import daegpu.model.Architecture;
import daegpu.model.Layer;
import daegpu.model.Parameters;
import daegpu.noise.Noise;
import daegpu.noise.Philox;
import daegpu.parity.GoldenFiles;
import daegpu.parity.RecordedValues;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReferenceEngineTest {

    /** Three channels, not square, two layers: small, and no two of its sizes are the same. */
    private static final Architecture SMALL = new Architecture(8, 12, 3, List.of(4, 5), 3, 6);

    private static ReferenceTrainingEngine open(Architecture architecture, int batchSize, int threads) {
        return new ReferenceTrainingEngine(
                architecture.network(), LearningRule.DEFAULT, new EngineOptions(batchSize, Precision.FP32, threads));
    }

    private static RandomNetwork network(int batch) {
        return RandomNetwork.of(SMALL, batch, new Random(batch));
    }

    /** One that has been loaded, with moments and a count of steps as if it had been trained. */
    private static TrainingState state(int seed) {
        Random random = new Random(seed);
        Parameters parameters = RandomNetwork.of(SMALL, 1, random).parameters();
        Parameters first = new Parameters(SMALL.network());
        Parameters second = new Parameters(SMALL.network());
        for (int i = 0; i < first.values().length; i++) {
            first.values()[i] = (float) random.nextGaussian() * 0.01f;
            second.values()[i] = random.nextFloat() * 1e-3f;
        }
        return new TrainingState(parameters, first, second, 17);
    }

    private static void assertSame(TrainingState expected, TrainingState actual) {
        assertArrayEquals(expected.parameters().values(), actual.parameters().values());
        assertArrayEquals(expected.firstMoment().values(), actual.firstMoment().values());
        assertArrayEquals(
                expected.secondMoment().values(), actual.secondMoment().values());
        assertEquals(expected.step(), actual.step());
    }

    @Test
    void activationsAndLossAreThoseOfDoublePrecision() {
        Random random = new Random(1);
        for (int n = 0; n < 80; n++) {
            int depth = 1 + n % 4;
            int kernel = 1 + 2 * random.nextInt(4);
            Architecture architecture = RandomNetwork.architecture(depth, kernel, depth < 4 ? 4 : 2, 9, random);
            RandomNetwork network = RandomNetwork.of(architecture, 1 + random.nextInt(5), random);
            DoublePrecisionNetwork exact = new DoublePrecisionNetwork(network.parameters());
            double loss = exact.loss(network.clean(), network.noisy(), network.batch());
            try (ReferenceTrainingEngine engine = open(architecture, network.batch(), 1)) {
                engine.load(TrainingState.initial(network.parameters()));
                engine.trainStep(new GivenBatch(network.clean(), network.noisy(), network.batch()), 1e-3f);
                assertEquals(loss, engine.takeLosses()[0], 2e-6 * loss);
                for (Layer layer : architecture.network().layers()) {
                    assertClose(
                            exact.activations().get(layer.name()),
                            engine.activation(
                                    engine.network().layer(layer.name()).output()),
                            5e-6,
                            layer.name() + " of " + architecture);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("goldenFiles")
    void agreesWithKerasInBf16(Path golden) {
        RecordedValues recorded = RecordedValues.read(golden);
        EngineOptions options = new EngineOptions(recorded.batch(), Precision.BF16, 0);
        try (ReferenceTrainingEngine engine =
                new ReferenceTrainingEngine(recorded.network(), recorded.rule(), options)) {
            GoldenFiles.assertAgrees(golden, engine, EngineName.REFERENCE, options);
        }
    }

    static List<Path> goldenFiles() {
        return GoldenFiles.all();
    }

    /**
     * An expected value by hand: what goes in, the kernel and what comes out are rounded, the bias and the sum are not.
     */
    @Test
    void roundsToBf16WhatItMultipliesAndHandsOn() {
        Architecture architecture = new Architecture(2, 2, 1, List.of(1), 1, 1);
        Parameters parameters = new Parameters(architecture.network());
        parameters.set(
                "conv1.kernel", new float[] {1 + 0x1p-8f + 0x1p-10f}); // between 1 and 1 + 2^-7, nearer to the latter
        parameters.set("conv1.bias", new float[] {0x1p-10f});
        parameters.set("latent.kernel", new float[] {1});
        parameters.set("latent.bias", new float[] {0x1p-12f});
        float[] noisy = {0.5f + 0x1p-12f, 0, 0, 0}; // is 0.5 in bf16
        try (ReferenceTrainingEngine engine = new ReferenceTrainingEngine(
                architecture.network(), LearningRule.DEFAULT, new EngineOptions(1, Precision.BF16, 1))) {
            engine.load(TrainingState.initial(parameters));
            engine.trainStep(new GivenBatch(noisy, noisy, 1), 1e-3f);
            // 0.5 * (1 + 2^-7) + 2^-10 = 0.5 + 2^-8 + 2^-10, of which bf16 keeps multiples of 2^-8 there
            assertArrayEquals(
                    new float[] {0.5f + 0x1p-8f},
                    engine.activation(engine.network().layer("conv1").output()));
            assertArrayEquals(
                    new float[] {0.5f + 0x1p-8f},
                    engine.activation(engine.network().layer("latent").output())); // 2^-12 is lost again
        }
        try (ReferenceTrainingEngine engine = new ReferenceTrainingEngine(
                architecture.network(), LearningRule.DEFAULT, new EngineOptions(1, Precision.FP32, 1))) {
            engine.load(TrainingState.initial(parameters));
            engine.trainStep(new GivenBatch(noisy, noisy, 1), 1e-3f);
            float conv1 = (0.5f + 0x1p-12f) * (1 + 0x1p-8f + 0x1p-10f) + 0x1p-10f;
            assertArrayEquals(
                    new float[] {conv1},
                    engine.activation(engine.network().layer("conv1").output()),
                    1e-7f);
            assertArrayEquals(
                    new float[] {conv1 + 0x1p-12f},
                    engine.activation(engine.network().layer("latent").output()),
                    1e-7f);
        }
    }

    private static void assertClose(double[] expected, float[] actual, double tolerance, String what) {
        assertEquals(expected.length, actual.length, what);
        double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], tolerance * largest, what);
        }
    }

    /** What two steps on given values and one on a data set make of everything that can be asked for. */
    private static float[][] train(int threads) {
        RandomNetwork network = network(13);
        try (ReferenceTrainingEngine engine = open(SMALL, 13, threads)) {
            engine.load(TrainingState.initial(network.parameters()));
            engine.trainStep(new GivenBatch(network.clean(), network.noisy(), 13), 1e-2f);
            engine.trainStep(new GivenBatch(network.noisy(), network.clean(), 7), 1e-2f);
            int[] backwards = IntStream.range(0, 20).map(i -> 19 - i).toArray();
            engine.startEpoch(images(20), Noise.gaussian(0.5f, 0.5f), 1, 2, backwards);
            engine.trainStep(3, 13, 1e-2f);
            float[] denoised = new float[13 * SMALL.imageSize()];
            engine.denoise(network.noisy(), 13, denoised);
            float[] losses = new float[3 * 2];
            double[] taken = engine.takeLosses();
            for (int i = 0; i < 3; i++) {
                losses[2 * i] = Float.intBitsToFloat((int) Double.doubleToRawLongBits(taken[i]));
                losses[2 * i + 1] = Float.intBitsToFloat((int) (Double.doubleToRawLongBits(taken[i]) >>> 32));
            }
            TrainingState state = engine.state();
            return new float[][] {
                state.parameters().values(),
                state.firstMoment().values(),
                state.secondMoment().values(),
                engine.gradients().values(),
                engine.activation(engine.network().layer("conv2").output()),
                denoised,
                losses
            };
        }
    }

    private static ImageSet images(int count) {
        byte[] pixels = new byte[count * SMALL.imageSize()];
        new Random(count).nextBytes(pixels);
        return new ImageSet(SMALL.height(), SMALL.width(), SMALL.channels(), pixels);
    }

    @Test
    void neitherThreadsNorRepetitionChangeABit() {
        float[][] alone = train(1);
        for (int threads : new int[] {1, 2, 3, 8}) {
            float[][] together = train(threads);
            for (int i = 0; i < alone.length; i++) {
                assertArrayEquals(bits(alone[i]), bits(together[i]), threads + " threads");
            }
        }
    }

    private static int[] bits(float[] values) {
        return IntStream.range(0, values.length)
                .map(i -> Float.floatToRawIntBits(values[i]))
                .toArray();
    }

    /** The last batch of an epoch: nothing of the images that an earlier one had in its place takes part. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 5, 8})
    void aSmallerBatchIsThatOfAnEngineOfItsSize(int count) {
        RandomNetwork network = network(8);
        TrainingState start = TrainingState.initial(network.parameters());
        try (ReferenceTrainingEngine large = open(SMALL, 8, 2);
                ReferenceTrainingEngine exact = open(SMALL, count, 1)) {
            large.trainStep(new GivenBatch(network.noisy(), network.clean(), 8), 1e-2f);
            large.takeLosses();
            large.load(start);
            exact.load(start);
            large.trainStep(new GivenBatch(network.clean(), network.noisy(), count), 1e-2f);
            exact.trainStep(new GivenBatch(network.clean(), network.noisy(), count), 1e-2f);
            assertArrayEquals(exact.takeLosses(), large.takeLosses());
            assertSame(exact.state(), large.state());
            assertEquals(
                    count * SMALL.imageSize(),
                    large.activation(large.network().layer("output").output()).length);
            assertArrayEquals(
                    exact.activation(exact.network().layer("output").output()),
                    large.activation(large.network().layer("output").output()));
            double loss =
                    new DoublePrecisionNetwork(network.parameters()).loss(network.clean(), network.noisy(), count);
            large.load(start);
            large.trainStep(new GivenBatch(network.clean(), network.noisy(), count), 1e-2f);
            assertEquals(loss, large.takeLosses()[0], 2e-6 * loss);
        }
    }

    @Test
    void batchesOfImpossibleSizesAreRefused() {
        RandomNetwork network = network(5);
        try (ReferenceTrainingEngine engine = open(SMALL, 4, 1)) {
            TrainingState before = engine.state();
            for (int count : new int[] {0, -1, 5}) {
                assertEquals(
                        "a batch has 1 to 4 images, not " + count,
                        assertThrows(
                                        IllegalArgumentException.class,
                                        () -> engine.trainStep(
                                                new GivenBatch(network.clean(), network.noisy(), count), 1e-3f))
                                .getMessage());
            }
            assertSame(before, engine.state());
            assertEquals(0, engine.takeLosses().length);
        }
    }

    /** Numbers around those that a thread takes at a time; the training engine's batch is no limit. */
    @ParameterizedTest
    @ValueSource(ints = {1, 5, 63, 64, 65, 130})
    void inferenceAgreesWithTraining(int count) {
        RandomNetwork network = network(count);
        TrainingState start = TrainingState.initial(network.parameters());
        try (ReferenceTrainingEngine training = open(SMALL, count, 2);
                ReferenceTrainingEngine inference = open(SMALL, 1, 2)) {
            training.load(start);
            inference.load(start);
            training.trainStep(new GivenBatch(network.clean(), network.noisy(), count), 1e-2f);
            float[] denoised = new float[count * SMALL.imageSize() + 3];
            float[] latents = new float[count * 6 + 3];
            Arrays.fill(denoised, -7);
            Arrays.fill(latents, -7);
            inference.denoise(network.noisy(), count, denoised);
            inference.encode(network.noisy(), count, latents);
            assertArrayEquals(
                    training.activation(training.network().layer("output").output()),
                    Arrays.copyOf(denoised, count * SMALL.imageSize()));
            assertArrayEquals(
                    training.activation(training.network().layer("latent").output()),
                    Arrays.copyOf(latents, count * 6));
            assertEquals(-7, denoised[count * SMALL.imageSize()], "nothing is written behind the last image");
            assertEquals(-7, latents[count * 6]);
        }
    }

    @Test
    void inferenceOnNoImagesDoesNothing() {
        try (ReferenceTrainingEngine engine = open(SMALL, 1, 1)) {
            engine.denoise(new float[0], 0, new float[0]);
            engine.encode(new float[0], 0, new float[0]);
            engine.decode(new float[0], 0, new float[0]);
        }
    }

    /** An epoch's order, noise drawn for the place in the data set, a batch from the middle of it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStepOnTheDataSetIsOneOnItsCorruptedValues(boolean once) {
        ImageSet images = images(11);
        Noise noise = new Noise(0.4f, 0.1f, 0.6f, once);
        int[] order = {3, 1, 10, 0, 7, 5, 2, 9, 8, 6, 4};
        int size = SMALL.imageSize();
        try (ReferenceTrainingEngine fromSet = open(SMALL, 5, 2);
                ReferenceTrainingEngine fromValues = open(SMALL, 5, 1)) {
            fromSet.load(state(1));
            fromValues.load(state(1));
            fromSet.startEpoch(images, noise, 4, 6, order);
            for (int first = 0; first < order.length; first += 5) {
                int count = Math.min(5, order.length - first);
                float[] clean = new float[count * size];
                float[] noisy = new float[count * size];
                for (int i = 0; i < count; i++) {
                    float[] oneClean = new float[size];
                    float[] oneNoisy = new float[size];
                    fromValues.corrupt(images, noise, 4, 0, 6, order[first + i], 1, oneClean, oneNoisy);
                    System.arraycopy(oneClean, 0, clean, i * size, size);
                    System.arraycopy(oneNoisy, 0, noisy, i * size, size);
                }
                fromSet.trainStep(first, count, 1e-2f);
                fromValues.trainStep(new GivenBatch(clean, noisy, count), 1e-2f);
            }
            assertSame(fromValues.state(), fromSet.state());
            assertArrayEquals(fromValues.takeLosses(), fromSet.takeLosses());
        }
    }

    @Test
    void corruptedValuesAreThoseOfTheNoise() {
        ImageSet images = images(9);
        int size = SMALL.imageSize();
        Noise noise = new Noise(0.4f, 0.1f, 0.6f, false);
        try (ReferenceTrainingEngine engine = open(SMALL, 1, 3)) {
            for (long base : new long[] {0, 100, Philox.VALIDATION}) {
                float[] clean = new float[5 * size];
                float[] noisy = new float[5 * size];
                engine.corrupt(images, noise, 4, base, 3, 2, 5, clean, noisy);
                for (int i = 0; i < 5; i++) {
                    float[] expectedClean = new float[size];
                    float[] expectedNoisy = new float[size];
                    images.scale(2 + i, expectedClean, 0);
                    noise.corrupt(4, base + 2 + i, 3, expectedClean, expectedNoisy, 0, size);
                    assertArrayEquals(expectedClean, Arrays.copyOfRange(clean, i * size, (i + 1) * size));
                    assertArrayEquals(expectedNoisy, Arrays.copyOfRange(noisy, i * size, (i + 1) * size));
                }
            }
        }
    }

    @Test
    void lossesAreTakenOnceInOrderEachBeforeItsUpdate() {
        RandomNetwork network = network(3);
        try (ReferenceTrainingEngine engine = open(SMALL, 3, 1)) {
            assertEquals(0, engine.takeLosses().length);
            engine.load(TrainingState.initial(network.parameters()));
            double[] expected = new double[3];
            for (int step = 0; step < 3; step++) {
                DoublePrecisionNetwork exact =
                        new DoublePrecisionNetwork(engine.state().parameters());
                expected[step] = exact.loss(network.clean(), network.noisy(), 3);
                engine.trainStep(new GivenBatch(network.clean(), network.noisy(), 3), 1e-2f);
            }
            engine.update(engine.gradients(), 1e-2f);
            double[] losses = engine.takeLosses();
            assertArrayEquals(expected, losses, 2e-6 * expected[0]);
            assertTrue(losses[0] > losses[1] && losses[1] > losses[2], Arrays.toString(losses));
            assertEquals(0, engine.takeLosses().length);
        }
    }

    /** Each parameter with its own history of gradients, large and small, zero and changing sign. */
    @Test
    void updatesAreThoseOfAdam() {
        int count = SMALL.parameterCount();
        Random random = new Random(5);
        TrainingState start = state(2);
        double[] parameters = doubles(start.parameters());
        double[] m = doubles(start.firstMoment());
        double[] v = doubles(start.secondMoment());
        int updates = 25;
        double learningRate = 0.003f;
        try (ReferenceTrainingEngine engine = open(SMALL, 1, 1)) {
            engine.load(start);
            for (int update = 1; update <= updates; update++) {
                Parameters gradients = new Parameters(SMALL.network());
                double t = start.step() + update;
                double alpha = learningRate * Math.sqrt(1 - Math.pow(0.999, t)) / (1 - Math.pow(0.9, t));
                for (int i = 0; i < count; i++) {
                    double gradient = i % 11 == 0 ? 0 : (float) (random.nextGaussian() * Math.pow(10, -(i % 8)));
                    gradients.values()[i] = (float) gradient;
                    m[i] = 0.9 * m[i] + 0.1 * gradient;
                    v[i] = 0.999 * v[i] + 0.001 * gradient * gradient;
                    parameters[i] -= alpha * m[i] / (Math.sqrt(v[i]) + 1e-7);
                }
                engine.update(gradients, (float) learningRate);
            }
            TrainingState state = engine.state();
            assertEquals(start.step() + updates, state.step());
            assertRelative(m, state.firstMoment().values(), 1e-6);
            assertRelative(v, state.secondMoment().values(), 1e-6);
            float[] actual = state.parameters().values();
            double largest = Arrays.stream(parameters).map(Math::abs).max().orElse(0);
            for (int i = 0; i < count; i++) {
                // Its own way, of which the step size is off by up to 1e-5 as in Keras, and float32 on all of it.
                double way = Math.abs(parameters[i] - start.parameters().values()[i]);
                assertEquals(parameters[i], actual[i], 1e-6 * largest + 2e-5 * way);
            }
        }
    }

    private static double[] doubles(Parameters parameters) {
        float[] values = parameters.values();
        return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
    }

    private static void assertRelative(double[] expected, float[] actual, double tolerance) {
        double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], tolerance * largest);
        }
    }

    /** A step is its gradients and Adam, nothing else. */
    @Test
    void aStepAppliesTheGradientsItComputed() {
        RandomNetwork network = network(6);
        try (ReferenceTrainingEngine trained = open(SMALL, 6, 2);
                ReferenceTrainingEngine applied = open(SMALL, 1, 1)) {
            trained.load(state(3));
            applied.load(state(3));
            for (int step = 0; step < 3; step++) {
                trained.trainStep(new GivenBatch(network.clean(), network.noisy(), 6), 1e-2f);
                applied.update(trained.gradients(), 1e-2f);
            }
            assertSame(trained.state(), applied.state());
            assertEquals(20, trained.state().step());
        }
    }

    /** A run that goes on in another engine goes on as if it had never stopped. */
    @Test
    void trainingGoesOnFromALoadedState() {
        RandomNetwork network = network(4);
        try (ReferenceTrainingEngine first = open(SMALL, 4, 1);
                ReferenceTrainingEngine second = open(SMALL, 4, 2)) {
            first.load(TrainingState.initial(network.parameters()));
            first.trainStep(new GivenBatch(network.clean(), network.noisy(), 4), 1e-2f);
            second.trainStep(
                    new GivenBatch(network.noisy(), network.clean(), 3), 1e-2f); // what was before does not matter
            second.load(first.state());
            first.trainStep(new GivenBatch(network.clean(), network.noisy(), 4), 1e-2f);
            second.trainStep(new GivenBatch(network.clean(), network.noisy(), 4), 1e-2f);
            assertSame(first.state(), second.state());
        }
    }

    @Test
    void statesAndGradientsAreCopies() {
        RandomNetwork network = network(2);
        try (ReferenceTrainingEngine engine = open(SMALL, 2, 1)) {
            TrainingState loaded = state(4);
            engine.load(loaded);
            overwrite(loaded);
            assertSame(state(4), engine.state());
            overwrite(engine.state());
            assertSame(state(4), engine.state());

            engine.trainStep(new GivenBatch(network.clean(), network.noisy(), 2), 1e-2f);
            TrainingState kept = engine.state();
            float[] parameters = kept.parameters().values().clone();
            float[] gradients = engine.gradients().values().clone();
            float[] output = engine.activation(engine.network().layer("output").output());
            Arrays.fill(engine.gradients().values(), 9);
            Arrays.fill(engine.activation(engine.network().layer("output").output()), 9);
            assertArrayEquals(gradients, engine.gradients().values());
            assertArrayEquals(
                    output, engine.activation(engine.network().layer("output").output()));
            engine.trainStep(new GivenBatch(network.noisy(), network.clean(), 2), 1e-2f);
            assertArrayEquals(parameters, kept.parameters().values());
            assertFalse(Arrays.equals(gradients, engine.gradients().values()));
        }
    }

    private static void overwrite(TrainingState state) {
        Arrays.fill(state.parameters().values(), 9);
        Arrays.fill(state.firstMoment().values(), 9);
        Arrays.fill(state.secondMoment().values(), 9);
    }

    /** Inputs are read, whatever the engine keeps of them. */
    @Test
    void valuesThatAreHandedInStayAsTheyAre() {
        RandomNetwork network = network(3);
        RandomNetwork same = network(3);
        try (ReferenceTrainingEngine engine = open(SMALL, 3, 1)) {
            engine.load(TrainingState.initial(network.parameters()));
            engine.trainStep(new GivenBatch(network.clean(), network.noisy(), 3), 1e-2f);
            Parameters gradients = engine.gradients();
            float[] before = gradients.values().clone();
            engine.update(gradients, 1e-2f);
            engine.denoise(network.noisy(), 3, new float[3 * SMALL.imageSize()]);
            assertArrayEquals(before, gradients.values());
        }
        assertArrayEquals(same.clean(), network.clean());
        assertArrayEquals(same.noisy(), network.noisy());
        assertArrayEquals(same.parameters().values(), network.parameters().values());
    }

    @Test
    void aNewEngineHasOnlyZeros() {
        try (ReferenceTrainingEngine engine = open(SMALL, 3, 1)) {
            assertSame(TrainingState.initial(new Parameters(SMALL.network())), engine.state());
            float[] denoised = new float[SMALL.imageSize()];
            engine.denoise(new float[SMALL.imageSize()], 1, denoised);
            for (float value : denoised) {
                assertEquals(0.5f, value);
            }
        }
    }

    @Test
    void anActivationThatIsNotThereIsNamed() {
        try (ReferenceTrainingEngine engine = open(SMALL, 3, 1)) {
            assertEquals(
                    "this network has no layer conv3",
                    assertThrows(
                                    IllegalArgumentException.class,
                                    () -> engine.activation(
                                            engine.network().layer("conv3").output()))
                            .getMessage());
        }
    }

    @Test
    void closingTwiceDoesNothing() {
        ReferenceTrainingEngine engine = open(SMALL, 3, 1);
        engine.close();
        engine.close();
    }
}
