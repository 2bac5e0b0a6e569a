package daegpu.engine;

import java.util.Optional;

/**
 * Images to train on that come from no data set.
 *
 * @param clean what should come out, {@code [count, height, width, channels]} in [0, 1]
 * @param noisy what goes in, likewise, or around [0, 1] where noise is not clipped
 * @param mask the weight of each value in the loss, of the same shape, 0 or more and not all 0; empty where all count
 *     alike
 * @param count images
 */
public record GivenBatch(float[] clean, float[] noisy, Optional<float[]> mask, int count) {

    /** Images of which all values count alike. */
    public GivenBatch(float[] clean, float[] noisy, int count) {
        this(clean, noisy, Optional.empty(), count);
    }

    /**
     * The sum of the weights of all values: by this the weighted losses are divided.
     *
     * @param imageSize values of an image
     * @throws IllegalArgumentException if a weight is not 0 or more, or all are 0, so that there is nothing to train on
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
