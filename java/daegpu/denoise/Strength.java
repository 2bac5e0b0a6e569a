package daegpu.denoise;

import daegpu.data.InvalidInputException;

/**
 * How far an image is changed from what it was to what a network makes of it.
 *
 * @param value from 0, the image as it was, to 1, the output of the network
 */
public record Strength(float value) {

    /** The output of the network. */
    public static final Strength FULL = new Strength(1);

    /** @throws IllegalArgumentException if the value is not from 0 to 1 */
    public Strength {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException("a strength is from 0 to 1, not " + value);
        }
    }

    /**
     * Mixes denoised values with those that the network was given.
     *
     * <p>All denoised values pass through this method, which refuses values that are infinite or NaN: they would look
     * like black or white.
     *
     * @param noisy the values that the network was given
     * @param count number of values
     * @param denoised the output of the network; receives the mixture
     * @throws InvalidInputException if an output value is not finite
     */
    void apply(float[] noisy, int count, float[] denoised) {
        for (int i = 0; i < count; i++) {
            if (!Float.isFinite(denoised[i])) {
                throw new InvalidInputException("what the model makes of this is not finite (" + denoised[i]
                        + "): its weights are damaged, or far too large");
            }
        }
        if (value < 1) {
            for (int i = 0; i < count; i++) {
                denoised[i] = noisy[i] + value * (denoised[i] - noisy[i]);
            }
        }
    }
}
