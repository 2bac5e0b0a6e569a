package daegpu.parity;

import java.util.Arrays;
import java.util.Locale;

/**
 * One tensor of an engine beside the recorded one.
 *
 * @param name what was compared
 * @param largestAbsolute largest difference of two elements
 * @param largestRelative the same over the largest magnitude in the recorded tensor
 * @param bound what {@code judged} may be at most
 * @param judged the figure that decides: the largest relative difference, or for parameters after updates the one that
 *     {@link Tolerance#SHARE_OF_PARAMETERS} of the elements keep
 * @param passed whether every bound was kept
 */
public record Comparison(
        String name, double largestAbsolute, double largestRelative, double bound, double judged, boolean passed) {

    /** Compares every element; anything that is not a number fails. */
    static Comparison everywhere(String name, float[] expected, float[] actual, double bound) {
        double[] differences = differences(expected, actual);
        double absolute = differences[differences.length - 1];
        double relative = relative(absolute, expected);
        return new Comparison(name, absolute, relative, bound, relative, relative <= bound);
    }

    /** Compares parameters after {@code updates} updates, by the rule that {@link Tolerance} describes. */
    static Comparison afterUpdates(
            String name, float[] expected, float[] actual, double bound, float learningRate, int updates) {
        double[] differences = differences(expected, actual);
        double absolute = differences[differences.length - 1];
        int most = (int) Math.ceil(Tolerance.SHARE_OF_PARAMETERS * differences.length) - 1;
        double judged = relative(differences[most], expected);
        // Keras's bias correction is rounded to float32, which makes the first step longer than the learning rate by
        // 2e-5.
        boolean passed = judged <= bound && absolute <= 2 * learningRate * updates * 1.0001;
        return new Comparison(name, absolute, relative(absolute, expected), bound, judged, passed);
    }

    /** Absolute differences in ascending order, infinite where something is not a number. */
    private static double[] differences(float[] expected, float[] actual) {
        if (expected.length != actual.length) {
            throw new IllegalArgumentException(
                    "an engine gave " + actual.length + " values where " + expected.length + " were recorded");
        }
        double[] differences = new double[expected.length];
        for (int i = 0; i < differences.length; i++) {
            double difference = Math.abs((double) actual[i] - expected[i]);
            differences[i] = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference;
        }
        Arrays.sort(differences);
        return differences;
    }

    private static double relative(double absolute, float[] expected) {
        double largest = 0;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        return absolute == 0 ? 0 : absolute / largest;
    }

    /** Why it did not pass, for people. */
    public String explanation() {
        return judged <= bound
                ? "an element is off by more than the updates can account for"
                : String.format(Locale.ROOT, "%.2e is over the bound", judged);
    }
}
