package daegpu.engine.cpu;

import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.ParameterTensor;
import java.util.List;

/**
 * A transposed convolution with bias and activation, made of the convolution whose gradient it is: that one's forward
 * pass is this one's data gradient, and its kernel gradient is this one's with what goes in and what comes out
 * exchanged.
 */
final class TransposedConvolutionLayer implements LayerPrimitives {

    private final Layer layer;
    private final long biasAt;
    private final ConvolutionPrimitives primitives;

    TransposedConvolutionLayer(
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
        return primitives.transposed("forward", layer.activation(), biasAt, input, output);
    }

    @Override
    public List<Primitive> dataGradient(NativeArray outputGradient, NativeArray inputGradient) {
        return List.of(primitives.forward("data gradient", Activation.LINEAR, null, outputGradient, inputGradient));
    }

    @Override
    public List<Primitive> kernelGradient(NativeArray input, NativeArray outputGradient, GradientTargets gradients) {
        return primitives.kernelGradient(outputGradient, input, gradients);
    }
}
