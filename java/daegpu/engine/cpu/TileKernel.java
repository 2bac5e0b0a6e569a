package daegpu.engine.cpu;

import daegpu.model.Layer;
import org.bytedeco.dnnl.dnnl_memory_desc;

/**
 * The kernel and bias of a tiled output layer, expanded for all values of a tile at once: in the window of the tile,
 * each value has the kernel at its own place, and zeros elsewhere. They have to be renewed after every update.
 */
final class TileKernel {

    private final Layer layer;
    private final OutputTile tile;
    private final NativeArray parameters;
    private final int rows;
    private final int columns;
    private final NativeArray expanded;
    private final NativeArray expandedBias;
    private final dnnl_memory_desc shape;
    // Java arrays on which the loops work.
    private final float[] kernelValues;
    private final float[] biasValues;
    private final float[] expandedValues;
    private final float[] expandedBiasValues;

    /** @param parameters all parameters of the network, of which those of {@code layer} are taken */
    TileKernel(PrimitiveBuilder builder, Layer layer, OutputTile tile, NativeArray parameters) {
        this.layer = layer;
        this.tile = tile;
        this.parameters = parameters;
        rows = layer.kernelSize() + tile.height() - 1;
        columns = layer.kernelSize() + tile.width() - 1;
        kernelValues = new float[layer.kernel().size()];
        biasValues = new float[layer.outputChannels()];
        expandedValues = new float[rows * columns * layer.inputChannels() * tile.values(layer)];
        expandedBiasValues = new float[tile.values(layer)];
        expanded = builder.array(ElementType.F32, expandedValues.length);
        expandedBias = builder.array(ElementType.F32, expandedBiasValues.length);
        long values = tile.values(layer);
        long inputs = layer.inputChannels();
        shape = builder.strided(
                ElementType.F32, sizes(), new long[] {1, values, columns * inputs * values, inputs * values});
    }

    boolean isOf(Layer otherLayer, OutputTile otherTile) {
        return layer.equals(otherLayer) && tile.equals(otherTile);
    }

    /** The sizes in oneDNN's order: values of a tile, input channels, rows, columns. */
    long[] sizes() {
        return new long[] {tile.values(layer), layer.inputChannels(), rows, columns};
    }

    /** The shape of {@link #kernel}: {@code [rows, columns, in, values of a tile]}. */
    dnnl_memory_desc shape() {
        return shape;
    }

    /** The expanded kernel. */
    NativeArray kernel() {
        return expanded;
    }

    /** The bias, repeated for each pixel of a tile; zeros if the layer has no bias. */
    NativeArray bias() {
        return expandedBias;
    }

    /** Expands kernel and bias again from the parameters. */
    void renew() {
        parameters.read(layer.kernel().offset(), kernelValues, 0, kernelValues.length);
        if (layer.bias().isPresent()) {
            parameters.read(layer.bias().get().offset(), biasValues, 0, biasValues.length);
        }
        for (int dy = 0; dy < tile.height(); dy++) {
            for (int dx = 0; dx < tile.width(); dx++) {
                for (int c = 0; c < layer.outputChannels(); c++) {
                    int value = (dy * tile.width() + dx) * layer.outputChannels() + c;
                    expandedBiasValues[value] = biasValues[c];
                    expand(dy, dx, c, value);
                }
            }
        }
        expanded.write(0, expandedValues, 0, expandedValues.length);
        expandedBias.write(0, expandedBiasValues, 0, expandedBiasValues.length);
    }

    /**
     * Pixel (dy, dx) of a tile sees window row {@code dy + a} through row {@code a} of the kernel of a convolution, and
     * {@code dy + size − 1 − a} through that of a transposed one, which at stride 1 is a convolution with the kernel
     * turned around.
     */
    private void expand(int dy, int dx, int c, int value) {
        int size = layer.kernelSize();
        int inputs = layer.inputChannels();
        int outputs = layer.outputChannels();
        int values = tile.values(layer);
        boolean turned = layer.isTransposed();
        for (int a = 0; a < size; a++) {
            for (int b = 0; b < size; b++) {
                int tap = turned ? (size - 1 - a) * size + size - 1 - b : a * size + b;
                int from = turned ? (tap * outputs + c) * inputs : tap * inputs * outputs + c;
                int step = turned ? 1 : outputs;
                int to = ((dy + a) * columns + dx + b) * inputs * values + value;
                for (int i = 0; i < inputs; i++) {
                    expandedValues[to + i * values] = kernelValues[from + i * step];
                }
            }
        }
    }
}
