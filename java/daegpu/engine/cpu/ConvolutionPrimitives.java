package daegpu.engine.cpu;

import daegpu.engine.cpu.PrimitiveBuilder.Argument;
import daegpu.engine.cpu.PrimitiveBuilder.Operand;
import daegpu.engine.cpu.PrimitiveBuilder.PostOperations;
import daegpu.model.ConvolutionGeometry;
import daegpu.model.ParameterTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;

/**
 * The three operations of which convolutions and transposed convolutions are made, for a number of images at a time.
 * Images are {@code [batch, height, width, channels]}; the kernel lies as {@code [kernel height, kernel width,
 * channels, filters]}, which is the layout of Keras for both kinds of layers.
 */
final class ConvolutionPrimitives {

    private static final long[] NO_DILATION = {0, 0};

    private final PrimitiveBuilder builder;
    private final KernelLayouts kernels;
    private final String layer;
    private final ConvolutionGeometry geometry;
    private final ParameterTensor kernel;
    private final int batch;

    /** @param layer the name of the layer */
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

    /**
     * Input side to output side.
     *
     * @param bias one value for each filter
     */
    Primitive forward(
            String what, Optional<ParameterTensor> bias, NativeArray input, Completion completion, NativeArray output) {
        String name = layer + " " + what;
        Bias biasOfFilters = new Bias(bias);
        PostOperations after = builder.after(completion, this::outputShape);
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
                        after.attributes()),
                description,
                name);
        List<Argument> arguments = new ArrayList<>(after.arguments());
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
     * Output side to input side: the forward pass of a transposed convolution, or the data gradient of a convolution. A
     * bias has one value for each channel of the input side.
     *
     * <p>With stride s, the pixels whose row and column have the same remainders when divided by s are a transposed
     * convolution of stride 1 with every s-th row and column of the kernel. Computing these s² phases with oneDNN and
     * putting their pixels in place takes 86 % of the time of the whole operation in fp32, and 64 % in bf16 (AVX-512
     * bf16, 8 images of 14×14×64 to 28×28×32 within a training pass). Arrays that are added are cut into phases first.
     */
    List<Primitive> transposed(
            String what,
            Optional<ParameterTensor> bias,
            NativeArray outputSide,
            Completion completion,
            NativeArray inputSide) {
        return hasPhases()
                ? byPhases(layer + " " + what, bias, outputSide, completion, inputSide)
                : List.of(whole(layer + " " + what, bias, outputSide, completion, inputSide));
    }

    /** Whether all phases have the same size, and each has rows and columns of the kernel. */
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
            Completion completion,
            NativeArray inputSide) {
        return deconvolution(
                name,
                bias,
                new Taps(0, 1, geometry.kernelSize(), geometry.paddingTop(), geometry.paddingBottom()),
                new Taps(0, 1, geometry.kernelSize(), geometry.paddingLeft(), geometry.paddingRight()),
                strides(),
                outputSide,
                builder.after(completion, this::inputShape),
                inputShape(inputSide.type()),
                builder.view(this::inputShape, inputSide));
    }

    private List<Primitive> byPhases(
            String name,
            Optional<ParameterTensor> bias,
            NativeArray outputSide,
            Completion completion,
            NativeArray inputSide) {
        Phases phases = new Phases();
        List<Primitive> primitives = new ArrayList<>();
        List<NativeArray> added = new ArrayList<>(completion.added());
        if (completion.accumulates()) {
            added.add(0, inputSide);
        }
        for (int i = 0; i < added.size(); i++) {
            primitives.add(phases.apart(name + ", pixels to phases", added.get(i), i + 1));
        }
        int stride = geometry.stride();
        for (int y = 0; y < stride; y++) {
            for (int x = 0; x < stride; x++) {
                int phase = y * stride + x;
                List<Operand> addedToPhase = IntStream.range(0, added.size())
                        .mapToObj(i -> phases.phase(phase, i + 1, added.get(i).type()))
                        .toList();
                Operand to = phases.phase(phase, 0, inputSide.type());
                primitives.add(deconvolution(
                        name + ", phase " + y + " " + x,
                        bias,
                        Taps.of(geometry, geometry.paddingTop(), y),
                        Taps.of(geometry, geometry.paddingLeft(), x),
                        new long[] {1, 1},
                        outputSide,
                        builder.after(Completion.activation(completion.activation()), addedToPhase),
                        to.shape(),
                        to.memory()));
            }
        }
        primitives.add(phases.together(name + ", phases to pixels", inputSide));
        return primitives;
    }

    /** Images of the input side, cut into phases, as temporaries: what is computed, and what is added to it. */
    private final class Phases {

        private final int stride = geometry.stride();
        private final long size = (long) batch * geometry.outputHeight() * geometry.outputWidth() * geometry.channels();
        private final long[] sizes = {
            (long) batch * geometry.outputHeight(), stride, geometry.outputWidth(), stride, geometry.channels()
        };

        private long at(int images) {
            return (long) images * stride * stride * size * ElementType.F32.bytes();
        }

        /**
         * One phase.
         *
         * @param images index of the array of images, from 0 on
         */
        Operand phase(int phase, int images, ElementType type) {
            dnnl_memory_desc shape =
                    builder.images(type, batch, geometry.outputHeight(), geometry.outputWidth(), geometry.channels());
            return new Operand(shape, builder.temporary(shape, at(images) + phase * size * type.bytes()));
        }

        private dnnl_memory_desc apart(ElementType type) {
            long row = (long) geometry.outputWidth() * geometry.channels();
            return builder.strided(type, sizes, new long[] {row, stride * size, geometry.channels(), size, 1});
        }

        Primitive apart(String name, NativeArray from, int images) {
            dnnl_memory_desc together = builder.dense(from.type(), sizes);
            dnnl_memory_desc apart = apart(from.type());
            return builder.reorder(
                    name, together, builder.view(together, from, 0), apart, builder.temporary(apart, at(images)));
        }

        Primitive together(String name, NativeArray to) {
            dnnl_memory_desc apart = apart(to.type());
            dnnl_memory_desc together = builder.dense(to.type(), sizes);
            return builder.reorder(
                    name, apart, builder.temporary(apart, at(0)), together, builder.view(together, to, 0));
        }
    }

    /**
     * The rows (or columns) of the kernel that meet one phase of the input side: {@code first}, {@code first + step}
     * and so on, {@code count} of them.
     *
     * @param before number of rows that the deconvolution by these rows alone computes above the first row of the phase
     * @param after number of rows that it computes below the last row of the phase
     */
    private record Taps(int first, int step, int count, int before, int after) {

        /**
         * Row y of the input side meets row i of the output side at row a = y + padding − s·i of the kernel. With y =
         * s·q + phase, a = first + s·j: i = q + before − j, as {@code before} is defined here.
         *
         * @param padding number of rows of zeros before the first row
         */
        static Taps of(ConvolutionGeometry geometry, int padding, int phase) {
            int stride = geometry.stride();
            int first = (phase + padding) % stride;
            int count = (geometry.kernelSize() - first + stride - 1) / stride;
            int before = (phase + padding) / stride;
            return new Taps(first, stride, count, before, count - 1 - before);
        }
    }

    /** A transposed convolution with some rows and columns of the kernel. */
    private Primitive deconvolution(
            String name,
            Optional<ParameterTensor> bias,
            Taps rows,
            Taps columns,
            long[] strides,
            NativeArray from,
            PostOperations after,
            dnnl_memory_desc toShape,
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
                        toShape,
                        strides,
                        NO_DILATION,
                        new long[] {rows.before(), columns.before()},
                        new long[] {rows.after(), columns.after()},
                        after.attributes()),
                description,
                name);
        List<Argument> arguments = new ArrayList<>(after.arguments());
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
     * The weight gradient, from the input side and the gradient at the output side (or, transposed, the other way
     * round).
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

    /** The kernel in its plain layout: filters vary fastest, then channels, columns, rows. */
    private dnnl_memory_desc plainKernel() {
        long channels = geometry.channels();
        long filters = geometry.filters();
        long size = geometry.kernelSize();
        return builder.strided(ElementType.F32, new long[] {filters, channels, size, size}, new long[] {
            1, filters, size * channels * filters, channels * filters
        });
    }

    /** The description of the forward pass, which oneDNN needs to describe a backward pass. */
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
