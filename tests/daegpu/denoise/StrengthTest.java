package daegpu.denoise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.data.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StrengthTest {

    @Test
    void leadsFromTheNoisyToTheDenoised() {
        float[] denoised = {1, 0, -3};
        new Strength(0.25f).apply(new float[] {0, 1, 1}, 3, denoised);
        assertArrayEquals(new float[] {0.25f, 0.75f, 0}, denoised);
    }

    /** Whatever the strength is, and wherever they stand. */
    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void valuesThatAreNotFiniteAreRefused(float value) {
        for (float strength : new float[] {0, 0.5f, 1}) {
            float[] denoised = {0, 3, value, 5};
            Strength some = new Strength(strength);
            InvalidInputException problem =
                    assertThrows(InvalidInputException.class, () -> some.apply(new float[4], 4, denoised.clone()));
            assertTrue(problem.getMessage().contains("is not finite (" + value + ")"), problem.getMessage());
            // What is left from a larger batch is not looked at.
            some.apply(new float[4], 2, denoised);
        }
    }
}
