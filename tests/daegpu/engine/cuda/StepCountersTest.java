package daegpu.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.bench.BenchmarkNetwork;
import daegpu.bench.Work;
import daegpu.data.Depth;
import daegpu.data.EmbeddedMnist;
import daegpu.data.ImageSet;
import daegpu.data.Scene;
import daegpu.data.WholeScenes;
import daegpu.engine.Convolutions;
import daegpu.engine.EngineOptions;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Precision;
import daegpu.engine.TrainingState;
import daegpu.engine.cuda.cudnn.CudnnLayout;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.Gpu;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.noise.BlindSpots;
import daegpu.noise.Noise;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the emulated device counts; a GPU counts nothing. */
@RequiresCuda
class StepCountersTest {

    private Path counters;

    @BeforeEach
    void requireEmulatedDevice() throws IOException {
        String file = System.getenv("DAEGPU_EMULATOR_COUNTERS");
        assumeTrue(file != null && !file.isEmpty(), "DAEGPU_EMULATOR_COUNTERS names no file");
        counters = Path.of(file);
        Files.deleteIfExists(counters);
        try (Device device = new Device(Gpu.all().get(0))) {
            device.makeCurrent();
            JCudaDriver.cuProfilerStop();
        }
        assumeTrue(Files.exists(counters), "only the emulated device counts");
    }

    /**
     * Exact and the same on any machine: a kernel that moves more than it did, or is launched more often, fails here.
     */
    @Test
    void committedTableHolds() throws IOException {
        assertEquals(
                Files.readString(Path.of("bench/counters.md")),
                StepCounters.table(
                        StepCounters.count(BenchmarkNetwork.AUTOENCODER, 32, Precision.FP32, Convolutions.CUDNN),
                        32,
                        Precision.FP32),
                "if that is well, commit what bench/counters prints, and say why in the commit");
    }

    /** Worked out by hand from the kernels and the shapes of the default network at batch 32. */
    @Test
    void countsAreThoseWorkedOutByHand() throws IOException {
        JsonNode kernels = StepCounters.count(BenchmarkNetwork.AUTOENCODER, 32, Precision.FP32, Convolutions.CUDNN)
                .get("kernels");
        // A thread takes 16 bytes of each of four arrays and leaves 16 in three; every block also reads the state of
        // the step, one sector, and the last one reads the step again and leaves three values.
        long floats = new ParameterArena(Autoencoder.MNIST.network(), new CudnnLayout()).size();
        assertSectors(kernels.get("adam"), 4 * floats / 8 + (floats / 4 + 127) / 128 + 1, 3 * floats / 8 + 3);
        // 32 rows of 16 and of 3,136 gradients are read once, and their sums left; all are aligned.
        assertSectors(kernels.get("dense_bias_gradient"), 32 * (16 + 3136) / 8, (16 + 3136) / 8);
        // Four arrays of 32 images of 784 values, of which two are read; every warp of the 32 blocks reads the one
        // bias, and a block leaves two sums. 196 threads of 128 have work: 2 rounds of 4 sectors a warp, the second a
        // part.
        assertSectors(kernels.get("plane_loss_vector"), 2 * 32 * 784 / 8 + 32 * 4, 2 * 32 * 784 / 8 + 32 * 2);
        for (JsonNode kernel : kernels) {
            assertEquals(0, kernel.at("/shared/bank_conflicts").longValue());
            assertEquals(0, kernel.at("/local/requests").longValue());
        }
    }

    /**
     * Of our own kernels; and the nodes: the batch; 6 layers and the last with its loss; both gradients of 7 layers;
     * the update.
     */
    @ParameterizedTest
    @EnumSource(Precision.class)
    void committedTableOfNativeStepsHolds(Precision precision) throws IOException {
        JsonNode step = StepCounters.count(BenchmarkNetwork.AUTOENCODER, 32, precision, Convolutions.NATIVE);
        assertEquals(
                Files.readString(Path.of("bench/counters-native-" + precision + ".md")),
                NativeCounters.table(step, BenchmarkNetwork.AUTOENCODER, 32, precision),
                "if that is well, commit what bench/counters --convolutions native prints, and say why in the commit");
        assertEquals(1, step.at("/graphs/launches").intValue());
        assertEquals(
                1 + 7 + 7 + 1,
                step.at("/graphs/nodes/kernel").intValue(),
                step.get("kernels").toString());
        assertEquals(0, step.at("/graphs/nodes/library").intValue());
    }

