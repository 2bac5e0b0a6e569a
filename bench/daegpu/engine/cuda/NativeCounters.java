package daegpu.engine.cuda;

import com.fasterxml.jackson.databind.JsonNode;
import daegpu.bench.BenchmarkNetwork;
import daegpu.bench.Work;
import daegpu.engine.Plan;
import daegpu.engine.Precision;
import daegpu.engine.cuda.KernelTable.Purpose;
import daegpu.engine.cuda.batch.BatchKernel;
import daegpu.engine.cuda.driver.Kernel;
import daegpu.engine.cuda.kernels.LayerKernel;
import daegpu.engine.cuda.kernels.LayerKernels;
import daegpu.model.Architecture;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.Network;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * What {@link StepCounters} counted of a step by this program's own kernels, as a table, beside the multiply-adds that
 * each kernel is for and the least bytes that it has to move.
 */
final class NativeCounters {

    private static final String OF_DEFAULT_NETWORK = """
            # One training step by our own kernels in %s, counted

            `bench/counters --convolutions native --precision %s` printed this; a test compares it with what the
            kernels do now. It is one step of the default network (28x28x1, filters 32 and 64, latent 16) at batch
            %d, on the emulated device (`tests/emulator`), replayed as a CUDA graph. The counts are exact and say
            nothing of time. No GPU was measured. What they mean, and how the kernels came to be as they are, is
            in [cuda/NATIVE.md](../cuda/NATIVE.md).

            """;

    private static final String OF_UNET = """
            # One training step of a U-Net by our own kernels in %s, counted

            `bench/counters --network unet --convolutions native --precision %s` printed this. It is one step of
            that network (64x64x1, filters 32, 64 and 128, blocks 1, 1 and 2) at batch %d, on the emulated device
            (`tests/emulator`), replayed as a CUDA graph. The counts are exact and say nothing of time. No GPU was
            measured.

            """;

    private NativeCounters() {}

    /** Of each kernel of a step, by its name, worked out from the shapes and from which kernel does what. */
    static Map<String, Purpose> purposes(Architecture network, int batch, Precision precision) {
        Map<String, Purpose> purposes = new TreeMap<>();
        long n = batch;
        long pixels = n * network.imageSize();
        add(purposes, BatchKernel.GATHER_NOISE_VECTOR, 0, pixels + 4 * (n + 2 * pixels));
        add(purposes, LayerKernel.UPDATE, 0, 4 * 7L * network.parameterCount() + KernelTable.STEP_BYTES);
        Network graph = network.network();
        for (Plan.Step step : Plan.training(graph, false).steps()) {
            if (step instanceof Plan.Forward forward) {
                addForward(purposes, graph, forward.layer(), n, precision);
            } else if (step instanceof Plan.Backward backward) {
                addBackward(purposes, graph, backward, n, precision);
            }
        }
        return purposes;
    }

    private static LayerKernels kernels(Network graph, Layer layer, Precision precision) {
        return LayerKernels.of(layer, graph.maker(layer.input()), layer.output().equals(graph.output()), precision);
    }

    private static long multiplyAdds(Layer layer, long n) {
        return n * (long) Work.multiplyAdds(layer);
    }

    private static long weights(Layer layer) {
        return IntStream.of(layer.kernelShape()).asLongStream().reduce(1, Math::multiplyExact);
    }

    private static long bias(Layer layer) {
        return layer.bias().isPresent() ? layer.outputChannels() : 0;
    }

    private static void addForward(
            Map<String, Purpose> purposes, Network graph, Layer layer, long n, Precision precision) {
        // The last layer is given the clean images, too, and leaves the gradient beside the output.
        int outputs =
                (layer.output().equals(graph.output()) ? 3 : 1) + (layer.added().isPresent() ? 1 : 0);
        add(
                purposes,
                kernels(graph, layer, precision).forward(),
                multiplyAdds(layer, n),
                4 * (n * layer.inputSize() + weights(layer) + bias(layer) + outputs * n * layer.outputSize()));
    }

    private static void addBackward(
            Map<String, Purpose> purposes, Network graph, Plan.Backward backward, long n, Precision precision) {
        Layer layer = backward.layer();
        LayerKernels kernels = kernels(graph, layer, precision);
        long multiplyAdds = multiplyAdds(layer, n);
        long in = n * layer.inputSize();
        long out = n * layer.outputSize();
        long weights = weights(layer);
        long ofWeights = 4 * (in + out + weights + (layer.isTransposed() ? 0 : bias(layer)));
        if (backward.data().isEmpty()) {
            add(purposes, kernels.weightGradient(), multiplyAdds, ofWeights);
            return;
        }
        Plan.GradientSum sum = backward.data().get();
        Layer maker = graph.maker(layer.input()).orElseThrow();
        long sums = sum.isComplete() && maker.isTransposed() ? bias(maker) : 0;
        long added = (sum.terms().size() + (sum.accumulates() ? 1 : 0)) * in;
        if (kernels.bothGradients().isPresent()) {
            add(
                    purposes,
                    kernels.bothGradients().get(),
                    2 * multiplyAdds,
                    ofWeights + 4 * (weights + in + added + sums));
            return;
        }
        boolean hasDerivative = sum.activation() != Activation.LINEAR;
        add(
                purposes,
                kernels.dataGradient().orElseThrow(),
                multiplyAdds,
                4 * (out + weights + (hasDerivative ? 2 : 1) * in + added + sums));
        add(purposes, kernels.weightGradient(), multiplyAdds, ofWeights);
    }

    private static void add(Map<String, Purpose> purposes, Kernel kernel, long multiplyAdds, long bytes) {
        purposes.merge(kernel.entry(), new Purpose(multiplyAdds, bytes), Purpose::plus);
    }

    /**
     * All of bench/counters-native-PRECISION.md, or of bench/counters-native-unet-PRECISION.md.
     *
     * @throws IllegalStateException if a kernel ran that {@link #purposes} does not know
     */
    static String table(JsonNode counters, BenchmarkNetwork network, int batch, Precision precision) {
        Map<String, Purpose> purposes = purposes(network.architecture(), batch, precision);
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                network == BenchmarkNetwork.AUTOENCODER ? OF_DEFAULT_NETWORK : OF_UNET,
                precision,
                precision,
                batch));
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
