package daegpu.engine.cpu;

import daegpu.engine.cpu.PrimitiveBuilder.Argument;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.ParameterTensor;
import java.util.List;
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
    private final long kernelAt;
    private final long biasAt;

    DenseLayer(
            PrimitiveBuilder builder,
            KernelLayouts kernels,
            Layer layer,
            int batch,
            ParameterTensor kernel,
            ParameterTensor bias) {
        this.builder = builder;
        this.kernels = kernels;
        this.layer = layer;
        this.batch = batch;
        inputs = layer.inputChannels();
        units = layer.outputChannels();
        kernelAt = kernel.offset();
        biasAt = bias.offset();
    }

    @Override
    public List<Primitive> forward(NativeArray input, NativeArray output) {
        return List.of(byKernel(
                "forward",
                layer.activation(),
                builder.dense(input.type(), batch, inputs),
                input,
                new long[] {inputs, units},
                new long[] {units, 1},
                builder.dense(ElementType.F32, 1, units),
                builder.dense(output.type(), batch, units),
                output));
    }

    @Override
    public List<Primitive> dataGradient(NativeArray outputGradient, NativeArray inputGradient) {
        return List.of(byKernel(
                "data gradient",
                Activation.LINEAR,
                builder.dense(outputGradient.type(), batch, units),
                outputGradient,
                new long[] {units, inputs},
                new long[] {1, units},
                null,
                builder.dense(inputGradient.type(), batch, inputs),
                inputGradient));
    }

    @Override
    public List<Primitive> kernelGradient(NativeArray input, NativeArray outputGradient, GradientTargets gradients) {
        String name = layer.name() + " kernel gradient";
        dnnl_memory_desc turnedInput =
                builder.strided(input.type(), new long[] {inputs, batch}, new long[] {1, inputs});
        dnnl_memory_desc outputShape = builder.dense(outputGradient.type(), batch, units);
        dnnl_memory_desc kernelShape = builder.dense(ElementType.F32, inputs, units);
        dnnl_primitive_desc description = product(name, Activation.LINEAR, turnedInput, outputShape, null, kernelShape);
        return List.of(builder.build(
                name,
                description,
                new Argument(dnnl.DNNL_ARG_SRC, builder.view(turnedInput, input, 0)),
                new Argument(dnnl.DNNL_ARG_WEIGHTS, builder.view(outputShape, outputGradient, 0)),
                new Argument(dnnl.DNNL_ARG_DST, gradients.view(kernelShape, kernelAt))));
    }

    /**
     * The product with the kernel, which lies plainly in {@code kernelSizes} by {@code kernelStrides}. In fp32 it is
     * taken as it lies; in bf16 there must be a copy anyway, so that may have any layout.
     */
    private Primitive byKernel(
            String what,
            Activation activation,
            dnnl_memory_desc fromShape,
            NativeArray from,
            long[] kernelSizes,
            long[] kernelStrides,
            dnnl_memory_desc biasShape,
            dnnl_memory_desc toShape,
            NativeArray to) {
        String name = layer.name() + " " + what;
        dnnl_memory_desc plain = builder.strided(ElementType.F32, kernelSizes, kernelStrides);
        dnnl_memory_desc kernelShape =
                kernels.type() == ElementType.F32 ? plain : builder.anyLayout(kernels.type(), kernelSizes);
        dnnl_primitive_desc description = product(name, activation, fromShape, kernelShape, biasShape, toShape);
        Argument a = new Argument(dnnl.DNNL_ARG_SRC, builder.view(fromShape, from, 0));
        Argument b = new Argument(
                dnnl.DNNL_ARG_WEIGHTS,
                kernels.laidOut(
                        layer.name(), kernelAt, plain, builder.chosen(description, dnnl.dnnl_query_weights_md)));
        Argument c = new Argument(dnnl.DNNL_ARG_DST, builder.view(toShape, to, 0));
        return biasShape == null
                ? builder.build(name, description, a, b, c)
                : builder.build(
                        name, description, a, b, new Argument(dnnl.DNNL_ARG_BIAS, kernels.plain(biasShape, biasAt)), c);
    }

    private dnnl_primitive_desc product(
            String name,
            Activation activation,
            dnnl_memory_desc left,
            dnnl_memory_desc right,
            dnnl_memory_desc bias,
            dnnl_memory_desc result) {
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        return builder.described(
                dnnl.dnnl_matmul_primitive_desc_create(
                        description, builder.engine(), left, right, bias, result, builder.attributes(activation)),
                description,
                name);
    }
}
