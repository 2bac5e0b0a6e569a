package daegpu.bench;

import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.noise.Noise;
import daegpu.train.Checkpoint;
import daegpu.train.LearningRate;
import daegpu.train.LearningRate.Schedule;
import daegpu.train.TrainingOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Time to save and load a checkpoint of the default network, in the folder for temporary files. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 8, time = 2)
@Fork(1)
public class CheckpointFile {

    private Path file;
    private Checkpoint checkpoint;

    @Setup
    public void prepare() throws IOException {
        TrainingOptions options = new TrainingOptions(
                Autoencoder.MNIST, Noise.gaussian(0.5f, 0.5f), 1, 32, LearningRate.over(Schedule.CONSTANT, 1e-3, 0));
        checkpoint = Checkpoint.untrained(options, Initializer.glorotUniform(Autoencoder.MNIST.network(), 1));
        file = Files.createTempFile("dae-gpu-bench", ".safetensors");
        checkpoint.write(file);
    }

    @Benchmark
    public void save() throws IOException {
        checkpoint.write(file);
    }

    @Benchmark
    public Checkpoint load() {
        return Checkpoint.read(file);
    }

    @TearDown
    public void delete() throws IOException {
        Files.delete(file);
    }
}
