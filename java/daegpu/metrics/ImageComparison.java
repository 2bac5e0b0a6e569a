package daegpu.metrics;

import java.util.Arrays;

/**
 * Measures how close an image is to another one. Only some of their rows need to be in memory: rows are given one after
 * the other, from the top. Values should be in [0, 1]; those of the compared image may lie outside, and are not
 * clipped. Only one thread may use it.
 */
public final class ImageComparison {

    private static final int LARGEST_WINDOW = 11;
    private static final double WINDOW_SIGMA = 1.5;
    private static final double C1 = 0.01 * 0.01;
    private static final double C2 = 0.03 * 0.03;
    /** Number of maps: of x, y, x², y² and xy. */
    private static final int MAPS = 5;

    private final int height;
    private final int width;
    private final int channels;
    private final double[] window;
    /** Number of windows side by side. */
    private final int across;

    private final double[][] products;
    /**
     * The maps of each channel, filtered along the rows: the newest rows, as many as the window is high; row {@code y}
     * is in place {@code y} modulo that.
     */
    private final double[][][][] rows;

    private final double[][] means;
    /** For each channel, the sum of the similarities of its windows. */
    private final double[] similarities;

    private double squares;
    private int given;

    /**
     * Prepares for two images of this size.
     *
     * @param height in pixels
     * @param width in pixels
     * @param channels number of values of a pixel
     */
    public ImageComparison(int height, int width, int channels) {
        this.height = height;
        this.width = width;
        this.channels = channels;
        window = window(Math.min(height, width));
        across = width - window.length + 1;
        products = new double[MAPS][width];
        rows = new double[channels][window.length][MAPS][across];
        means = new double[MAPS][across];
        similarities = new double[channels];
    }

    /** Whether it is for images of this size. */
    boolean isFor(int otherHeight, int otherWidth, int otherChannels) {
        return height == otherHeight && width == otherWidth && channels == otherChannels;
    }

    /** Starts again with other images. */
    void restart() {
        given = 0;
        squares = 0;
        Arrays.fill(similarities, 0);
    }

    /**
     * Takes the next row.
     *
     * @param expected has the row as it should be, {@code [width, channels]}
     * @param actual has the row as it is, at the same place
     * @param at index in both arrays where the row begins
     * @throws IllegalStateException if all rows have been given
     */
    public void add(float[] expected, float[] actual, int at) {
        if (given == height) {
            throw new IllegalStateException("the images have " + height + " rows");
        }
        for (int i = at; i < at + width * channels; i++) {
            double difference = (double) actual[i] - expected[i];
            squares += difference * difference;
        }
        for (int channel = 0; channel < channels; channel++) {
            for (int x = 0; x < width; x++) {
                double a = expected[at + x * channels + channel];
                double b = actual[at + x * channels + channel];
                products[0][x] = a;
                products[1][x] = b;
                products[2][x] = a * a;
                products[3][x] = b * b;
                products[4][x] = a * b;
            }
            double[][] filtered = rows[channel][given % window.length];
            for (int map = 0; map < MAPS; map++) {
                for (int k = 0; k < window.length; k++) {
                    addWeighted(products[map], k, window[k], filtered[map], k == 0);
                }
            }
            if (given + 1 >= window.length) {
                similarities[channel] = addedSimilarities(channel);
            }
        }
        given++;
    }

    /** The sum of similarities, with those of the windows that end with the newest row added. */
    private double addedSimilarities(int channel) {
        for (int map = 0; map < MAPS; map++) {
            for (int k = 0; k < window.length; k++) {
                // The oldest row is in the place after that of the newest.
                double[] row = rows[channel][(given + 1 + k) % window.length][map];
                addWeighted(row, 0, window[k], means[map], k == 0);
            }
        }
        double sum = similarities[channel];
        for (int i = 0; i < across; i++) {
            sum += similarity(means[0][i], means[1][i], means[2][i], means[3][i], means[4][i]);
        }
        return sum;
    }

    /** @param first whether {@code output} is overwritten instead of added to */
    private static void addWeighted(double[] input, int from, double weight, double[] output, boolean first) {
        if (first) {
            for (int i = 0; i < output.length; i++) {
                output[i] = weight * input[from + i];
            }
        } else {
            for (int i = 0; i < output.length; i++) {
                output[i] += weight * input[from + i];
            }
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

    /**
     * Mean squared error.
     *
     * @throws IllegalStateException if rows are missing
     */
    public double mse() {
        requireWhole();
        return squares / ((double) height * width * channels);
    }

    /**
     * The structural similarity, which is at most 1, and 1 only for equal images (Wang, Bovik, Sheikh and Simoncelli,
     * "Image quality assessment: from error visibility to structural similarity", 2004):
     *
     * <pre>((2·μx·μy + C1)(2·σxy + C2)) / ((μx² + μy² + C1)(σx² + σy² + C2))</pre>
     *
     * with C1 = 0.01², C2 = 0.03², and means, variances and covariance weighted by a Gaussian window of 11×11 pixels
     * with σ = 1.5; the mean over all windows that lie wholly inside the image, and over channels. For an image of less
     * than 11 pixels in height or width the window is the largest odd square that fits, with the same σ.
     *
     * @throws IllegalStateException if rows are missing
     */
    public double ssim() {
        requireWhole();
        double sum = 0;
        for (double similarity : similarities) {
            sum += similarity;
        }
        return sum / ((double) (height - window.length + 1) * across * channels);
    }

    private void requireWhole() {
        if (given < height) {
            throw new IllegalStateException("of " + height + " rows, " + given + " were given");
        }
    }
}
