package daegpu.engine.cpu;

import daegpu.noise.Noise;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Time to scale and corrupt one image of 28×28 on one thread: the loops of the cpu engine beside the specification. */
@State(Scope.Thread)
@BenchmarkMode({Mode.AverageTime})
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 8, time = 1)
@Fork(1)
public class NoiseBenchmark {

    private static final int SIZE = 28 * 28;

    private final Noise noise = Noise.gaussian(0, 0.5f, 0.5f);
    private final NoiseKernel kernel = new NoiseKernel(SIZE);
    private final byte[] pixels = new byte[SIZE];
    private final float[] clean = new float[SIZE];
    private final float[] noisy = new float[SIZE];
    private long index;

    /** As the cpu engine does it. */
    @Benchmark
    public float[] kernel() {
        kernel.corrupt(noise, index++, 0, pixels, 0, clean, noisy, 0);
        return noisy;
    }

    /** As {@link Noise} specifies it. */
    @Benchmark
    public float[] specification() {
        noise.corrupt(index++, 0, clean, noisy, 0, SIZE);
        return noisy;
    }
}
