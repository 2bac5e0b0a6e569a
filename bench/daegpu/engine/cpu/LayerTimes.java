package daegpu.engine.cpu;

import daegpu.model.Architecture;
import daegpu.model.Initializer;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_stream;

/**
 * Times every operation of a training step on one thread, on that thread's share of a batch: {@code LayerTimes IMAGES
 * [REPEATS [F32|BF16]]}. Each is timed in the middle of the others, so that caches are as in a step; the shortest time
 * is shown beside the median, for machines that are not at rest.
 */
public final class LayerTimes {

    private LayerTimes() {}

    /**
     * Prints a Markdown table: operation, code, shortest and median time in µs, and the share of the sum of medians.
     */
    public static void main(String[] arguments) {
        int images = Integer.parseInt(arguments[0]);
        int repeats = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 200;
        ElementType type = arguments.length > 2 ? ElementType.valueOf(arguments[2]) : ElementType.F32;
        Architecture architecture = Architecture.MNIST;
        OneDnn.load();
        OpenMp.useOneThread();
        try (NativeScope scope = new NativeScope()) {
            dnnl_engine engine = OneDnn.openEngine(scope);
            dnnl_stream stream = OneDnn.openStream(engine, scope);
            PrimitiveBuilder builder = new PrimitiveBuilder(engine, scope);
            NativeArray parameters = builder.array(ElementType.F32, architecture.parameterCount());
            float[] initial =
                    Initializer.glorotUniform(architecture.network(), 0).values();
            parameters.write(0, initial, 0, initial.length);
            KernelLayouts kernels = new KernelLayouts(builder, parameters, type);
            NativeArray[] gradients = {builder.array(ElementType.F32, architecture.parameterCount())};
            try (TrainingPass pass = new TrainingPass(engine, architecture.network(), kernels, images, gradients)) {
                for (int i = 0; i < kernels.count(); i++) {
                    kernels.renew(i, stream);
                }
                Arrays.fill(pass.noisy(), 0.5f);
                measure(pass, stream, images, repeats);
            }
        }
    }

    private static void measure(TrainingPass pass, dnnl_stream stream, int images, int repeats) {
        List<Primitive> primitives = pass.primitives();
        double[][] times = new double[primitives.size()][repeats];
        for (int repeat = -20; repeat < repeats; repeat++) {
            if (repeat % 10 == 0) {
                pass.run(
                        stream, 0, images,
                        images); // fresh gradients: repeated in-place passes would otherwise see ever smaller numbers
            }
            for (int i = 0; i < times.length; i++) {
                long start = System.nanoTime();
                primitives.get(i).run(stream);
                if (repeat >= 0) {
                    times[i][repeat] = (System.nanoTime() - start) / 1e3;
                }
            }
        }
        double sum = 0;
        double least = 0;
        for (double[] time : times) {
            Arrays.sort(time);
            sum += time[repeats / 2];
            least += time[0];
        }
        System.out.println("| operation | code | least µs | median µs | share |\n| --- | --- | --- | --- | --- |");
        for (int i = 0; i < times.length; i++) {
            System.out.printf(
                    "| %s | %s | %.0f | %.0f | %.1f %% |%n",
                    primitives.get(i).name(),
                    primitives.get(i).implementation(),
                    times[i][0],
                    times[i][repeats / 2],
                    100 * times[i][repeats / 2] / sum);
        }
        System.out.printf("| all | | %.0f | %.0f | |%n", least, sum);
    }
}
