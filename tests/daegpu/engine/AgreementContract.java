package daegpu.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.data.EmbeddedMnist;
import daegpu.data.ImageSet;
import daegpu.engine.reference.ReferenceEngine;
import daegpu.engine.reference.ReferenceTrainingEngine;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.model.Network;
import daegpu.model.ParameterTensor;
import daegpu.model.Parameters;
import daegpu.model.Tensor;
import daegpu.model.UNet;
import daegpu.noise.Noise;
import daegpu.parity.Agreement;
import daegpu.parity.Comparison;
import daegpu.parity.Parity;
import daegpu.parity.RecordedValues;
import daegpu.parity.Tolerance;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every engine but the reference engine itself holds besides: it computes what the reference engine does in fp32,
 * whatever the network, the loss and the optimizer.
 *
 * <p>Where an engine rounds to TF32 or bf16, no ReLU is anywhere near to where it opens, and only the first step is
 * compared: Adam makes as much of a small gradient that is rounded as of a large one.
 */
public abstract class AgreementContract extends EngineContract {

    /** Steps that are longer than a thousand units in the last place of any parameter. */
    private static final float RATE = 3e-3f;

    /** Bound for what steps add to parameters: random networks have more small gradients than golden files do. */
    private static final double UPDATES = 1e-2;

    private static final LearningRule ALL_RULES =
            new LearningRule(Loss.CHARBONNIER, Optimizer.adamW(0.01), OptionalDouble.of(0.9));

    protected AgreementContract(EngineName name, Precision precision, Convolutions convolutions) {
        super(name, precision, convolutions);
    }

    // What a class of tests may say about its engine.

    /** Whether strides may leave a rest of an image; else such a network is refused when the engine is opened. */
    protected boolean takesOddSizes() {
        return true;
    }

    /** Training steps on digits. */
    protected int digitSteps() {
        return 200;
    }

    /** Digits in each of these steps. */
    protected int digitBatch() {
        return 8;
    }

    // Means of the tests.

    private boolean isRounded() {
        return precision() != Precision.FP32;
    }

    private static InspectableEngine reference(Network network, LearningRule rule, int batch, Precision precision) {
        return new ReferenceTrainingEngine(network, rule, new EngineOptions(batch, precision, 2));
    }

    /** What is trained, and how. */
    private record Case(LearningRule rule, Parameters initial, GivenBatch given) {

        static Case of(LearningRule rule, RandomNetwork drawn, boolean isMasked, Random random) {
            return new Case(rule, drawn.parameters(), drawn.given(isMasked, random));
        }

        InspectableEngine reference(Precision precision) {
            return AgreementContract.reference(initial.network(), rule, given.count(), precision);
        }
    }

    /**
     * Whether the engine agrees with the reference engine; not if rounding opens a ReLU, so that nobody can tell.
     *
     * @param room for so many more images than there are in the batch
     * @throws AssertionError if it does not agree
     */
    private boolean agrees(Case trained, int room) {
        Network network = trained.initial.network();
        try (InspectableEngine reference = trained.reference(Precision.FP32);
                InspectableEngine engine = open(network, trained.rule, trained.given.count() + room)) {
            RecordedValues recorded = RecordedValues.record(
                    reference, trained.rule, trained.initial, trained.given, RATE, isRounded() ? 1 : 2);
            Tolerance tolerance = tolerance(trained, recorded);
            try {
                List<Comparison> failed = Parity.replay(recorded, engine, tolerance).stream()
                        .filter(comparison -> !comparison.passed())
                        .filter(comparison -> !comparison.name().matches("(after|average)[12][.].*"))
                        .toList();
                assertEquals(List.of(), failed);
                if (!isRounded()) {
                    assertUpdatesAgree(recorded, engine);
                }
                return true;
            } catch (AssertionError e) {
                if (!isRounded() && Parity.roundingOpensRelu(recorded, reference, engine, bound())) {
                    return false;
                }
                throw new AssertionError(
                        e.getMessage() + ": " + trained.rule + ",\n" + Plan.training(network, false), e);
            }
        }
    }

