package daegpu.engine.cpu;

import daegpu.engine.cpu.PrimitiveBuilder.Argument;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.Network;
import daegpu.model.ParameterTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.global.dnnl;

/**
 * The way of a share of a batch through the network and back: every value on it, and the primitives that compute them.
 * Shares take turns on it. Always computes as many images as it was made for; of those beyond the share the loss
 * gradient is zero, and so is all that follows from it.
 *
 * <p>What the layers hand to each other, and back, has the number format of the kernels; what the network puts out, its
 * loss and the gradients of the parameters are fp32 always.
 */
final class TrainingPass implements AutoCloseable {

    private final NativeScope scope = new NativeScope();
    private final Network network;
    private final List<Layer> layers;
    private final int capacity;
    /** The images as Java writes them. */
    private final NativeArray images;
    /** The images as the first layer reads them. */
    private final NativeArray input;

    private final NativeArray[] outputs;
    private final NativeArray[] outputGradients;
    /** The gradient of the loss by what the last layer puts out, as Java writes it. */
    private final NativeArray lossGradient;
    /** Where the gradients of the parameters go. */
    private final GradientTargets gradients;

    private final NativeArray ones;
    private final List<Primitive> forward = new ArrayList<>();
    private final List<Primitive> backward = new ArrayList<>();

    private final float[] clean;
    private final float[] noisy;
    private final float[] output;

    /**
     * Call it on a thread on which oneDNN uses no others.
     *
     * @param capacity images to compute at a time
     * @param shareGradients for each share of a batch, what receives its part of the gradient by each parameter
     */
    TrainingPass(
            dnnl_engine engine, Network network, KernelLayouts kernels, int capacity, NativeArray[] shareGradients) {
        this.network = network;
        this.capacity = capacity;
        layers = network.layers();
        PrimitiveBuilder builder = new PrimitiveBuilder(engine, scope);
        ElementType type = kernels.type();
        images =
                builder.array(ElementType.F32, (long) capacity * network.input().size());
        input = builder.ofType(type, images);
        lossGradient = builder.array(ElementType.F32, images.size());
        outputs = new NativeArray[layers.size()];
        for (int l = 0; l < outputs.length; l++) {
            boolean isLast = l == outputs.length - 1;
            outputs[l] = builder.array(isLast ? ElementType.F32 : type, outputSize(l));
        }
        outputGradients = outputGradients(builder, type);
        gradients = new GradientTargets(builder, shareGradients);
        ones = onesForBiasGradients(builder, type);
        List<LayerPrimitives> primitives = NetworkLayers.of(network, builder, kernels, capacity);
        forward.addAll(builder.converted("input format", images, input));
        buildForward(primitives);
        backward.addAll(builder.converted("loss gradient format", lossGradient, outputGradients[layers.size() - 1]));
        buildBackward(builder, primitives);
        builder.allocateScratchpad();
        clean = new float[images.size()];
        noisy = new float[images.size()];
        output = new float[images.size()];
    }

    private long outputSize(int l) {
        return (long) capacity * layers.get(l).outputSize();
    }

    /**
     * Two arrays take turns: a layer needs the gradient of what it puts out only until it has made that of what it
     * takes in.
     */
    private NativeArray[] outputGradients(PrimitiveBuilder builder, ElementType type) {
        int last = layers.size() - 1;
        long[] largest = {1, 1};
        for (int l = 0; l < last; l++) {
            largest[l % 2] = Math.max(largest[l % 2], outputSize(l));
        }
        NativeArray[] turns = {builder.array(type, largest[0]), builder.array(type, largest[1])};
        NativeArray[] arrays = new NativeArray[layers.size()];
        for (int l = 0; l < last; l++) {
            arrays[l] = turns[l % 2];
        }
        arrays[last] = builder.ofType(type, lossGradient);
        return arrays;
    }

    private NativeArray onesForBiasGradients(PrimitiveBuilder builder, ElementType type) {
        int most = 0;
        for (Layer layer : layers) {
            most = Math.max(most, capacity * layer.outputHeight() * layer.outputWidth());
        }
        NativeArray array = builder.array(type, most);
        float[] values = new float[most];
        Arrays.fill(values, 1);
        array.write(0, values, 0, most);
        return array;
    }

    private void buildForward(List<LayerPrimitives> primitives) {
        for (int l = 0; l < layers.size(); l++) {
            forward.addAll(primitives.get(l).forward(l == 0 ? input : outputs[l - 1], outputs[l]));
        }
    }

