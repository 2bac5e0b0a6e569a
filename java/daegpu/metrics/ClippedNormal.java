package daegpu.metrics;

/**
 * A normal variable of which parts are clipped at both ends.
 *
 * @param mean of the clipped variable, in standard deviations from that of the normal one
 * @param variance of the clipped variable, in that of the normal one
 */
record ClippedNormal(double mean, double variance) {

    private static final double SQRT_2_PI = Math.sqrt(2 * Math.PI);
    /** A normal variable is never as many standard deviations from its mean. */
    private static final double FAR = 10;

    private static final int STEPS = 50;

    /**
     * What clipping leaves.
     *
     * @param below the part of the values that are clipped to the lower bound
     * @param above the part that is clipped to the upper bound; the two are less than 1 together
     */
    static ClippedNormal of(double below, double above) {
        double low = quantile(below);
        double high = -quantile(above);
        double mean = density(low) - density(high) + low * below + high * above;
        double squares =
                1 - below - above + low * density(low) - high * density(high) + low * low * below + high * high * above;
        return new ClippedNormal(mean, squares - mean * mean);
    }

    private static double density(double x) {
        return Math.exp(-x * x / 2) / SQRT_2_PI;
    }

    /** The value below which this part of a standard normal variable lies. */
    private static double quantile(double part) {
        double low = -FAR;
        double high = FAR;
        for (int i = 0; i < STEPS; i++) {
            double middle = (low + high) / 2;
            if (cumulative(middle) < part) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** The part of a standard normal variable below a value (Abramowitz and Stegun, 26.2.17), to within 7.5e-8. */
    private static double cumulative(double x) {
        double t = 1 / (1 + 0.2316419 * Math.abs(x));
        double tail = density(x)
                * t
                * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
        return x >= 0 ? 1 - tail : tail;
    }
}
