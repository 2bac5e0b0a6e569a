package daegpu.denoise;

import daegpu.data.InvalidInputException;

/**
 * How much of what a network does to an image is wanted.
 *
 * @param value from 0, the image as it was, to 1, what the network makes of it
 */
public record Strength(float value) {

    /** What the network makes of it. */
    public static final Strength FULL = new Strength(1);

    /** @throws IllegalArgumentException if the value is not from 0 to 1 */
    public Strength {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException("a strength is from 0 to 1, not " + value);
        }
    }

    /**
     * Takes denoised values back towards those that the network was given.
     *
     * <p>All that is denoised comes by here, and none of it may be infinite or no number: it would look like black or
     * white.
     *
     * @param noisy what it was given
     * @param count values
     * @param denoised what it made of them; receives what lies between
     * @throws InvalidInputException if one of those is not finite
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
