package daegpu.engine.reference;

import daegpu.model.Layer.Activation;

/** Activations of one image, {@code [pixels][channels]}, their derivatives, and the bias gradient, in plain loops. */
final class ActivationFunctions {

    private ActivationFunctions() {}

    /** {@code y = x}, {@code max(x, 0)} or {@code 1 / (1 + e⁻ˣ)}, in place. */
    static void apply(Activation activation, float[][] values) {
        for (float[] pixel : values) {
            for (int c = 0; c < pixel.length; c++) {
                pixel[c] = switch (activation) {
                    case LINEAR -> pixel[c];
                    case RELU -> Math.max(pixel[c], 0);
                    case SIGMOID -> (float) (1 / (1 + Math.exp(-pixel[c])));
                };
            }
        }
    }

    /**
     * Turns the gradient with respect to {@code y} into that with respect to {@code x}, in place; {@code values} holds
     * {@code y}.
     */
    static void applyGradient(Activation activation, float[][] values, float[][] gradient) {
        for (int p = 0; p < values.length; p++) {
            for (int c = 0; c < values[p].length; c++) {
                float y = values[p][c];
                gradient[p][c] *= switch (activation) {
                    case LINEAR -> 1;
                    case RELU -> y > 0 ? 1 : 0;
                    case SIGMOID -> y * (1 - y);
                };
            }
        }
    }

    /** {@code biasGradient[channel] += Σ(pixel) gradient[pixel, channel]}. */
    static void addBiasGradient(float[][] gradient, float[] biasGradient) {
        for (float[] pixel : gradient) {
            for (int c = 0; c < biasGradient.length; c++) {
                biasGradient[c] += pixel[c];
            }
        }
    }
}
