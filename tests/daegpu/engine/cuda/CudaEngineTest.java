package daegpu.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.data.ImageSet;
import daegpu.data.Remedy;
import daegpu.engine.Convolutions;
import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Precision;
import daegpu.engine.TrainingState;
import daegpu.engine.cuda.driver.CudaStatus;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.Gpu;
import daegpu.engine.cuda.driver.OwnedScope;
import daegpu.engine.reference.ReferenceTrainingEngine;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.noise.Noise;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;

/** What is this engine's own; what every engine holds is in {@link CudaContractTest}. */
@RequiresCuda
@ExtendWith(Seeds.class)
class CudaEngineTest {

    private static final float RATE = 1e-3f;
    private static final Autoencoder SMALL = new Autoencoder(8, 12, 1, List.of(4, 6), 3, 5);

    /**
     * Against what the driver says is free: it may give more than was asked for, in pages, and libraries take their
     * own.
     */
    @Test
    void countsTheMemoryThatItHas() {
        Autoencoder architecture = Autoencoder.MNIST;
        byte[] pixels = new byte[3000 * architecture.imageSize()];
        ImageSet images = new ImageSet(28, 28, 1, pixels);
        InspectableEngine closed;
        try (Device observer = new Device(Gpu.all().get(0));
                InspectableEngine engine = new CudaTrainingEngine(
                        architecture.network(),
                        LearningRule.DEFAULT,
                        new EngineOptions(32, Precision.FP32, 0).withConvolutions(Convolutions.NATIVE))) {
            closed = engine;
            long opened = engine.deviceBytes();
            assertTrue(opened > 4L * 4 * architecture.parameterCount(), "weights, gradients, two moments: " + opened);
            observer.makeCurrent();
            long free = observer.freeBytes();
            engine.startEpoch(
                    images,
                    Noise.gaussian(0.5f, 0.5f),
                    1,
                    0,
                    IntStream.range(0, images.count()).toArray());
            observer.makeCurrent();
            long grown = engine.deviceBytes() - opened;
            assertTrue(grown >= pixels.length + 4L * images.count(), "images and their order: " + grown);
            long taken = free - observer.freeBytes();
            assertTrue(taken >= grown && taken <= grown + (32L << 20), grown + " counted, " + taken + " taken");
        }
        assertEquals(0, closed.deviceBytes());
    }

    private static int[] order(int count) {
        return IntStream.range(0, count)
                .map(i -> (int) ((i * 7919L + 5) % count))
                .toArray();
    }

    private static ImageSet randomImages(Autoencoder architecture, int count) {
        byte[] pixels = new byte[count * architecture.imageSize()];
        Seeds.random(count).nextBytes(pixels);
        return new ImageSet(architecture.height(), architecture.width(), architecture.channels(), pixels);
    }

    /**
     * Kinds, clipped in every other epoch or not, and tables of photons of several sizes in turn, so that captured
     * steps of each are replayed among the others.
     */
    @Test
    void trainsOnOneKindAfterTheOther() {
        ImageSet images = randomImages(SMALL, 8);
        double[][] losses = new double[2][];
        for (int i = 0; i < 2; i++) {
            try (InspectableEngine engine = i == 0
                    ? new ReferenceTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(4))
                    : new CudaTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(4))) {
                engine.load(TrainingState.initial(Initializer.glorotUniform(SMALL.network(), 3)));
                for (int epoch = 0; epoch < 4; epoch++) {
                    for (Noise.Kind kind : Noise.Kind.values()) {
                        for (float factor : new float[] {1, 1.5f}) {
                            engine.startEpoch(
                                    images,
                                    new Noise(
                                            kind,
                                            kind.defaultMean(),
                                            kind.defaultLevel(),
                                            kind.defaultLevel() * factor,
                                            false,
                                            epoch % 2 == 0 || !kind.leavesRange()),
                                    6,
                                    epoch,
                                    order(8));
                            engine.trainStep(0, 4, RATE);
                            engine.trainStep(4, 4, RATE);
                        }
                    }
                }
                losses[i] = engine.takeLosses();
            }
        }
        assertEquals(4 * 2 * 2 * Noise.Kind.values().length, losses[0].length);
        for (int i = 0; i < losses[0].length; i++) {
            assertEquals(losses[0][i], losses[1][i], 1e-3 * losses[0][i], "step " + i);
        }
    }

    @Test
    void refusesWhatItCannotDo() {
        assertMessage(
                "cuDNN computes in fp32 or tf32, not in bf16",
                SMALL,
                new EngineOptions(1, Precision.BF16, 0, 0, Convolutions.CUDNN));
        assertMessage("there is no device 99: there ", SMALL, new EngineOptions(1, Precision.FP32, 0, 99));
        assertMessage("the cuda engine counts to 2^31", Autoencoder.MNIST, EngineOptions.fp32(1 << 20));
    }

    private static void assertMessage(String expected, Autoencoder architecture, EngineOptions options) {
        EngineUnavailableException e = assertThrows(
                EngineUnavailableException.class,
                () -> new CudaTrainingEngine(architecture.network(), LearningRule.DEFAULT, options).close());
        assertTrue(e.getMessage().contains(expected), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }

    /** Far more than any GPU has, of one piece. */
    @Test
    void saysHowMuchMemoryIsMissing() {
        try (Device device = new Device(Gpu.all().get(0));
                OwnedScope scope = new OwnedScope(device)) {
            EngineUnavailableException e = assertThrows(
                    EngineUnavailableException.class, () -> device.allocate(scope.scope(), 1L << 48, "a batch of 7"));
            assertTrue(
                    e.getMessage()
                            .matches(".* has too little memory for a batch of 7: "
                                    + "281,474,976,710,656 bytes were asked for, "
                                    + "[\\d,]+ of [\\d,]+ are free"),
                    e.getMessage());
        }
    }

    /** Memory that the driver, cuBLAS or cuDNN want for themselves. */
    @Test
    void saysThatALibraryLacksMemory() {
        try (Device device = new Device(Gpu.all().get(0))) {
            device.makeCurrent();
            for (Executable check : List.<Executable>of(
                    () -> CudaStatus.check(2, "open a stream"),
                    () -> CudaStatus.checkBlas(3, "start"),
                    () -> CudaStatus.checkDnn(4004, "convolve"))) {
                EngineUnavailableException e = assertThrows(EngineUnavailableException.class, check);
                assertTrue(
                        e.getMessage()
                                .matches("(the CUDA driver|cuBLAS|cuDNN) could not [a-z ]+ for want of memory on the "
                                        + "GPU, which other programs may use, too: [\\d,]+ of [\\d,]+ bytes are free"),
                        e.getMessage());
                assertEquals(List.of(Remedy.SMALLER_BATCH, Remedy.SMALLER_NETWORK, Remedy.CPU_ENGINE), e.remedies());
            }
        }
    }
}
