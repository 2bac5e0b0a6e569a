package daegpu.data;

/** The number of bits of a value of an image that is held as an integer. */
public enum Depth {
    /** A byte: 255 is white. */
    BITS_8(1, 255),
    /**
     * Two bytes, the lower one first: 65,535 is white. That is 257 times 255, so 257 times a byte is the same part of
     * white as the byte, and {@link #scale} makes the same float of both.
     */
    BITS_16(2, 65_535);

    /** Each byte, scaled. */
    private static final float[] SCALED = new float[256];

    static {
        for (int i = 0; i < SCALED.length; i++) {
            SCALED[i] = i / 255f;
        }
    }

    private final int bytes;
    private final int white;

    Depth(int bytes, int white) {
        this.bytes = bytes;
        this.white = white;
    }

    /** Number of bytes of a value. */
    public int bytes() {
        return bytes;
    }

    /** The greatest value, which is white. */
    public int white() {
        return white;
    }

    /** The greater one. */
    Depth or(Depth other) {
        return compareTo(other) > 0 ? this : other;
    }

    /**
     * Turns values into floats in [0, 1]: each is divided by the value of white, and rounded once.
     *
     * @param pixels holds values of this depth
     * @param from the first value to take; values are counted, not bytes
     * @param count how many to take
     * @param values receives the floats
     * @param at index in {@code values} of the first float
     */
    public void scale(byte[] pixels, int from, int count, float[] values, int at) {
        switch (this) {
            case BITS_8 -> {
                for (int i = 0; i < count; i++) {
                    values[at + i] = SCALED[pixels[from + i] & 0xFF];
                }
            }
            case BITS_16 -> {
                for (int i = 0; i < count; i++) {
                    int place = 2 * (from + i);
                    values[at + i] = (pixels[place] & 0xFF | (pixels[place + 1] & 0xFF) << 8) / 65_535f;
                }
            }
        }
    }

    /** The value nearest to a float; floats below 0 become black, those above 1 white. */
    int sample(float value) {
        return Math.round(Math.min(Math.max(value, 0), 1) * white);
    }

    /**
     * The inverse: each float becomes the nearest value; floats below 0 become black, those above 1 white.
     *
     * @param count how many of {@code values} to take
     * @param pixels receives values of this depth
     * @param at index in {@code pixels} of the first value; values are counted, not bytes
     */
    public void unscale(float[] values, int count, byte[] pixels, int at) {
        for (int i = 0; i < count; i++) {
            int value = sample(values[i]);
            int place = bytes * (at + i);
            pixels[place] = (byte) value;
            if (this == BITS_16) {
                pixels[place + 1] = (byte) (value >> 8);
            }
        }
    }

    /** What is said of images: nothing of bytes, and {@code in 16 bits}, after a space, of others. */
    String mention() {
        return this == BITS_8 ? "" : " in " + this;
    }

    /** The depth in words: {@code 8 bits}. */
    @Override
    public String toString() {
        return 8 * bytes + " bits";
    }
}
