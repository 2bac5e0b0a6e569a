package daegpu.parity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.engine.TrainingState;
import daegpu.model.ParameterTensor;
import daegpu.model.Parameters;
import java.util.stream.IntStream;

/** Compares values with expected ones, for tests. What is not finite never agrees. */
public final class Agreement {

    private Agreement() {}

    /** Every difference is within {@code bound}, relative to the largest magnitude expected. */
    public static void assertClose(float[] expected, float[] actual, double bound, String what) {
        Comparison comparison = Comparison.everywhere(what, expected, actual, bound);
        assertTrue(comparison.passed(), comparison::toString);
    }

    /** Every difference is within {@code bound}, relative to the largest magnitude expected. */
    public static void assertClose(double[] expected, float[] actual, double bound, String what) {
        float[] rounded = new float[expected.length];
        for (int i = 0; i < rounded.length; i++) {
            rounded[i] = (float) expected[i];
        }
        assertClose(rounded, actual, bound, what);
    }

    /** Gradients, tensor by tensor, within {@code bound}, which is as {@link #boundOfGradient} says. */
    public static void assertClose(Parameters expected, Parameters actual, double bound, String what) {
        for (ParameterTensor tensor : expected.network().parameterTensors()) {
            assertClose(
                    expected.get(tensor.name()),
                    actual.get(tensor.name()),
                    boundOfGradient(expected, tensor, bound, 0.01),
                    what + " of " + tensor.name());
        }
    }

    /**
     * A bound on a gradient, relative to the largest magnitude in it. A gradient is a sum, and where much cancels in
     * it, as it may in that by a bias, what is left is off by some of what cancelled: so the bound holds for at least a
     * part of the largest gradient by any parameter.
     */
    public static double boundOfGradient(Parameters expected, ParameterTensor tensor, double bound, double part) {
        double own = largest(expected.get(tensor.name()));
        return own == 0 ? bound : bound * Math.max(1, part * largest(expected.values()) / own);
    }

    private static double largest(float[] values) {
        double largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    /** What updates have added to all parameters together, by the rule of {@link Tolerance}. */
    public static void assertUpdatesClose(
            Parameters initial, Parameters expected, Parameters actual, double bound, float rate, int updates) {
        Comparison comparison = Comparison.ofUpdates(
                "updates", initial.values(), expected.values(), actual.values(), bound, rate, updates);
        assertTrue(comparison.passed(), comparison::toString);
    }

    /** The largest difference, relative to the largest magnitude expected; infinite where a value is not finite. */
    public static double relative(float[] expected, float[] actual) {
        return Comparison.everywhere("", expected, actual, 0).relative();
    }

    /** The same bits. */
    public static void assertSame(float[] expected, float[] actual, String what) {
        for (float value : expected) {
            assertTrue(Float.isFinite(value), what + " holds " + value);
        }
        assertArrayEquals(bits(expected), bits(actual), what);
    }

    private static int[] bits(float[] values) {
        return IntStream.range(0, values.length)
                .map(i -> Float.floatToRawIntBits(values[i]))
                .toArray();
    }

    /** The same bits. */
    public static void assertSame(double[] expected, double[] actual, String what) {
        for (double value : expected) {
            assertTrue(Double.isFinite(value), what + " holds " + value);
        }
        assertArrayEquals(expected, actual, what);
    }

    /** The same bits. */
    public static void assertSame(TrainingState expected, TrainingState actual) {
        assertEquals(expected.step(), actual.step());
        assertSame(expected.parameters(), actual.parameters(), "parameters");
        assertSame(expected.firstMoment(), actual.firstMoment(), "first moment");
        assertSame(expected.secondMoment(), actual.secondMoment(), "second moment");
        assertEquals(expected.average().isPresent(), actual.average().isPresent(), "an average");
        expected.average()
                .ifPresent(average -> assertSame(average, actual.average().orElseThrow(), "average"));
    }

    private static void assertSame(Parameters expected, Parameters actual, String what) {
        assertSame(expected.values(), actual.values(), what);
    }
}
