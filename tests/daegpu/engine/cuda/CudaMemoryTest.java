package daegpu.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.engine.Convolutions;
import daegpu.engine.EngineOptions;
import daegpu.engine.LearningRule;
import daegpu.engine.Networks;
import daegpu.engine.Plan;
import daegpu.engine.Plan.Buffer;
import daegpu.model.Architecture;
import daegpu.model.Autoencoder;
import daegpu.model.Network;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the engine has on the device. */
@RequiresCuda
class CudaMemoryTest {

    private static final Architecture WIDE = new Autoencoder(8, 8, 1, List.of(16, 128), 3, 64);

    private static EngineOptions options(Convolutions convolutions) {
        return EngineOptions.fp32(1).withConvolutions(convolutions);
    }

    /** Where weights are most of what there is, training has four times as many: two moments and gradients besides. */
    @ParameterizedTest
    @EnumSource(
            value = Convolutions.class,
            names = {"CUDNN", "NATIVE"})
    void anEngineThatDenoisesHasNoGradientsAndMoments(Convolutions convolutions) {
        Network network = WIDE.network();
        long arena = 4L * network.parameterCount();
        try (CudaEngine denoising = new CudaEngine(network, options(convolutions));
                CudaTrainingEngine training =
                        new CudaTrainingEngine(network, LearningRule.DEFAULT, options(convolutions))) {
            float[] images = new float[64];
            denoising.denoise(images, 1, images);
            training.denoise(images, 1, images);
            long bytes = denoising.device().allocatedBytes();
            assertTrue(training.deviceBytes() - bytes >= 3 * arena, training.deviceBytes() + " beside " + bytes);
        }
    }

    /** All gradients and values of a step are in one arena, which is smaller than their sum. */
    @Test
    void gradientsShareMemory() {
        Network network = Networks.unet();
        Plan plan = Plan.training(network, true);
        long sum = plan.lives().keySet().stream()
                .mapToLong(buffer -> 4L * buffer.tensor().size())
                .sum();
        long values = plan.lives().keySet().stream()
                .filter(buffer -> !buffer.isGradient())
                .mapToLong(buffer -> 4L * buffer.tensor().size())
                .sum();
        long arena = plan.arena(buffer -> 4L * buffer.tensor().size(), 256).bytes();
        assertTrue(arena < sum && arena >= values, arena + " of " + sum);
        int batch = 8;
        try (CudaTrainingEngine small =
                        new CudaTrainingEngine(network, LearningRule.DEFAULT, options(Convolutions.NATIVE));
                CudaTrainingEngine large = new CudaTrainingEngine(
                        network,
                        LearningRule.DEFAULT,
                        EngineOptions.fp32(batch).withConvolutions(Convolutions.NATIVE))) {
            long clean = 4L * network.output().size();
            long ofOneImage = plan.arena(CudaMemoryTest::bytes, 1).bytes() + clean;
            long grown = large.deviceBytes() - small.deviceBytes();
            double rounding = 512.0 * plan.lives().size();
            assertEquals((double) (batch - 1) * ofOneImage, (double) grown, rounding, "bytes for 7 more images");
        }
    }

    private static long bytes(Buffer buffer) {
        return 4L * buffer.tensor().size();
    }
}
