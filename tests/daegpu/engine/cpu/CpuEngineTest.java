package daegpu.engine.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.data.ImageSet;
import daegpu.data.Remedy;
import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Networks;
import daegpu.engine.Precision;
import daegpu.engine.TrainingState;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.model.Network;
import daegpu.noise.Noise;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is this engine's own; what every engine holds is in {@link CpuContractTest}. */
@ExtendWith(Seeds.class)
class CpuEngineTest {

    private static final Autoencoder SMALL = new Autoencoder(8, 12, 1, List.of(8, 16), 3, 4);

    @Test
    void givesTheSameBitsUnderLoad() throws InterruptedException {
        Thread load = new Thread(() -> {
            double sum = 0;
            while (!Thread.currentThread().isInterrupted()) {
                sum = Math.sin(sum + 1);
            }
        });
        load.setDaemon(true);
        load.start();
        try {
            for (Autoencoder architecture : List.of(Autoencoder.MNIST, SMALL)) {
                float[] first = null;
                for (int repeat = 0; repeat < 20; repeat++) {
                    try (InspectableEngine engine = new CpuTrainingEngine(
                            architecture.network(), LearningRule.DEFAULT, new EngineOptions(12, Precision.FP32, 3))) {
                        train(engine, randomImages(architecture, 64), 12, 5);
                        float[] parameters = engine.state().parameters().values();
                        first = first == null ? parameters : first;
                        assertArrayEquals(first, parameters, "repetition " + repeat);
                    }
                }
            }
        } finally {
            load.interrupt();
            load.join();
        }
    }

    static List<Named<Network>> networks() {
        return List.of(
                Named.of("the default network", Autoencoder.MNIST.network()), Named.of("a U-Net", Networks.unet()));
    }

    /**
     * oneDNN falls back without a word to code that is slower by a factor of hundreds, and says so only in its name.
     */
    @ParameterizedTest
    @MethodSource("networks")
    void usesNoReferenceCode(Network network) {
        assertNoReferenceCode(network, Precision.FP32);
    }

    @ParameterizedTest
    @MethodSource("networks")
    @RequiresBf16
    void usesNoReferenceCodeInBf16(Network network) {
        assertNoReferenceCode(network, Precision.BF16);
    }

    private static void assertNoReferenceCode(Network network, Precision precision) {
        EngineOptions options = new EngineOptions(32, precision, 1);
        try (CpuTrainingEngine engine = new CpuTrainingEngine(network, LearningRule.DEFAULT, options)) {
            assertEquals(
                    List.of(),
                    engine.implementations().stream()
                            .filter(line -> line.contains("ref"))
                            .toList());
        }
    }

    @Test
    void roundsToBf16AsIeeeDoes() {
        float[] values = {
            1, -2.5f, 0x1.01p0f, 0x1.03p0f, 0x1.010002p0f, 0x1.FFp0f, 0, 0x1p-130f, Float.POSITIVE_INFINITY
        };
        float[] rounded = {1, -2.5f, 1, 0x1.04p0f, 0x1.02p0f, 2, 0, 0x1p-130f, Float.POSITIVE_INFINITY};
        float[] read = new float[values.length];
        OneDnn.load();
        try (NativeScope scope = new NativeScope()) {
            NativeArray array = NativeArray.allocate(scope, OneDnn.openEngine(scope), ElementType.BF16, values.length);
            array.write(0, values, 0, values.length);
            array.read(0, read, 0, read.length);
        }
        assertArrayEquals(rounded, read);
    }

    @Test
    void refusesWhatItCannotDo() {
        OneDnn.load();
        if (!OneDnn.hasBf16()) {
            EngineUnavailableException bf16 = assertThrows(
                    EngineUnavailableException.class,
                    () -> new CpuTrainingEngine(
                            SMALL.network(), LearningRule.DEFAULT, new EngineOptions(4, Precision.BF16, 0)));
            assertTrue(bf16.getMessage().matches("bf16 needs .* and this one has neither"), bf16.getMessage());
        }
        assertThrows(
                EngineUnavailableException.class,
                () -> new CpuTrainingEngine(
                        SMALL.network(), LearningRule.DEFAULT, new EngineOptions(4, Precision.TF32, 0)));
        Autoencoder large = new Autoencoder(4096, 4096, 1, List.of(8, 8, 8, 8, 8, 8, 8, 8, 8, 8), 3, 1);
        EngineUnavailableException tooLarge = assertThrows(
                EngineUnavailableException.class,
                () -> new CpuTrainingEngine(
                        large.network(), LearningRule.DEFAULT, new EngineOptions(1024, Precision.FP32, 1)));
        assertEquals(List.of(Remedy.SMALLER_BATCH, Remedy.SMALLER_NETWORK), tooLarge.remedies());
    }

    private static void train(InspectableEngine engine, ImageSet images, int batch, int steps) {
        engine.load(TrainingState.initial(Initializer.glorotUniform(engine.network(), 0)));
        engine.startEpoch(
                images,
                Noise.gaussian(0.5f, 0.5f),
                0,
                0,
                IntStream.range(0, images.count()).toArray());
        for (int step = 0; step < steps; step++) {
            engine.trainStep(step * batch, Math.min(batch, images.count() - step * batch), 1e-3f);
        }
    }

    private static ImageSet randomImages(Autoencoder architecture, int count) {
        byte[] pixels = new byte[count * architecture.imageSize()];
        Seeds.random(4).nextBytes(pixels);
        return new ImageSet(architecture.height(), architecture.width(), architecture.channels(), pixels);
    }
}
