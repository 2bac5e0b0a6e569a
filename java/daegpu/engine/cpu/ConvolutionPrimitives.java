package daegpu.engine.cpu;

import daegpu.engine.cpu.PrimitiveBuilder.Argument;
import daegpu.model.Layer.Activation;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;

/**
 * The three operations that convolutional layers, transposed or not, are made of. Images are {@code [batch, height,
 * width, channels]}; the kernel of a {@link Convolution} lies as {@code [kernel height, kernel width, channels,
 * filters]}, which is what Keras holds for both kinds of layer.
 */
final class ConvolutionPrimitives {

    private static final long[] NO_DILATION = {0, 0};

    private final PrimitiveBuilder builder;
    private final KernelLayouts kernels;
    private final Convolution convolution;
    private final NativeArray phases;
    private final String layer;
    private final long kernelAt;

    /**
     * @param phases an array that {@link #transposed} uses while it runs, as large as what it writes
     * @param kernelAt where the kernel lies among the parameters
     */
    ConvolutionPrimitives(
            PrimitiveBuilder builder,
            KernelLayouts kernels,
            Convolution convolution,
            NativeArray phases,
            String layer,
            long kernelAt) {
        this.builder = builder;
        this.kernels = kernels;
        this.convolution = convolution;
        this.phases = phases;
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
        builder.described(
                dnnl.dnnl_convolution_forward_primitive_desc_create(
                        description,
                        builder.engine(),
                        dnnl.dnnl_forward_inference,
                        dnnl.dnnl_convolution_direct,
                        inputShape,
                        anyKernel(kernels.type()),
                        biasShape,
                        outputShape,
                        convolution.strides(),
                        NO_DILATION,
                        convolution.paddingLeft(),
                        convolution.paddingRight(),
                        builder.attributes(activation)),
                description,
                name);
        dnnl_memory kernel = kernels.laidOut(
                layer, kernelAt, plainKernel(), builder.chosen(description, dnnl.dnnl_query_weights_md));
        return withBias(
                name,
                description,
                biasShape,
                biasAt,
                new Argument(dnnl.DNNL_ARG_SRC, builder.view(inputShape, input, 0)),
                new Argument(dnnl.DNNL_ARG_WEIGHTS, kernel),
                new Argument(dnnl.DNNL_ARG_DST, builder.view(outputShape, output, 0)));
    }

    /**
     * Output side to input side: the forward pass of a transposed layer, or the data gradient of one that is not. A
     * bias has one value for each channel of the input side.
     *
     * <p>With a stride s, the pixels whose row and column leave the same remainders by s are a transposed convolution
     * of stride 1 by every s-th row and column of the kernel. oneDNN computes these s² phases, and puts their pixels in
     * place, in 86 % of the time of the whole in fp32 and 64 % in bf16 (AVX-512 bf16, 8 images of 14×14×64 to 28×28×32
     * within a training pass).
     */
    List<Primitive> transposed(
            String what, Activation activation, Long biasAt, NativeArray outputSide, NativeArray inputSide) {
        String name = layer + " " + what;
        Convolution c = convolution;
        dnnl_memory_desc outputShape = outputShape(outputSide);
        Argument from = new Argument(dnnl.DNNL_ARG_SRC, builder.view(outputShape, outputSide, 0));
        if (c.stride() == 1 || c.kernelSize() < c.stride()) { // the latter leaves phases without any tap
            Taps all = new Taps(0, 1, c.kernelSize(), c.paddingBefore(), c.paddingAfter());
            return List.of(deconvolution(
                    name,
                    activation,
                    biasAt,
                    all,
                    all,
                    c.strides(),
                    outputShape,
                    from,
                    inputShape(inputSide),
                    inputSide,
                    0));
        }
        dnnl_memory_desc phaseShape =
                builder.images(inputSide.type(), c.batch(), c.outputHeight(), c.outputWidth(), c.channels());
        long phaseSize = (long) c.batch() * c.outputHeight() * c.outputWidth() * c.channels();
        List<Primitive> primitives = new ArrayList<>();
        for (int y = 0; y < c.stride(); y++) {
            for (int x = 0; x < c.stride(); x++) {
                primitives.add(deconvolution(
                        name + ", phase " + y + " " + x,
                        activation,
                        biasAt,
                        Taps.of(c, y),
                        Taps.of(c, x),
                        new long[] {1, 1},
                        outputShape,
                        from,
                        phaseShape,
                        phases,
                        (y * c.stride() + x) * phaseSize));
            }
        }
        long[] sizes = {(long) c.batch() * c.outputHeight(), c.stride(), c.outputWidth(), c.stride(), c.channels()};
        dnnl_memory_desc apart = builder.strided(phases.type(), sizes, new long[] {
            (long) c.outputWidth() * c.channels(), c.stride() * phaseSize, c.channels(), phaseSize, 1
        });
        dnnl_memory_desc together = builder.dense(inputSide.type(), sizes);
        primitives.add(builder.reorder(
                name + ", phases to pixels",
                apart,
                builder.view(apart, phases, 0),
                together,
                builder.view(together, inputSide, 0)));
        return primitives;
    }

