package daegpu.engine.cpu;

import daegpu.engine.cpu.PrimitiveBuilder.Argument;
import daegpu.model.Layer.Activation;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;

/**
 * The four operations that convolutional layers, transposed or not, are made of. Images are {@code [batch, height, width,
 * channels]}; the kernel of a {@link Convolution} lies as {@code [kernel height, kernel width, channels, filters]}, which is what
 * Keras holds for both kinds of layer.
 */
final class ConvolutionPrimitives {

    private static final long[] NO_DILATION = {0, 0};

    private final PrimitiveBuilder builder;
    private final KernelLayouts kernels;
    private final Convolution convolution;
    private final String layer;
    private final long kernelAt;

    /** @param kernelAt where the kernel lies among the parameters */
    ConvolutionPrimitives(PrimitiveBuilder builder, KernelLayouts kernels, Convolution convolution, String layer, long kernelAt) {
        this.builder = builder;
        this.kernels = kernels;
        this.convolution = convolution;
        this.layer = layer;
        this.kernelAt = kernelAt;
    }

    private dnnl_memory_desc inputShape(NativeArray array) {
        Convolution c = convolution;
        return builder.images(array.type(), c.batch(), c.height(), c.width(), c.channels());
    }

    private dnnl_memory_desc outputShape(NativeArray array) {
        Convolution c = convolution;
        return builder.images(array.type(), c.batch(), c.outputHeight(), c.outputWidth(), c.filters());
    }

    /** Input side to output side. {@code bias} has one value for each filter, or is null. */
    Primitive forward(String what, Activation activation, Long biasAt, NativeArray input, NativeArray output) {
        String name = layer + " " + what;
        dnnl_memory_desc biasShape = biasAt == null ? null : builder.dense(ElementType.F32, convolution.filters());
        dnnl_memory_desc inputShape = inputShape(input);
        dnnl_memory_desc outputShape = outputShape(output);
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        builder.described(dnnl.dnnl_convolution_forward_primitive_desc_create(description, builder.engine(), dnnl.dnnl_forward_inference,
                dnnl.dnnl_convolution_direct, inputShape, anyKernel(kernels.type()), biasShape, outputShape, convolution.strides(), NO_DILATION,
                convolution.paddingLeft(), convolution.paddingRight(), builder.attributes(activation)), description, name);
        dnnl_memory kernel = kernels.laidOut(layer, kernelAt, plainKernel(), builder.chosen(description, dnnl.dnnl_query_weights_md));
        return withBias(name, description, biasShape, biasAt, new Argument(dnnl.DNNL_ARG_SRC, builder.view(inputShape, input, 0)),
                new Argument(dnnl.DNNL_ARG_WEIGHTS, kernel), new Argument(dnnl.DNNL_ARG_DST, builder.view(outputShape, output, 0)));
    }

    /** Output side to input side, the forward pass of a transposed layer; a bias has one value for each channel of the input side. */
    Primitive transposed(String what, Activation activation, Long biasAt, NativeArray outputSide, NativeArray inputSide) {
        String name = layer + " " + what;
        Convolution c = convolution;
        dnnl_memory_desc biasShape = biasAt == null ? null : builder.dense(ElementType.F32, c.channels());
        dnnl_memory_desc anyKernel = builder.anyLayout(kernels.type(), c.channels(), c.filters(), c.kernelSize(), c.kernelSize());
        dnnl_memory_desc plainKernel = builder.strided(ElementType.F32, new long[] {c.channels(), c.filters(), c.kernelSize(), c.kernelSize()},
                new long[] {c.filters(), 1, (long) c.kernelSize() * c.channels() * c.filters(), (long) c.channels() * c.filters()});
        dnnl_memory_desc outputShape = outputShape(outputSide);
        dnnl_memory_desc inputShape = inputShape(inputSide);
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        builder.described(dnnl.dnnl_deconvolution_forward_primitive_desc_create(description, builder.engine(), dnnl.dnnl_forward_inference,
                dnnl.dnnl_deconvolution_direct, outputShape, anyKernel, biasShape, inputShape, c.strides(), NO_DILATION,
                c.paddingLeft(), c.paddingRight(), builder.attributes(activation)), description, name);
        dnnl_memory kernel = kernels.laidOut(layer, kernelAt, plainKernel, builder.chosen(description, dnnl.dnnl_query_weights_md));
        return withBias(name, description, biasShape, biasAt, new Argument(dnnl.DNNL_ARG_SRC, builder.view(outputShape, outputSide, 0)),
                new Argument(dnnl.DNNL_ARG_WEIGHTS, kernel), new Argument(dnnl.DNNL_ARG_DST, builder.view(inputShape, inputSide, 0)));
    }

