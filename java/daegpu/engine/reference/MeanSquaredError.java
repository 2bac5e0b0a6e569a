package daegpu.engine.reference;

/** The loss of one image and its gradient, written out. */
final class MeanSquaredError {

    private MeanSquaredError() {
    }

    /** {@code Σ (output − clean)²} over the values of one image. */
    static double sumOfSquares(float[] output, float[] clean, int at, int size) {
        double sum = 0;
        for (int i = at; i < at + size; i++) {
            double difference = output[i] - clean[i];
            sum += difference * difference;
        }
        return sum;
    }

    /** {@code gradient = 2 · (output − clean) / values}, the loss being a mean over {@code values} values of the batch. */
    static void gradient(float[] output, float[] clean, float[] gradient, int at, int size, int values) {
        for (int i = at; i < at + size; i++) {
            gradient[i] = 2 * (output[i] - clean[i]) / values;
        }
    }
}
