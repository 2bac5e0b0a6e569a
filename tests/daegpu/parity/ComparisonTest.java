package daegpu.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.engine.EngineName;
import daegpu.engine.Precision;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ComparisonTest {

    @Test
    void differencesAreRelativeToTheLargestMagnitudeRecorded() {
        Comparison comparison = Comparison.everywhere("x", new float[] {1, -4, 0}, new float[] {1, -4, 0.5f}, 0.125);
        assertEquals(0.5, comparison.largestAbsolute());
        assertEquals(0.125, comparison.largestRelative());
        assertEquals(0.125, comparison.judged());
        assertTrue(comparison.passed());
        assertFalse(Comparison.everywhere("x", new float[] {1, -4, 0}, new float[] {1, -4, 0.5f}, 0.124)
                .passed());
    }

    @Test
    void zerosAgreeWithZerosOnly() {
        assertTrue(Comparison.everywhere("x", new float[3], new float[] {0, -0f, 0}, 1e-6)
                .passed());
        assertFalse(Comparison.everywhere("x", new float[3], new float[] {0, Float.MIN_VALUE, 0}, 1e-6)
                .passed());
        assertTrue(Comparison.afterUpdates("x", new float[3], new float[3], 1e-4, 1e-3f, 1)
                .passed());
    }

    @ParameterizedTest
    @CsvSource({"NaN, 1", "1, NaN", "NaN, NaN", "Infinity, Infinity", "1, Infinity", "Infinity, 1"})
    void whatIsNotANumberFails(float expected, float actual) {
        float[] recorded = {2, expected};
        float[] computed = {2, actual};
        assertFalse(Comparison.everywhere("x", recorded, computed, 1e9).passed());
        assertFalse(
                Comparison.afterUpdates("x", recorded, computed, 1e9, 1e-3f, 1).passed());
    }

    @Test
    void oneInAHundredParametersMayBeAstray() {
        float[] expected = new float[200];
        expected[199] = 1;
        float[] actual = expected.clone();
        actual[0] = 1.9e-3f;
        actual[1] = -1.9e-3f;
        Comparison two = Comparison.afterUpdates("x", expected, actual, 1e-4, 1e-3f, 1);
        assertTrue(two.passed());
        assertEquals(0, two.judged());
        assertEquals(1.9e-3, two.largestRelative(), 1e-9);
        actual[2] = 1e-3f;
        Comparison three = Comparison.afterUpdates("x", expected, actual, 1e-4, 1e-3f, 1);
        assertFalse(three.passed());
        assertEquals("1.00e-03 is over the bound", three.explanation());
    }

    @Test
    void noParameterMayBeFurtherAstrayThanUpdatesTakeIt() {
        float[] expected = new float[200];
        expected[199] = 1;
        float[] actual = expected.clone();
        actual[0] = 2.1e-3f;
        Comparison comparison = Comparison.afterUpdates("x", expected, actual, 1e-4, 1e-3f, 1);
        assertFalse(comparison.passed());
        assertEquals("an element is off by more than the updates can account for", comparison.explanation());
        assertTrue(
                Comparison.afterUpdates("x", expected, actual, 1e-4, 1e-3f, 2).passed());
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
    void boundsAreThoseOfTheContract(EngineName engine, Precision precision, double values, double parameters) {
        assertEquals(new Tolerance(values, parameters), Tolerance.of(engine, precision));
    }
}
