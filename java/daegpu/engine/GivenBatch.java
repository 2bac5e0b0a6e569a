package daegpu.engine;

import java.util.Optional;

/**
 * Images to train on that do not come from a data set.
 *
 * @param clean the images that should come out, {@code [count, height, width, channels]}, in [0, 1]
 * @param noisy the images that go in, of the same shape; in [0, 1], or around it if noise is not clipped
 * @param mask the weight of each value in the loss, of the same shape: 0 or more, and not all 0; empty if all values
 *     count alike
 * @param count number of images
 */
public record GivenBatch(float[] clean, float[] noisy, Optional<float[]> mask, int count) {

    /** A batch in which all values count alike. */
    public GivenBatch(float[] clean, float[] noisy, int count) {
        this(clean, noisy, Optional.empty(), count);
    }

    /**
     * The sum of the weights of all values, by which the sum of the weighted losses is divided.
     *
     * @param imageSize values of an image
     * @throws IllegalArgumentException if a weight is negative or NaN, or all are 0, so that there is nothing to train
     *     on
     */
    public double weight(int imageSize) {
        if (mask.isEmpty()) {
            return (double) count * imageSize;
        }
        double sum = 0;
        for (int i = 0; i < count * imageSize; i++) {
            float weight = mask.get()[i];
            if (!(weight >= 0)) {
                throw new IllegalArgumentException("the weights of a mask are 0 or more, not " + weight);
            }
            sum += weight;
        }
        if (sum == 0) {
            throw new IllegalArgumentException("a mask of zeros leaves nothing to train on");
        }
        return sum;
    }
}