    /**
     * The rows (or columns) of the kernel that meet one phase of the input side: {@code first}, {@code first + step}
     * and so on, {@code count} of them.
     *
     * @param before rows that the deconvolution by these alone puts out above the first of the phase
     * @param after rows that it puts out below the last
     */
    private record Taps(int first, int step, int count, int before, int after) {

        /**
         * Row y of the input side is met by row i of the output side through row a = y + padding − s·i of the kernel.
         * With y = s·q + phase, a = first + s·j: i = q + before − j, as {@code before} is defined here.
         */
        static Taps of(Convolution c, int phase) {
            int first = (phase + c.paddingBefore()) % c.stride();
            int count = (c.kernelSize() - first + c.stride() - 1) / c.stride();
            int before = (phase + c.paddingBefore()) / c.stride();
            return new Taps(first, c.stride(), count, before, count - 1 - before);
        }
    }

    /** Writes a transposed convolution by some rows and columns of the kernel to {@code to}, from {@code at} on. */
    private Primitive deconvolution(
            String name,
            Activation activation,
            Long biasAt,
            Taps rows,
            Taps columns,
            long[] strides,
            dnnl_memory_desc fromShape,
            Argument from,
            dnnl_memory_desc toShape,
            NativeArray to,
            long at) {
        Convolution c = convolution;
        long[] kernelSizes = {c.channels(), c.filters(), rows.count(), columns.count()};
        long column = (long) c.channels() * c.filters();
        long row = c.kernelSize() * column;
        dnnl_memory_desc biasShape = biasAt == null ? null : builder.dense(ElementType.F32, c.channels());
        dnnl_memory_desc plainKernel = builder.strided(
                ElementType.F32, kernelSizes, new long[] {c.filters(), 1, rows.step() * row, columns.step() * column});
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        builder.described(
                dnnl.dnnl_deconvolution_forward_primitive_desc_create(
                        description,
                        builder.engine(),
                        dnnl.dnnl_forward_inference,
                        dnnl.dnnl_deconvolution_direct,
                        fromShape,
                        builder.anyLayout(kernels.type(), kernelSizes),
                        biasShape,
                        toShape,
                        strides,
                        NO_DILATION,
                        new long[] {rows.before(), columns.before()},
                        new long[] {rows.after(), columns.after()},
                        builder.attributes(activation)),
                description,
                name);
        dnnl_memory kernel = kernels.laidOut(
                layer,
                kernelAt + rows.first() * row + columns.first() * column,
                plainKernel,
                builder.chosen(description, dnnl.dnnl_query_weights_md));
        return withBias(
                name,
                description,
                biasShape,
                biasAt,
                from,
                new Argument(dnnl.DNNL_ARG_WEIGHTS, kernel),
                new Argument(dnnl.DNNL_ARG_DST, builder.view(toShape, to, at)));
    }

