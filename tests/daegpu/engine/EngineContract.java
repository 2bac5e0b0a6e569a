package daegpu.engine;

import static daegpu.parity.Agreement.assertClose;
import static daegpu.parity.Agreement.assertSame;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.data.CutBeforehand;
import daegpu.data.Depth;
import daegpu.data.ImageSet;
import daegpu.data.Patches;
import daegpu.data.Scene;
import daegpu.data.TrainingImages;
import daegpu.data.WholeScenes;
import daegpu.model.Autoencoder;
import daegpu.model.Network;
import daegpu.model.ParameterTensor;
import daegpu.model.Parameters;
import daegpu.noise.BlindSpots;
import daegpu.noise.Noise;
import daegpu.noise.Philox;
import daegpu.parity.GoldenFiles;
import daegpu.parity.RecordedValues;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What every engine holds, in every precision that it offers; a class of tests for each extends this one. */
@ExtendWith(Seeds.class)
@SuppressWarnings("ArgumentSelectionDefectChecker") // another batch is the same one with its images exchanged
public abstract class EngineContract {

    /** Three channels, not square, and no two sizes the same; only the second convolution is of channels in eights. */
    private static final Network AUTOENCODER = new Autoencoder(4, 8, 3, List.of(8, 16), 3, 6).network();

    private static final LearningRule ALL_RULES =
            new LearningRule(Loss.CHARBONNIER, Optimizer.adamW(0.01), OptionalDouble.of(0.9));
    private static final float RATE = 1e-2f;

    /** What most tests train: a bottleneck with the default rule, and skips with all that a rule can have. */
    @SuppressWarnings("ImmutableEnumChecker") // a network and a rule are records of what does not change
    protected enum Setup {
        AUTOENCODER(EngineContract.AUTOENCODER, LearningRule.DEFAULT),
        UNET(Networks.smallUnet(), ALL_RULES);

        final Network network;
        final LearningRule rule;

        Setup(Network network, LearningRule rule) {
            this.network = network;
            this.rule = rule;
        }

        int imageSize() {
            return network.input().size();
        }

        RandomNetwork draw(int batch) {
            return RandomNetwork.of(network, batch, Seeds.random(batch));
        }

        GivenBatch batch(int count) {
            RandomNetwork drawn = draw(count);
            return new GivenBatch(drawn.clean(), drawn.noisy(), count);
        }

        TrainingState initial() {
            return TrainingState.initial(draw(1).parameters());
        }

        /** As if it had been trained for a while. */
        TrainingState trained() {
            Random random = Seeds.random(0);
            Parameters[] others = new Parameters[3];
            for (int i = 0; i < others.length; i++) {
                others[i] = new Parameters(network);
                for (int j = 0; j < others[i].values().length; j++) {
                    others[i].values()[j] = random.nextFloat() * 1e-3f;
                }
            }
            Optional<Parameters> average = rule.averageDecay().isPresent() ? Optional.of(others[2]) : Optional.empty();
            return new TrainingState(draw(2).parameters(), others[0], others[1], average, 17);
        }

        ImageSet images(int count) {
            return EngineContract.images(network, count);
        }
    }

    private final EngineName name;
    private final Precision precision;
    private final Convolutions convolutions;

    protected EngineContract(EngineName name, Precision precision, Convolutions convolutions) {
        this.name = name;
        this.precision = precision;
        this.convolutions = convolutions;
    }

    // What a class of tests may say about its engine.

    /** Images of a large batch. */
    protected int batch() {
        return 20;
    }

    /** Random graphs to train. */
    protected int graphs() {
        return 20;
    }

    /** Numbers of threads that must give the same bits; the same number twice is a repetition. */
    protected List<Integer> threads() {
        return List.of(2, 1, 2, 3, 8);
    }

    /** Numbers of images to denoise: around those that the engine takes at a time. */
    protected List<Integer> counts() {
        return List.of(0, 1, 2, 5, 9, 63, 64, 65, 128, 129, 300);
    }

    /** More losses than the engine has room for when it is opened. */
    protected int manyLosses() {
        return 1100;
    }

    // Means of the tests.

    final EngineName name() {
        return name;
    }

    protected final Precision precision() {
        return precision;
    }

    final EngineOptions options(int batch, int threads) {
        return new EngineOptions(batch, precision, threads, 0, convolutions);
    }

    final InspectableEngine open(Network network, LearningRule rule, int batch) {
        return open(network, rule, options(batch, 2));
    }

    private InspectableEngine open(Network network, LearningRule rule, EngineOptions options) {
        return Engines.openToTrain(name, network, rule, options).engine();
    }

    private InspectableEngine open(Setup setup, int batch) {
        return open(setup.network, setup.rule, batch);
    }

    final InferenceEngine openToInfer(Network network) {
        return Engines.open(name, network, options(1, 2)).engine();
    }

    /** On what is computed from the same values by other means, relative to the largest magnitude in a tensor. */
    final double bound() {
        if (precision == Precision.FP32) {
            return name == EngineName.REFERENCE ? 2e-5 : 1e-4;
        }
        return 2e-2;
    }

    /** On a loss, which is a mean of many values. */
    final double lossBound() {
        return precision == Precision.FP32 ? bound() / 10 : bound() / 2;
    }

    /** On what is the same for an image in any batch: the reference engine computes image by image. */
    private double boundBetweenBatches() {
        return name == EngineName.REFERENCE ? 0 : bound();
    }

    static ImageSet images(Network network, int count) {
        byte[] pixels = new byte[count * network.input().size()];
        Seeds.random(count).nextBytes(pixels);
        return new ImageSet(
                network.input().height(),
                network.input().width(),
                network.input().channels(),
                pixels);
    }

    /** No identity, and each image once. */
    static int[] order(int count) {
        return IntStream.range(0, count)
                .map(i -> (int) ((i * 7919L + 5) % count))
                .toArray();
    }

    static float[] denoise(InferenceEngine engine, float[] noisy) {
        float[] denoised = new float[noisy.length];
        engine.denoise(noisy, noisy.length / engine.network().input().size(), denoised);
        return denoised;
    }

    // Values.

    @ParameterizedTest
    @MethodSource("daegpu.parity.GoldenFiles#all")
    void agreesWithKeras(Path golden) {
        RecordedValues recorded = RecordedValues.read(golden);
        EngineOptions options = options(recorded.batch(), 2);
        try (InspectableEngine engine = open(recorded.network(), recorded.rule(), options)) {
            GoldenFiles.assertAgrees(golden, engine, name, options);
        }
    }

