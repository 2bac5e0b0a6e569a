package daegpu.train;

import daegpu.model.Architecture;
import daegpu.model.UNet;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The learning rate of each update.
 *
 * @param schedule how it changes
 * @param peak the highest rate
 * @param horizon number of updates over which the schedule runs, counted from the first; 0 for a constant rate, which
 *     has no horizon
 */
public record LearningRate(Schedule schedule, double peak, long horizon) {

    private static final double WARM_UP = 0.04;

    /** How the rate changes from update to update. */
    public enum Schedule {
        /** Always the same. */
        CONSTANT("constant"),
        /**
         * Half a cosine wave down to zero at the horizon (Loshchilov and Hutter, "SGDR", 2017), of which the first 4 %
         * are a straight line up to the peak instead (Goyal and others, "Accurate, Large Minibatch SGD", 2017): Adam
         * does not know yet how large the gradients are.
         */
        COSINE("cosine");

        private final String text;

        Schedule(String text) {
            this.text = text;
        }

        /**
         * The default peak: Keras's default for Adam, or for the cosine, the best value that was measured for such a
         * network.
         */
        public double defaultPeak(Architecture network) {
            return switch (this) {
                case CONSTANT -> 1e-3;
                case COSINE -> network instanceof UNet ? 2e-3 : 4e-3;
            };
        }

        /**
         * The schedule whose {@link #toString} is the given text.
         *
         * @throws IllegalArgumentException if there is no such schedule
         */
        public static Schedule of(String text) {
            return Arrays.stream(values())
                    .filter(schedule -> schedule.text.equals(text))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("there is no schedule called " + text
                            + "; choose one of "
                            + Arrays.stream(values()).map(Schedule::toString).collect(Collectors.joining(" and "))));
        }

        /** The name as users write it. */
        @Override
        public String toString() {
            return text;
        }
    }

    /** @throws IllegalArgumentException if the rate is not positive, or the horizon does not belong to the schedule */
    public LearningRate {
        // As a float, which is what an engine takes: 1e-50 would train nothing.
        if (!((float) peak > 0 && peak <= 1)) {
            throw new IllegalArgumentException("the learning rate must be above 0 and at most 1, not " + peak);
        }
        if (schedule == Schedule.CONSTANT ? horizon != 0 : horizon <= 0) {
            throw new IllegalArgumentException(
                    "a " + schedule + " schedule cannot have a horizon of " + horizon + " updates");
        }
    }

    /** A rate that follows {@code schedule} over a training of {@code updates} updates. */
    public static LearningRate over(Schedule schedule, double peak, long updates) {
        return new LearningRate(schedule, peak, schedule == Schedule.CONSTANT ? 0 : Math.max(1, updates));
    }

    /** This schedule and peak over a training of {@code updates} updates. */
    public LearningRate lasting(long updates) {
        return over(schedule, peak, updates);
    }

    /** Updates until the cosine begins. */
    private long warmUp() {
        return Math.round(WARM_UP * horizon);
    }

    /** The rate of the update after {@code step} others; 0 after the horizon of a schedule that ends there. */
    public float at(long step) {
        return switch (schedule) {
            case CONSTANT -> (float) peak;
            case COSINE ->
                (float)
                        (step < warmUp()
                                ? peak * (step + 1) / warmUp()
                                : peak * 0.5 * (1 + StrictMath.cos(Math.PI * Math.min(step, horizon) / horizon)));
        };
    }
}
