package daegpu.bench;

import daegpu.model.Autoencoder;
import daegpu.model.Layer;
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
import org.openjdk.jmh.annotations.Warmup;

/** Time of single operations on one thread, the same for every engine; {@link Work} says what they have to do. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 8, time = 2)
@Fork(1)
public abstract class Operations {

    @Param({
        "noise",
        "conv2 forward",
        "conv2 data gradient",
        "conv2 weight gradient",
        "deconv1 forward",
        "deconv1 data gradient",
        "deconv1 weight gradient",
        "latent forward",
        "latent data gradient",
        "latent weight gradient",
        "loss",
        "adam"
    })
    public String operation;

    @Param({"1", "32", "128", "512"})
    public int batchSize;

    private Runnable work;

    @Setup
    public void prepare() {
        open();
        work = switch (operation) {
            case Work.NOISE -> noise();
            case Work.LOSS -> loss();
            case Work.ADAM -> adam();
            default -> layer(Autoencoder.MNIST.network().layer(Work.layer(operation)), Work.part(operation));
        };
    }

    /** Does first, on the thread that will be timed, what the engine needs. */
    protected void open() {}

    /** Scales a batch and corrupts it. */
    protected abstract Runnable noise();

    /** The loss of a batch and its gradient. */
    protected abstract Runnable loss();

    /** One update of all parameters. */
    protected abstract Runnable adam();

    /**
     * One part of a layer's work.
     *
     * @param part {@link Work#FORWARD}, {@link Work#DATA_GRADIENT} or {@link Work#WEIGHT_GRADIENT}
     */
    protected abstract Runnable layer(Layer layer, String part);

    @Benchmark
    public void run() {
        work.run();
    }
}