    /** Tensor by tensor: along its gradient the loss rises by the length of the gradient, in bf16 within 10 %. */
    @Test
    void gradientsAreTheSlopesOfTheLoss() {
        Seeds.check(graphs(), random -> {
            Network network = Networks.decidable(random);
            RandomNetwork drawn =
                    RandomNetwork.of(network, 1 + random.nextInt(3), random).decided(random);
            GivenBatch given = drawn.given(random.nextBoolean(), random);
            Loss loss = Loss.values()[random.nextInt(3)];
            float[] gradients;
            try (InspectableEngine engine =
                    open(network, new LearningRule(loss, Optimizer.ADAM, OptionalDouble.empty()), drawn.batch())) {
                engine.load(drawn.parameters());
                engine.trainStep(given, RATE);
                gradients = engine.gradients().values();
            }
            double whole = length(gradients, 0, gradients.length);
            boolean isRounded = precision != Precision.FP32;
            for (ParameterTensor tensor : network.parameterTensors()) {
                double length = length(gradients, tensor.offset(), tensor.end());
                // What cancels in a tensor of small gradients is of the size of the others.
                double most = isRounded ? 0.1 * Math.max(length, whole / 2) : 1e-4 * Math.max(length, whole / 100);
                assertEquals(
                        length,
                        slope(drawn.parameters(), given, loss, tensor, gradients),
                        most,
                        () -> tensor.name() + " of\n" + Plan.training(network, false));
            }
        });
    }

    /** How steep the loss is along a gradient by one tensor, or, where that is zero, if all its values change alike. */
    private static double slope(
            Parameters parameters, GivenBatch given, Loss loss, ParameterTensor tensor, float[] gradients) {
        float[] direction = Arrays.copyOfRange(gradients, tensor.offset(), tensor.end());
        if (length(direction, 0, direction.length) == 0) {
            Arrays.fill(direction, 1);
        }
        double step = 1e-5 / length(direction, 0, direction.length);
        DoublePrecisionNetwork exact = new DoublePrecisionNetwork(parameters);
        double[] losses = new double[2];
        for (int i = 0; i < 2; i++) {
            for (int j = 0; j < direction.length; j++) {
                exact.parameters()[tensor.offset() + j] =
                        parameters.values()[tensor.offset() + j] + (2 * i - 1) * step * direction[j];
            }
            losses[i] = exact.loss(given, loss);
        }
        return (losses[1] - losses[0]) / 2e-5;
    }

    private static double length(float[] values, int from, int to) {
        double squares = 0;
        for (int i = from; i < to; i++) {
            squares += (double) values[i] * values[i];
        }
        return Math.sqrt(squares);
    }

    /** By its formula, on values of which some do not count, and what these are is no matter. */
    @ParameterizedTest
    @CsvSource({
        "MSE, false",
        "MSE, true",
        "L1, false",
        "L1, true",
        "CHARBONNIER, false",
        "CHARBONNIER, true",
    })
    void lossesAreThoseOfTheFormula(Loss loss, boolean isMasked) {
        LearningRule rule = new LearningRule(loss, Optimizer.ADAM, OptionalDouble.empty());
        for (Setup setup : Setup.values()) {
            RandomNetwork drawn = setup.draw(3);
            float[] mask = new float[drawn.clean().length];
            float[] other = drawn.clean().clone();
            for (int i = 0; i < mask.length; i++) {
                mask[i] = i % 3 == 0 ? 0 : 0.25f * (i % 5 + 1);
                other[i] = i % 3 == 0 ? 1 - other[i] : other[i];
            }
            Optional<float[]> weights = isMasked ? Optional.of(mask) : Optional.empty();
            GivenBatch given = new GivenBatch(drawn.clean(), drawn.noisy(), weights, 3);
            double expected = new DoublePrecisionNetwork(drawn.parameters()).loss(given, loss);
            try (InspectableEngine engine = open(setup.network, rule, 3)) {
                engine.load(drawn.parameters());
                engine.trainStep(given, RATE);
                double[] losses = engine.takeLosses();
                assertEquals(expected, losses[0], lossBound() * expected);
                TrainingState state = engine.state();
                engine.load(drawn.parameters());
                engine.trainStep(new GivenBatch(other, drawn.noisy(), weights, 3), RATE);
                if (isMasked) {
                    assertSame(losses, engine.takeLosses(), "loss");
                    assertSame(state, engine.state());
                } else {
                    assertFalse(Arrays.equals(losses, engine.takeLosses()));
                }
            }
        }
    }

    /** A mask whose values are all alike is none. */
    @Test
    void aMaskOfOnesChangesNothing() {
        float[] ones = new float[3 * Setup.UNET.imageSize()];
        Arrays.fill(ones, 1);
        GivenBatch given = Setup.UNET.batch(3);
        try (InspectableEngine engine = open(Setup.UNET, 3)) {
            List<TrainingState> states = new ArrayList<>();
            for (Optional<float[]> mask : List.of(Optional.<float[]>empty(), Optional.of(ones))) {
                engine.load(Setup.UNET.initial());
                engine.trainStep(new GivenBatch(given.clean(), given.noisy(), mask, 3), RATE);
                states.add(engine.state());
            }
            assertSame(states.get(0), states.get(1));
        }
    }

    /** Arrays may hold more images than the batch has, masks, too. */
    @Test
    void imagesAfterThoseOfABatchDoNotCount() {
        Setup setup = Setup.UNET;
        GivenBatch longer = setup.draw(3).given(true, Seeds.random(0));
        int values = 2 * setup.imageSize();
        GivenBatch exact = new GivenBatch(
                Arrays.copyOf(longer.clean(), values),
                Arrays.copyOf(longer.noisy(), values),
                longer.mask().map(mask -> Arrays.copyOf(mask, values)),
                2);
        try (InspectableEngine engine = open(setup, 3)) {
            List<TrainingState> states = new ArrayList<>();
            for (GivenBatch given : List.of(exact, new GivenBatch(longer.clean(), longer.noisy(), longer.mask(), 2))) {
                engine.load(setup.initial());
                engine.trainStep(given, RATE);
                states.add(engine.state());
            }
            assertSame(states.get(0), states.get(1));
            double[] losses = engine.takeLosses();
            assertEquals(losses[0], losses[1]);
        }
    }