    /**
     * Of all parameters together: in some tensors of random networks all gradients are next to nothing, and Adam makes
     * as much of their last bits as of large ones.
     */
    private static void assertUpdatesAgree(RecordedValues recorded, InspectableEngine engine) {
        engine.load(recorded.initial());
        for (int step = 0; step < recorded.steps(); step++) {
            engine.trainStep(recorded.given(), RATE);
        }
        TrainingState state = engine.state();
        Agreement.assertUpdatesClose(
                recorded.initial(), recorded.afterLast(), state.parameters(), UPDATES, RATE, recorded.steps());
        recorded.average()
                .ifPresent(average -> Agreement.assertUpdatesClose(
                        recorded.initial(), average, state.average().orElseThrow(), UPDATES, RATE, recorded.steps()));
    }

    /** Where an engine rounds, a tensor may be off by more than the bound if it is on the reference engine in bf16. */
    private Tolerance tolerance(Case trained, RecordedValues recorded) {
        Map<String, Double> named = new HashMap<>();
        if (isRounded()) {
            try (InspectableEngine rounding = trained.reference(Precision.BF16)) {
                Tolerance all = new Tolerance(bound(), 1);
                for (Comparison comparison : Parity.replay(recorded, rounding, all)) {
                    named.put(comparison.name(), boundBeside(comparison.relative()));
                }
            }
        }
        for (ParameterTensor tensor : recorded.network().parameterTensors()) {
            String name = "gradient." + tensor.name();
            double bound = named.getOrDefault(name, bound());
            double part = isRounded() ? 0.2 : 0.01;
            named.put(name, Agreement.boundOfGradient(recorded.gradients(), tensor, bound, part));
        }
        return new Tolerance(bound(), 1).except(named);
    }

    /** @param rounded how far off the reference engine is in bf16 */
    private double boundBeside(double rounded) {
        return Math.max(bound(), Math.min(3 * rounded, 1));
    }

    // Tests.

    /** In a fifth of them rounding may open a ReLU, after which nothing can be compared. */
    @Test
    void randomGraphsAgree() {
        AtomicInteger opened = new AtomicInteger();
        Seeds.check(graphs(), random -> {
            Network network = isRounded() ? Networks.decidable(random) : Networks.random(random);
            RandomNetwork drawn = RandomNetwork.of(network, 1 + random.nextInt(batch()), random);
            LearningRule rule = new LearningRule(
                    Loss.values()[random.nextInt(3)],
                    random.nextBoolean() ? Optimizer.ADAM : Optimizer.adamW(0.01),
                    random.nextBoolean() ? OptionalDouble.of(0.9) : OptionalDouble.empty());
            Case trained = Case.of(rule, isRounded() ? drawn.decided(random) : drawn, random.nextBoolean(), random);
            opened.addAndGet(agrees(trained, random.nextInt(9)) ? 0 : 1);
        });
        assertTrue(opened.get() <= graphs() / 5, opened + " networks cannot be compared");
    }

    static List<Named<Network>> networks() {
        return List.of(
                Named.of("U-Net", Networks.unet()),
                Named.of("small U-Net", Networks.smallUnet()),
                Named.of("bottleneck", Networks.bottleneck()),
                Named.of("narrower than its kernel", new Autoencoder(4, 8, 2, List.of(3, 16), 7, 2).network()));
    }

