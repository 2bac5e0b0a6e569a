package daegpu.engine.cpu;

import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.ParameterTensor;
import java.util.List;

/** A strided convolution with bias and activation. */
final class ConvolutionLayer implements LayerPrimitives {

    private final Layer layer;
    private final long biasAt;
    private final ConvolutionPrimitives primitives;

    ConvolutionLayer(
            PrimitiveBuilder builder,
            KernelLayouts kernels,
            Layer layer,
            int batch,
            NativeArray phases,
            ParameterTensor kernel,
            ParameterTensor bias) {
        this.layer = layer;
        biasAt = bias.offset();
        primitives = new ConvolutionPrimitives(
                builder, kernels, Convolution.of(layer, batch), phases, layer.name(), kernel.offset());
    }

    @Override
    public List<Primitive> forward(NativeArray input, NativeArray output) {
        return List.of(primitives.forward("forward", layer.activation(), biasAt, input, output));
    }

    @Override
    public List<Primitive> dataGradient(NativeArray outputGradient, NativeArray inputGradient) {
        return primitives.transposed("data gradient", Activation.LINEAR, null, outputGradient, inputGradient);
    }

    @Override
    public List<Primitive> kernelGradient(NativeArray input, NativeArray outputGradient, GradientTargets gradients) {
        return primitives.kernelGradient(input, outputGradient, gradients);
    }
}
