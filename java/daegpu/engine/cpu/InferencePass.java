package daegpu.engine.cpu;

import daegpu.model.Layer;
import daegpu.model.Network;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_stream;

/**
 * The way of some images through the network, forward only. Two arrays take turns as what layers put out; what the last
 * one puts out is fp32.
 */
final class InferencePass implements AutoCloseable {

    private final NativeScope scope = new NativeScope();
    private final List<Layer> layers;
    private final NativeArray images;
    private final NativeArray[] outputs;
    private final List<Primitive> inputFormat;
    private final List<List<Primitive>> forward = new ArrayList<>();

    /**
     * Call it on a thread on which oneDNN uses no others.
     *
     * @param capacity images to compute at a time
     */
    InferencePass(dnnl_engine engine, Network network, KernelLayouts kernels, int capacity) {
        layers = network.layers();
        PrimitiveBuilder builder = new PrimitiveBuilder(engine, scope);
        long largest = 0;
        for (Layer layer : layers) {
            largest = Math.max(largest, (long) capacity * layer.outputSize());
        }
        ElementType type = kernels.type();
        images =
                builder.array(ElementType.F32, (long) capacity * network.input().size());
        NativeArray input = builder.ofType(type, images);
        inputFormat = builder.converted("input format", images, input);
        NativeArray[] turns = {builder.array(type, largest), builder.array(type, largest)};
        outputs = new NativeArray[layers.size()];
        List<LayerPrimitives> primitives = NetworkLayers.of(network, builder, kernels, capacity);
        for (int l = 0; l < layers.size(); l++) {
            boolean isLast = l == layers.size() - 1;
            outputs[l] = isLast
                    ? builder.array(
                            ElementType.F32, (long) capacity * layers.get(l).outputSize())
                    : turns[l % 2];
            forward.add(primitives.get(l).forward(l == 0 ? input : outputs[l - 1], outputs[l]));
        }
        builder.allocateScratchpad();
    }

    /**
     * Runs layers {@code from} (inclusive) to {@code to} (exclusive) on {@code count} images, at most its capacity.
     *
     * @param stream of the calling thread
     * @param inputs what goes into the first of them, {@code [.., height, width, channels]}, from {@code first} on
     * @param results receives as many of what the last of them puts out, at the same places
     */
    void run(dnnl_stream stream, float[] inputs, int first, int count, int from, int to, float[] results) {
        int inputSize = layers.get(from).inputSize();
        int outputSize = layers.get(to - 1).outputSize();
        (from == 0 ? images : outputs[from - 1]).write(0, inputs, first * inputSize, count * inputSize);
        if (from == 0) {
            for (Primitive primitive : inputFormat) {
                primitive.run(stream);
            }
        }
        for (int l = from; l < to; l++) {
            for (Primitive primitive : forward.get(l)) {
                primitive.run(stream);
            }
        }
        outputs[to - 1].read(0, results, first * outputSize, count * outputSize);
    }

    @Override
    public void close() {
        scope.close();
    }
}