    /** With nothing to train on, or weights that are none; nothing has changed afterwards. */
    @ParameterizedTest
    @CsvSource({
        "0, a mask of zeros leaves nothing to train on",
        "-0.5, 'the weights of a mask are 0 or more, not -0.5'",
        "NaN, 'the weights of a mask are 0 or more, not NaN'"
    })
    void masksThatLeaveNothingAreRefused(float weight, String message) {
        Setup setup = Setup.UNET;
        GivenBatch given = setup.batch(3);
        float[] mask = new float[given.clean().length];
        mask[7] = weight;
        try (InspectableEngine engine = open(setup, 3)) {
            engine.load(setup.trained());
            assertEquals(
                    message,
                    assertThrows(
                                    IllegalArgumentException.class,
                                    () -> engine.trainStep(
                                            new GivenBatch(given.clean(), given.noisy(), Optional.of(mask), 3), RATE))
                            .getMessage());
            assertSame(setup.trained(), engine.state());
            assertEquals(0, engine.takeLosses().length);
        }
    }

    /** Each parameter with its own history of gradients, large and small, zero and changing sign; in any precision. */
    @ParameterizedTest
    @CsvSource({"0.9, 0.999, 1e-7, 0, ", "0.8, 0.99, 1e-6, 0.05, 0.95"})
    void updatesAreThoseOfTheFormula(
            double beta1, double beta2, float epsilon, double weightDecay, Double averageDecay) {
        Setup setup = averageDecay == null ? Setup.AUTOENCODER : Setup.UNET;
        LearningRule rule = new LearningRule(
                Loss.MSE,
                new Optimizer(beta1, beta2, epsilon, weightDecay),
                averageDecay == null ? OptionalDouble.empty() : OptionalDouble.of(averageDecay));
        TrainingState start = setup.trained().under(rule);
        int count = setup.network.parameterCount();
        double[] p = doubles(start.parameters());
        double[] m = doubles(start.firstMoment());
        double[] v = doubles(start.secondMoment());
        double[] a = doubles(start.average().orElse(start.parameters()));
        double rate = 0.003f;
        int updates = 25;
        try (InspectableEngine engine = open(setup.network, rule, 1)) {
            engine.load(start);
            Random random = Seeds.random(0);
            for (int update = 1; update <= updates; update++) {
                Parameters gradients = new Parameters(setup.network);
                double t = start.step() + update;
                double alpha = rate * Math.sqrt(1 - Math.pow(beta2, t)) / (1 - Math.pow(beta1, t));
                for (int i = 0; i < count; i++) {
                    double gradient = i % 11 == 0 ? 0 : (float) (random.nextGaussian() * Math.pow(10, -(i % 8)));
                    gradients.values()[i] = (float) gradient;
                    p[i] -= rate * weightDecay * p[i];
                    m[i] = beta1 * m[i] + (1 - beta1) * gradient;
                    v[i] = beta2 * v[i] + (1 - beta2) * gradient * gradient;
                    p[i] -= alpha * m[i] / (Math.sqrt(v[i]) + epsilon);
                    a[i] += averageDecay == null ? 0 : (1 - averageDecay) * (p[i] - a[i]);
                }
                float[] before = gradients.values().clone();
                engine.update(gradients, (float) rate);
                assertSame(before, gradients.values(), "gradients that were handed in");
            }
            TrainingState state = engine.state();
            assertEquals(start.step() + updates, state.step());
            assertClose(floats(m), state.firstMoment().values(), 1e-6, "first moment");
            assertClose(floats(v), state.secondMoment().values(), 1e-6, "second moment");
            assertWay(start.parameters(), p, state.parameters(), "parameters");
            assertEquals(averageDecay != null, state.average().isPresent());
            state.average().ifPresent(average -> assertWay(start.average().orElseThrow(), a, average, "average"));
            assertEquals(0, engine.takeLosses().length);
        }
    }

    /** Its own way, of which the step size is off by up to 1e-5 as in Keras, and float32 on all of it. */
    private static void assertWay(Parameters start, double[] expected, Parameters actual, String what) {
        double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
        for (int i = 0; i < expected.length; i++) {
            double way = Math.abs(expected[i] - start.values()[i]);
            assertEquals(expected[i], actual.values()[i], 1e-6 * largest + 2e-5 * way, what);
        }
    }

    private static double[] doubles(Parameters parameters) {
        float[] values = parameters.values();
        return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    /** An epoch's order, noise drawn for the place in the data set, batches from the middle of it and a last one. */
    @ParameterizedTest
    @EnumSource
    void aStepOnTheDataSetIsOneOnItsCorruptedValues(Setup setup) {
        ImageSet images = setup.images(7);
        int size = setup.imageSize();
        int[] order = order(7);
        for (boolean once : new boolean[] {false, true}) {
            Noise noise = new Noise(0.4f, 0.1f, 0.6f, once).clipped(once);
            try (InspectableEngine fromSet = open(setup, 5);
                    InspectableEngine fromValues = open(setup, 5)) {
                fromSet.load(setup.trained());
                fromValues.load(setup.trained());
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
                    fromSet.trainStep(first, count, RATE);
                    fromValues.trainStep(new GivenBatch(clean, noisy, count), RATE);
                }
                assertSame(fromValues.takeLosses(), fromSet.takeLosses(), "losses");
                assertSame(fromValues.state(), fromSet.state());
            }
        }
    }

    /**
     * Patches of pictures of several sizes, in all orientations, corrupted by normals and by other noise: the bits of
     * those that plain steps cut beforehand, also where an engine begins in the middle of an epoch.
     */
    @ParameterizedTest
    @CsvSource({
        "1, 8, 8, BITS_8",
        "1, 8, 8, BITS_16",
        "1, 6, 8, BITS_16",
        "1, 6, 6, BITS_8",
        "1, 6, 6, BITS_16",
        "2, 4, 2, BITS_8",
        "3, 8, 8, BITS_16",
        "3, 4, 6, BITS_8"
    })
    void patchesAreThoseCutBeforehand(int channels, int height, int width, Depth depth) {
        Random random = Seeds.random(height * width * channels);
        Network network = new Autoencoder(height, width, channels, List.of(2), 3, 2).network();
        List<ImageSet> pictures = IntStream.range(0, 3)
                .mapToObj(i -> picture(random, height + random.nextInt(9), width + random.nextInt(9), channels, depth))
                .toList();
        int count = 33;
        Patches patches = new Patches(pictures, height, width, count);
        int[] order = order(count);
        long seed = random.nextLong();
        TrainingState initial =
                TrainingState.initial(RandomNetwork.of(network, 1, random).parameters());
        for (Noise noise : List.of(
                Noise.gaussian(0.1f, 0.3f),
                new Noise(Noise.Kind.POISSON, 0, 5, 9, false, true),
                new Noise(0.2f, 0.1f, 0.6f, true))) {
            try (InspectableEngine cutting = open(network, ALL_RULES, 12);
                    InspectableEngine taking = open(network, ALL_RULES, 12);
                    InspectableEngine resuming = open(network, ALL_RULES, 12)) {
                cutting.load(initial);
                taking.load(initial);
                for (int epoch = 5; epoch < 7; epoch++) {
                    ImageSet cut = CutBeforehand.epoch(pictures, height, width, count, seed, epoch);
                    cutting.startEpoch(patches, noise, seed, epoch, order);
                    taking.startEpoch(cut, noise, seed, epoch, order);
                    resuming.startEpoch(patches, noise, seed, epoch, order);
                    for (int first = 0; first < count; first += 12) {
                        if (first == 12) {
                            resuming.load(cutting.state());
                        }
                        int batch = Math.min(12, count - first);
                        cutting.trainStep(first, batch, RATE);
                        taking.trainStep(first, batch, RATE);
                        if (first >= 12) {
                            resuming.trainStep(first, batch, RATE);
                        }
                    }
                    assertSame(taking.takeLosses(), cutting.takeLosses(), "losses in epoch " + epoch);
                    assertSame(taking.state(), cutting.state());
                    assertSame(taking.state(), resuming.state());
                }
                ImageSet others = CutBeforehand.epoch(pictures, height, width, 5, 1, 1);
                cutting.startEpoch(others, noise, seed, 0, order(5)); // images in the place of patches
                taking.startEpoch(others, noise, seed, 0, order(5));
                cutting.trainStep(0, 5, RATE);
                taking.trainStep(0, 5, RATE);
                assertSame(taking.takeLosses(), cutting.takeLosses(), "losses of images after patches");
            }
        }
    }

