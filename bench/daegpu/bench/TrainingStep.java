package daegpu.bench;

import daegpu.data.EmbeddedMnist;
import daegpu.data.ImageSet;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Precision;
import daegpu.engine.TrainingState;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.noise.Noise;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Time of one training step on real digits, noise included: gather, corrupt, forward, backward, Adam. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 5)
@Measurement(iterations = 5, time = 5)
@Fork(1)
public class TrainingStep {

    @Param({"cpu", "reference"})
    public String engine;

    @Param({"1", "32", "128", "512"})
    public int batchSize;

    /** 0: the engine chooses. */
    @Param("0")
    public int threads;

    private InspectableEngine opened;
    private int images;
    private int next;

    @Setup
    public void open() {
        ImageSet digits = EmbeddedMnist.training(0);
        images = digits.count();
        opened = Engines.openToTrain(
                        EngineName.of(engine),
                        Autoencoder.MNIST.network(),
                        LearningRule.DEFAULT,
                        new EngineOptions(batchSize, Precision.FP32, threads))
                .engine();
        opened.load(TrainingState.initial(Initializer.glorotUniform(Autoencoder.MNIST.network(), 1)));
        opened.startEpoch(
                digits,
                Noise.gaussian(0.5f, 0.5f),
                1,
                0,
                IntStream.range(0, images).toArray());
    }

    @Benchmark
    public double[] trainStep() {
        if (next + batchSize > images) {
            next = 0;
        }
        opened.trainStep(next, batchSize, 1e-3f);
        next += batchSize;
        return opened.takeLosses();
    }

    @TearDown
    public void close() {
        opened.close();
    }
}
