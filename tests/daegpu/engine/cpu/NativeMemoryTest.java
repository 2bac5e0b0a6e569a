package daegpu.engine.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import daegpu.data.ImageSet;
import daegpu.engine.Convolutions;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.MemoryGrowth;
import daegpu.engine.TrainingState;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.noise.Noise;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class NativeMemoryTest {

    private static final Autoencoder SMALL = new Autoencoder(8, 8, 1, List.of(8, 8), 3, 4);

    /** Bytes of LWJGL's one call of OpenMP in a step, where it calls by Java's own foreign functions. */
    private static final int LWJGL = Runtime.version().feature() >= 25 ? 40 : 0;

    /** Bounds below the size of most objects of oneDNN's; 8 bytes a step and 1,500 an engine were seen. */
    @Test
    void nothingGrowsStepAfterStepOrEngineAfterEngine() throws IOException, InterruptedException {
        MemoryGrowth.assertBounded(EngineName.CPU, Convolutions.AUTO, 10_000, 200, 64, 8 << 10);
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
                    assertTrue(bytes < 10_000 + 400 * LWJGL, "400 steps allocated " + bytes + " bytes");
                }
            }
        }
    }
}
