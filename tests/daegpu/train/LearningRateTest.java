package daegpu.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import daegpu.train.LearningRate.Schedule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LearningRateTest {

    @Test
    void constantNeverChanges() {
        LearningRate rate = LearningRate.over(Schedule.CONSTANT, 1e-3, 100);
        assertEquals(1e-3f, rate.at(0));
        assertEquals(1e-3f, rate.at(Long.MAX_VALUE));
    }

    @Test
    void cosineFallsToZeroAndStaysThere() {
        LearningRate rate = LearningRate.over(Schedule.COSINE, 0.5, 12);
        assertEquals(0.5f, rate.at(0)); // 4 % of 12 updates are none
        assertEquals(0.375f, rate.at(4), 1e-7);
        assertEquals(0.25f, rate.at(6), 1e-7);
        assertEquals(0.125f, rate.at(8), 1e-7);
        assertEquals(0, rate.at(12));
        assertEquals(0, rate.at(Long.MAX_VALUE));
    }

    @Test
    void cosineWarmsUp() {
        LearningRate rate = LearningRate.over(Schedule.COSINE, 0.5, 100);
        assertEquals(0.125f, rate.at(0));
        assertEquals(0.25f, rate.at(1));
        assertEquals(0.375f, rate.at(2));
        assertEquals(0.5f, rate.at(3));
        assertEquals(0.5 * 0.5 * (1 + Math.cos(0.04 * Math.PI)), rate.at(4), 1e-7);
    }

    /** keras.optimizers.schedules.CosineDecay with alpha 0, in the terms of its documentation, after the warm-up. */
    @ParameterizedTest
    @CsvSource({"1e-3, 18750", "0.5, 7", "1e-6, 1", "1, 2"})
    void cosineIsThatOfKeras(double initialLearningRate, long decaySteps) {
        LearningRate rate = new LearningRate(Schedule.COSINE, initialLearningRate, decaySteps);
        for (long step = decaySteps / 25; step <= decaySteps + 5; step++) {
            double completedFraction = (double) Math.min(step, decaySteps) / decaySteps;
            double cosineDecay = 0.5 * (1 + Math.cos(Math.PI * completedFraction));
            assertEquals(initialLearningRate * cosineDecay, rate.at(step), 1e-7 * initialLearningRate);
        }
    }

    @Test
    void lastsAsLongAsItIsTold() {
        assertEquals(
                new LearningRate(Schedule.COSINE, 0.5, 30),
                LearningRate.over(Schedule.COSINE, 0.5, 12).lasting(30));
        assertEquals(
                LearningRate.over(Schedule.CONSTANT, 0.5, 12),
                LearningRate.over(Schedule.CONSTANT, 0.5, 12).lasting(30));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, 1.0001, Double.NaN, Double.POSITIVE_INFINITY, 1e-60})
    void refusesRatesThatTrainNothingOrTooMuch(double peak) {
        assertThrows(IllegalArgumentException.class, () -> LearningRate.over(Schedule.CONSTANT, peak, 10));
    }

    @Test
    void horizonBelongsToCosineAlone() {
        assertThrows(IllegalArgumentException.class, () -> new LearningRate(Schedule.CONSTANT, 0.1, 10));
        assertThrows(IllegalArgumentException.class, () -> new LearningRate(Schedule.COSINE, 0.1, 0));
        assertThrows(IllegalArgumentException.class, () -> Schedule.of("COSINE"));
        assertEquals(Schedule.COSINE, Schedule.of("cosine"));
    }
}
