package daegpu.bench;

import daegpu.data.EmbeddedMnist;
import daegpu.data.ImageSet;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.InferenceEngine;
import daegpu.engine.Precision;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import java.util.concurrent.TimeUnit;
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

/** Time to denoise a batch of digits: with one image it is the latency, with many it tells the throughput. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 8, time = 2)
@Fork(1)
public class Denoising {

    @Param({"cpu", "reference"})
    public String engine;

    @Param({"1", "32", "128", "512"})
    public int batchSize;

    /** 0: the engine chooses. */
    @Param("0")
    public int threads;

    private InferenceEngine opened;
    private float[] noisy;
    private float[] denoised;

    @Setup
    public void open() {
        ImageSet digits = EmbeddedMnist.test(batchSize);
        noisy = new float[batchSize * digits.imageSize()];
        denoised = new float[noisy.length];
        for (int i = 0; i < batchSize; i++) {
            digits.scale(i, noisy, i * digits.imageSize());
        }
        opened = Engines.open(
                        EngineName.of(engine),
                        Autoencoder.MNIST.network(),
                        new EngineOptions(batchSize, Precision.FP32, threads))
                .engine();
        opened.load(Initializer.glorotUniform(Autoencoder.MNIST.network(), 1));
    }

    @Benchmark
    public float[] denoise() {
        opened.denoise(noisy, batchSize, denoised);
        return denoised;
    }

    @TearDown
    public void close() {
        opened.close();
    }
}