    /** What scenes have. */
    enum ScenesHave {
        /** A picture that is clean, and one or more that are noisy. */
        PAIRS,
        /** Noisy pictures only, of which one is made of another. */
        NOISY_ONLY,
        /** One picture, with blind spots. */
        BLIND_SPOTS,
        /** The same, with noise that is correlated along rows. */
        STRUCTURED_BLIND_SPOTS
    }

    /**
     * Pairs, noisy pictures alone and blind spots, as whole images and as patches: the bits of steps on the values that
     * the contract says, for any batch size, and where an engine begins in the middle of an epoch.
     */
    @ParameterizedTest
    @CsvSource({
        "PAIRS, 1, 8, 8, BITS_8",
        "PAIRS, 3, 4, 6, BITS_16",
        "NOISY_ONLY, 1, 6, 6, BITS_16",
        "NOISY_ONLY, 2, 4, 2, BITS_8",
        "BLIND_SPOTS, 1, 8, 8, BITS_8",
        "BLIND_SPOTS, 3, 12, 10, BITS_16",
        "STRUCTURED_BLIND_SPOTS, 1, 16, 24, BITS_8",
        "STRUCTURED_BLIND_SPOTS, 2, 6, 10, BITS_16"
    })
    void pairsAndBlindSpotsAreThoseOfTheContract(ScenesHave have, int channels, int height, int width, Depth depth) {
        Random random = Seeds.random(height * width * channels);
        Network network = new Autoencoder(height, width, channels, List.of(2), 3, 2).network();
        Optional<BlindSpots> spots =
                switch (have) {
                    case PAIRS, NOISY_ONLY -> Optional.empty();
                    case BLIND_SPOTS -> Optional.of(new BlindSpots(0.05, 1, 1));
                    case STRUCTURED_BLIND_SPOTS -> Optional.of(new BlindSpots(0.02, 1, 5));
                };
        List<Noise> noises = spots.isPresent() || have == ScenesHave.NOISY_ONLY
                ? List.of(Noise.NONE)
                : List.of(
                        Noise.NONE,
                        new Noise(Noise.Kind.POISSON, 0, 5, 9, false, true),
                        new Noise(0.2f, 0.1f, 0.6f, true));
        long seed = random.nextLong();
        TrainingState initial =
                TrainingState.initial(RandomNetwork.of(network, 1, random).parameters());
        for (boolean cuts : new boolean[] {false, true}) {
            List<Scene> scenes = IntStream.range(0, cuts ? 3 : 17)
                    .mapToObj(i -> scene(
                            have,
                            random,
                            height + (cuts ? random.nextInt(9) : 0),
                            width + (cuts ? random.nextInt(9) : 0),
                            channels,
                            depth))
                    .toList();
            TrainingImages images =
                    cuts ? new Patches(scenes, height, width, 17, spots) : new WholeScenes(scenes, spots);
            int[] order = order(17);
            for (Noise noise : noises) {
                try (InspectableEngine making = open(network, ALL_RULES, 12);
                        InspectableEngine taking = open(network, ALL_RULES, 12);
                        InspectableEngine resuming = open(network, ALL_RULES, 12)) {
                    making.load(initial);
                    taking.load(initial);
                    for (int epoch = 3; epoch < 5; epoch++) {
                        making.startEpoch(images, noise, seed, epoch, order);
                        resuming.startEpoch(images, noise, seed, epoch, order);
                        for (int first = 0; first < 17; first += 12) {
                            if (first == 12) {
                                resuming.load(making.state());
                            }
                            int batch = Math.min(12, 17 - first);
                            making.trainStep(first, batch, RATE);
                            taking.trainStep(
                                    made(taking, images, scenes, cuts, noise, seed, epoch, order, first, batch), RATE);
                            if (first >= 12) {
                                resuming.trainStep(first, batch, RATE);
                            }
                        }
                        assertSame(taking.takeLosses(), making.takeLosses(), "losses in epoch " + epoch);
                        assertSame(taking.state(), making.state());
                        assertSame(taking.state(), resuming.state());
                    }
                    // Shares of a batch add up to the whole.
                    making.startEpoch(images, noise, seed, 0, order);
                    making.computeGradients(0, 9, 9);
                    float[] whole = making.gradients().values();
                    making.computeGradients(0, 4, 9);
                    float[] sum = making.gradients().values();
                    making.computeGradients(4, 5, 9);
                    float[] rest = making.gradients().values();
                    float largest = 0;
                    for (int i = 0; i < sum.length; i++) {
                        sum[i] += rest[i];
                        largest = Math.max(largest, Math.abs(whole[i]));
                    }
                    assertTrue(largest > 0);
                    assertArrayEquals(whole, sum, 2e-2f * largest);
                    ImageSet others = picture(random, 5 * height, width, channels, depth);
                    ImageSet plain = new ImageSet(height, width, channels, depth, others.pixels());
                    making.load(initial); // images of a set after pairs
                    taking.load(initial);
                    making.startEpoch(plain, Noise.gaussian(0, 0.2f), seed, 0, order(5));
                    taking.startEpoch(plain, Noise.gaussian(0, 0.2f), seed, 0, order(5));
                    making.takeLosses();
                    making.trainStep(0, 5, RATE);
                    taking.trainStep(0, 5, RATE);
                    assertSame(taking.takeLosses(), making.takeLosses(), "losses of images after pairs");
                }
            }
        }
    }

