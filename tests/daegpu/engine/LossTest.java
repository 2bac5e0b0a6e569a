package daegpu.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class LossTest {

    /** By hand: sqrt(0.75² + 0.001²) and so on. */
    @ParameterizedTest
    @CsvSource({
        "MSE, 0.75, 0.5625, 1.5",
        "MSE, -0.5, 0.25, -1",
        "L1, 0.75, 0.75, 1",
        "L1, -0.25, 0.25, -1",
        "L1, 0, 0, 0",
        "CHARBONNIER, 0.75, 0.75000066666, 0.9999991",
        "CHARBONNIER, -0.001, 0.00141421356, -0.70710678",
        "CHARBONNIER, 0, 0.001, 0"
    })
    void valuesAndDerivatives(Loss loss, float difference, double value, float derivative) {
        assertEquals(value, loss.value(difference), 1e-9);
        assertEquals(derivative, loss.derivative(difference), 2e-7f);
    }

    @ParameterizedTest
    @EnumSource
    void hasANameByWhichItIsFound(Loss loss) {
        assertEquals(loss, Loss.of(loss.toString()));
    }

    @Test
    void otherNamesAreRefused() {
        assertEquals(
                "there is no loss called huber; choose one of mse, l1, charbonnier",
                assertThrows(IllegalArgumentException.class, () -> Loss.of("huber"))
                        .getMessage());
    }
}
