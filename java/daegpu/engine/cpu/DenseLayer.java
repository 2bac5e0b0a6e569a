package daegpu.engine.cpu;

import daegpu.engine.cpu.PrimitiveBuilder.Argument;
import daegpu.engine.cpu.PrimitiveBuilder.PostOperations;
import daegpu.model.Layer;
import daegpu.model.ParameterTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;

/** A dense layer as matrix products: {@code [batch, in]} by {@code [in, out]}. */
final class DenseLayer implements LayerPrimitives {

    private final PrimitiveBuilder builder;
    private final KernelLayouts kernels;
    private final Layer layer;
    private final int batch;
    private final int inputs;
    private final int units;

    /** @param batch number of images at a time */
    DenseLayer(PrimitiveBuilder builder, KernelLayouts kernels, Layer layer, int batch) {
        this.builder = builder;
        this.kernels = kernels;
        this.layer = layer;
        this.batch = batch;
        inputs = layer.inputChannels();
        units = layer.outputChannels();
    }

    private dnnl_memory_desc inputShape(ElementType type) {
        return builder.dense(type, batch, inputs);
    }

    private dnnl_memory_desc outputShape(ElementType type) {
        return builder.dense(type, batch, units);
    }

    @Override
    public List<Primitive> forward(NativeArray input, Completion completion, NativeArray output) {
        return List.of(byKernel(
                "forward",
                this::inputShape,
                input,
                new long[] {inputs, units},
                new long[] {units, 1},
                layer.bias(),
                completion,
                this::outputShape,
                output));
    }

    @Override
    public List<Primitive> dataGradient(NativeArray outputGradient, Completion completion, NativeArray inputGradient) {
        return List.of(byKernel(
                "data gradient",
                this::outputShape,
                outputGradient,
                new long[] {units, inputs},
                new long[] {1, units},
                Optional.empty(),
                completion,
                this::inputShape,
                inputGradient));
    }

    @Override
    public List<Primitive> weightGradient(NativeArray input, NativeArray outputGradient, GradientTargets gradients) {
        String name = layer.name() + " weight gradient";
        dnnl_memory_desc turnedInput =
                builder.strided(input.type(), new long[] {inputs, batch}, new long[] {1, inputs});
        dnnl_memory_desc gradientShape = outputShape(outputGradient.type());
        dnnl_memory_desc kernelShape = builder.dense(ElementType.F32, inputs, units);
        return List.of(builder.build(
                name,
                builder.product(name, turnedInput, gradientShape, null, kernelShape, builder.attributes()),
                new Argument(dnnl.DNNL_ARG_SRC, builder.view(turnedInput, input, 0)),
                new Argument(dnnl.DNNL_ARG_WEIGHTS, builder.view(gradientShape, outputGradient, 0)),
                new Argument(
                        dnnl.DNNL_ARG_DST,
                        gradients.view(kernelShape, layer.kernel().offset()))));
    }

    /**
     * The product with the kernel, whose plain layout has {@code kernelSizes} and {@code kernelStrides}. In fp32 the
     * kernel is used in this layout; in bf16 a copy is needed anyway, which may have any layout.
     */
    private Primitive byKernel(
            String what,
            PrimitiveBuilder.Shape fromShape,
            NativeArray from,
            long[] kernelSizes,
            long[] kernelStrides,
            Optional<ParameterTensor> bias,
            Completion completion,
            PrimitiveBuilder.Shape toShape,
            NativeArray to) {
        String name = layer.name() + " " + what;
        dnnl_memory_desc plain = builder.strided(ElementType.F32, kernelSizes, kernelStrides);
        dnnl_memory_desc kernelShape =
                kernels.type() == ElementType.F32 ? plain : builder.anyLayout(kernels.type(), kernelSizes);
        dnnl_memory_desc biasShape = bias.map(tensor -> builder.dense(ElementType.F32, 1, tensor.size()))
                .orElse(null);
        PostOperations after = builder.after(completion, toShape);
        dnnl_primitive_desc description = builder.product(
                name,
                fromShape.apply(from.type()),
                kernelShape,
                biasShape,
                toShape.apply(to.type()),
                after.attributes());
        List<Argument> arguments = new ArrayList<>(after.arguments());
        arguments.add(new Argument(dnnl.DNNL_ARG_SRC, builder.view(fromShape, from)));
        arguments.add(new Argument(
                dnnl.DNNL_ARG_WEIGHTS,
                kernels.laidOut(
                        layer.name(),
                        layer.kernel().offset(),
                        plain,
                        builder.chosen(description, dnnl.dnnl_query_weights_md))));
        arguments.add(new Argument(dnnl.DNNL_ARG_DST, builder.view(toShape, to)));
        bias.ifPresent(
                tensor -> arguments.add(new Argument(dnnl.DNNL_ARG_BIAS, kernels.plain(biasShape, tensor.offset()))));
        return builder.build(name, description, arguments);
    }
}