    private Primitive withBias(
            String name,
            dnnl_primitive_desc description,
            dnnl_memory_desc biasShape,
            Long biasAt,
            Argument from,
            Argument kernel,
            Argument to) {
        return biasAt == null
                ? builder.build(name, description, from, kernel, to)
                : builder.build(
                        name,
                        description,
                        from,
                        kernel,
                        new Argument(dnnl.DNNL_ARG_BIAS, kernels.plain(biasShape, biasAt)),
                        to);
    }

    /**
     * The gradient by the kernel, from the input side and the gradient by the output side (or, transposed, the other
     * way round).
     */
    List<Primitive> kernelGradient(NativeArray inputSide, NativeArray outputSide, GradientTargets gradients) {
        String name = layer + " kernel gradient";
        dnnl_memory_desc inputShape = inputShape(inputSide);
        dnnl_memory_desc outputShape = outputShape(outputSide);
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        builder.described(
                dnnl.dnnl_convolution_backward_weights_primitive_desc_create(
                        description,
                        builder.engine(),
                        dnnl.dnnl_convolution_direct,
                        inputShape,
                        anyKernel(ElementType.F32),
                        null,
                        outputShape,
                        convolution.strides(),
                        NO_DILATION,
                        convolution.paddingLeft(),
                        convolution.paddingRight(),
                        forwardHint(inputShape, outputShape),
                        builder.attributes(Activation.LINEAR)),
                description,
                name);
        dnnl_memory_desc layout = builder.chosen(description, dnnl.dnnl_query_diff_weights_md);
        dnnl_memory_desc plain = plainKernel();
        dnnl_memory plainGradient = gradients.view(plain, kernelAt);
        boolean isPlain = dnnl.dnnl_memory_desc_equal(plain, layout) != 0;
        dnnl_memory gradient =
                isPlain ? plainGradient : builder.view(layout, builder.array(ElementType.F32, layout), 0);
        Primitive product = builder.build(
                name,
                description,
                new Argument(dnnl.DNNL_ARG_SRC, builder.view(inputShape, inputSide, 0)),
                new Argument(dnnl.DNNL_ARG_DIFF_DST, builder.view(outputShape, outputSide, 0)),
                new Argument(dnnl.DNNL_ARG_DIFF_WEIGHTS, gradient));
        return isPlain
                ? List.of(product)
                : List.of(product, builder.reorder(name + " layout", layout, gradient, plain, plainGradient));
    }

    private dnnl_memory_desc anyKernel(ElementType type) {
        return builder.anyLayout(
                type,
                convolution.filters(),
                convolution.channels(),
                convolution.kernelSize(),
                convolution.kernelSize());
    }

    /** Filters run fastest, then channels, columns, rows. */
    private dnnl_memory_desc plainKernel() {
        Convolution c = convolution;
        return builder.strided(
                ElementType.F32, new long[] {c.filters(), c.channels(), c.kernelSize(), c.kernelSize()}, new long[] {
                    1,
                    c.filters(),
                    (long) c.kernelSize() * c.channels() * c.filters(),
                    (long) c.channels() * c.filters()
                });
    }

    /** oneDNN wants to see a forward pass before it describes a backward one. */
    private dnnl_primitive_desc forwardHint(dnnl_memory_desc inputShape, dnnl_memory_desc outputShape) {
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        return builder.described(
                dnnl.dnnl_convolution_forward_primitive_desc_create(
                        description,
                        builder.engine(),
                        dnnl.dnnl_forward_training,
                        dnnl.dnnl_convolution_direct,
                        inputShape,
                        anyKernel(kernels.type()),
                        null,
                        outputShape,
                        convolution.strides(),
                        NO_DILATION,
                        convolution.paddingLeft(),
                        convolution.paddingRight(),
                        builder.attributes(Activation.LINEAR)),
                description,
                layer);
    }
}