    private Primitive withBias(String name, dnnl_primitive_desc description, dnnl_memory_desc biasShape, Long biasAt,
                               Argument from, Argument kernel, Argument to) {
        return biasAt == null ? builder.build(name, description, from, kernel, to)
                : builder.build(name, description, from, kernel, new Argument(dnnl.DNNL_ARG_BIAS, kernels.plain(biasShape, biasAt)), to);
    }

    /** The gradient by the input side. */
    Primitive inputGradient(String what, NativeArray outputGradient, NativeArray inputGradient) {
        String name = layer + " " + what;
        dnnl_memory_desc inputShape = inputShape(inputGradient);
        dnnl_memory_desc outputShape = outputShape(outputGradient);
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        builder.described(dnnl.dnnl_convolution_backward_data_primitive_desc_create(description, builder.engine(),
                dnnl.dnnl_convolution_direct, inputShape, anyKernel(kernels.type()), outputShape, convolution.strides(), NO_DILATION,
                convolution.paddingLeft(), convolution.paddingRight(), forwardHint(inputShape, outputShape), builder.attributes(Activation.LINEAR)), description, name);
        dnnl_memory kernel = kernels.laidOut(layer, kernelAt, plainKernel(), builder.chosen(description, dnnl.dnnl_query_weights_md));
        return builder.build(name, description, new Argument(dnnl.DNNL_ARG_DIFF_DST, builder.view(outputShape, outputGradient, 0)),
                new Argument(dnnl.DNNL_ARG_WEIGHTS, kernel),
                new Argument(dnnl.DNNL_ARG_DIFF_SRC, builder.view(inputShape, inputGradient, 0)));
    }

    /** The gradient by the kernel, from the input side and the gradient by the output side (or, transposed, the other way round). */
    List<Primitive> kernelGradient(NativeArray inputSide, NativeArray outputSide, NativeArray gradients) {
        String name = layer + " kernel gradient";
        dnnl_memory_desc inputShape = inputShape(inputSide);
        dnnl_memory_desc outputShape = outputShape(outputSide);
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        builder.described(dnnl.dnnl_convolution_backward_weights_primitive_desc_create(description, builder.engine(),
                dnnl.dnnl_convolution_direct, inputShape, anyKernel(ElementType.F32), null, outputShape, convolution.strides(), NO_DILATION,
                convolution.paddingLeft(), convolution.paddingRight(), forwardHint(inputShape, outputShape), builder.attributes(Activation.LINEAR)), description, name);
        dnnl_memory_desc layout = builder.chosen(description, dnnl.dnnl_query_diff_weights_md);
        dnnl_memory_desc plain = plainKernel();
        dnnl_memory plainGradient = builder.view(plain, gradients, kernelAt);
        boolean isPlain = dnnl.dnnl_memory_desc_equal(plain, layout) != 0;
        dnnl_memory gradient = isPlain ? plainGradient
                : builder.view(layout, builder.array(ElementType.F32, layout), 0);
        Primitive product = builder.build(name, description, new Argument(dnnl.DNNL_ARG_SRC, builder.view(inputShape, inputSide, 0)),
                new Argument(dnnl.DNNL_ARG_DIFF_DST, builder.view(outputShape, outputSide, 0)),
                new Argument(dnnl.DNNL_ARG_DIFF_WEIGHTS, gradient));
        return isPlain ? List.of(product)
                : List.of(product, builder.reorder(name + " layout", layout, gradient, plain, plainGradient));
    }

    private dnnl_memory_desc anyKernel(ElementType type) {
        return builder.anyLayout(type, convolution.filters(), convolution.channels(), convolution.kernelSize(), convolution.kernelSize());
    }

    /** Filters run fastest, then channels, columns, rows. */
    private dnnl_memory_desc plainKernel() {
        Convolution c = convolution;
        return builder.strided(ElementType.F32, new long[] {c.filters(), c.channels(), c.kernelSize(), c.kernelSize()},
                new long[] {1, c.filters(), (long) c.kernelSize() * c.channels() * c.filters(), (long) c.channels() * c.filters()});
    }

    /** oneDNN wants to see a forward pass before it describes a backward one. */
    private dnnl_primitive_desc forwardHint(dnnl_memory_desc inputShape, dnnl_memory_desc outputShape) {
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        return builder.described(dnnl.dnnl_convolution_forward_primitive_desc_create(description, builder.engine(),
                dnnl.dnnl_forward_training, dnnl.dnnl_convolution_direct, inputShape, anyKernel(kernels.type()), null, outputShape,
                convolution.strides(), NO_DILATION, convolution.paddingLeft(), convolution.paddingRight(),
                builder.attributes(Activation.LINEAR)), description, layer);
    }
}
