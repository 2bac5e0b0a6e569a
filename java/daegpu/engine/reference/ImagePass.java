package daegpu.engine.reference;

import daegpu.engine.Bfloat16;
import daegpu.model.Layer;
import daegpu.model.Layer.Operation;
import java.util.Arrays;
import java.util.List;

/**
 * The way of one image through the network and back, and every value on it. Images are {@code [pixels][channels]};
 * between two layers that see an image differently, as pixels and as one long vector, the values are copied in row,
 * column, channel order.
 */
final class ImagePass {

    private final List<Layer> layers;
    private final boolean rounds;
    private final Convolution[] convolutions;
    private final float[][] clean;
    /** What goes into and comes out of each layer. */
    private final float[][][] inputs;

    private final float[][][] outputs;
    /** Gradients of the loss by {@link #inputs} and {@link #outputs}. */
    private final float[][][] inputGradients;

    private final float[][][] outputGradients;

    /**
     * @param rounds whether all that is multiplied is rounded to bf16: what goes into layers, and the gradients that
     *     come back
     */
    ImagePass(List<Layer> layers, boolean rounds) {
        this.layers = layers;
        this.rounds = rounds;
        convolutions = layers.stream().map(Convolution::of).toArray(Convolution[]::new);
        inputs = layers.stream().map(ImagePass::inputOf).toArray(float[][][]::new);
        outputs = layers.stream().map(ImagePass::outputOf).toArray(float[][][]::new);
        inputGradients = layers.stream().map(ImagePass::inputOf).toArray(float[][][]::new);
        outputGradients = layers.stream().map(ImagePass::outputOf).toArray(float[][][]::new);
        clean = outputOf(layers.get(layers.size() - 1));
    }

    private static float[][] inputOf(Layer layer) {
        return new float[layer.inputHeight() * layer.inputWidth()][layer.inputChannels()];
    }

    private static float[][] outputOf(Layer layer) {
        return new float[layer.outputHeight() * layer.outputWidth()][layer.outputChannels()];
    }

    /** The image that goes into the network, to be filled. */
    float[][] input() {
        return inputs[0];
    }

    /** The image that should come out, to be filled. */
    float[][] clean() {
        return clean;
    }

    /** What layer {@code l} put out. */
    float[][] output(int l) {
        return outputs[l];
    }

    /**
     * Runs layers {@code from} (inclusive) to {@code to} (exclusive).
     *
     * @param weights of each layer
     * @param turned each layer's kernel, as {@link Convolution#turn} lays it out
     */
    void forward(int from, int to, LayerWeights[] weights, float[][][] turned) {
        for (int l = from; l < to; l++) {
            if (l > 0) {
                copy(outputs[l - 1], inputs[l]);
            }
            round(inputs[l]);
            for (float[] pixel : outputs[l]) {
                System.arraycopy(weights[l].bias(), 0, pixel, 0, pixel.length);
            }
            if (transposed(l)) {
                convolutions[l].addInputGradient(inputs[l], turned[l], outputs[l]);
            } else {
                convolutions[l].addForward(inputs[l], weights[l].kernel(), outputs[l]);
            }
            Activations.apply(layers.get(l).activation(), outputs[l]);
            if (l < layers.size() - 1) { // the image that comes out stays as it is
                round(outputs[l]);
            }
        }
    }

    /**
     * Runs all layers backward after {@link #forward} ran them all, adding this image's share to {@code gradients}.
     *
     * @param values values in the batch, over which the loss is a mean
     * @return the sum of the squared errors of this image
     */
    double backward(int values, LayerWeights[] weights, float[][][] turned, LayerWeights[] gradients) {
        int last = layers.size() - 1;
        double squares = MeanSquaredError.gradient(outputs[last], clean, values, outputGradients[last]);
        for (int l = last; l >= 0; l--) {
            float[][] gradient = outputGradients[l];
            Activations.applyGradient(layers.get(l).activation(), outputs[l], gradient);
            round(gradient);
            Activations.addBiasGradient(gradient, gradients[l].bias());
            if (transposed(l)) {
                convolutions[l].addKernelGradient(gradient, inputs[l], gradients[l].kernel());
            } else {
                convolutions[l].addKernelGradient(inputs[l], gradient, gradients[l].kernel());
            }
            if (l > 0) { // nobody asks for the gradient by the image
                clear(inputGradients[l]);
                if (transposed(l)) {
                    convolutions[l].addForward(gradient, weights[l].kernel(), inputGradients[l]);
                } else {
                    convolutions[l].addInputGradient(gradient, turned[l], inputGradients[l]);
                }
                copy(inputGradients[l], outputGradients[l - 1]);
            }
        }
        return squares;
    }

    private boolean transposed(int l) {
        return layers.get(l).operation() == Operation.TRANSPOSED_CONVOLUTION;
    }

    private void round(float[][] image) {
        if (rounds) {
            for (float[] pixel : image) {
                Bfloat16.round(pixel);
            }
        }
    }

    private static void clear(float[][] image) {
        for (float[] pixel : image) {
            Arrays.fill(pixel, 0);
        }
    }

    /** Copies an image in row, column, channel order into one with as many values in another shape. */
    private static void copy(float[][] from, float[][] to) {
        int row = 0;
        int column = 0;
        for (float[] pixel : from) {
            for (int done = 0; done < pixel.length; ) {
                int length = Math.min(pixel.length - done, to[row].length - column);
                System.arraycopy(pixel, done, to[row], column, length);
                done += length;
                column += length;
                if (column == to[row].length) {
                    row++;
                    column = 0;
                }
            }
        }
    }

    /** Fills an image from a flat array in row, column, channel order. */
    static void fill(float[][] image, float[] flat, int at) {
        int position = at;
        for (float[] pixel : image) {
            System.arraycopy(flat, position, pixel, 0, pixel.length);
            position += pixel.length;
        }
    }

    /** Writes an image to a flat array in row, column, channel order. */
    static void flatten(float[][] image, float[] flat, int at) {
        int position = at;
        for (float[] pixel : image) {
            System.arraycopy(pixel, 0, flat, position, pixel.length);
            position += pixel.length;
        }
    }
}
