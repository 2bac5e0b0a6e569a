package daegpu.engine.cpu;

import daegpu.engine.cpu.PrimitiveBuilder.Argument;
import daegpu.model.ConvolutionGeometry;
import daegpu.model.ParameterTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;

/**
 * The three operations that convolutional layers, transposed or not, are made of, for some images at a time. Images are
 * {@code [batch, height, width, channels]}; the kernel lies as {@code [kernel height, kernel width, channels,
 * filters]}, which is what Keras holds for both kinds of layer.
 */
final class ConvolutionPrimitives {

    private static final long[] NO_DILATION = {0, 0};

    private final PrimitiveBuilder builder;
    private final KernelLayouts kernels;
    private final String layer;
    private final ConvolutionGeometry geometry;
    private final ParameterTensor kernel;
    private final int batch;

    /** @param layer its name */
    ConvolutionPrimitives(
            PrimitiveBuilder builder,
            KernelLayouts kernels,
            String layer,
            ConvolutionGeometry geometry,
            ParameterTensor kernel,
            int batch) {
        this.builder = builder;
        this.kernels = kernels;
        this.layer = layer;
        this.geometry = geometry;
        this.kernel = kernel;
        this.batch = batch;
    }

    private dnnl_memory_desc inputShape(ElementType type) {
        return builder.images(type, batch, geometry.height(), geometry.width(), geometry.channels());
    }

    private dnnl_memory_desc outputShape(ElementType type) {
        return builder.images(type, batch, geometry.outputHeight(), geometry.outputWidth(), geometry.filters());
    }

    private long[] strides() {
        return new long[] {geometry.stride(), geometry.stride()};
    }

    private long[] paddingBefore() {
        return new long[] {geometry.paddingTop(), geometry.paddingLeft()};
    }

    private long[] paddingAfter() {
        return new long[] {geometry.paddingBottom(), geometry.paddingRight()};
    }

    /** Input side to output side. @param bias one value for each filter */
    Primitive forward(
            String what, Optional<ParameterTensor> bias, NativeArray input, Epilogue epilogue, NativeArray output) {
        String name = layer + " " + what;
        Bias biasOfFilters = new Bias(bias);
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        builder.described(
                dnnl.dnnl_convolution_forward_primitive_desc_create(
                        description,
                        builder.engine(),
                        dnnl.dnnl_forward_inference,
                        dnnl.dnnl_convolution_direct,
                        inputShape(input.type()),
                        anyKernel(kernels.type()),
                        biasOfFilters.shape,
                        outputShape(output.type()),
                        strides(),
                        NO_DILATION,
                        paddingBefore(),
                        paddingAfter(),
                        builder.attributes(epilogue, this::outputShape)),
                description,
                name);
        List<Argument> arguments = builder.arguments(epilogue, this::outputShape);
        arguments.add(new Argument(dnnl.DNNL_ARG_SRC, builder.view(this::inputShape, input)));
        arguments.add(new Argument(
                dnnl.DNNL_ARG_WEIGHTS,
                kernels.laidOut(
                        layer,
                        kernel.offset(),
                        plainKernel(),
                        builder.chosen(description, dnnl.dnnl_query_weights_md))));
        arguments.add(new Argument(dnnl.DNNL_ARG_DST, builder.view(this::outputShape, output)));
        biasOfFilters.addTo(arguments);
        return builder.build(name, description, arguments);
    }

    /** The bias of a layer, if it has one. */
    private final class Bias {

        private final Optional<ParameterTensor> tensor;
        private final dnnl_memory_desc shape;

        Bias(Optional<ParameterTensor> tensor) {
            this.tensor = tensor;
            shape = tensor.map(values -> builder.dense(ElementType.F32, values.size()))
                    .orElse(null);
        }

