package daegpu.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.engine.EngineName;
import daegpu.engine.Precision;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ComparisonTest {

    private static final float RATE = 1e-3f;

    private static Comparison ofUpdates(float[] initial, float[] expected, float[] actual, double bound, int updates) {
        return Comparison.ofUpdates("x", initial, expected, actual, bound, RATE, updates);
    }

    @Test
    void differencesAreRelativeToTheLargestMagnitudeRecorded() {
        Comparison comparison = Comparison.everywhere("x", new float[] {1, -4, 0}, new float[] {1, -4, 0.5f}, 0.125);
        assertEquals(0.5, comparison.absolute());
        assertEquals(0.125, comparison.relative());
        assertTrue(comparison.passed());
        assertFalse(Comparison.everywhere("x", new float[] {1, -4, 0}, new float[] {1, -4, 0.5f}, 0.124)
                .passed());
    }

    /** An update that is an eighth too long is nothing compared with the parameters themselves. */
    @Test
    void updatesAreRelativeToTheLargestUpdateRecorded() {
        float[] initial = {100, -4, 0};
        float[] expected = {100, -4, 0x1p-10f};
        float[] actual = {100, -4, 0x1.2p-10f};
        Comparison comparison = ofUpdates(initial, expected, actual, 0.125, 1);
        assertEquals(0x1p-13, comparison.absolute());
        assertEquals(0.125, comparison.relative());
        assertTrue(comparison.passed());
        assertFalse(ofUpdates(initial, expected, actual, 0.124, 1).passed());
    }

    /** However large the bound is. */
    @Test
    void besideNothingOnlyNothingPasses() {
        float[] zeros = new float[3];
        float[] tiny = {0, Float.MIN_VALUE, 0};
        assertTrue(
                Comparison.everywhere("x", zeros, new float[] {0, -0f, 0}, 1e-6).passed());
        assertFalse(Comparison.everywhere("x", zeros, tiny, 1e9).passed());
        assertTrue(ofUpdates(zeros, zeros, zeros, 1e-4, 1).passed());
        assertFalse(ofUpdates(zeros, zeros, tiny, 1e9, 1).passed());
        float[] unchanged = {7, 8, 9};
        assertTrue(ofUpdates(unchanged, unchanged, unchanged, 1e-4, 1).passed());
        assertFalse(ofUpdates(unchanged, unchanged, new float[] {7, 8, Math.nextUp(9f)}, 1e9, 1)
                .passed());
    }

    /** In a tensor of one value and among many, on either side or both, however large the bounds are. */
    @ParameterizedTest
    @CsvSource({
        "NaN, 1",
        "1, NaN",
        "NaN, NaN",
        "Infinity, Infinity",
        "-Infinity, -Infinity",
        "1, Infinity",
        "Infinity, 1",
        "Infinity, -Infinity",
        "NaN, Infinity"
    })
    void whatIsNotFiniteFails(float expected, float actual) {
        for (int size : new int[] {1, 2, 1000}) {
            float[] initial = new float[size];
            float[] recorded = new float[size];
            Arrays.fill(recorded, 2);
            float[] computed = recorded.clone();
            recorded[size / 2] = expected;
            computed[size / 2] = actual;
            Comparison everywhere = Comparison.everywhere("x", recorded, computed, Double.MAX_VALUE);
            assertFalse(everywhere.passed());
            assertEquals("a value is not finite", everywhere.explanation());
            Comparison updates =
                    Comparison.ofUpdates("x", initial, recorded, computed, Double.MAX_VALUE, Float.MAX_VALUE / 4, 1);
            assertFalse(updates.passed());
            assertEquals("a value is not finite", updates.explanation());
        }
    }

    @Test
    void oneUpdateInAHundredMayBeAstray() {
        float[] initial = new float[200];
        float[] expected = initial.clone();
        expected[199] = 1e-3f;
        float[] actual = expected.clone();
        actual[0] = 1.9e-3f;
        actual[1] = -1.9e-3f;
        Comparison two = ofUpdates(initial, expected, actual, 1e-4, 1);
        assertTrue(two.passed());
        assertEquals(0, two.relative());
        assertEquals(1.9e-3, two.absolute(), 1e-9);
        actual[2] = 1e-6f;
        Comparison three = ofUpdates(initial, expected, actual, 1e-4, 1);
        assertFalse(three.passed());
        assertEquals("1.00e-03 is over the bound", three.explanation());
    }

    @Test
    void noParameterMayBeFurtherAstrayThanUpdatesTakeIt() {
        float[] initial = new float[200];
        float[] expected = initial.clone();
        expected[199] = 1e-3f;
        float[] actual = expected.clone();
        actual[0] = 2.1e-3f;
        Comparison comparison = ofUpdates(initial, expected, actual, 1e-4, 1);
        assertFalse(comparison.passed());
        assertEquals("an element is off by more than the updates can account for", comparison.explanation());
        assertTrue(ofUpdates(initial, expected, actual, 1e-4, 2).passed());
    }

    @Test
    void tensorsOfOtherSizesCannotBeCompared() {
        assertThrows(IllegalArgumentException.class, () -> Comparison.everywhere("x", new float[3], new float[2], 1));
    }

    @ParameterizedTest
    @CsvSource({
        "REFERENCE, FP32, 2e-5, 1e-4",
        "CPU, FP32, 1e-4, 1e-4",
        "CUDA, FP32, 1e-4, 1e-4",
        "CUDA, TF32, 2e-2, 5e-2",
        "CPU, BF16, 2e-2, 5e-2",
        "CUDA, BF16, 2e-2, 5e-2"
    })
    void boundsAreThoseOfTheContract(EngineName engine, Precision precision, double values, double updates) {
        assertEquals(new Tolerance(values, updates), Tolerance.of(engine, precision));
    }
}
