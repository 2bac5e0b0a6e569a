package daegpu.metrics;

/**
 * Measures how close an image is to another one. The values of the other one are in [0, 1]; its own may lie outside,
 * and are not clipped.
 */
public final class ImageMetrics {

    /** For each thread, a comparison for the size of its last image, so that 10,000 images do not need as many. */
    private static final ThreadLocal<ImageComparison> COMPARISONS = new ThreadLocal<>();

    private ImageMetrics() {}

    /**
     * Mean squared error of one image.
     *
     * @param expected array that has the image as it should be
     * @param actual array that has the image as it is, at the same place
     * @param at index in both arrays where the image begins
     * @param size number of values of the image: height × width × channels
     */
    public static double mse(float[] expected, float[] actual, int at, int size) {
        double sum = 0;
        for (int i = at; i < at + size; i++) {
            double difference = (double) actual[i] - expected[i];
            sum += difference * difference;
        }
        return sum / size;
    }

    /**
     * Peak signal-to-noise ratio in decibels of an image with the given mean squared error: {@code 10·log10(1/mse)}.
     * Infinite for an error of 0.
     */
    public static double psnr(double mse) {
        return 10 * Math.log10(1 / mse);
    }

    /**
     * Structural similarity of two images; see {@link ImageComparison#ssim}.
     *
     * @param expected array with one image, {@code [height, width, channels]}
     * @param actual array with the other one, at the same place
     * @param at index in both arrays where the image begins
     */
    public static double ssim(float[] expected, float[] actual, int at, int height, int width, int channels) {
        ImageComparison comparison = COMPARISONS.get();
        if (comparison == null || !comparison.isFor(height, width, channels)) {
            comparison = new ImageComparison(height, width, channels);
            COMPARISONS.set(comparison);
        }
        comparison.restart();
        for (int row = 0; row < height; row++) {
            comparison.add(expected, actual, at + row * width * channels);
        }
        return comparison.ssim();
    }
}
