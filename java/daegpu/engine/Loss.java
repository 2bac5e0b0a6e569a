package daegpu.engine;

import java.util.Arrays;
import java.util.Locale;

/**
 * What training minimizes: the mean, over batch, height, width and channels, of a function of d, the difference between
 * a value of the network's output and the clean value. With a mask, each value has a weight, and the sum of the
 * weighted losses is divided by the sum of the weights.
 */
public enum Loss {
    /** {@code d²}. */
    MSE("MSE") {
        @Override
        public double value(double difference) {
            return difference * difference;
        }

        @Override
        public float derivative(float difference) {
            return 2 * difference;
        }
    },
    /** {@code |d|}, whose derivative at zero is taken as zero. */
    L1("L1") {
        @Override
        public double value(double difference) {
            return Math.abs(difference);
        }

        @Override
        public float derivative(float difference) {
            return Math.signum(difference);
        }
    },
    /** {@code sqrt(d² + ε²)} with ε = {@value #CHARBONNIER_EPSILON}: L1 without its edge (Charbonnier et al., 1994). */
    CHARBONNIER("Charbonnier") {
        @Override
        public double value(double difference) {
            return Math.sqrt(difference * difference + CHARBONNIER_EPSILON * CHARBONNIER_EPSILON);
        }

        @Override
        public float derivative(float difference) {
            return difference / (float) value(difference);
        }
    };

    /** ε of {@link #CHARBONNIER}. */
    public static final double CHARBONNIER_EPSILON = 1e-3;

    private final String title;

    Loss(String title) {
        this.title = title;
    }

    /** The loss of one value, given d. */
    public abstract double value(double difference);

    /** The derivative of {@link #value} with respect to d. */
    public abstract float derivative(float difference);

    /** The name for headings: {@code MSE}, {@code L1} or {@code Charbonnier}. */
    public String title() {
        return title;
    }

    /** The name as users write it: {@code mse}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The constant whose {@link #toString} is the given text.
     *
     * @throws IllegalArgumentException if there is no such constant
     */
    public static Loss of(String name) {
        return Arrays.stream(values())
                .filter(loss -> loss.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "there is no loss called " + name + "; choose one of mse, l1, charbonnier"));
    }
}