        void addTo(List<Argument> arguments) {
            tensor.ifPresent(
                    values -> arguments.add(new Argument(dnnl.DNNL_ARG_BIAS, kernels.plain(shape, values.offset()))));
        }
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
            String what,
            Optional<ParameterTensor> bias,
            NativeArray outputSide,
            Epilogue epilogue,
            NativeArray inputSide) {
        return hasPhases()
                ? byPhases(layer + " " + what, bias, outputSide, epilogue, inputSide)
                : List.of(whole(layer + " " + what, bias, outputSide, epilogue, inputSide));
    }

    /** Whether all phases have the same size, and each its own rows and columns of the kernel. */
    private boolean hasPhases() {
        int stride = geometry.stride();
        return stride > 1
                && geometry.kernelSize() >= stride
                && geometry.height() == stride * geometry.outputHeight()
                && geometry.width() == stride * geometry.outputWidth();
    }

    private Primitive whole(
            String name,
            Optional<ParameterTensor> bias,
            NativeArray outputSide,
            Epilogue epilogue,
            NativeArray inputSide) {
        return deconvolution(
                name,
                bias,
                new Taps(0, 1, geometry.kernelSize(), geometry.paddingTop(), geometry.paddingBottom()),
                new Taps(0, 1, geometry.kernelSize(), geometry.paddingLeft(), geometry.paddingRight()),
                strides(),
                outputSide,
                epilogue,
                this::inputShape,
                inputSide.type(),
                builder.view(this::inputShape, inputSide));
    }

    private List<Primitive> byPhases(
            String name,
            Optional<ParameterTensor> bias,
            NativeArray outputSide,
            Epilogue epilogue,
            NativeArray inputSide) {
        ConvolutionGeometry g = geometry;
        int stride = g.stride();
        ElementType type = inputSide.type();
        PrimitiveBuilder.Shape phaseShape =
                phaseType -> builder.images(phaseType, batch, g.outputHeight(), g.outputWidth(), g.channels());
        long phaseSize = (long) batch * g.outputHeight() * g.outputWidth() * g.channels();
        // What is added comes when the phases are together, and so does the activation then.
        boolean adds = epilogue.accumulates() || !epilogue.added().isEmpty();
        Epilogue ofPhases = adds ? Epilogue.NONE : epilogue;
        List<Primitive> primitives = new ArrayList<>();
        for (int y = 0; y < stride; y++) {
            for (int x = 0; x < stride; x++) {
                primitives.add(deconvolution(
                        name + ", phase " + y + " " + x,
                        bias,
                        Taps.of(g, g.paddingTop(), y),
                        Taps.of(g, g.paddingLeft(), x),
                        new long[] {1, 1},
                        outputSide,
                        ofPhases,
                        phaseShape,
                        type,
                        builder.temporary(phaseShape.apply(type), (y * stride + x) * phaseSize * type.bytes())));
            }
        }
        long[] sizes = {(long) batch * g.outputHeight(), stride, g.outputWidth(), stride, g.channels()};
        dnnl_memory_desc apart = builder.strided(type, sizes, new long[] {
            (long) g.outputWidth() * g.channels(), stride * phaseSize, g.channels(), phaseSize, 1
        });
        dnnl_memory_desc together = builder.dense(type, sizes);
        primitives.add(builder.reorder(
                name + ", phases to pixels",
                apart,
                builder.temporary(apart, 0),
                together,
                builder.view(together, inputSide, 0),
                epilogue.accumulates()));
        if (!epilogue.added().isEmpty()) {
            primitives.add(new ElementwisePrimitives(builder, this::inputShape)
                    .sum(name + ", sum", inputSide, epilogue.added(), epilogue.activation(), inputSide));
        }
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
         *
         * @param padding zeros before the first row
         */
        static Taps of(ConvolutionGeometry geometry, int padding, int phase) {
            int stride = geometry.stride();
            int first = (phase + padding) % stride;
            int count = (geometry.kernelSize() - first + stride - 1) / stride;
            int before = (phase + padding) / stride;
            return new Taps(first, stride, count, before, count - 1 - before);
        }
    }

