package daegpu.engine.cpu;

import daegpu.model.Architecture;
import daegpu.model.Layer;
import daegpu.model.ParameterTensor;
import java.util.ArrayList;
import java.util.List;

/** Chooses how each layer of a network is computed. */
final class NetworkLayers {

    private NetworkLayers() {
    }

    /** One entry for each layer of {@code architecture}, for {@code batch} images at a time. */
    static List<LayerPrimitives> of(Architecture architecture, PrimitiveBuilder builder, KernelLayouts kernels, int batch) {
        List<Layer> layers = architecture.layers();
        List<ParameterTensor> tensors = architecture.parameterTensors();
        List<LayerPrimitives> primitives = new ArrayList<>();
        for (int l = 0; l < layers.size(); l++) {
            Layer layer = layers.get(l);
            ParameterTensor kernel = tensors.get(2 * l);
            ParameterTensor bias = tensors.get(2 * l + 1);
            primitives.add(switch (layer.operation()) {
                case CONVOLUTION -> new ConvolutionLayer(builder, kernels, layer, batch, kernel, bias);
                case DENSE -> new DenseLayer(builder, kernels, layer, batch, kernel, bias);
                case TRANSPOSED_CONVOLUTION -> transposed(builder, kernels, layer, batch, kernel, bias);
            });
        }
        return primitives;
    }

    private static LayerPrimitives transposed(PrimitiveBuilder builder, KernelLayouts kernels, Layer layer, int batch,
                                              ParameterTensor kernel, ParameterTensor bias) {
        if (layer.stride() == 1) {
            OutputTile tile = OutputTile.best(layer, OneDnn.vectorFloats());
            if (tile.height() * tile.width() > 1) {
                return new TiledOutputLayer(builder, kernels, layer, batch, tile, kernel, bias);
            }
        }
        return new TransposedConvolutionLayer(builder, kernels, layer, batch, kernel, bias);
    }
}
