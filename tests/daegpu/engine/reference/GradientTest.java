package daegpu.engine.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
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
import daegpu.model.Autoencoder;
import daegpu.model.Network;
import daegpu.model.ParameterTensor;
import daegpu.model.Parameters;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

    /** Kernels of every size, one after the other, at every depth. */
    @Test
    void ofAutoencodersEveryGradientIsTheSlopeOfTheLoss() {
        for (int kernel : new int[] {1, 3, 5, 7}) {
            for (int depth : new int[] {1, 2, 3}) {
                int largestFactor = new int[] {4, 2, kernel < 5 ? 2 : 1}[depth - 1];
                int mostFilters = kernel < 5 ? 4 : new int[] {3, 3, 2}[depth - 1];
                Seeds.check(
                        1,
                        random -> check(
                                RandomNetwork.architecture(depth, kernel, largestFactor, mostFilters, random)
                                        .network(),
                                Loss.MSE,
                                false,
                                1 + 2 * random.nextInt(4 - depth),
                                random));
            }
        }
    }

    /** What a random choice could miss. */
    @ParameterizedTest
    @ValueSource(ints = {3, 5, 7})
    void ofImagesNarrowerThanTheirKernelsEveryGradientIsTheSlopeOfTheLoss(int kernel) {
        Seeds.check(1, random -> {
            check(new Autoencoder(2, 6, 2, List.of(3), kernel, 2).network(), Loss.MSE, false, 3, random);
            check(new Autoencoder(6, 2, 2, List.of(3), kernel, 2).network(), Loss.MSE, false, 5, random);
            check(new Autoencoder(8, 4, 1, List.of(2, 3), kernel, 4).network(), Loss.MSE, false, 1, random);
        });
    }

    /** Graphs with skips, tensors with several readers, any activation, with and without biases, of every loss. */
    @Test
    void ofGraphsEveryGradientIsTheSlopeOfTheLoss() {
        Seeds.check(24, random -> {
            Loss loss = Loss.values()[random.nextInt(3)];
            check(Networks.random(random), loss, random.nextBoolean(), 1 + random.nextInt(5), random);
        });
    }

    private static void check(Network network, Loss loss, boolean isMasked, int batch, Random random) {
        RandomNetwork drawn;
        GivenBatch given;
        Map<Integer, Double> slopes;
        int attempts = 0;
        do {
            assertTrue(attempts++ < 1000, "every time something is at its kink");
            drawn = RandomNetwork.of(network, batch, random);
            given = new GivenBatch(
                    drawn.clean(),
                    drawn.noisy(),
                    isMasked ? Optional.of(mask(drawn.clean().length, random)) : Optional.empty(),
                    batch);
            slopes = slopes(drawn.parameters(), given, loss, random);
        } while (slopes == null);
        Parameters gradients;
        LearningRule rule = new LearningRule(loss, Optimizer.ADAM, OptionalDouble.empty());
        try (ReferenceTrainingEngine engine =
                new ReferenceTrainingEngine(network, rule, new EngineOptions(batch, Precision.FP32, 1))) {
            engine.load(TrainingState.initial(drawn.parameters()));
            engine.trainStep(given, 1e-3f);
            gradients = engine.gradients();
        }
        for (ParameterTensor tensor : network.parameterTensors()) {
            double largest = 0;
            double worst = 0;
            for (int i = tensor.offset(); i < tensor.end(); i++) {
                assertTrue(Float.isFinite(gradients.values()[i]));
                largest = Math.max(largest, Math.abs(gradients.values()[i]));
                worst = Math.max(
                        worst,
                        slopes.containsKey(i)
                                ? Math.abs(slopes.get(i) - gradients.values()[i])
                                : 0);
            }
            assertTrue(
                    worst <= TOLERANCE * largest + NOISE_OF_SLOPE,
                    tensor.name() + " is off by " + worst + " of " + largest + " in " + network.layers());
        }
    }

    private static float[] mask(int count, Random random) {
        float[] mask = new float[count];
        for (int i = 0; i < mask.length; i++) {
            mask[i] = random.nextBoolean() ? 0 : random.nextFloat();
        }
        mask[0] = 1;
        return mask;
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
