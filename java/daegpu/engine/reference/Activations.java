package daegpu.engine.reference;

import daegpu.model.Layer.Activation;

/** Bias and activation of one image, and their gradients, written out. */
final class Activations {

    private Activations() {
    }

    /** {@code values[pixel, channel] = bias[channel]}: where a sum over products starts from. */
    static void fillWithBias(float[] parameters, int biasAt, int channels, float[] values, int at, int size) {
        for (int i = 0; i < size; i += channels) {
            System.arraycopy(parameters, biasAt, values, at + i, channels);
        }
    }

    /** {@code y = x}, {@code max(x, 0)} or {@code 1 / (1 + e⁻ˣ)}, in place. */
    static void apply(Activation activation, float[] values, int at, int size) {
        switch (activation) {
            case LINEAR -> { }
            case RELU -> {
                for (int i = at; i < at + size; i++) {
                    values[i] = Math.max(values[i], 0);
                }
            }
            case SIGMOID -> {
                for (int i = at; i < at + size; i++) {
                    values[i] = (float) (1 / (1 + Math.exp(-values[i])));
                }
            }
        }
    }

    /** Turns the gradient by {@code y} into the gradient by {@code x}, in place; {@code values} holds {@code y}. */
    static void applyGradient(Activation activation, float[] values, float[] gradient, int at, int size) {
        switch (activation) {
            case LINEAR -> { }
            case RELU -> {
                for (int i = at; i < at + size; i++) {
                    gradient[i] = values[i] > 0 ? gradient[i] : 0;
                }
            }
            case SIGMOID -> {
                for (int i = at; i < at + size; i++) {
                    gradient[i] *= values[i] * (1 - values[i]);
                }
            }
        }
    }

    /** {@code biasGradient[channel] += Σ(pixel) gradient[pixel, channel]}. */
    static void addBiasGradient(float[] gradient, int at, int size, float[] parameterGradients, int biasAt, int channels) {
        for (int i = at; i < at + size; i += channels) {
            for (int c = 0; c < channels; c++) {
                parameterGradients[biasAt + c] += gradient[i + c];
            }
        }
    }
}
