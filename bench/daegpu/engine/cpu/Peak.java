package daegpu.engine.cpu;

import daegpu.engine.cpu.PrimitiveBuilder.Argument;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.global.dnnl;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What this machine can do, which others are held against: a copy of more than any cache holds, and oneDNN's product of
 * two square matrices, by one thread, and by one on each processor.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 8, time = 1)
@Fork(1)
public class Peak {

    private static final int COPIED_FLOATS = 16 << 20;
    private static final int MATRIX = 1024;

    @Param({"1", "all"})
    public String processors;

    private int threads;
    private Workers workers;
    private float[][] from;
    private float[][] to;
    private NativeScope[] scopes;
    private Primitive[] products;
    private dnnl_stream[] streams;

    @Setup(Level.Trial)
    public void prepare() {
        OneDnn.load();
        threads = threads(processors);
        OpenMp.useOneThread();
        workers = new Workers(threads, OpenMp::useOneThread);
        from = new float[threads][];
        to = new float[threads][];
        scopes = new NativeScope[threads];
        products = new Primitive[threads];
        streams = new dnnl_stream[threads];
        each(this::prepare);
    }

    /** @param processors {@code 1} or {@code all} */
    private static int threads(String processors) {
        return processors.equals("all") ? Runtime.getRuntime().availableProcessors() : Integer.parseInt(processors);
    }

    private void prepare(int thread) {
        from[thread] = new float[COPIED_FLOATS];
        to[thread] = new float[COPIED_FLOATS];
        Arrays.fill(from[thread], thread);
        scopes[thread] = new NativeScope();
        dnnl_engine engine = OneDnn.openEngine(scopes[thread]);
        streams[thread] = OneDnn.openStream(engine, scopes[thread]);
        PrimitiveBuilder builder = new PrimitiveBuilder(engine, scopes[thread]);
        dnnl_memory_desc shape = builder.dense(ElementType.F32, MATRIX, MATRIX);
        String name = "a matrix product";
        products[thread] = builder.build(
                name,
                builder.product(name, shape, shape, null, shape, builder.attributes()),
                new Argument(dnnl.DNNL_ARG_SRC, matrix(builder, shape)),
                new Argument(dnnl.DNNL_ARG_WEIGHTS, matrix(builder, shape)),
                new Argument(dnnl.DNNL_ARG_DST, matrix(builder, shape)));
        builder.allocateWorkspace();
    }

    private static dnnl_memory matrix(PrimitiveBuilder builder, dnnl_memory_desc shape) {
        NativeArray array = builder.array(ElementType.F32, (long) MATRIX * MATRIX);
        float[] values = new float[MATRIX * MATRIX];
        Arrays.fill(values, 0.5f);
        array.write(0, values, 0, values.length);
        return builder.view(shape, array, 0);
    }

    private void each(IntConsumer work) {
        workers.run(new Workers.Phase(() -> threads, (item, worker) -> work.accept(item)));
    }

    /** Bytes that {@link #copy} reads and writes. */
    public static double copiedBytes(String processors) {
        return 2.0 * 4 * COPIED_FLOATS * threads(processors);
    }

    /** Floating-point operations of {@link #matrixProduct}. */
    public static double productFlops(String processors) {
        return 2.0 * MATRIX * MATRIX * MATRIX * threads(processors);
    }

    @Benchmark
    public void copy() {
        each(thread -> System.arraycopy(from[thread], 0, to[thread], 0, COPIED_FLOATS));
    }

    @Benchmark
    public void matrixProduct() {
        each(thread -> products[thread].run(streams[thread]));
    }

    @TearDown
    public void close() {
        for (NativeScope scope : scopes) {
            scope.close();
        }
        workers.close();
    }
}
