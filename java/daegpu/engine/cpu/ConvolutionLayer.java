package daegpu.engine.cpu;

import daegpu.model.Layer;
import java.util.List;
import java.util.Optional;

/**
 * A convolution, or a transposed convolution. The latter is computed by the convolution that goes the other way, whose
 * data gradient it is: the forward pass of that one is the data gradient of this one, and its weight gradient is that
 * of this one with input and output exchanged.
 */
final class ConvolutionLayer implements LayerPrimitives {

    private static final String FORWARD = "forward";
    private static final String DATA_GRADIENT = "data gradient";

    private final Layer layer;
    private final ConvolutionPrimitives primitives;

    /** @param batch number of images at a time */
    ConvolutionLayer(PrimitiveBuilder builder, KernelLayouts kernels, Layer layer, int batch) {
        this.layer = layer;
        primitives = new ConvolutionPrimitives(builder, kernels, layer.name(), layer.geometry(), layer.kernel(), batch);
    }

    @Override
    public List<Primitive> forward(NativeArray input, Completion completion, NativeArray output) {
        return layer.isTransposed()
                ? primitives.transposed(FORWARD, layer.bias(), input, completion, output)
                : List.of(primitives.forward(FORWARD, layer.bias(), input, completion, output));
    }

    @Override
    public List<Primitive> dataGradient(NativeArray outputGradient, Completion completion, NativeArray inputGradient) {
        return layer.isTransposed()
                ? List.of(
                        primitives.forward(DATA_GRADIENT, Optional.empty(), outputGradient, completion, inputGradient))
                : primitives.transposed(DATA_GRADIENT, Optional.empty(), outputGradient, completion, inputGradient);
    }

    @Override
    public List<Primitive> weightGradient(NativeArray input, NativeArray outputGradient, GradientTargets gradients) {
        return layer.isTransposed()
                ? primitives.weightGradient(outputGradient, input, gradients)
                : primitives.weightGradient(input, outputGradient, gradients);
    }
}
