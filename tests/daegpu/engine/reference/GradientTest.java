package daegpu.engine.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.engine.DoublePrecisionNetwork;
import daegpu.engine.EngineOptions;
import daegpu.engine.GivenBatch;
import daegpu.engine.LearningRule;
import daegpu.engine.RandomNetwork;
import daegpu.engine.TrainingState;
import daegpu.model.Architecture;
import daegpu.model.ParameterTensor;
import daegpu.model.Parameters;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The gradient of every parameter against the slope of the loss, measured in double precision. */
class GradientTest {

    /** Engines are held to this, relative to the largest magnitude in a tensor. */
    private static final double TOLERANCE = 2e-5;

    private static final double STEP = 1e-6;
    /**
     * What rounding in double precision makes of a slope: some last bits of a loss of about 0.1, over twice the step.
     */
    private static final double NOISE_OF_SLOPE = 1e-10;
    /** Of at least one slope in a tensor: then that noise is at most a tenth of the tolerance. */
    private static final double WORTH_MEASURING = 10 * NOISE_OF_SLOPE / TOLERANCE;
    /**
     * At its kink a ReLU has no derivative, and beside it float32 may take the other side than double precision does.
     * So a network is drawn again until no ReLU is this near; no step moves any as far.
     */
    private static final double NEAR_A_KINK = 2e-5;

    @ParameterizedTest
    @MethodSource("architectures")
    void everyGradientIsTheSlopeOfTheLoss(Architecture architecture, int batch, int seed) {
        Random random = new Random(seed);
        RandomNetwork network;
        double[] slopes;
        do {
            network = awayFromKinks(architecture, batch, random);
            slopes = slopes(network);
        } while (slopes == null);
        Parameters gradients;
        try (ReferenceTrainingEngine engine = new ReferenceTrainingEngine(
                architecture.network(), LearningRule.DEFAULT, new EngineOptions(batch, "fp32", 1))) {
            engine.load(TrainingState.initial(network.parameters()));
            engine.trainStep(new GivenBatch(network.clean(), network.noisy(), batch), 1e-3f);
            gradients = engine.gradients();
        }
        for (ParameterTensor tensor : architecture.network().parameterTensors()) {
            double largest = 0;
            double worst = 0;
            for (int i = tensor.offset(); i < tensor.offset() + tensor.size(); i++) {
                largest = Math.max(largest, Math.abs(slopes[i]));
                worst = Math.max(worst, Math.abs(slopes[i] - gradients.values()[i]));
            }
            assertTrue(
                    worst <= TOLERANCE * largest + NOISE_OF_SLOPE,
                    tensor.name() + " of " + architecture + " is off by " + worst + " of " + largest);
        }
    }

    /** Every kernel with every depth, and what a random choice could miss: images narrower than their kernels. */
    static Stream<Arguments> architectures() {
        Random random = new Random(1);
        Stream<Arguments> drawn = Stream.of(1, 3, 5, 7)
                .flatMap(kernel -> Stream.of(1, 2, 3).map(depth -> {
                    int largestFactor = new int[] {4, 2, kernel < 5 ? 2 : 1}[depth - 1];
                    int mostFilters = kernel < 5 ? 4 : new int[] {3, 3, 2}[depth - 1];
                    Architecture architecture =
                            RandomNetwork.architecture(depth, kernel, largestFactor, mostFilters, random);
                    return Arguments.of(architecture, 1 + 2 * random.nextInt(4 - depth), random.nextInt());
                }));
        Stream<Arguments> narrow = Stream.of(3, 5, 7)
                .flatMap(kernel -> Stream.of(
                        Arguments.of(new Architecture(2, 6, 2, List.of(3), kernel, 2), 3, random.nextInt()),
                        Arguments.of(new Architecture(6, 2, 2, List.of(3), kernel, 2), 5, random.nextInt()),
                        Arguments.of(new Architecture(8, 4, 1, List.of(2, 3), kernel, 4), 1, random.nextInt())));
        return Stream.concat(drawn, narrow);
    }

    private static RandomNetwork awayFromKinks(Architecture architecture, int batch, Random random) {
        for (int attempt = 0; attempt < 100; attempt++) {
            RandomNetwork network = RandomNetwork.of(architecture, batch, random);
            DoublePrecisionNetwork exact = new DoublePrecisionNetwork(network.parameters());
            exact.loss(network.clean(), network.noisy(), batch);
            if (exact.nearestKink() > NEAR_A_KINK) {
                return network;
            }
        }
        throw new AssertionError("every " + architecture + " has a ReLU at its kink");
    }

    /**
     * The slopes along all parameters; null where those along a whole tensor are next to nothing, as behind dead ReLUs.
     */
    private static double[] slopes(RandomNetwork network) {
        DoublePrecisionNetwork exact = new DoublePrecisionNetwork(network.parameters());
        double[] slopes = new double[exact.parameters().length];
        for (ParameterTensor tensor : network.network().parameterTensors()) {
            double largest = 0;
            for (int i = tensor.offset(); i < tensor.offset() + tensor.size(); i++) {
                slopes[i] = slope(exact, network, i);
                largest = Math.max(largest, Math.abs(slopes[i]));
            }
            if (largest < WORTH_MEASURING) {
                return null;
            }
        }
        return slopes;
    }

    /** The central difference, which is refused if it reached over a kink after all. */
    private static double slope(DoublePrecisionNetwork exact, RandomNetwork network, int parameter) {
        double value = exact.parameters()[parameter];
        exact.parameters()[parameter] = value + STEP;
        double above = exact.loss(network.clean(), network.noisy(), network.batch());
        long patternAbove = exact.activePattern();
        exact.parameters()[parameter] = value - STEP;
        double below = exact.loss(network.clean(), network.noisy(), network.batch());
        assertEquals(patternAbove, exact.activePattern(), "a ReLU has its kink within the step");
        exact.parameters()[parameter] = value;
        return (above - below) / (2 * STEP);
    }
}
