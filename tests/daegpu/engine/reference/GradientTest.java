package daegpu.engine.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.engine.DoublePrecisionNetwork;
import daegpu.engine.EngineOptions;
import daegpu.engine.GivenBatch;
import daegpu.engine.LearningRule;
import daegpu.engine.Loss;
import daegpu.engine.Networks;
import daegpu.engine.Optimizer;
import daegpu.engine.Precision;
import daegpu.engine.RandomNetwork;
import daegpu.engine.TrainingState;
import daegpu.model.Architecture;
import daegpu.model.Network;
import daegpu.model.ParameterTensor;
import daegpu.model.Parameters;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
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

    /** Values of a tensor whose slopes are measured: all of a small one, else some at random. */
    private static final int MOST_SLOPES = 150;

    /** What is trained: a network, what its loss is, and for how many images. */
    private record Training(Network network, Loss loss, boolean isMasked, int batch, long seed) {

        @Override
        public String toString() {
            return network.layers().size() + " layers, " + loss + (isMasked ? ", masked" : "") + ", " + batch
                    + " images, seed " + seed;
        }
    }

    @ParameterizedTest
    @MethodSource({"autoencoders", "graphs"})
    void everyGradientIsTheSlopeOfTheLoss(Training training) {
        Random random = new Random(training.seed);
        RandomNetwork network;
        GivenBatch given;
        Map<Integer, Double> slopes;
        int attempts = 0;
        do {
            assertTrue(attempts++ < 1000, "every one of " + training + " has something at its kink");
            network = RandomNetwork.of(training.network, training.batch, random);
            given = new GivenBatch(network.clean(), network.noisy(), mask(training, random), training.batch);
            slopes = slopes(network.parameters(), given, training.loss, random);
        } while (slopes == null);
        Parameters gradients;
        LearningRule rule = new LearningRule(training.loss, Optimizer.ADAM, OptionalDouble.empty());
        try (ReferenceTrainingEngine engine = new ReferenceTrainingEngine(
                training.network, rule, new EngineOptions(training.batch, Precision.FP32, 1))) {
            engine.load(TrainingState.initial(network.parameters()));
            engine.trainStep(given, 1e-3f);
            gradients = engine.gradients();
        }
        for (ParameterTensor tensor : training.network.parameterTensors()) {
            double largest = 0;
            double worst = 0;
            for (int i = tensor.offset(); i < tensor.end(); i++) {
                largest = Math.max(largest, Math.abs(gradients.values()[i]));
                worst = Math.max(
                        worst,
                        slopes.containsKey(i)
                                ? Math.abs(slopes.get(i) - gradients.values()[i])
                                : 0);
            }
            assertTrue(
                    worst <= TOLERANCE * largest + NOISE_OF_SLOPE,
                    tensor.name() + " of " + training + " is off by " + worst + " of " + largest);
        }
    }

    private static Optional<float[]> mask(Training training, Random random) {
        if (!training.isMasked) {
            return Optional.empty();
        }
        float[] mask = new float[training.batch * training.network.output().size()];
        for (int i = 0; i < mask.length; i++) {
            mask[i] = random.nextBoolean() ? 0 : random.nextFloat();
        }
        mask[0] = 1;
        return Optional.of(mask);
    }

    /** Graphs with skips, tensors with several readers, any activation, with and without biases, of every loss. */
    static Stream<Training> graphs() {
        long first = Long.getLong("daegpu.test.seed", 1);
        return IntStream.range(0, 24).mapToObj(n -> {
            Random random = new Random(first + n);
            return new Training(
                    Networks.random(random), Loss.values()[n % 3], n % 2 == 1, 1 + random.nextInt(5), first + n);
        });
    }

    /** Every kernel with every depth, and what a random choice could miss: images narrower than their kernels. */
    static Stream<Training> autoencoders() {
        Random random = new Random(1);
        Stream<Training> drawn = Stream.of(1, 3, 5, 7)
                .flatMap(kernel -> Stream.of(1, 2, 3).map(depth -> {
                    int largestFactor = new int[] {4, 2, kernel < 5 ? 2 : 1}[depth - 1];
                    int mostFilters = kernel < 5 ? 4 : new int[] {3, 3, 2}[depth - 1];
                    Architecture architecture =
                            RandomNetwork.architecture(depth, kernel, largestFactor, mostFilters, random);
                    return training(architecture, 1 + 2 * random.nextInt(4 - depth), random);
                }));
        Stream<Training> narrow = Stream.of(3, 5, 7)
                .flatMap(kernel -> Stream.of(
                        training(new Architecture(2, 6, 2, List.of(3), kernel, 2), 3, random),
                        training(new Architecture(6, 2, 2, List.of(3), kernel, 2), 5, random),
                        training(new Architecture(8, 4, 1, List.of(2, 3), kernel, 4), 1, random)));
        return Stream.concat(drawn, narrow);
    }

    private static Training training(Architecture architecture, int batch, Random random) {
        return new Training(architecture.network(), Loss.MSE, false, batch, random.nextInt());
    }

    /**
     * Slopes along parameters, by their places; null where a ReLU, or the edge of a loss, is at its kink, or where
     * those along a whole tensor are next to nothing, as behind dead ReLUs.
     */
    private static Map<Integer, Double> slopes(Parameters parameters, GivenBatch given, Loss loss, Random random) {
        DoublePrecisionNetwork exact = new DoublePrecisionNetwork(parameters);
        exact.loss(given, loss);
        if (exact.nearestKink() <= NEAR_A_KINK) {
            return null;
        }
        Map<Integer, Double> slopes = new HashMap<>();
        for (ParameterTensor tensor : parameters.network().parameterTensors()) {
            double largest = 0;
            for (int n = 0; n < Math.min(tensor.size(), MOST_SLOPES); n++) {
                int i = tensor.offset() + (tensor.size() <= MOST_SLOPES ? n : random.nextInt(tensor.size()));
                slopes.put(i, slope(exact, given, loss, i));
                largest = Math.max(largest, Math.abs(slopes.get(i)));
            }
            if (largest < WORTH_MEASURING) {
                return null;
            }
        }
        return slopes;
    }

    /** The central difference, which is refused if it reached over a kink after all. */
    private static double slope(DoublePrecisionNetwork exact, GivenBatch given, Loss loss, int parameter) {
        double value = exact.parameters()[parameter];
        exact.parameters()[parameter] = value + STEP;
        double above = exact.loss(given, loss);
        long pattern = exact.activePattern();
        exact.parameters()[parameter] = value - STEP;
        double below = exact.loss(given, loss);
        exact.parameters()[parameter] = value;
        assertEquals(pattern, exact.activePattern(), "a step reached over a kink");
        return (above - below) / (2 * STEP);
    }
}
