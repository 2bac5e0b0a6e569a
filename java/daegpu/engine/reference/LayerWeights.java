package daegpu.engine.reference;

import daegpu.engine.Bfloat16;
import daegpu.model.Layer;
import java.util.Arrays;

/**
 * Kernel and bias of one layer, or their gradients, as rows that {@link Convolution} works on.
 *
 * @param kernel {@code [kernel size² · channels][filters]}
 * @param bias one value for each output channel of the layer
 */
record LayerWeights(float[][] kernel, float[] bias) {

    static LayerWeights zeros(Layer layer) {
        Convolution convolution = Convolution.of(layer);
        int rows = convolution.kernelSize() * convolution.kernelSize() * convolution.channels();
        return new LayerWeights(new float[rows][convolution.filters()], new float[layer.outputChannels()]);
    }

    /** Takes the values from the contiguous array of all parameters, where this layer's begin at {@code at}. */
    void copyFrom(float[] parameters, int at) {
        int position = at;
        for (float[] row : kernel) {
            System.arraycopy(parameters, position, row, 0, row.length);
            position += row.length;
        }
        System.arraycopy(parameters, position, bias, 0, bias.length);
    }

    /** Rounds the kernel to bf16. */
    void roundKernel() {
        for (float[] row : kernel) {
            Bfloat16.round(row);
        }
    }

    /** Adds these values to those in the contiguous array of all parameters, where this layer's begin at {@code at}. */
    void addTo(float[] parameters, int at) {
        int position = at;
        for (float[] row : kernel) {
            position = add(row, parameters, position);
        }
        add(bias, parameters, position);
    }

    private static int add(float[] values, float[] sum, int at) {
        for (int i = 0; i < values.length; i++) {
            sum[at + i] += values[i];
        }
        return at + values.length;
    }

    void clear() {
        for (float[] row : kernel) {
            Arrays.fill(row, 0);
        }
        Arrays.fill(bias, 0);
    }
}
