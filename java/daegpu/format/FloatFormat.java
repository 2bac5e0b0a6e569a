package daegpu.format;

/** Numbers in formats that Java has no type for. */
final class FloatFormat {

    private FloatFormat() {}

    /** The value of a half-precision number (binary16 of IEEE 754), exactly. */
    static float ofHalf(short bits) {
        int exponent = bits >> 10 & 0x1F;
        int fraction = bits & 0x3FF;
        float magnitude =
                switch (exponent) {
                    case 0 -> fraction * 0x1p-24f;
                    case 0x1F -> fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
                    default -> Float.intBitsToFloat(exponent + 112 << 23 | fraction << 13);
                };
        return bits < 0 ? -magnitude : magnitude;
    }
}