    private void buildBackward(PrimitiveBuilder builder, List<LayerPrimitives> primitives) {
        List<ParameterTensor> tensors = network.parameterTensors();
        for (int l = layers.size() - 1; l >= 0; l--) {
            NativeArray gradient = outputGradients[l];
            if (layers.get(l).activation() == Activation.RELU) {
                backward.add(reluGradient(builder, layers.get(l), outputs[l], gradient));
            }
            backward.add(biasGradient(
                    builder, layers.get(l), gradient, tensors.get(2 * l + 1).offset()));
            backward.addAll(primitives.get(l).kernelGradient(l == 0 ? input : outputs[l - 1], gradient, gradients));
            if (l > 0) { // nobody asks for the gradient by the image
                backward.addAll(primitives.get(l).dataGradient(gradient, outputGradients[l - 1]));
            }
        }
    }

    /** Keeps the gradient where the layer's output is positive, in place. */
    private Primitive reluGradient(PrimitiveBuilder builder, Layer layer, NativeArray values, NativeArray gradient) {
        String name = layer.name() + " ReLU gradient";
        dnnl_memory_desc shape = builder.images(
                gradient.type(), capacity, layer.outputHeight(), layer.outputWidth(), layer.outputChannels());
        dnnl_primitive_desc hint = new dnnl_primitive_desc();
        builder.described(
                dnnl.dnnl_eltwise_forward_primitive_desc_create(
                        hint,
                        builder.engine(),
                        dnnl.dnnl_forward_training,
                        dnnl.dnnl_eltwise_relu_use_dst_for_bwd,
                        shape,
                        shape,
                        0,
                        0,
                        builder.attributes(Activation.LINEAR)),
                hint,
                name);
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        builder.described(
                dnnl.dnnl_eltwise_backward_primitive_desc_create(
                        description,
                        builder.engine(),
                        dnnl.dnnl_eltwise_relu_use_dst_for_bwd,
                        shape,
                        shape,
                        shape,
                        0,
                        0,
                        hint,
                        builder.attributes(Activation.LINEAR)),
                description,
                name);
        dnnl_memory inPlace = builder.view(shape, gradient, 0);
        return builder.build(
                name,
                description,
                new Argument(dnnl.DNNL_ARG_DST, builder.view(shape, values, 0)),
                new Argument(dnnl.DNNL_ARG_DIFF_DST, inPlace),
                new Argument(dnnl.DNNL_ARG_DIFF_SRC, inPlace));
    }

    /**
     * Sums the gradient over images and pixels: the product of a row of ones with {@code [batch · height · width,
     * channels]}.
     */
    private Primitive biasGradient(PrimitiveBuilder builder, Layer layer, NativeArray gradient, long biasAt) {
        String name = layer.name() + " bias gradient";
        long rows = (long) capacity * layer.outputHeight() * layer.outputWidth();
        dnnl_memory_desc onesShape = builder.dense(ones.type(), 1, rows);
        dnnl_memory_desc gradientShape = builder.dense(gradient.type(), rows, layer.outputChannels());
        dnnl_memory_desc biasShape = builder.dense(ElementType.F32, 1, layer.outputChannels());
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        builder.described(
                dnnl.dnnl_matmul_primitive_desc_create(
                        description,
                        builder.engine(),
                        onesShape,
                        gradientShape,
                        null,
                        biasShape,
                        builder.attributes(Activation.LINEAR)),
                description,
                name);
        return builder.build(
                name,
                description,
                new Argument(dnnl.DNNL_ARG_SRC, builder.view(onesShape, ones, 0)),
                new Argument(dnnl.DNNL_ARG_WEIGHTS, builder.view(gradientShape, gradient, 0)),
                new Argument(dnnl.DNNL_ARG_DST, gradients.view(biasShape, biasAt)));
    }

    /**
     * The images that should come out, to be filled before {@link #run}: {@code [capacity, height, width, channels]}.
     */
    float[] clean() {
        return clean;
    }

    /** The images that go in, likewise. */
    float[] noisy() {
        return noisy;
    }

    /**
     * Forward, loss, backward.
     *
     * @param stream of the calling thread
     * @param share whose gradients these are
     * @param count images of this share
     * @param total images in the whole batch, over which the loss is a mean
     * @return the sum of the squared errors of this share
     */
    double run(dnnl_stream stream, int share, int count, int total) {
        gradients.select(share);
        int values = count * network.input().size();
        images.write(0, noisy, 0, values);
        for (int i = 0; i < forward.size(); i++) {
            forward.get(i).run(stream);
        }
        NativeArray last = outputs[outputs.length - 1];
        last.read(0, output, 0, output.length);
        double squares = MeanSquaredError.gradient(
                output, clean, values, (long) total * network.input().size());
        lossGradient.write(0, output, 0, output.length);
        for (int i = 0; i < backward.size(); i++) {
            backward.get(i).run(stream);
        }
        return squares;
    }

    /** What layer {@code l} put out in the last run, {@code [capacity, height, width, channels]}. */
    NativeArray output(int l) {
        return outputs[l];
    }

    /** All that {@link #run} runs, in order. */
    List<Primitive> primitives() {
        List<Primitive> all = new ArrayList<>(forward);
        all.addAll(backward);
        return all;
    }

    @Override
    public void close() {
        scope.close();
    }
}
