package daegpu.engine.reference;

import daegpu.engine.Bfloat16;
import daegpu.model.ConvolutionGeometry;
import daegpu.model.Layer;
import daegpu.model.ParameterTensor;
import java.util.Arrays;
import java.util.Optional;

/**
 * Kernel and bias of one layer, or their gradients, as the rows on which {@link ConvolutionLoops} works.
 *
 * @param kernelAt where the kernel lies in the contiguous array of all parameters
 * @param biasAt where the bias lies in it, if the layer has one
 * @param loops the convolution that the layer is, or whose data gradient it is
 * @param kernel {@code [kernel size² · channels][filters]}
 * @param turned {@code [kernel size² · filters][channels]}, the kernel as {@link ConvolutionLoops#turn} lays it out
 * @param bias one value for each output channel of the layer; zeros if it has no bias
 */
record LayerWeights(
        ParameterTensor kernelAt,
        Optional<ParameterTensor> biasAt,
        ConvolutionLoops loops,
        float[][] kernel,
        float[][] turned,
        float[] bias) {

    static LayerWeights zeros(Layer layer) {
        ConvolutionGeometry geometry = layer.geometry();
        int taps = geometry.kernelSize() * geometry.kernelSize();
        return new LayerWeights(
                layer.kernel(),
                layer.bias(),
                new ConvolutionLoops(geometry),
                new float[taps * geometry.channels()][geometry.filters()],
                new float[taps * geometry.filters()][geometry.channels()],
                new float[layer.outputChannels()]);
    }

    /**
     * Takes the values from the contiguous array of all parameters.
     *
     * @param rounds whether the kernel is rounded to bf16
     */
    void copyFrom(float[] parameters, boolean rounds) {
        int position = kernelAt.offset();
        for (float[] row : kernel) {
            System.arraycopy(parameters, position, row, 0, row.length);
            position += row.length;
            if (rounds) {
                Bfloat16.round(row);
            }
        }
        loops.turn(kernel, turned);
        biasAt.ifPresent(tensor -> System.arraycopy(parameters, tensor.offset(), bias, 0, bias.length));
    }

    /** Adds these values to those in the contiguous array of all parameters. */
    void addTo(float[] parameters) {
        int position = kernelAt.offset();
        for (float[] row : kernel) {
            add(row, parameters, position);
            position += row.length;
        }
        biasAt.ifPresent(tensor -> add(bias, parameters, tensor.offset()));
    }

    private static void add(float[] values, float[] sum, int at) {
        for (int i = 0; i < values.length; i++) {
            sum[at + i] += values[i];
        }
    }

    void clear() {
        for (float[] row : kernel) {
            Arrays.fill(row, 0);
        }
        Arrays.fill(bias, 0);
    }
}
