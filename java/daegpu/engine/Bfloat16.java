package daegpu.engine;

/**
 * Numbers of 16 bits that are the upper half of an IEEE 754 binary32: its range, with 8 bits of precision instead of
 * 24.
 */
public final class Bfloat16 {

    private Bfloat16() {}

    /**
     * The bits of the bf16 number that is nearest to {@code value}, or of two such numbers the even one. Not for NaN.
     */
    public static short bits(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
    }

    /** The value of a bf16 number, which is exact. */
    public static float value(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /** The bf16 number that is nearest to {@code value}, or of two such numbers the even one. Not for NaN. */
    public static float round(float value) {
        return value(bits(value));
    }

    /** Rounds each value of the array in place. */
    public static void round(float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = round(values[i]);
        }
    }
}
