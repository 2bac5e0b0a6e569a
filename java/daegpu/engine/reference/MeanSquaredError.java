package daegpu.engine.reference;

/** The loss of one image, {@code [pixels][channels]}, and its gradient, written out. */
final class MeanSquaredError {

    private MeanSquaredError() {}

    /**
     * {@code gradient = 2 · (output − clean) / values}, the loss being a mean over {@code values} values of the batch.
     *
     * @return {@code Σ (output − clean)²} over the values of the image
     */
    static double gradient(float[][] output, float[][] clean, int values, float[][] gradient) {
        double sum = 0;
        for (int p = 0; p < output.length; p++) {
            for (int c = 0; c < output[p].length; c++) {
                float difference = output[p][c] - clean[p][c];
                gradient[p][c] = 2 * difference / values;
                sum += (double) difference * difference;
            }
        }
        return sum;
    }
}