    /** A transposed convolution by some rows and columns of the kernel. */
    private Primitive deconvolution(
            String name,
            Optional<ParameterTensor> bias,
            Taps rows,
            Taps columns,
            long[] strides,
            NativeArray from,
            Epilogue epilogue,
            PrimitiveBuilder.Shape toShape,
            ElementType toType,
            dnnl_memory to) {
        long[] kernelSizes = {geometry.channels(), geometry.filters(), rows.count(), columns.count()};
        long column = (long) geometry.channels() * geometry.filters();
        long row = geometry.kernelSize() * column;
        dnnl_memory_desc plainKernel = builder.strided(ElementType.F32, kernelSizes, new long[] {
            geometry.filters(), 1, rows.step() * row, columns.step() * column
        });
        Bias biasOfChannels = new Bias(bias);
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        builder.described(
                dnnl.dnnl_deconvolution_forward_primitive_desc_create(
                        description,
                        builder.engine(),
                        dnnl.dnnl_forward_inference,
                        dnnl.dnnl_deconvolution_direct,
                        outputShape(from.type()),
                        builder.anyLayout(kernels.type(), kernelSizes),
                        biasOfChannels.shape,
                        toShape.apply(toType),
                        strides,
                        NO_DILATION,
                        new long[] {rows.before(), columns.before()},
                        new long[] {rows.after(), columns.after()},
                        builder.attributes(epilogue, toShape)),
                description,
                name);
        List<Argument> arguments = builder.arguments(epilogue, toShape);
        arguments.add(new Argument(dnnl.DNNL_ARG_SRC, builder.view(this::outputShape, from)));
        arguments.add(new Argument(
                dnnl.DNNL_ARG_WEIGHTS,
                kernels.laidOut(
                        layer,
                        kernel.offset() + rows.first() * row + columns.first() * column,
                        plainKernel,
                        builder.chosen(description, dnnl.dnnl_query_weights_md))));
        arguments.add(new Argument(dnnl.DNNL_ARG_DST, to));
        biasOfChannels.addTo(arguments);
        return builder.build(name, description, arguments);
    }

    /**
     * The gradient by the kernel, from the input side and the gradient by the output side (or, transposed, the other
     * way round).
     */
    List<Primitive> weightGradient(NativeArray inputSide, NativeArray outputSide, GradientTargets gradients) {
        String name = layer + " weight gradient";
        dnnl_memory_desc inputShape = inputShape(inputSide.type());
        dnnl_memory_desc outputShape = outputShape(outputSide.type());
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
                        strides(),
                        NO_DILATION,
                        paddingBefore(),
                        paddingAfter(),
                        forwardHint(inputShape, outputShape),
                        builder.attributes()),
                description,
                name);
        dnnl_memory_desc layout = builder.chosen(description, dnnl.dnnl_query_diff_weights_md);
        dnnl_memory_desc plain = plainKernel();
        dnnl_memory plainGradient = gradients.view(plain, kernel.offset());
        boolean isPlain = dnnl.dnnl_memory_desc_equal(plain, layout) != 0;
        dnnl_memory gradient = isPlain ? plainGradient : builder.temporary(layout, 0);
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
                type, geometry.filters(), geometry.channels(), geometry.kernelSize(), geometry.kernelSize());
    }

    /** Filters run fastest, then channels, columns, rows. */
    private dnnl_memory_desc plainKernel() {
        long channels = geometry.channels();
        long filters = geometry.filters();
        long size = geometry.kernelSize();
        return builder.strided(ElementType.F32, new long[] {filters, channels, size, size}, new long[] {
            1, filters, size * channels * filters, channels * filters
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
                        strides(),
                        NO_DILATION,
                        paddingBefore(),
                        paddingAfter(),
                        builder.attributes()),
                description,
                layer);
    }
}