    @ParameterizedTest
    @MethodSource("daegpu.engine.AgreementContract#networks")
    void knownGraphsAgree(Network network) {
        assertAgrees(network, 2, Seeds.random(0));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 5, 7})
    void imagesOfOddSizesAgree(int kernel) {
        Network network = Networks.oddSizes(kernel);
        if (takesOddSizes()) {
            assertAgrees(network, 2, Seeds.random(0));
        } else {
            assertThrows(EngineUnavailableException.class, () -> open(network, LearningRule.DEFAULT, 2));
            assertThrows(EngineUnavailableException.class, () -> openToInfer(network));
        }
    }

    /** With weights and a batch drawn at random, so that no ReLU is near to where it opens. */
    protected final void assertAgrees(Network network, int batch, Random random) {
        RandomNetwork drawn = RandomNetwork.of(network, batch, random).decided(random);
        assertTrue(agrees(Case.of(ALL_RULES, drawn, false, random), 0));
    }

    static Stream<Arguments> rules() {
        return Stream.of(Loss.values()).flatMap(loss -> IntStream.range(0, 8)
                .mapToObj(i -> Arguments.of(
                        new LearningRule(
                                loss,
                                (i & 1) == 0 ? Optimizer.ADAM : Optimizer.adamW(0.05),
                                (i & 2) == 0 ? OptionalDouble.empty() : OptionalDouble.of(0.9)),
                        (i & 4) != 0)));
    }

    @ParameterizedTest
    @MethodSource("daegpu.engine.AgreementContract#rules")
    void everyRuleAgrees(LearningRule rule, boolean isMasked) {
        Random random = Seeds.random(0);
        RandomNetwork drawn = RandomNetwork.of(Networks.bottleneck(), 2, random).decided(random);
        assertTrue(agrees(Case.of(rule, drawn, isMasked, random), 1));
    }

    /** Everything that can be computed from one tensor alone, and what cannot. */
    @Test
    void runsAnyPartOfANetwork() {
        AtomicInteger possible = new AtomicInteger();
        Seeds.check(Math.min(graphs(), 5), random -> {
            Network network = Networks.random(random);
            RandomNetwork drawn = RandomNetwork.of(network, 5, random);
            EngineOptions options = EngineOptions.fp32(1);
            try (InferenceEngine reference = new ReferenceEngine(network, options);
                    InferenceEngine rounding = new ReferenceEngine(network, new EngineOptions(1, Precision.BF16, 1));
                    InferenceEngine engine = openToInfer(network)) {
                List.of(reference, rounding, engine).forEach(each -> each.load(drawn.parameters()));
                for (Tensor from : network.tensors()) {
                    for (Tensor to : network.tensors()) {
                        boolean runs = runs(reference, rounding, engine, from, to, random);
                        possible.addAndGet(runs ? 1 : 0);
                    }
                }
            }
        });
        assertTrue(possible.get() > 20, possible + " parts");
    }

    private boolean runs(
            InferenceEngine reference,
            InferenceEngine rounding,
            InferenceEngine engine,
            Tensor from,
            Tensor to,
            Random random) {
        float[] values = new float[3 * from.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        float[] expected = new float[3 * to.size()];
        float[] rounded = new float[expected.length];
        float[] actual = new float[expected.length];
        Arrays.fill(actual, Float.NaN);
        try {
            reference.run(from, to, values, 3, expected);
        } catch (IllegalArgumentException e) {
            assertThrows(IllegalArgumentException.class, () -> engine.run(from, to, values, 3, actual));
            return false;
        }
        rounding.run(from, to, values, 3, rounded);
        engine.run(from, to, values, 3, actual);
        double bound = isRounded() ? boundBeside(Agreement.relative(expected, rounded)) : bound();
        Agreement.assertClose(expected, actual, bound, from + " to " + to);
        return true;
    }

    /** Each from the state in which the other is, in the middle of an epoch. */
    @ParameterizedTest
    @EnumSource
    void anotherEngineGoesOn(Setup setup) {
        ImageSet images = setup.images(12);
        Noise noise = Noise.gaussian(0.5f, 0.5f);
        try (InspectableEngine engine = open(setup.network, setup.rule, 3);
                InspectableEngine reference = reference(setup.network, setup.rule, 3, Precision.FP32)) {
            List<InspectableEngine> engines = List.of(engine, reference);
            for (InspectableEngine first : engines) {
                engines.forEach(each -> each.startEpoch(images, noise, 2, 1, order(12)));
                first.load(setup.trained());
                first.trainStep(0, 3, RATE);
                first.trainStep(3, 3, RATE);
                TrainingState half = first.state();
                double[][] losses = new double[2][];
                for (int i = 0; i < 2; i++) {
                    engines.get(i).load(half);
                    engines.get(i).takeLosses();
                    engines.get(i).trainStep(6, 3, RATE);
                    engines.get(i).trainStep(9, 3, RATE);
                    losses[i] = engines.get(i).takeLosses();
                    assertEquals(half.step() + 2, engines.get(i).state().step());
                }
                for (int step = 0; step < 2; step++) {
                    double expected = losses[1][step];
                    assertEquals(expected, losses[0][step], 10 * lossBound() * expected, "loss of step " + step);
                }
            }
        }
    }

    /** Every step's loss within 1 % of the reference engine's, or 5 % where products are rounded. */
    @Test
    void learnsDigitsAsTheReferenceDoes() {
        Network network = Autoencoder.MNIST.network();
        double[] expected;
        try (InspectableEngine engine = reference(network, LearningRule.DEFAULT, digitBatch(), Precision.FP32)) {
            expected = trainOnDigits(engine);
        }
        try (InspectableEngine engine = open(network, LearningRule.DEFAULT, digitBatch())) {
            double[] actual = trainOnDigits(engine);
            assertEquals(digitSteps(), actual.length);
            for (int step = 0; step < actual.length; step++) {
                double most = (isRounded() ? 0.05 : 0.01) * expected[step];
                assertEquals(expected[step], actual[step], most, "loss of step " + step);
            }
        }
    }

    private double[] trainOnDigits(InspectableEngine engine) {
        ImageSet digits = EmbeddedMnist.training(digitBatch() * digitSteps());
        engine.load(Initializer.glorotUniform(engine.network(), 3));
        engine.startEpoch(digits, Noise.gaussian(0.5f, 0.5f), 3, 1, order(digits.count()));
        for (int step = 0; step < digitSteps(); step++) {
            engine.trainStep(step * digitBatch(), digitBatch(), 1e-3f);
        }
        return engine.takeLosses();
    }

    /** Fifty steps of a U-Net on smooth images, with noise as for photographs; likewise. */
    @Test
    void learnsToCorrectAsTheReferenceDoes() {
        UNet unet = new UNet(8, 8, 1, List.of(8, 16), List.of(1, 1), true, true);
        double[] expected;
        try (InspectableEngine engine = reference(unet.network(), LearningRule.DEFAULT, 2, Precision.FP32)) {
            expected = trainToCorrect(unet, engine);
        }
        try (InspectableEngine engine = open(unet.network(), LearningRule.DEFAULT, 2)) {
            double[] actual = trainToCorrect(unet, engine);
            assertEquals(50, actual.length);
            for (int step = 0; step < 50; step++) {
                double most = (isRounded() ? 0.05 : 0.01) * expected[step];
                assertEquals(expected[step], actual[step], most, "loss of step " + step);
            }
            // It learned: what is left of the noise is less than there was.
            assertTrue(actual[49] < 0.8 * actual[0], actual[0] + " to " + actual[49]);
        }
    }

    private static double[] trainToCorrect(UNet unet, InspectableEngine engine) {
        byte[] pixels = new byte[100 * 64];
        for (int i = 0; i < pixels.length; i++) {
            int image = i / 64;
            int row = i / 8 % 8;
            int column = i % 8;
            pixels[i] = (byte) (128 + 100 * Math.sin(0.02 * image + 0.3 * row + 0.2 * column));
        }
        engine.load(unet.initialParameters(3));
        Noise noise = Noise.gaussian(0, 25 / 255f).clipped(false);
        engine.startEpoch(new ImageSet(8, 8, 1, pixels), noise, 3, 0, order(100));
        for (int step = 0; step < 50; step++) {
            engine.trainStep(2 * step, 2, 1e-3f);
        }
        return engine.takeLosses();
    }
}
