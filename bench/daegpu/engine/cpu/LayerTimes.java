package daegpu.engine.cpu;

import daegpu.bench.BenchmarkNetwork;
import daegpu.bench.Work;
import daegpu.engine.cpu.PrimitiveBuilder.Argument;
import daegpu.model.Layer;
import daegpu.model.Network;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.global.dnnl;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Times every operation of a training step on one thread, on that thread's share of a batch, and prints Markdown: what
 * each layer takes, with its floating-point operations a second as a share of those of a large matrix product that is
 * timed in the same run, and then each operation of oneDNN. Each is timed in the middle of the others, so that caches
 * are as in a step; the shortest time is shown with the median, for machines that are not at rest.
 */
@Command(name = "LayerTimes", mixinStandardHelpOptions = true)
public final class LayerTimes implements Callable<Integer> {

    private static final int MATRIX = 1024;
    private static final List<String> PASSES = List.of(Work.FORWARD, Work.DATA_GRADIENT, Work.WEIGHT_GRADIENT);

    @Option(names = "--network", defaultValue = "autoencoder")
    private BenchmarkNetwork network;

    @Option(names = "--images", defaultValue = "8", description = "Images of the share.")
    private int images;

    @Option(names = "--repeats", defaultValue = "200", description = "How often to time each operation.")
    private int repeats;

    @Option(names = "--type", defaultValue = "F32", description = "F32 or BF16.")
    private ElementType type;

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new LayerTimes()).execute(arguments));
    }

    /** What was timed, in µs. */
    private record Times(double least, double median) {

        static Times of(double[] times) {
            double[] sorted = times.clone();
            Arrays.sort(sorted);
            return new Times(sorted[0], sorted[sorted.length / 2]);
        }

        static Times sum(List<Times> all) {
            return new Times(
                    all.stream().mapToDouble(Times::least).sum(),
                    all.stream().mapToDouble(Times::median).sum());
        }
    }

    private record Timed(Primitive primitive, Times times) {}

    @Override
    public Integer call() {
        Network timed = network.architecture().network();
        double peak;
        List<Timed> operations;
        try (NativeScope scope = new NativeScope();
                TimedShare share = new TimedShare(timed, images, type)) {
            peak = productRate(scope);
            operations = measure(share);
            peak = Math.max(peak, productRate(scope));
        }
        double sum = Times.sum(operations.stream().map(Timed::times).toList()).median;
        printLayers(timed, operations, sum, peak);
        printOperations(operations, sum);
        return 0;
    }

    private List<Timed> measure(TimedShare share) {
        List<Primitive> primitives = share.primitives();
        double[][] times = new double[primitives.size()][repeats];
        for (int repeat = -20; repeat < repeats; repeat++) {
            if (repeat % 10 == 0) {
                share.run(); // fresh gradients: repeated in-place passes would otherwise see ever smaller numbers
            }
            for (int i = 0; i < times.length; i++) {
                long start = System.nanoTime();
                share.run(primitives.get(i));
                if (repeat >= 0) {
                    times[i][repeat] = (System.nanoTime() - start) / 1e3;
                }
            }
        }
        return IntStream.range(0, times.length)
                .mapToObj(i -> new Timed(primitives.get(i), Times.of(times[i])))
                .toList();
    }

    /** Floating-point operations in a µs of a product of two large square matrices, on this thread. */
    private double productRate(NativeScope scope) {
        dnnl_engine engine = OneDnn.openEngine(scope);
        dnnl_stream stream = OneDnn.openStream(engine, scope);
        PrimitiveBuilder builder = new PrimitiveBuilder(engine, scope);
        dnnl_memory_desc shape = builder.dense(type, MATRIX, MATRIX);
        dnnl_memory_desc sums = builder.dense(ElementType.F32, MATRIX, MATRIX);
        String name = "a matrix product";
        Primitive product = builder.build(
                name,
                builder.product(name, shape, shape, null, sums, builder.attributes()),
                new Argument(dnnl.DNNL_ARG_SRC, zeros(builder, shape, type)),
                new Argument(dnnl.DNNL_ARG_WEIGHTS, zeros(builder, shape, type)),
                new Argument(dnnl.DNNL_ARG_DST, zeros(builder, sums, ElementType.F32)));
        builder.allocateWorkspace();
        double[] times = new double[50];
        for (int i = -10; i < times.length; i++) {
            long start = System.nanoTime();
            product.run(stream);
            if (i >= 0) {
                times[i] = (System.nanoTime() - start) / 1e3;
            }
        }
        return 2.0 * MATRIX * MATRIX * MATRIX / Times.of(times).median;
    }

    private static dnnl_memory zeros(PrimitiveBuilder builder, dnnl_memory_desc shape, ElementType type) {
        return builder.view(shape, builder.array(type, (long) MATRIX * MATRIX), 0);
    }

    private void printLayers(Network timed, List<Timed> operations, double sum, double peak) {
        System.out.printf(
                Locale.ROOT,
                "%d images, %s, one thread; a product of two matrices of %d x %d: %.0f GFLOP/s.%n%n",
                images,
                type,
                MATRIX,
                MATRIX,
                peak / 1e3);
        System.out.println("| layer | pass | median µs | share of the step | GFLOP/s | share of the product's |\n"
                + "| --- | --- | ---: | ---: | ---: | ---: |");
        for (Layer layer : timed.layers()) {
            double operationsOfPass = 2.0 * images * Work.multiplyAdds(layer);
            for (String pass : PASSES) {
                List<Times> times = operations.stream()
                        .filter(timedOne -> timedOne.primitive.name().startsWith(layer.name() + " " + pass))
                        .map(Timed::times)
                        .toList();
                if (!times.isEmpty()) {
                    double median = Times.sum(times).median;
                    double rate = operationsOfPass / median;
                    System.out.printf(
                            Locale.ROOT,
                            "| %s | %s | %.0f | %.1f %% | %.0f | %.0f %% |%n",
                            layer.name(),
                            pass,
                            median,
                            100 * median / sum,
                            rate / 1e3,
                            100 * rate / peak);
                }
            }
        }
        System.out.println();
    }

    private static void printOperations(List<Timed> operations, double sum) {
        System.out.println("| operation | code | least µs | median µs | share |\n| --- | --- | ---: | ---: | ---: |");
        for (Timed operation : operations) {
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %s | %.0f | %.0f | %.1f %% |%n",
                    operation.primitive.name(),
                    operation.primitive.implementation(),
                    operation.times.least,
                    operation.times.median,
                    100 * operation.times.median / sum);
        }
        Times all = Times.sum(operations.stream().map(Timed::times).toList());
        System.out.printf(Locale.ROOT, "| all | | %.0f | %.0f | |%n", all.least, all.median);
    }
}
