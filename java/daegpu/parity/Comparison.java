package daegpu.parity;

import java.util.Arrays;
import java.util.Locale;

/**
 * One tensor of an engine, compared with the recorded one.
 *
 * @param name what was compared
 * @param absolute largest difference of two elements; infinite if one of them is not finite
 * @param relative the figure that {@code bound} limits: the largest difference (for updates, the difference that
 *     {@link Tolerance#SHARE_OF_UPDATES} of the elements do not exceed), divided by the largest magnitude that was
 *     recorded
 * @param bound the most that {@code relative} may be
 * @param passed whether every bound was kept
 */
public record Comparison(String name, double absolute, double relative, double bound, boolean passed) {

    /**
     * Compares every element. A value that is not finite fails, on either side. If all recorded values are zero, only
     * zeros pass.
     */
    static Comparison everywhere(String name, float[] expected, float[] actual, double bound) {
        double[] differences = differences(expected, actual);
        double absolute = differences[differences.length - 1];
        double relative = relative(absolute, largestDifference(expected, new float[expected.length]));
        return new Comparison(name, absolute, relative, bound, relative <= bound);
    }

    /**
     * Compares what updates have added to parameters, by the rule that {@link Tolerance} describes. A value that is not
     * finite fails, on either side. If nothing was added to the recorded parameters, only parameters equal to them
     * pass.
     *
     * @param initial parameters before the first update
     * @param expected recorded parameters after the last update
     * @param actual parameters of the engine after the last update
     */
    static Comparison ofUpdates(
            String name,
            float[] initial,
            float[] expected,
            float[] actual,
            double bound,
            float learningRate,
            int updates) {
        double[] differences = differences(expected, actual);
        double absolute = differences[differences.length - 1];
        int most = (int) Math.ceil(Tolerance.SHARE_OF_UPDATES * differences.length) - 1;
        double relative = relative(differences[most], largestDifference(expected, initial));
        // Keras's bias correction is rounded to float32, which makes the first step longer than the learning rate by
        // 2e-5.
        boolean isReachable = absolute <= 2 * learningRate * updates * 1.0001;
        return new Comparison(name, absolute, relative, bound, relative <= bound && isReachable);
    }

    /** Absolute differences in ascending order, infinite where a value is not finite. */
    private static double[] differences(float[] expected, float[] actual) {
        if (expected.length != actual.length) {
            throw new IllegalArgumentException(
                    "an engine gave " + actual.length + " values where " + expected.length + " were recorded");
        }
        double[] differences = new double[expected.length];
        for (int i = 0; i < differences.length; i++) {
            boolean isFinite = Float.isFinite(expected[i]) && Float.isFinite(actual[i]);
            differences[i] = isFinite ? Math.abs((double) actual[i] - expected[i]) : Double.POSITIVE_INFINITY;
        }
        Arrays.sort(differences);
        return differences;
    }

    private static double largestDifference(float[] values, float[] from) {
        double[] differences = differences(from, values);
        return differences[differences.length - 1];
    }

    /** The quotient; infinite if the difference is, or if there is a difference and only zeros were recorded. */
    private static double relative(double difference, double largest) {
        if (difference == 0) {
            return 0;
        }
        return Double.isInfinite(difference) ? difference : difference / largest;
    }

    /** Says in words why the comparison did not pass. */
    public String explanation() {
        if (Double.isInfinite(absolute)) {
            return "a value is not finite";
        }
        return relative <= bound
                ? "an element is off by more than the updates can account for"
                : String.format(Locale.ROOT, "%.2e is over the bound", relative);
    }
}
