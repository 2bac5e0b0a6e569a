package daegpu.engine.cuda.kernels;

import daegpu.engine.Precision;
import daegpu.model.Layer;
import java.util.Optional;

/**
 * The kernels that compute a layer in a training step.
 *
 * @param forward computes the layer forward, and for a last layer the loss
 * @param dataGradient empty for a layer whose input is the image, as that gradient is not needed
 * @param weightGradient computes the gradient of the kernel, and of the bias of convolutions and dense layers
 * @param bothGradients computes both gradients in one launch, instead of the other two
 */
public record LayerKernels(
        LayerKernel forward,
        Optional<LayerKernel> dataGradient,
        LayerKernel weightGradient,
        Optional<LayerKernel> bothGradients) {

    /**
     * The kernels of a layer.
     *
     * @param maker the layer whose output is this layer's input, if any
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
