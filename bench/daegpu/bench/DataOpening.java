package daegpu.bench;

import daegpu.data.EmbeddedMnist;
import daegpu.data.IdxFile;
import daegpu.data.ImageSet;
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

/** Time to open the test digits: those in the program, and the same ones in an IDX file that the system has cached. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 8, time = 2)
@Fork(1)
public class DataOpening {

    private Path file;

    @Setup
    public void write() throws IOException {
        file = Files.createTempFile("dae-gpu-bench", ".idx");
        IdxFile.write(file, EmbeddedMnist.test(0));
    }

    @Benchmark
    public ImageSet embedded() {
        return EmbeddedMnist.test(0);
    }

    @Benchmark
    public ImageSet idxFile() {
        return IdxFile.read(file, 0);
    }

    @TearDown
    public void delete() throws IOException {
        Files.delete(file);
    }
}
