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

    /** Tensor by tensor. */
    public static void assertClose(Parameters expected, Parameters actual, double bound, String what) {
        for (ParameterTensor tensor : expected.network().parameterTensors()) {
            String name = what + " of " + tensor.name();
            assertClose(expected.get(tensor.name()), actual.get(tensor.name()), bound, name);
        }
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
