package daegpu.metrics;

/** How close an image is to another one, whose pixels are in [0, 1]; its own may lie outside, and count as they are. */
public final class ImageMetrics {

    private static final int LARGEST_WINDOW = 11;
    private static final double WINDOW_SIGMA = 1.5;
    private static final double C1 = 0.01 * 0.01;
    private static final double C2 = 0.03 * 0.03;
    /**
     * Buffers of each thread, for the size of its last image: made anew for 10,000 images, they would be 0.7 GB of
     * garbage.
     */
    private static final ThreadLocal<Windows> WINDOWS = new ThreadLocal<>();

    private ImageMetrics() {}

    /**
     * Mean squared error of one image.
     *
     * @param expected array with the image as it should be
     * @param actual array with the image as it is, at the same place
     * @param at where in both arrays the image begins
     * @param size values of the image: height × width × channels
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
     * Structural similarity of two images, at most 1, which only equal images reach (Wang, Bovik, Sheikh and
     * Simoncelli, "Image quality assessment: from error visibility to structural similarity", 2004):
     *
     * <pre>((2·μx·μy + C1)(2·σxy + C2)) / ((μx² + μy² + C1)(σx² + σy² + C2))</pre>
     *
     * with C1 = 0.01², C2 = 0.03², and means, variances and covariance weighted by a Gaussian window of 11×11 pixels
     * with σ = 1.5; the mean over all windows that lie wholly inside the image, and over channels. For an image of less
     * than 11 pixels in height or width the window is the largest odd square that fits, with the same σ.
     *
     * @param expected array with one image, {@code [height, width, channels]}
     * @param actual array with the other one, at the same place
     * @param at where in both arrays the image begins
     */
    public static double ssim(float[] expected, float[] actual, int at, int height, int width, int channels) {
        Windows windows = WINDOWS.get();
        if (windows == null || windows.height != height || windows.width != width) {
            windows = new Windows(height, width);
            WINDOWS.set(windows);
        }
        double[] window = windows.weights;
        int windowsDown = height - window.length + 1;
        int windowsAcross = width - window.length + 1;
        double[][] rows = windows.rows;
        double[][] means = windows.means;
        double[][] products = windows.products;
        double sum = 0;
        for (int channel = 0; channel < channels; channel++) {
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    int i = at + (y * width + x) * channels + channel;
                    double a = expected[i];
                    double b = actual[i];
                    products[0][x] = a;
                    products[1][x] = b;
                    products[2][x] = a * a;
                    products[3][x] = b * b;
                    products[4][x] = a * b;
                }
                for (int map = 0; map < 5; map++) {
                    filter(products[map], 0, 1, window, rows[map], y * windowsAcross, windowsAcross);
                }
            }
            for (int y = 0; y < windowsDown; y++) {
                for (int map = 0; map < 5; map++) {
                    filter(
                            rows[map],
                            y * windowsAcross,
                            windowsAcross,
                            window,
                            means[map],
                            y * windowsAcross,
                            windowsAcross);
                }
            }
            for (int i = 0; i < windowsDown * windowsAcross; i++) {
                sum += similarity(means[0][i], means[1][i], means[2][i], means[3][i], means[4][i]);
            }
        }
        return sum / ((double) windowsDown * windowsAcross * channels);
    }

    /**
     * What {@link #ssim} works in, for images of one size: μx, μy, then the means of x², y² and xy, first filtered
     * along each row, then along each column. The window is the outer loop of both, so that the inner one runs along
     * memory.
     */
    private static final class Windows {

        private final int height;
        private final int width;
        private final double[] weights;
        private final double[][] products;
        private final double[][] rows;
        private final double[][] means;

        Windows(int height, int width) {
            this.height = height;
            this.width = width;
            weights = window(Math.min(height, width));
            int across = width - weights.length + 1;
            products = new double[5][width];
            rows = new double[5][height * across];
            means = new double[5][(height - weights.length + 1) * across];
        }
    }

    private static double similarity(double meanX, double meanY, double meanXX, double meanYY, double meanXY) {
        double varianceX = meanXX - meanX * meanX;
        double varianceY = meanYY - meanY * meanY;
        double covariance = meanXY - meanX * meanY;
        return (2 * meanX * meanY + C1)
                * (2 * covariance + C2)
                / ((meanX * meanX + meanY * meanY + C1) * (varianceX + varianceY + C2));
    }

    /**
     * {@code output[i] = Σ window[k] · input[i + k·stride]} for {@code count} values of i, from the given places on.
     */
    private static void filter(
            double[] input, int from, int stride, double[] window, double[] output, int to, int count) {
        for (int i = 0; i < count; i++) {
            output[to + i] = window[0] * input[from + i];
        }
        for (int k = 1; k < window.length; k++) {
            double weight = window[k];
            int start = from + k * stride;
            for (int i = 0; i < count; i++) {
                output[to + i] += weight * input[start + i];
            }
        }
    }

    /** One side of the Gaussian window, whose outer product with itself sums to 1. */
    private static double[] window(int smallerSide) {
        int size = Math.min(LARGEST_WINDOW, smallerSide % 2 == 1 ? smallerSide : smallerSide - 1);
        double[] window = new double[size];
        double sum = 0;
        for (int i = 0; i < size; i++) {
            double distance = i - (size - 1) / 2.0;
            window[i] = Math.exp(-distance * distance / (2 * WINDOW_SIGMA * WINDOW_SIGMA));
            sum += window[i];
        }
        for (int i = 0; i < size; i++) {
            window[i] /= sum;
        }
        return window;
    }
}