    private static Scene scene(ScenesHave have, Random random, int height, int width, int channels, Depth depth) {
        ImageSet picture = picture(random, height, width, channels, depth);
        List<ImageSet> others = IntStream.range(0, 2 + random.nextInt(2))
                .mapToObj(i -> picture(random, height, width, channels, depth))
                .toList();
        return switch (have) {
            case PAIRS -> new Scene(Optional.of(picture), others.subList(0, 1 + random.nextInt(others.size())));
            case NOISY_ONLY -> new Scene(Optional.empty(), others);
            case BLIND_SPOTS, STRUCTURED_BLIND_SPOTS -> Scene.of(picture);
        };
    }

    /** The values of a batch, by means of their own. */
    private static GivenBatch made(
            InferenceEngine engine,
            TrainingImages images,
            List<Scene> scenes,
            boolean cuts,
            Noise noise,
            long seed,
            int epoch,
            int[] order,
            int first,
            int count) {
        int size = images.imageSize();
        float[] clean = new float[count * size];
        float[] noisy = new float[count * size];
        float[] mask = new float[count * size];
        for (int i = 0; i < count; i++) {
            int index = order[first + i];
            int[] draws = new int[4];
            Philox.integers4(seed, (6L << 41) + index, 4L * epoch, draws);
            List<ImageSet> targets = new ArrayList<>();
            List<ImageSet> inputs = new ArrayList<>();
            for (Scene scene : scenes) {
                int noisyOnes = scene.noisy().size();
                int input = (int) ((draws[0] & 0xFFFFFFFFL) * noisyOnes >>> 32);
                if (scene.clean().isPresent()) {
                    targets.add(scene.clean().get());
                    inputs.add(
                            noisyOnes == 0 ? scene.clean().get() : scene.noisy().get(input));
                } else {
                    List<ImageSet> left = new ArrayList<>(scene.noisy());
                    inputs.add(left.remove(input));
                    targets.add(left.get((int) ((draws[1] & 0xFFFFFFFFL) * left.size() >>> 32)));
                }
            }
            ImageSet target = one(targets, images, cuts, seed, epoch, index);
            ImageSet input = one(inputs, images, cuts, seed, epoch, index);
            target.scale(0, clean, i * size);
            float[] ignored = new float[size];
            float[] corrupted = new float[size];
            engine.corrupt(input, noise, seed, index, epoch, 0, 1, ignored, corrupted);
            System.arraycopy(corrupted, 0, noisy, i * size, size);
            int at = i * size;
            images.blindSpots()
                    .ifPresent(spots -> spots.apply(
                            seed,
                            index,
                            epoch,
                            images.height(),
                            images.width(),
                            images.channels(),
                            clean,
                            noisy,
                            mask,
                            at));
        }
        return new GivenBatch(clean, noisy, images.blindSpots().map(spots -> mask), count);
    }

    private static ImageSet one(
            List<ImageSet> pictures, TrainingImages images, boolean cuts, long seed, int epoch, int index) {
        return cuts
                ? CutBeforehand.epoch(pictures, images.height(), images.width(), index + 1, seed, epoch)
                        .range(index, index + 1)
                : pictures.get(index);
    }

    private static ImageSet picture(Random random, int height, int width, int channels, Depth depth) {
        byte[] pixels = new byte[height * width * channels * depth.bytes()];
        random.nextBytes(pixels);
        return new ImageSet(height, width, channels, depth, pixels);
    }

    /**
     * Images of 16 bits whose values are 257 times bytes are the images of those bytes, to the last bit, also where one
     * kind follows the other in an engine. Others than these are others.
     */
    @ParameterizedTest
    @CsvSource({"1, 8, 8", "3, 4, 6"})
    void sixteenBitsAreAsGoodAsTheBytesTheyAre(int channels, int height, int width) {
        Random random = Seeds.random(channels);
        Network network = new Autoencoder(height, width, channels, List.of(2), 3, 2).network();
        ImageSet bytes = picture(random, 3 * height, width, channels, Depth.BITS_8);
        byte[] twice = new byte[2 * bytes.pixels().length];
        for (int i = 0; i < twice.length; i++) {
            twice[i] = bytes.pixels()[i / 2];
        }
        ImageSet words = new ImageSet(3 * height, width, channels, Depth.BITS_16, twice);
        byte[] little = twice.clone();
        for (int i = 0; i < little.length; i += 2) {
            little[i] ^= 0x55; // a quarter of a percent of white at most
        }
        ImageSet others = new ImageSet(3 * height, width, channels, Depth.BITS_16, little);
        TrainingState initial =
                TrainingState.initial(RandomNetwork.of(network, 1, random).parameters());
        for (Noise noise : List.of(Noise.gaussian(0.1f, 0.3f), new Noise(Noise.Kind.POISSON, 0, 5, 9, false, true))) {
            try (InspectableEngine one = open(network, ALL_RULES, 3);
                    InspectableEngine other = open(network, ALL_RULES, 3)) {
                for (boolean cuts : new boolean[] {true, false}) {
                    one.load(initial);
                    other.load(initial);
                    one.startEpoch(trained(bytes, height, cuts), noise, 5, 0, order(3));
                    other.startEpoch(trained(words, height, cuts), noise, 5, 0, order(3));
                    one.trainStep(0, 3, RATE);
                    other.trainStep(0, 3, RATE);
                    assertSame(one.takeLosses(), other.takeLosses(), "losses");
                    assertSame(one.state(), other.state());
                    one.startEpoch(trained(words, height, cuts), noise, 5, 1, order(3));
                    other.startEpoch(trained(others, height, cuts), noise, 5, 1, order(3));
                    one.trainStep(0, 3, RATE);
                    other.trainStep(0, 3, RATE);
                    assertNotEquals(one.takeLosses()[0], other.takeLosses()[0]);
                }
            }
        }
    }

    /** Patches of a picture, or the picture as images on top of each other. */
    private static TrainingImages trained(ImageSet picture, int height, boolean cuts) {
        return cuts
                ? new Patches(List.of(picture), height, picture.width(), 3)
                : new ImageSet(height, picture.width(), picture.channels(), picture.depth(), picture.pixels());
    }

