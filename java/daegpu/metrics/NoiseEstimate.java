package daegpu.metrics;

import daegpu.data.Pixels;
import daegpu.noise.Noise;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * The noise that a picture seems to have: x + √(gain·x + blackStd²)·N(0, 1) (Foi et al., 2008) of values x in [0, 1],
 * independent from pixel to pixel.
 *
 * @param std the standard deviation as a single number: the root of the variance's mean over the picture
 * @param gain the variance that a value of 1 adds; 0 if the noise is not clearly {@link #isSignalDependent}
 * @param blackStd the standard deviation on black
 * @param isReliable whether there are smooth areas whose rest looks like such noise. If not, {@code std} can be too
 *     high, because there is texture everywhere, or too low, because the noise is smooth itself, as JPEG and the
 *     interpolation of colours in a camera leave it
 */
public record NoiseEstimate(double std, double gain, double blackStd, boolean isReliable) {

    /** Parts of the pictures that are below and above the {@link #range}. */
    private static final double OUTSIDE = 0.1;

    /**
     * Estimates the noise of a picture, from a million of its pixels at most.
     *
     * @return empty if the picture is not {@link #isLargeEnough}, or clipped nearly everywhere
     */
    public static Optional<NoiseEstimate> of(Pixels picture) {
        return new NoiseEstimator().estimate(picture);
    }

    /** Whether a picture has as many rows and columns as it takes to tell its noise. */
    public static boolean isLargeEnough(Pixels picture) {
        return Math.min(picture.height(), picture.width()) >= NoiseEstimator.LEAST_SIDE;
    }

    /** Whether bright areas clearly have more noise than dark ones. */
    public boolean isSignalDependent() {
        return gain > 0;
    }

    /**
     * Noise to train with for such pictures: the range of what was found, without the tenth of the pictures with the
     * least and that with the most. It is Poisson-Gaussian if the noise of half of the pictures is signal-dependent,
     * and else Gaussian, of mean 0; it is drawn afresh in each epoch and not clipped. What is not reliable counts only
     * if nothing is.
     *
     * @throws IllegalArgumentException if there are no estimates
     */
    public static Noise range(List<NoiseEstimate> estimates) {
        if (estimates.isEmpty()) {
            throw new IllegalArgumentException("there are no estimates");
        }
        List<NoiseEstimate> reliable =
                estimates.stream().filter(NoiseEstimate::isReliable).toList();
        List<NoiseEstimate> counting = reliable.isEmpty() ? estimates : reliable;
        List<NoiseEstimate> dependent =
                counting.stream().filter(NoiseEstimate::isSignalDependent).toList();
        if (2 * dependent.size() < counting.size()) {
            return new Noise(
                    Noise.Kind.GAUSSIAN,
                    0,
                    quantile(counting, NoiseEstimate::std, OUTSIDE),
                    quantile(counting, NoiseEstimate::std, 1 - OUTSIDE),
                    false,
                    false);
        }
        return new Noise(
                Noise.Kind.POISSON_GAUSSIAN,
                0,
                quantile(dependent, NoiseEstimate::blackStd, OUTSIDE),
                quantile(dependent, NoiseEstimate::blackStd, 1 - OUTSIDE),
                quantile(dependent, NoiseEstimate::gain, OUTSIDE),
                quantile(dependent, NoiseEstimate::gain, 1 - OUTSIDE),
                false,
                false);
    }

    /** Interpolated between neighbours, and rounded to four digits, which is far more than is known. */
    private static float quantile(List<NoiseEstimate> estimates, ToDoubleFunction<NoiseEstimate> figure, double part) {
        double[] sorted = estimates.stream().mapToDouble(figure).sorted().toArray();
        double place = part * (sorted.length - 1);
        int before = (int) place;
        int after = Math.min(before + 1, sorted.length - 1);
        return rounded(sorted[before] + (place - before) * (sorted[after] - sorted[before]));
    }

    /** A figure rounded to four digits. */
    public static float rounded(double value) {
        if (value == 0) {
            return 0;
        }
        double unit = Math.pow(10, Math.floor(Math.log10(value)) - 3);
        return (float) (Math.rint(value / unit) * unit);
    }
}
