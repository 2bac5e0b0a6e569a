package daegpu.engine.cpu;

import daegpu.engine.cpu.PrimitiveBuilder.Argument;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.ParameterTensor;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory;
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

    DenseLayer(PrimitiveBuilder builder, KernelLayouts kernels, Layer layer, int batch, ParameterTensor kernel, ParameterTensor bias) {
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
        dnnl_memory_desc inputShape = builder.dense(batch, inputs);
        dnnl_memory_desc kernelShape = builder.dense(inputs, units);
        dnnl_memory_desc biasShape = builder.dense(1, units);
        dnnl_memory_desc outputShape = builder.dense(batch, units);
        return List.of(product(layer.name() + " forward", layer.activation(), inputShape, builder.view(inputShape, input, 0),
                kernelShape, kernels.plain(kernelShape, kernelAt), biasShape, kernels.plain(biasShape, biasAt),
                outputShape, builder.view(outputShape, output, 0)));
    }

    @Override
    public List<Primitive> dataGradient(NativeArray outputGradient, NativeArray inputGradient) {
        dnnl_memory_desc outputShape = builder.dense(batch, units);
        dnnl_memory_desc turnedKernel = builder.strided(new long[] {units, inputs}, new long[] {1, units});
        dnnl_memory_desc inputShape = builder.dense(batch, inputs);
        return List.of(product(layer.name() + " data gradient", Activation.LINEAR, outputShape, builder.view(outputShape, outputGradient, 0),
                turnedKernel, kernels.plain(turnedKernel, kernelAt), null, null, inputShape, builder.view(inputShape, inputGradient, 0)));
    }

    @Override
    public List<Primitive> kernelGradient(NativeArray input, NativeArray outputGradient, NativeArray gradients) {
        dnnl_memory_desc turnedInput = builder.strided(new long[] {inputs, batch}, new long[] {1, inputs});
        dnnl_memory_desc outputShape = builder.dense(batch, units);
        dnnl_memory_desc kernelShape = builder.dense(inputs, units);
        return List.of(product(layer.name() + " kernel gradient", Activation.LINEAR,
                turnedInput, builder.view(turnedInput, input, 0), outputShape, builder.view(outputShape, outputGradient, 0),
                null, null, kernelShape, builder.view(kernelShape, gradients, kernelAt)));
    }

    private Primitive product(String name, Activation activation, dnnl_memory_desc leftShape, dnnl_memory left,
                              dnnl_memory_desc rightShape, dnnl_memory right, dnnl_memory_desc biasShape, dnnl_memory bias,
                              dnnl_memory_desc resultShape, dnnl_memory result) {
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        builder.described(dnnl.dnnl_matmul_primitive_desc_create(description, builder.engine(), leftShape, rightShape, biasShape,
                resultShape, builder.attributes(activation)), description, name);
        Argument a = new Argument(dnnl.DNNL_ARG_SRC, left);
        Argument b = new Argument(dnnl.DNNL_ARG_WEIGHTS, right);
        Argument c = new Argument(dnnl.DNNL_ARG_DST, result);
        return bias == null ? builder.build(name, description, a, b, c)
                : builder.build(name, description, a, b, new Argument(dnnl.DNNL_ARG_BIAS, bias), c);
    }
}
