package daegpu.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdamTest {

    /**
     * Keras takes the powers of float32 constants: 0.999f is off by 1.3e-8, of which the first 1 − 0.999f makes 1.3e-5,
     * and rounding the power does as much again.
     */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 10, 100, 1000, 18_750, 1_000_000})
    void theStepSizeHasBothBiasCorrections(long step) {
        double exact = 0.002 * Math.sqrt(1 - Math.pow(0.999, step)) / (1 - Math.pow(0.9, step));
        assertEquals(exact, Adam.alpha(0.002f, step), 5e-5 * exact);
    }

    /** α₁ = lr·sqrt(1 − 0.999f) / (1 − 0.9f), every operation in float32. */
    @ParameterizedTest
    @CsvSource({"1, 0.9, 0.999", "2, 0.80999994, 0.99800104"})
    void theStepSizeIsRoundedAsInKeras(long step, float power1, float power2) {
        assertEquals(0.001f * (float) Math.sqrt(1 - power2) / (1 - power1), Adam.alpha(0.001f, step), 1e-10f);
    }
}
