package daegpu.engine.reference;

import static daegpu.parity.Agreement.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.engine.DoublePrecisionNetwork;
import daegpu.engine.EngineOptions;
import daegpu.engine.GivenBatch;
import daegpu.engine.LearningRule;
import daegpu.engine.Networks;
import daegpu.engine.Precision;
import daegpu.engine.RandomNetwork;
import daegpu.engine.TrainingState;
import daegpu.model.Autoencoder;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.Parameters;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The arithmetic itself; what every engine holds is in {@link ReferenceContractTest}. */
class ReferenceEngineTest {

    @Test
    void activationsAndLossAreThoseOfDoublePrecision() {
        Seeds.check(80, random -> {
            int depth = 1 + random.nextInt(4);
            int kernel = 1 + 2 * random.nextInt(4);
            assertExact(
                    RandomNetwork.architecture(depth, kernel, depth < 4 ? 4 : 2, 9, random)
                            .network(),
                    random);
        });
        Seeds.check(40, random -> assertExact(Networks.random(random), random));
    }

    private static void assertExact(Network network, Random random) {
        RandomNetwork drawn;
        DoublePrecisionNetwork exact;
        double loss;
        int attempts = 0;
        do {
            assertTrue(attempts++ < 1000, "every time something cancels in " + network.layers());
            drawn = RandomNetwork.of(network, 1 + random.nextInt(5), random);
            exact = new DoublePrecisionNetwork(drawn.parameters());
            loss = exact.loss(drawn.clean(), drawn.noisy(), drawn.batch());
        } while (exact.activations().values().stream().anyMatch(ReferenceEngineTest::isNearlyNothing));
        EngineOptions options = new EngineOptions(drawn.batch(), Precision.FP32, 1);
        try (ReferenceTrainingEngine engine = new ReferenceTrainingEngine(network, LearningRule.DEFAULT, options)) {
            engine.load(TrainingState.initial(drawn.parameters()));
            engine.trainStep(new GivenBatch(drawn.clean(), drawn.noisy(), drawn.batch()), 1e-3f);
            assertEquals(loss, engine.takeLosses()[0], 2e-6 * loss);
            for (Layer layer : network.layers()) {
                assertClose(
                        exact.activations().get(layer.name()),
                        engine.activation(layer.output()),
                        5e-6,
                        layer.name() + " of " + network.layers());
            }
        }
    }

    /** What terms of the order of 1 have left of each other shows their last bits. */
    private static boolean isNearlyNothing(double[] values) {
        return Arrays.stream(values).map(Math::abs).max().orElseThrow() < 0.01;
    }

    /**
     * An expected value by hand: what goes in, the kernel and what comes out are rounded, the bias and the sum are not.
     */
    @Test
    void roundsToBf16WhatItMultipliesAndHandsOn() {
        Autoencoder architecture = new Autoencoder(2, 2, 1, List.of(1), 1, 1);
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
}
