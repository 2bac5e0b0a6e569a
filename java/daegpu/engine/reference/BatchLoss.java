package daegpu.engine.reference;

import daegpu.engine.Loss;

/** The loss of one image, {@code [pixels][channels]}, and its gradient, in plain loops. */
final class BatchLoss {

    private BatchLoss() {}

    /**
     * {@code gradient = mask · loss'(output − clean) / divisor}.
     *
     * @param mask the weight of each value; null if all weights are 1
     * @param divisor the sum of the weights in the whole batch
     * @return {@code Σ mask · loss(output − clean)} over the values of the image
     */
    static double gradient(
            Loss loss, float[][] output, float[][] clean, float[][] mask, float divisor, float[][] gradient) {
        double sum = 0;
        for (int p = 0; p < output.length; p++) {
            for (int c = 0; c < output[p].length; c++) {
                float weight = mask == null ? 1 : mask[p][c];
                float difference = output[p][c] - clean[p][c];
                gradient[p][c] = weight * loss.derivative(difference) / divisor;
                sum += weight * loss.value(difference);
            }
        }
        return sum;
    }
}
