package daegpu.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.data.ImageSet;
import daegpu.engine.Convolutions;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.LearningRule;
import daegpu.engine.MemoryGrowth;
import daegpu.engine.Networks;
import daegpu.engine.Plan;
import daegpu.engine.Plan.Buffer;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.Gpu;
import daegpu.model.Architecture;
import daegpu.model.Autoencoder;
import daegpu.model.Network;
import daegpu.noise.Noise;
import java.io.IOException;
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

    /** To the byte, as the engine counts it and as the driver does. */
    @ParameterizedTest
    @EnumSource(
            value = Convolutions.class,
            names = {"CUDNN", "NATIVE"})
    void stepsAndEnginesLeaveNothingOnTheDevice(Convolutions convolutions) {
        try (Device observer = new Device(Gpu.all().get(0))) {
            long[] free = new long[2];
            for (int i = 0; i < 2; i++) {
                for (int engines = 0; engines < 5; engines++) {
                    openTrainClose(convolutions);
                }
                observer.makeCurrent();
                free[i] = observer.freeBytes();
            }
            assertEquals(free[0], free[1]);
        }
    }

    private static void openTrainClose(Convolutions convolutions) {
        Network network = Networks.bottleneck();
        ImageSet images = new ImageSet(4, 6, 3, new byte[8 * network.input().size()]);
        int[] order = {7, 6, 5, 4, 3, 2, 1, 0};
        try (CudaTrainingEngine engine = new CudaTrainingEngine(network, LearningRule.DEFAULT, options(convolutions))) {
            long[] bytes = new long[2];
            for (int i = 0; i < 2; i++) {
                for (int epoch = 0; epoch < 2; epoch++) {
                    engine.startEpoch(images, Noise.gaussian(0.5f, 0.5f), 1, epoch, order);
                    engine.trainStep(epoch, 1, 1e-3f);
                    engine.takeLosses();
                    engine.denoise(
                            new float[network.input().size()],
                            1,
                            new float[network.input().size()]);
                    engine.load(engine.state());
                }
                bytes[i] = engine.deviceBytes();
            }
            assertEquals(bytes[0], bytes[1]);
        }
    }

    /**
     * In this machine's memory. Steps left nothing behind, and engines 60 KiB each: JCudnn forgets some objects, and
     * the emulated device remembers which memory was freed.
     */
    @Test
    void nothingGrowsStepAfterStepOrEngineAfterEngine() throws IOException, InterruptedException {
        MemoryGrowth.assertBounded(EngineName.CUDA, Convolutions.CUDNN, 700, 50, 1 << 10, 100 << 10);
    }

    private static long bytes(Buffer buffer) {
        return 4L * buffer.tensor().size();
    }
}
