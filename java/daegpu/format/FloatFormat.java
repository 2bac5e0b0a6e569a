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

    /** The value of a bfloat16 number, which is the upper half of a float, exactly. */
    static float ofBfloat16(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /** The value of an 8-bit number of 5 bits of exponent, which is the upper half of a half, exactly. */
    static float ofE5M2(byte bits) {
        return ofHalf((short) (bits << 8));
    }

    /** The value of an 8-bit number of 4 bits of exponent, which has a NaN and no infinity, exactly. */
    static float ofE4M3(byte bits) {
        int exponent = bits >> 3 & 0xF;
        int fraction = bits & 0x7;
        float magnitude;
        if (exponent == 0) {
            magnitude = fraction * 0x1p-9f;
        } else if (exponent == 0xF && fraction == 0x7) {
            magnitude = Float.NaN;
        } else {
            magnitude = Float.intBitsToFloat(exponent + 120 << 23 | fraction << 20);
        }
        return bits < 0 ? -magnitude : magnitude;
    }
}
