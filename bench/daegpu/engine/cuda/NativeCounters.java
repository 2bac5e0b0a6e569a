package daegpu.engine.cuda;

import com.fasterxml.jackson.databind.JsonNode;
import daegpu.bench.Work;
import daegpu.engine.Precision;
import daegpu.engine.cuda.KernelTable.Purpose;
import daegpu.engine.cuda.batch.BatchKernel;
import daegpu.engine.cuda.driver.Kernel;
import daegpu.engine.cuda.kernels.LayerKernel;
import daegpu.engine.cuda.kernels.LayerKernels;
import daegpu.model.Autoencoder;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.Network;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * What {@link StepCounters} counted of a step by this program's own kernels, as a table, beside the multiply-adds that
 * each kernel is for and the least bytes that it has to move.
 */
final class NativeCounters {

    private NativeCounters() {}

    /** Of each kernel of a step, by its name, worked out from the shapes and from which kernel does what. */
    static Map<String, Purpose> purposes(Autoencoder network, int batch, Precision precision) {
        Map<String, Purpose> purposes = new TreeMap<>();
        long n = batch;
        long pixels = n * network.imageSize();
        add(purposes, BatchKernel.GATHER_NOISE_VECTOR, 0, pixels + 4 * (n + 2 * pixels));
        add(purposes, LayerKernel.UPDATE, 0, 4 * 7L * network.parameterCount() + KernelTable.STEP_BYTES);
        Network graph = network.network();
        for (Layer layer : graph.layers()) {
            Optional<Layer> maker = graph.maker(layer.input());
            boolean isLast = layer.output().equals(graph.output());
            LayerKernels kernels = LayerKernels.of(layer, maker, isLast, precision);
            long multiplyAdds = n * (long) Work.multiplyAdds(layer);
            long in = n * layer.inputSize();
            long out = n * layer.outputSize();
            long weights = IntStream.of(layer.kernelShape()).asLongStream().reduce(1, Math::multiplyExact);
            long bias = layer.outputChannels();
            // The last layer is given the clean images, too, and leaves the gradient beside the output.
            add(purposes, kernels.forward(), multiplyAdds, 4 * (in + weights + bias + (isLast ? 3 : 1) * out));
            long ofWeights = 4 * (in + out + weights + (layer.isTransposed() ? 0 : bias));
            if (maker.isEmpty()) {
                add(purposes, kernels.weightGradient(), multiplyAdds, ofWeights);
                continue;
            }
            boolean hasRelu = maker.get().activation() == Activation.RELU;
            long sums = maker.get().isTransposed() ? maker.get().outputChannels() : 0;
            if (kernels.bothGradients().isPresent()) {
                add(purposes, kernels.bothGradients().get(), 2 * multiplyAdds, ofWeights + 4 * (weights + in + sums));
            } else {
                add(
                        purposes,
                        kernels.dataGradient().get(),
                        multiplyAdds,
                        4 * (out + weights + (hasRelu ? 2 : 1) * in + sums));
                add(purposes, kernels.weightGradient(), multiplyAdds, ofWeights);
            }
        }
        return purposes;
    }

    private static void add(Map<String, Purpose> purposes, Kernel kernel, long multiplyAdds, long bytes) {
        purposes.merge(kernel.entry(), new Purpose(multiplyAdds, bytes), Purpose::plus);
    }

    /**
     * All of bench/counters-native-PRECISION.md.
     *
     * @throws IllegalStateException if a kernel ran that {@link #purposes} does not know
     */
    static String table(JsonNode counters, Autoencoder network, int batch, Precision precision) {
        Map<String, Purpose> purposes = purposes(network, batch, precision);
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, """
                # One training step by our own kernels in %s, counted

                `bench/counters --convolutions native --precision %s` printed this; a test compares it with what the
                kernels do now. It is one step of the default network (28x28x1, filters 32 and 64, latent 16) at batch
                %d, on the emulated device (`tests/emulator`), replayed as a CUDA graph. The counts are exact and say
                nothing of time. No GPU was measured. What they mean, and how the kernels came to be as they are, is
                in [cuda/NATIVE.md](../cuda/NATIVE.md).

                """, precision, precision, batch));
        KernelTable.append(text, counters.get("kernels"), purposes);
        text.append(String.format(
                Locale.ROOT,
                """

                A step is %d launch of a graph of %d nodes; it allocates %d times, waits %d times, and copies nothing \
                between the host and the device.
                """,
                counters.at("/graphs/launches").longValue(),
                counters.at("/graphs/nodes/kernel").longValue(),
                counters.get("allocations").longValue(),
                counters.get("synchronizations").longValue()));
        return text.toString().replace(System.lineSeparator(), "\n");
    }
}
