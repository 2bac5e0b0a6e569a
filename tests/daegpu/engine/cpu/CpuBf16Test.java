package daegpu.engine.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.engine.EngineOptions;
import daegpu.engine.GivenBatch;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Loss;
import daegpu.engine.Networks;
import daegpu.engine.Optimizer;
import daegpu.engine.Precision;
import daegpu.engine.RandomNetwork;
import daegpu.engine.reference.ReferenceTrainingEngine;
import daegpu.model.Layer.Activation;
import daegpu.model.Network;
import daegpu.model.Parameters;
import daegpu.parity.Comparison;
import daegpu.parity.Parity;
import daegpu.parity.RecordedValues;
import daegpu.parity.Tolerance;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * In bf16 the reference engine rounds what this engine rounds; sums alone differ in their last bits. So they are held
 * to a quarter of the bound for bf16 beside fp32, and several steps can be compared.
 */
@RequiresBf16
class CpuBf16Test {

    private static final Tolerance TOLERANCE = new Tolerance(5e-3, 5e-2);

    /** Steps that are longer than a thousand units in the last place of any parameter. */
    private static final float RATE = 1e-2f;

    private static final int NETWORKS = 20;
    /** Of them, those in which rounding may open a ReLU, after which nothing can be compared. */
    private static final int MOST_OPENED = 4;

    private static InspectableEngine reference(Network network, LearningRule rule, int batch) {
        return new ReferenceTrainingEngine(network, rule, new EngineOptions(batch, Precision.BF16, 0));
    }

    /** Not by Keras's values, from which rounding takes both engines as far. */
    @ParameterizedTest
    @MethodSource("daegpu.parity.GoldenFiles#all")
    void networksOfGoldenFilesAgree(Path golden) {
        RecordedValues keras = RecordedValues.read(golden);
        assertTrue(agrees(keras.rule(), keras.initial(), keras.given(), keras.learningRate(), keras.steps(), 0));
    }

    /**
     * Without L1 and Charbonnier, because rounding turns the sign of a difference that is nearly zero, and without
     * sigmoids but in the end; see {@link #sigmoidsInTheMiddleAgree}.
     */
    @Test
    void randomGraphsAgree() {
        AtomicInteger opened = new AtomicInteger();
        Seeds.check(NETWORKS, random -> {
            Network network = Networks.random(random, List.of(Activation.LINEAR, Activation.RELU));
            LearningRule rule = new LearningRule(
                    Loss.MSE,
                    random.nextBoolean() ? Optimizer.ADAM : Optimizer.adamW(0.01),
                    random.nextBoolean() ? OptionalDouble.of(0.9) : OptionalDouble.empty());
            RandomNetwork drawn = RandomNetwork.of(network, 1 + random.nextInt(20), random);
            GivenBatch given = new GivenBatch(drawn.clean(), drawn.noisy(), drawn.batch());
            boolean agrees = agrees(rule, drawn.parameters(), given, RATE, 3, random.nextInt(9));
            opened.addAndGet(agrees ? 0 : 1);
        });
        assertTrue(opened.get() <= MOST_OPENED, opened + " networks cannot be compared");
    }

    /**
     * Whether both engines compute the same; not if rounding opens a ReLU.
     *
     * @param room for so many more images than there are in the batch
     * @throws AssertionError if they do not
     */
    private static boolean agrees(
            LearningRule rule, Parameters initial, GivenBatch given, float rate, int steps, int room) {
        Network network = initial.network();
        EngineOptions options = new EngineOptions(given.count() + room, Precision.BF16, 2);
        try (InspectableEngine reference = reference(network, rule, given.count());
                InspectableEngine engine = new CpuTrainingEngine(network, rule, options)) {
            RecordedValues recorded = RecordedValues.record(reference, rule, initial, given, rate, steps);
            List<Comparison> failed = Parity.replay(recorded, engine, TOLERANCE).stream()
                    .filter(comparison -> !comparison.passed())
                    .toList();
            if (!failed.isEmpty() && Parity.roundingOpensRelu(recorded, reference, engine, TOLERANCE.values())) {
                return false;
            }
            assertEquals(List.of(), failed, rule + " of " + network.layers());
            return true;
        }
    }

    /**
     * The gradient at a sigmoid is rounded once more than on the reference engine, which tells where it is small; so
     * the gradients of all parameters are compared as one vector.
     */
    @Test
    void sigmoidsInTheMiddleAgree() {
        Seeds.check(NETWORKS, random -> {
            Network network = Networks.random(random, List.of(Activation.SIGMOID, Activation.LINEAR));
            RandomNetwork drawn = RandomNetwork.of(network, 9, random);
            GivenBatch given = new GivenBatch(drawn.clean(), drawn.noisy(), 9);
            float[][] gradients = new float[2][];
            try (InspectableEngine reference = reference(network, LearningRule.DEFAULT, 9);
                    InspectableEngine engine = new CpuTrainingEngine(
                            network, LearningRule.DEFAULT, new EngineOptions(9, Precision.BF16, 2))) {
                InspectableEngine[] engines = {reference, engine};
                for (int i = 0; i < 2; i++) {
                    engines[i].load(drawn.parameters());
                    engines[i].trainStep(given, RATE);
                    gradients[i] = engines[i].gradients().values();
                }
            }
            double difference = norm(gradients[0], gradients[1]);
            double size = norm(gradients[0], new float[gradients[0].length]);
            assertTrue(difference <= 5e-3 * size, "off by " + difference + " of " + size);
        });
    }

    private static double norm(float[] a, float[] b) {
        double squares = 0;
        for (int i = 0; i < a.length; i++) {
            squares += Math.pow((double) a[i] - b[i], 2);
        }
        return Math.sqrt(squares);
    }
}