    @ParameterizedTest
    @EnumSource
    void lossesAreTakenOnceInOrderEachBeforeItsUpdate(Setup setup) {
        GivenBatch given = setup.batch(3);
        try (InspectableEngine engine = open(setup, 3)) {
            assertEquals(0, engine.takeLosses().length);
            engine.load(setup.initial());
            double[] expected = new double[4];
            for (int step = 0; step < 4; step++) {
                expected[step] = new DoublePrecisionNetwork(engine.state().parameters()).loss(given, setup.rule.loss());
                engine.trainStep(given, RATE);
            }
            engine.update(engine.gradients(), RATE);
            double[] losses = engine.takeLosses();
            assertArrayEquals(expected, losses, lossBound() * expected[0]);
            assertTrue(Math.abs(losses[1] - losses[0]) > 2 * lossBound() * losses[0], Arrays.toString(losses));
            assertEquals(0, engine.takeLosses().length);
        }
    }

    @Test
    void manyLossesWaitInOrder() {
        Network network = new Autoencoder(2, 2, 1, List.of(1), 1, 1).network();
        int steps = manyLosses();
        try (InspectableEngine engine = open(network, LearningRule.DEFAULT, 1)) {
            engine.load(RandomNetwork.of(network, 1, Seeds.random(0)).parameters());
            engine.startEpoch(images(network, 3), Noise.gaussian(0, 0), 1, 0, new int[] {0, 1, 2});
            for (int i = 0; i < steps; i++) {
                engine.trainStep(i % 3, 1, 0f);
            }
            double[] losses = engine.takeLosses();
            assertEquals(steps, losses.length);
            assertEquals(3, Arrays.stream(losses).distinct().count());
            for (int i = 3; i < steps; i++) {
                assertEquals(losses[i % 3], losses[i]);
            }
            assertEquals(0, engine.takeLosses().length);
        }
    }

    // Halves of a step.

    @ParameterizedTest
    @EnumSource
    void aStepIsItsTwoHalves(Setup setup) {
        ImageSet images = setup.images(9);
        Noise noise = Noise.gaussian(0.5f, 0.5f);
        try (InspectableEngine whole = open(setup, 5);
                InspectableEngine halves = open(setup, 5)) {
            for (InspectableEngine engine : List.of(whole, halves)) {
                engine.load(setup.trained());
                engine.startEpoch(images, noise, 3, 1, order(9));
            }
            for (int[] step : new int[][] {{0, 5}, {5, 4}, {2, 1}, {1, 5}}) {
                whole.trainStep(step[0], step[1], RATE);
                TrainingState before = halves.state();
                halves.computeGradients(step[0], step[1], step[1]);
                assertSame(before, halves.state());
                Parameters gradients = halves.gradients();
                assertSame(whole.gradients().values(), gradients.values(), "gradients");
                halves.update(gradients, RATE);
            }
            assertSame(whole.state(), halves.state());
            assertSame(whole.takeLosses(), halves.takeLosses(), "losses");
            float[] noisy = setup.draw(2).noisy();
            assertSame(denoise(whole, noisy), denoise(halves, noisy), "denoised");
        }
    }

    /** Nothing else, whatever it was computed from. */
    @ParameterizedTest
    @EnumSource
    void aStepAppliesTheGradientsItComputed(Setup setup) {
        try (InspectableEngine trained = open(setup, 6);
                InspectableEngine applied = open(setup, 1)) {
            trained.load(setup.trained());
            applied.load(setup.trained());
            for (int count : new int[] {6, 6, 4}) {
                trained.trainStep(setup.batch(count), RATE);
                applied.update(trained.gradients(), RATE);
            }
            assertSame(trained.state(), applied.state());
            assertEquals(20, trained.state().step());
        }
    }

    /** What two machines compute, each of its images, is what one computes of all. */
    @ParameterizedTest
    @EnumSource
    void sharesOfABatchAddUp(Setup setup) {
        try (InspectableEngine engine = open(setup, 8)) {
            engine.load(setup.initial());
            engine.startEpoch(setup.images(8), Noise.gaussian(0.5f, 0.5f), 3, 0, order(8));
            engine.computeGradients(0, 8, 8);
            Parameters whole = engine.gradients();
            engine.computeGradients(0, 5, 8);
            Parameters sum = engine.gradients();
            engine.computeGradients(5, 3, 8);
            Parameters rest = engine.gradients();
            for (int i = 0; i < sum.values().length; i++) {
                sum.values()[i] += rest.values()[i];
            }
            assertClose(whole, sum, bound(), "gradient");
            double[] losses = engine.takeLosses();
            assertEquals(3, losses.length);
            assertEquals(losses[0], losses[1] + losses[2], 1e-5 * losses[0]);
        }
    }

    // States.

    @ParameterizedTest
    @EnumSource
    void aStateComesBackAsItWasLoaded(Setup setup) {
        try (InspectableEngine engine = open(setup, 2)) {
            engine.trainStep(setup.batch(2), RATE);
            engine.load(setup.trained());
            assertSame(setup.trained(), engine.state());
        }
    }

    @ParameterizedTest
    @EnumSource
    void parametersThatAreLoadedBeginAnew(Setup setup) {
        try (InspectableEngine engine = open(setup, 2)) {
            engine.load(setup.trained());
            engine.trainStep(setup.batch(2), RATE);
            engine.load(setup.initial().parameters());
            assertSame(setup.initial().under(setup.rule), engine.state());
        }
    }

