package daegpu.engine.cpu;

import daegpu.model.Layer;
import daegpu.model.Layer.Operation;
import daegpu.model.Network;
import daegpu.model.ParameterTensor;
import java.util.ArrayList;
import java.util.List;

/** Chooses how each layer of a network is computed. */
final class NetworkLayers {

    /** Rows and columns of a tile of the output at most: larger ones multiply more zeros than they fill registers. */
    private static final int LARGEST_TILE = 8;
    /**
     * The same with AMX, whose one instruction multiplies so many bf16 numbers that zeros cost more: 2×2 was the
     * fastest.
     */
    private static final int LARGEST_TILE_AMX = 2;

    private NetworkLayers() {}

    /** One entry for each layer of {@code network}, for {@code batch} images at a time. */
    static List<LayerPrimitives> of(Network network, PrimitiveBuilder builder, KernelLayouts kernels, int batch) {
        List<Layer> layers = network.layers();
        List<ParameterTensor> tensors = network.parameterTensors();
        List<LayerPrimitives> primitives = new ArrayList<>();
        NativeArray phases = phases(layers, builder, kernels.type(), batch);
        for (int l = 0; l < layers.size(); l++) {
            Layer layer = layers.get(l);
            ParameterTensor kernel = tensors.get(2 * l);
            ParameterTensor bias = tensors.get(2 * l + 1);
            primitives.add(
                    switch (layer.operation()) {
                        case CONVOLUTION -> new ConvolutionLayer(builder, kernels, layer, batch, phases, kernel, bias);
                        case DENSE -> new DenseLayer(builder, kernels, layer, batch, kernel, bias);
                        case TRANSPOSED_CONVOLUTION -> transposed(builder, kernels, layer, batch, phases, kernel, bias);
                    });
        }
        return primitives;
    }

    /**
     * Where all layers in turn keep what {@link ConvolutionPrimitives#transposed} computes before its pixels are put in
     * place.
     */
    private static NativeArray phases(List<Layer> layers, PrimitiveBuilder builder, ElementType type, int batch) {
        long largest = 1;
        for (Layer layer : layers) {
            if (layer.operation() != Operation.DENSE && layer.stride() > 1) {
                largest = Math.max(largest, Convolution.of(layer, batch).inputSize());
            }
        }
        return builder.array(type, largest);
    }

    private static LayerPrimitives transposed(
            PrimitiveBuilder builder,
            KernelLayouts kernels,
            Layer layer,
            int batch,
            NativeArray phases,
            ParameterTensor kernel,
            ParameterTensor bias) {
        if (layer.stride() == 1) {
            int largest = kernels.type() == ElementType.BF16 && OneDnn.hasAmx() ? LARGEST_TILE_AMX : LARGEST_TILE;
            OutputTile tile = OutputTile.best(layer, OneDnn.vectorFloats(), largest);
            if (tile.height() * tile.width() > 1) {
                return new TiledOutputLayer(builder, kernels, layer, batch, tile, phases, kernel, bias);
            }
        }
        return new TransposedConvolutionLayer(builder, kernels, layer, batch, phases, kernel, bias);
    }
}
