package daegpu.engine.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import daegpu.data.ImageSet;
import daegpu.engine.EngineOptions;
import daegpu.engine.GivenBatch;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.TrainingState;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.noise.Noise;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;

class NativeMemoryTest {

    private static final long MEBIBYTE = 1 << 20;
    private static final Autoencoder SMALL = new Autoencoder(8, 8, 1, List.of(8, 8), 3, 4);

    @Test
    void trainingTakesNoMoreMemoryEpochAfterEpoch() {
        ImageSet images = new ImageSet(8, 8, 1, new byte[600 * 64]);
        int[] order = IntStream.range(0, 600).toArray();
        float[] clean = new float[50 * 64];
        float[] noisy = new float[50 * 64];
        Noise noise = Noise.gaussian(0.5f, 0.5f);
        try (InspectableEngine engine =
                new CpuTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(4))) {
            engine.load(TrainingState.initial(Initializer.glorotUniform(SMALL.network(), 0)));
            long before = 0;
            for (int epoch = 0; epoch < 60; epoch++) {
                engine.startEpoch(images, noise, 0, epoch, order);
                for (int first = 0; first < 600; first += 4) {
                    engine.trainStep(first, 4, 1e-3f);
                }
                engine.takeLosses();
                engine.corrupt(images, noise, 0, 0, 0, 0, 50, clean, noisy);
                engine.denoise(noisy, 50, clean);
                if (epoch == 19) { // by now the Java heap has its size, and the loops are compiled
                    before = Pointer.physicalBytes();
                }
            }
            long grown = Pointer.physicalBytes() - before;
            assertTrue(grown < 40 * MEBIBYTE, "6,000 steps took " + grown / MEBIBYTE + " MiB more");
        }
    }

    @Test
    void aStepAllocatesNothingOnTheJavaHeap() {
        ImageSet images = new ImageSet(8, 8, 1, new byte[600 * 64]);
        ThreadMXBean threads = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
        try (InspectableEngine engine =
                new CpuTrainingEngine(SMALL.network(), LearningRule.DEFAULT, EngineOptions.fp32(24))) {
            engine.load(TrainingState.initial(Initializer.glorotUniform(SMALL.network(), 0)));
            engine.startEpoch(
                    images,
                    Noise.gaussian(0.5f, 0.5f),
                    0,
                    0,
                    IntStream.range(0, 600).toArray());
            long[] ids = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread ->
                            thread == Thread.currentThread() || thread.getName().startsWith("daegpu-cpu"))
                    .mapToLong(Thread::getId)
                    .toArray();
            for (int round = 0; round < 2; round++) { // the first may load classes
                long before =
                        LongStream.of(threads.getThreadAllocatedBytes(ids)).sum();
                for (int step = 0; step < 400; step++) {
                    engine.trainStep(step, 24, 1e-3f);
                }
                long bytes = LongStream.of(threads.getThreadAllocatedBytes(ids)).sum() - before;
                if (round == 1) {
                    assertTrue(bytes < 10_000, "400 steps allocated " + bytes + " bytes");
                }
            }
        }
    }

    @Test
    void closingFreesEverything() {
        openTrainClose(40); // the C library keeps some of what was freed for the next time, up to a point
        long before = Pointer.physicalBytes();
        openTrainClose(40); // each takes about 20 MiB
        long grown = Pointer.physicalBytes() - before;
        assertTrue(grown < 200 * MEBIBYTE, "40 engines left " + grown / MEBIBYTE + " MiB behind");
    }

    private static void openTrainClose(int times) {
        float[] images = new float[32 * Autoencoder.MNIST.imageSize()];
        for (int i = 0; i < times; i++) {
            try (InspectableEngine engine =
                    new CpuTrainingEngine(Autoencoder.MNIST.network(), LearningRule.DEFAULT, EngineOptions.fp32(32))) {
                engine.trainStep(new GivenBatch(images, images, 32), 1e-3f);
                engine.denoise(images, 32, images);
            }
        }
    }
}