    /**
     * Pairs and blind spots take no launch more. What they leave is the least there can be: two values for each of an
     * image, and a third, the mask, of blind spots. What they read is less than what they leave: each value twice, in
     * 16 bits, and for each 32 of them where they lie, which a GPU has in its caches.
     */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void pairsAndBlindSpotsMoveLittleMoreThanTheyHaveTo(boolean blind) throws IOException {
        int batch = 32;
        int side = 28;
        Random random = new Random(1);
        List<Scene> scenes = Stream.generate(() -> blind
                        ? Scene.of(picture(random, side))
                        : new Scene(Optional.of(picture(random, side)), List.of(picture(random, side))))
                .limit(3L * batch)
                .toList();
        WholeScenes images =
                new WholeScenes(scenes, blind ? Optional.of(new BlindSpots(0.002, 1, 1)) : Optional.empty());
        JsonNode step = StepCounters.count(
                BenchmarkNetwork.AUTOENCODER, batch, Precision.FP32, Convolutions.NATIVE, images, Noise.NONE);
        assertEquals(1 + 7 + 7 + 1, step.at("/graphs/nodes/kernel").intValue());
        JsonNode kernel = step.get("kernels").get("gather_pairs_16");
        assertEquals(1, kernel.get("launches").intValue(), kernel.toString());
        long values = (long) batch * side * side;
        long stores = kernel.at("/global_stores/sectors").longValue();
        assertEquals((blind ? 3 : 2) * values * 4 / 32, stores, "stores");
        long loads = kernel.at("/global_loads/sectors").longValue();
        assertTrue(loads < 2 * values * 4 / 32 * 2, loads + " sectors are read and " + stores + " left");
        assertEquals(0, kernel.at("/local/requests").longValue());
    }

    private static ImageSet picture(Random random, int side) {
        byte[] pixels = new byte[2 * side * side];
        random.nextBytes(pixels);
        return new ImageSet(side, side, 1, Depth.BITS_16, pixels);
    }

    /** What kernels are for adds up to what a step has to do, whichever kernel does it. */
    @ParameterizedTest
    @EnumSource(Precision.class)
    void nativeKernelsDoAllOfAStep(Precision precision) {
        for (BenchmarkNetwork network : BenchmarkNetwork.values()) {
            assertEquals(
                    5 * Work.multiplyAddsOfTraining(network.architecture()),
                    NativeCounters.purposes(network.architecture(), 5, precision).values().stream()
                            .mapToDouble(KernelTable.Purpose::multiplyAdds)
                            .sum(),
                    network.toString());
        }
    }

    private static void assertSectors(JsonNode kernel, long loads, long stores) {
        assertEquals(loads, kernel.at("/global_loads/sectors").longValue(), "loads");
        assertEquals(stores, kernel.at("/global_stores/sectors").longValue(), "stores");
    }

    /**
     * Updates with a learning rate that changes each time: nobody waits, and nothing is copied, until losses are read.
     */
    @Test
    void nothingIsWaitedForBetweenTwoReadingsOfTheLoss() throws IOException {
        Autoencoder architecture = new Autoencoder(28, 28, 1, List.of(2, 2), 3, 4);
        try (InspectableEngine engine =
                new CudaTrainingEngine(architecture.network(), LearningRule.DEFAULT, EngineOptions.fp32(4))) {
            engine.load(TrainingState.initial(Initializer.glorotUniform(architecture.network(), 1)));
            engine.startEpoch(
                    EmbeddedMnist.training(100),
                    Noise.gaussian(0.5f, 0.5f),
                    1,
                    0,
                    IntStream.range(0, 100).toArray());
            for (int step = 0; step < 2; step++) { // the first is run, the second captured
                engine.trainStep(4 * step, 4, 1e-3f);
            }
            engine.takeLosses();
            JCudaDriver.cuProfilerStart();
            for (int step = 2; step < 25; step++) {
                engine.trainStep(4 * step, 4, 1e-3f / step);
            }
            JsonNode steps = read();
            assertEquals(0, steps.get("synchronizations").intValue());
            assertEquals(0, steps.get("allocations").intValue());
            for (JsonNode kind : steps.get("copies")) {
                assertEquals(
                        0, kind.get("calls").intValue(), steps.get("copies").toString());
            }
            assertEquals(23, steps.at("/graphs/launches").intValue(), "each step is one replay");
            assertEquals(23, engine.takeLosses().length);
            JsonNode reading = read();
            assertEquals(1, reading.get("synchronizations").intValue());
            assertEquals(23 * 4, reading.at("/copies/device_to_host/bytes").intValue());
            assertEquals(0, reading.at("/copies/host_to_device/calls").intValue());
        }
    }

    private JsonNode read() throws IOException {
        JCudaDriver.cuProfilerStop();
        return new ObjectMapper().readTree(counters.toFile());
    }
}