    @Test
    void aNewEngineHasOnlyZeros() {
        for (Setup setup : Setup.values()) {
            try (InspectableEngine engine = open(setup, 3)) {
                assertSame(TrainingState.initial(new Parameters(setup.network)).under(setup.rule), engine.state());
            }
        }
        try (InferenceEngine engine = openToInfer(AUTOENCODER)) { // whose output is a sigmoid
            for (float value : denoise(engine, new float[AUTOENCODER.input().size()])) {
                assertEquals(0.5f, value);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void statesAndGradientsAreCopies(Setup setup) {
        try (InspectableEngine engine = open(setup, 2)) {
            TrainingState loaded = setup.trained();
            engine.load(loaded);
            overwrite(loaded);
            assertSame(setup.trained(), engine.state());
            overwrite(engine.state());
            assertSame(setup.trained(), engine.state());

            GivenBatch given = setup.batch(2);
            engine.trainStep(given, RATE);
            TrainingState kept = engine.state();
            TrainingState copy = kept.copy();
            float[] gradients = engine.gradients().values().clone();
            float[] output = engine.activation(setup.network.output());
            Arrays.fill(engine.gradients().values(), 9);
            Arrays.fill(engine.activation(setup.network.output()), 9);
            assertSame(gradients, engine.gradients().values(), "gradients");
            assertSame(output, engine.activation(setup.network.output()), "output");
            engine.trainStep(new GivenBatch(given.noisy(), given.clean(), 2), RATE);
            assertSame(copy, kept);
            assertFalse(Arrays.equals(gradients, engine.gradients().values()));
        }
    }

    private static void overwrite(TrainingState state) {
        Arrays.fill(state.parameters().values(), 9);
        Arrays.fill(state.firstMoment().values(), 9);
        Arrays.fill(state.secondMoment().values(), 9);
        state.average().ifPresent(average -> Arrays.fill(average.values(), 9));
    }

    /** Inputs are read, whatever the engine keeps of them. */
    @Test
    void valuesThatAreHandedInStayAsTheyAre() {
        RandomNetwork drawn = Setup.UNET.draw(3);
        RandomNetwork same = Setup.UNET.draw(3);
        try (InspectableEngine engine = open(Setup.UNET, 3)) {
            engine.load(drawn.parameters());
            engine.trainStep(new GivenBatch(drawn.clean(), drawn.noisy(), 3), RATE);
            denoise(engine, drawn.noisy());
        }
        assertSame(same.clean(), drawn.clean(), "clean images");
        assertSame(same.noisy(), drawn.noisy(), "noisy images");
        assertSame(same.parameters().values(), drawn.parameters().values(), "parameters");
    }

    /** The average denoises, and is all that an engine needs that only denoises. */
    @Test
    void theAverageDenoises() {
        Setup setup = Setup.UNET;
        GivenBatch given = setup.batch(4);
        try (InspectableEngine engine = open(setup, 4);
                InferenceEngine denoiser = openToInfer(setup.network)) {
            engine.load(setup.initial());
            for (int step = 0; step < 3; step++) {
                engine.trainStep(given, RATE);
            }
            TrainingState state = engine.state();
            float[] denoised = denoise(engine, given.noisy());
            denoiser.load(state.average().orElseThrow());
            assertSame(denoise(denoiser, given.noisy()), denoised, "denoised by the average");
            denoiser.load(state.parameters());
            assertFalse(Arrays.equals(denoise(denoiser, given.noisy()), denoised));
        }
    }

    @Test
    void anAverageThatIsWantedBeginsAtTheParametersAndAnotherIsDropped() {
        TrainingState with = Setup.UNET.trained();
        TrainingState without =
                new TrainingState(with.parameters(), with.firstMoment(), with.secondMoment(), with.step());
        try (InspectableEngine engine = open(Setup.UNET, 1)) {
            engine.load(without);
            assertSame(without.under(Setup.UNET.rule), engine.state());
        }
        try (InspectableEngine engine = open(Setup.UNET.network, LearningRule.DEFAULT, 1)) {
            engine.load(with);
            assertSame(without, engine.state());
        }
    }

    // Batches.

    /** The last batch of an epoch: nothing of the images that an earlier one had in its place takes part. */
    @ParameterizedTest
    @EnumSource
    void aSmallerBatchIsThatOfAnEngineOfItsSize(Setup setup) {
        int most = batch();
        GivenBatch other = setup.batch(most);
        for (int count : new int[] {1, most - 1, most}) {
            GivenBatch given = setup.batch(count);
            try (InspectableEngine large = open(setup, most);
                    InspectableEngine exact = open(setup, count)) {
                large.trainStep(new GivenBatch(other.noisy(), other.clean(), most), RATE);
                large.takeLosses();
                List<InspectableEngine> engines = List.of(exact, large);
                engines.forEach(engine -> engine.load(setup.initial()));
                engines.forEach(engine -> engine.trainStep(given, RATE));
                double loss = exact.takeLosses()[0];
                assertEquals(loss, large.takeLosses()[0], boundBetweenBatches() * loss);
                assertClose(exact.gradients(), large.gradients(), boundBetweenBatches(), "gradient");
                setup.network
                        .layers()
                        .forEach(layer -> assertClose(
                                exact.activation(layer.output()),
                                large.activation(layer.output()),
                                boundBetweenBatches(),
                                layer.name()));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void batchesOfImpossibleSizesAreRefused(Setup setup) {
        GivenBatch given = setup.batch(5);
        try (InspectableEngine engine = open(setup, 4)) {
            engine.load(setup.trained());
            engine.startEpoch(setup.images(20), Noise.gaussian(0.5f, 0.5f), 0, 0, order(20));
            for (int count : new int[] {0, -1, 5}) {
                List<Executable> steps = List.of(
                        () -> engine.trainStep(new GivenBatch(given.clean(), given.noisy(), count), RATE),
                        () -> engine.trainStep(0, count, RATE),
                        () -> engine.computeGradients(0, count, 8));
                for (Executable step : steps) {
                    assertEquals(
                            "a batch has 1 to 4 images, not " + count,
                            assertThrows(IllegalArgumentException.class, step).getMessage());
                }
            }
            assertSame(setup.trained(), engine.state());
            assertEquals(0, engine.takeLosses().length);
        }
    }

    // Inference.

    /** As a training step computes it, whatever the engine was opened for; nothing is written after the last image. */
    @ParameterizedTest
    @EnumSource
    void inferenceAgreesWithTraining(Setup setup) {
        int count = batch();
        GivenBatch given = setup.batch(count);
        try (InspectableEngine training = open(setup, count);
                InferenceEngine inference = openToInfer(setup.network)) {
            training.load(setup.initial());
            inference.load(setup.initial().parameters());
            training.trainStep(given, RATE);
            setup.network.layers().forEach(layer -> {
                float[] results = new float[count * layer.outputSize() + 3];
                Arrays.fill(results, -7);
                inference.run(setup.network.input(), layer.output(), given.noisy(), count, results);
                assertClose(
                        training.activation(layer.output()),
                        Arrays.copyOf(results, count * layer.outputSize()),
                        boundBetweenBatches(),
                        layer.name());
                assertEquals(-7, results[count * layer.outputSize()], "written after the last image");
            });
        }
    }

    /** Each image as if it were alone; in two parts as in one. */
    @Test
    void denoisesAnyNumberOfImages() {
        int most = counts().stream().mapToInt(Integer::intValue).max().orElseThrow();
        Network network = Networks.bottleneck();
        int size = network.input().size();
        RandomNetwork drawn = RandomNetwork.of(network, most, Seeds.random(0));
        float[] noisy = drawn.noisy();
        float[] alone = new float[noisy.length];
        try (InferenceEngine engine = openToInfer(network)) {
            engine.load(drawn.parameters());
            for (int i = 0; i < most; i += 7) {
                float[] one = denoise(engine, Arrays.copyOfRange(noisy, i * size, (i + 1) * size));
                System.arraycopy(one, 0, alone, i * size, size);
            }
            for (int count : counts()) {
                float[] denoised = new float[count * size + 1];
                float[] latents =
                        new float[count * network.latent().orElseThrow().size() + 1];
                float[] decoded = new float[count * size + 1];
                for (float[] results : List.of(denoised, latents, decoded)) {
                    Arrays.fill(results, -7);
                }
                engine.denoise(noisy, count, denoised);
                engine.encode(noisy, count, latents);
                engine.decode(latents, count, decoded);
                assertSame(denoised, decoded, "the way in two parts");
                for (float[] results : List.of(denoised, latents)) {
                    assertEquals(-7, results[results.length - 1], "written after the last image");
                }
                for (int i = 0; i < count; i += 7) {
                    assertClose(
                            Arrays.copyOfRange(alone, i * size, (i + 1) * size),
                            Arrays.copyOfRange(denoised, i * size, (i + 1) * size),
                            boundBetweenBatches(),
                            "image " + i + " of " + count);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void denoisesWithTheWeightsThatItHasAtTheMoment(Setup setup) {
        GivenBatch given = setup.batch(4);
        try (InspectableEngine engine = open(setup, 4);
                InferenceEngine other = openToInfer(setup.network)) {
            List<Consumer<InspectableEngine>> changes = List.of(
                    each -> each.load(setup.trained()),
                    each -> each.load(setup.initial()),
                    each -> each.trainStep(given, RATE),
                    each -> each.update(each.gradients(), RATE),
                    each -> each.load(setup.trained().parameters()));
            float[] before = denoise(engine, given.noisy());
            for (Consumer<InspectableEngine> change : changes) {
                change.accept(engine);
                float[] after = denoise(engine, given.noisy());
                assertFalse(Arrays.equals(before, after));
                other.load(engine.state().weights());
                assertSame(denoise(other, given.noisy()), after, "denoised");
                before = after;
            }
        }
    }

    // Repetition.

    /** Everything that can be asked for after steps of several kinds and sizes, some of them several times. */
    private void train(Setup setup, InspectableEngine engine, Consumer<float[]> results) {
        GivenBatch given = setup.batch(batch());
        engine.load(setup.initial());
        engine.trainStep(given, RATE);
        engine.trainStep(new GivenBatch(given.noisy(), given.clean(), batch() - 1), RATE);
        Noise noise = new Noise(0.4f, 0.2f, 0.9f, false);
        int images = 2 * batch() - 1;
        for (int epoch = 0; epoch < 3; epoch++) {
            engine.startEpoch(setup.images(images), noise, 5, epoch, order(images));
            for (int first = 0; first < images; first += batch()) {
                engine.trainStep(first, Math.min(batch(), images - first), RATE / (1 + first));
            }
        }
        engine.update(engine.gradients(), RATE);
        TrainingState state = engine.state();
        results.accept(state.parameters().values());
        results.accept(state.firstMoment().values());
        results.accept(state.secondMoment().values());
        results.accept(state.weights().values());
        results.accept(engine.gradients().values());
        results.accept(denoise(engine, given.noisy()));
        setup.network.layers().forEach(layer -> results.accept(engine.activation(layer.output())));
        for (double loss : engine.takeLosses()) {
            long bits = Double.doubleToRawLongBits(loss);
            assertTrue(Double.isFinite(loss));
            results.accept(new float[] {(int) (bits >> 48), (int) (bits >> 24) & 0xffffff, (int) bits & 0xffffff});
        }
    }

    @ParameterizedTest
    @EnumSource
    void neitherThreadsNorRepetitionChangeABit(Setup setup) {
        List<List<float[]>> runs = new ArrayList<>();
        for (int threads : threads()) {
            List<float[]> results = new ArrayList<>();
            try (InspectableEngine engine = open(setup.network, setup.rule, options(batch(), threads))) {
                train(setup, engine, results::add);
            }
            runs.add(results);
            for (int i = 0; i < results.size(); i++) {
                assertSame(runs.get(0).get(i), results.get(i), "result " + i + " of " + threads + " threads");
            }
        }
        assertTrue(runs.size() > 1);
    }

    /** In the middle of an epoch, in an engine that has done something else before. */
    @ParameterizedTest
    @EnumSource
    void trainingGoesOnFromAStateWithTheSameBits(Setup setup) {
        int batch = batch();
        int count = 4 * batch - 2;
        ImageSet images = setup.images(count);
        Noise noise = Noise.gaussian(0.5f, 0.5f);
        try (InspectableEngine first = open(setup, batch);
                InspectableEngine second = open(setup, batch)) {
            first.load(setup.initial());
            first.startEpoch(images, noise, 1, 2, order(count));
            first.trainStep(0, batch, RATE);
            first.trainStep(batch, batch, RATE);
            second.trainStep(setup.batch(batch - 1), RATE);
            second.takeLosses();
            first.takeLosses();
            second.load(first.state());
            second.startEpoch(images, noise, 1, 2, order(count));
            for (InspectableEngine engine : List.of(first, second)) {
                engine.trainStep(2 * batch, batch, RATE);
                engine.trainStep(3 * batch, batch - 2, RATE);
                engine.startEpoch(images, noise, 1, 3, order(count));
                engine.trainStep(0, batch, RATE);
            }
            assertEquals(5, second.state().step());
            assertSame(first.state(), second.state());
            assertSame(first.takeLosses(), second.takeLosses(), "losses");
        }
    }

    // The end.

    @Test
    void aClosedEngineRefusesToWork() {
        Setup setup = Setup.AUTOENCODER;
        InspectableEngine engine = open(setup, 4);
        engine.startEpoch(setup.images(4), Noise.gaussian(0.5f, 0.5f), 0, 0, order(4));
        engine.trainStep(setup.batch(4), RATE);
        Parameters gradients = engine.gradients();
        InferenceEngine denoiser = openToInfer(setup.network);
        for (int times = 0; times < 2; times++) {
            engine.close();
            denoiser.close();
        }
        float[] image = new float[setup.imageSize()];
        List<Executable> uses = List.of(
                () -> engine.load(setup.trained()),
                () -> engine.load(setup.trained().parameters()),
                () -> engine.trainStep(setup.batch(4), RATE),
                () -> engine.trainStep(0, 4, RATE),
                () -> engine.computeGradients(0, 4, 4),
                () -> engine.update(gradients, RATE),
                () -> denoise(engine, image),
                () -> denoise(denoiser, image),
                () -> denoiser.load(gradients));
        for (Executable use : uses) {
            assertEquals(
                    "the engine is closed",
                    assertThrows(IllegalStateException.class, use).getMessage());
        }
    }
}
