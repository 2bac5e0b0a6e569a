package daegpu.engine.cuda;

import daegpu.data.ImageSet;
import daegpu.engine.EngineOptions;
import daegpu.engine.LearningRule;
import daegpu.engine.TrainingEngine;
import daegpu.engine.TrainingState;
import daegpu.model.Initializer;
import daegpu.model.Network;
import daegpu.noise.Noise;
import java.util.Random;
import java.util.stream.IntStream;

/** Times training steps. The times decide only which convolutions a run uses, and a run keeps these to its end. */
final class StepTimer {

    /** Number of runs of steps, of which the fastest counts. */
    private static final int RUNS = 3;
    /** Number of fast steps in a run. */
    private static final int STEPS = 20;
    /** Nanoseconds after which a run ends. */
    private static final long RUN_LIMIT = 200_000_000;

    private StepTimer() {}

    /** The milliseconds that a step on a full batch of random images takes, after two other steps. */
    static double millisecondsOfStep(Network network, EngineOptions options) {
        int batch = options.batchSize();
        byte[] pixels = new byte[batch * network.input().size()];
        new Random(1).nextBytes(pixels);
        ImageSet images = new ImageSet(
                network.input().height(),
                network.input().width(),
                network.input().channels(),
                pixels);
        try (TrainingEngine engine = new CudaTrainingEngine(network, LearningRule.DEFAULT, options)) {
            engine.load(TrainingState.initial(Initializer.glorotUniform(network, 1)));
            engine.startEpoch(
                    images,
                    Noise.gaussian(0.5f, 0.5f),
                    1,
                    0,
                    IntStream.range(0, batch).toArray());
            long start = System.nanoTime();
            run(engine, batch, 2); // the first is run, the second captured
            double fastest = Double.MAX_VALUE;
            int steps = (int) Math.max(1, Math.min(STEPS, RUN_LIMIT / Math.max(1, (System.nanoTime() - start) / 2)));
            for (int i = 0; i < RUNS && (i == 0 || System.nanoTime() - start < RUNS * RUN_LIMIT); i++) {
                fastest = Math.min(fastest, run(engine, batch, steps) / steps);
            }
            return fastest / 1e6;
        }
    }

    /** The nanoseconds that {@code steps} steps take. */
    private static double run(TrainingEngine engine, int batch, int steps) {
        long start = System.nanoTime();
        for (int i = 0; i < steps; i++) {
            engine.trainStep(0, batch, 1e-4f);
        }
        engine.takeLosses(); // waits
        return System.nanoTime() - start;
    }
}
