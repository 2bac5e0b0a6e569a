package daegpu.engine.cuda.kernels;

import daegpu.engine.Precision;
import daegpu.model.Layer;
import java.util.Optional;

/**
 * The kernels that compute a layer in a training step.
 *
 * @param forward the layer itself, and for a last layer the loss
 * @param dataGradient empty for a layer that takes in the image, whose gradient is not needed
 * @param weightGradient of the kernel, and of the bias of convolutions and dense layers
 * @param bothGradients makes data and weight gradient in one launch, in place of the other two
 */
public record LayerKernels(
        LayerKernel forward,
        Optional<LayerKernel> dataGradient,
        LayerKernel weightGradient,
        Optional<LayerKernel> bothGradients) {

    /**
     * Those of a layer.
     *
     * @param maker the layer that puts out what this one takes in, if any
     * @param isLast whether the loss follows
     */
    public static LayerKernels of(Layer layer, Optional<Layer> maker, boolean isLast, Precision precision) {
        LayerKernel forward = KernelChoice.of(
                        Product.forward(layer, isLast ? Epilogue.LOSS : Epilogue.of(layer.activation()), precision))
                .kernel();
        Optional<LayerKernel> dataGradient = maker.map(before -> KernelChoice.of(
                        Product.dataGradient(layer, Epilogue.ofGradient(before.activation()), precision))
                .kernel());
        LayerKernel weightGradient =
                KernelChoice.of(Product.weightGradient(layer, precision)).kernel();
        return new LayerKernels(
                forward,
                dataGradient,
                weightGradient,
                dataGradient.flatMap(data -> KernelChoice.ofBoth(data, weightGradient)));
    }
}
