package daegpu.engine.cpu;

import daegpu.engine.Loss;
import daegpu.model.Layer.Activation;
import java.util.Optional;

/**
 * The loss of a number of images, and its gradient with respect to the argument of the activation of the last layer.
 */
final class ShareLoss {

    private ShareLoss() {}

    /**
     * Fills {@code gradient} with {@code mask · loss'(output − clean) / divisor · activation'}, and with zeros from
     * {@code length} on.
     *
     * @param activation the activation of the last layer
     * @param output the network's output, {@code [batch, height, width, channels]}
     * @param clean what the output should be
     * @param mask the weight of each value; empty if all weights are 1
     * @param length number of values to take
     * @param divisor the sum of the weights of all values in the whole batch
     * @return {@code Σ mask · loss(output − clean)} over the values taken
     */
    static double gradient(
            Loss loss,
            Activation activation,
            float[] output,
            float[] clean,
            Optional<float[]> mask,
            int length,
            double divisor,
            float[] gradient) {
        float scale = 1 / (float) divisor;
        for (int i = 0; i < length; i++) {
            gradient[i] = scale * loss.derivative(output[i] - clean[i]);
        }
        for (int i = length; i < gradient.length; i++) {
            gradient[i] = 0;
        }
        switch (activation) {
            case LINEAR -> {}
            case RELU -> {
                for (int i = 0; i < length; i++) {
                    gradient[i] = output[i] > 0 ? gradient[i] : 0;
                }
            }
            case SIGMOID -> {
                for (int i = 0; i < length; i++) {
                    gradient[i] *= output[i] * (1 - output[i]);
                }
            }
        }
        return mask.isPresent()
                ? maskedSum(loss, output, clean, mask.get(), length, gradient)
                : sum(loss, output, clean, length);
    }

    private static double sum(Loss loss, float[] output, float[] clean, int length) {
        double sum = 0;
        for (int i = 0; i < length; i++) {
            sum += loss.value(output[i] - clean[i]);
        }
        return sum;
    }

    /** The weighted sum of losses; the gradient is weighted as well. */
    private static double maskedSum(
            Loss loss, float[] output, float[] clean, float[] mask, int length, float[] gradient) {
        double sum = 0;
        for (int i = 0; i < length; i++) {
            sum += mask[i] * loss.value(output[i] - clean[i]);
            gradient[i] *= mask[i];
        }
        return sum;
    }
}
