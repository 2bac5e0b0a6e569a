package daegpu.denoise;

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
     * @param noisy what it was given
     * @param count values
     * @param denoised what it made of them; receives what lies between
     */
    void apply(float[] noisy, int count, float[] denoised) {
        if (value < 1) {
            for (int i = 0; i < count; i++) {
                denoised[i] = noisy[i] + value * (denoised[i] - noisy[i]);
            }
        }
    }
}
