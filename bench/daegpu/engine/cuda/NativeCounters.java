package daegpu.engine.cuda;

import com.fasterxml.jackson.databind.JsonNode;
import daegpu.bench.Work;
import daegpu.engine.Precision;
import daegpu.engine.cuda.KernelTable.Purpose;
import daegpu.engine.cuda.batch.BatchKernel;
import daegpu.engine.cuda.driver.Kernel;
import daegpu.engine.cuda.kernels.ImplicitGemm;
import daegpu.engine.cuda.kernels.ImplicitGemm.Epilogue;
import daegpu.engine.cuda.kernels.LayerGradients;
import daegpu.engine.cuda.kernels.LayerKernel;
import daegpu.engine.cuda.kernels.WeightGradient;
import daegpu.model.Architecture;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.Layer.Operation;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * What {@link StepCounters} counted of a step by this program's own kernels, as a table, beside the multiply-adds that
 * each kernel is for and the least bytes that it has to move.
 */
final class NativeCounters {

    private NativeCounters() {}

    /** Of each kernel of a step, by its name, worked out from the shapes and from which kernel does what. */
    static Map<String, Purpose> purposes(Architecture network, int batch, Precision precision) {
        Map<String, Purpose> purposes = new TreeMap<>();
        long n = batch;
        long pixels = n * network.imageSize();
        add(purposes, BatchKernel.GATHER_NOISE_VECTOR, 0, pixels + 4 * (n + 2 * pixels));
        add(purposes, LayerKernel.UPDATE, 0, 4 * (7L * network.parameterCount() + 1));
        List<Layer> layers = network.network().layers();
        for (int l = 0; l < layers.size(); l++) {
            Layer layer = layers.get(l);
            long multiplyAdds = n * (long) Work.multiplyAdds(layer);
            long in = n * layer.inputSize();
            long out = n * layer.outputSize();
            long weights = IntStream.of(layer.kernelShape()).asLongStream().reduce(1, Math::multiplyExact);
            long bias = layer.outputChannels();
            boolean isLast = l == layers.size() - 1;
            Epilogue epilogue = isLast ? Epilogue.LOSS : NativeForward.epilogue(layer);
            // The last layer is given the clean images, too, and leaves the gradient beside the output.
            add(
                    purposes,
                    ImplicitGemm.forward(layer, batch, epilogue, 0, precision).kernel(),
                    multiplyAdds,
                    4 * (in + weights + bias + (isLast ? 3 : 1) * out));
            WeightGradient weightGradient = WeightGradient.of(layer, batch, precision);
            long ofWeights =
                    4 * (in + out + weights + (layer.operation() == Operation.TRANSPOSED_CONVOLUTION ? 0 : bias));
            if (l == 0) {
                add(purposes, weightGradient.kernel(), multiplyAdds, ofWeights);
                continue;
            }
            Layer before = layers.get(l - 1);
            boolean hasRelu = before.activation() == Activation.RELU;
            ImplicitGemm dataGradient = ImplicitGemm.dataGradient(
                    layer, batch, hasRelu ? Epilogue.RELU_GRADIENT : Epilogue.PLAIN, precision);
            long sums = before.operation() == Operation.TRANSPOSED_CONVOLUTION ? before.outputChannels() : 0;
            Kernel joint = new LayerGradients(dataGradient, weightGradient).joint();
            if (joint != null) {
                add(purposes, joint, 2 * multiplyAdds, ofWeights + 4 * (weights + in + sums));
            } else {
                add(purposes, dataGradient.kernel(), multiplyAdds, 4 * (out + weights + (hasRelu ? 2 : 1) * in + sums));
                add(purposes, weightGradient.kernel(), multiplyAdds, ofWeights);
            }
        }
        return purposes;
    }

    private static void add(Map<String, Purpose> purposes, Kernel kernel, long multiplyAdds, long bytes) {
        purposes.merge(kernel.name().toLowerCase(Locale.ROOT), new Purpose(multiplyAdds, bytes), Purpose::plus);
    }

    /**
     * All of bench/counters-native-PRECISION.md.
     *
     * @throws IllegalStateException if a kernel ran that {@link #purposes} does not know
     */
    static String table(JsonNode counters, Architecture network, int batch, Precision precision) {
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
