package daegpu.engine.cpu;

/** The loss and its gradient by what goes into the sigmoid of the last layer, in one pass. */
final class MeanSquaredError {

    private MeanSquaredError() {}

    /**
     * Replaces outputs y by {@code 2·(y − clean)/values · y·(1 − y)}, and everything from {@code length} on by zero.
     *
     * @param output {@code [batch, height, width, channels]}, what the network put out
     * @param clean what it should have put out
     * @param length values to take
     * @param values number of values over which the loss is a mean
     * @return {@code Σ (y − clean)²} over the values taken
     */
    static double gradient(float[] output, float[] clean, int length, long values) {
        double sum = 0;
        for (int i = 0; i < length; i++) {
            double difference = output[i] - clean[i];
            sum += difference * difference;
        }
        float scale = 2f / values;
        for (int i = 0; i < length; i++) {
            float y = output[i];
            output[i] = scale * (y - clean[i]) * (y * (1 - y));
        }
        for (int i = length; i < output.length; i++) {
            output[i] = 0;
        }
        return sum;
    }
}
