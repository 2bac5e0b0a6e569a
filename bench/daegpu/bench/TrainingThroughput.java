package daegpu.bench;

import daegpu.data.ImageSet;
import daegpu.engine.Engine;
import daegpu.engine.EngineOptions;
import daegpu.engine.TrainingState;
import daegpu.engine.cpu.CpuEngine;
import daegpu.model.Architecture;
import daegpu.model.Initializer;
import daegpu.noise.Noise;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

public final class TrainingThroughput {
    public static void main(String[] arguments) {
        int batch = Integer.parseInt(arguments[0]);
        int threads = Integer.parseInt(arguments[1]);
        int rounds = Integer.parseInt(arguments[2]);
        byte[] bytes = new byte[10000 * 784];
        new Random(0).nextBytes(bytes);
        ImageSet images = new ImageSet(28, 28, 1, bytes);
        int[] order = IntStream.range(0, 10000).toArray();
        long t0 = System.nanoTime();
        try (CpuEngine engine = new CpuEngine(Architecture.MNIST, new EngineOptions(batch, "fp32", threads))) {
            System.out.printf("open %.0f ms, %s%n", (System.nanoTime() - t0) / 1e6, engine.description());
            engine.load(TrainingState.initial(Initializer.glorotUniform(Architecture.MNIST, 0)));
            engine.startEpoch(images, Noise.gaussian(0, 0.5f, 0.5f), 0, order);
            for (int round = 0; round < rounds; round++) {
                double[] ms = new double[100];
                for (int i = 0; i < ms.length; i++) {
                    long start = System.nanoTime();
                    engine.trainStep(i * batch % (10000 - batch), batch, 1e-3f);
                    ms[i] = (System.nanoTime() - start) / 1e6;
                }
                Arrays.sort(ms);
                System.out.printf("median %.3f ms min %.3f  %.0f images/s%n", ms[50], ms[0], 1e3 * batch / ms[50]);
            }
            if (arguments.length > 3) engine.implementations().forEach(System.out::println);
        }
    }
}
