package daegpu.engine;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Number format of the operands of matrix products. Weights, moments and all values that are read from an engine are
 * float32 in any precision.
 */
public enum Precision {
    FP32,
    /** float32 rounded to 10 bits after the point, for the tensor cores of a GPU. */
    TF32,
    /** The upper half of a float32; sums are float32. */
    BF16;

    /**
     * The constant whose {@link #toString} is the given text.
     *
     * @throws IllegalArgumentException if there is no such constant
     */
    public static Precision of(String text) {
        return Arrays.stream(values())
                .filter(precision -> precision.toString().equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no precision called " + text
                        + "; choose one of "
                        + Arrays.stream(values()).map(Precision::toString).collect(Collectors.joining(", "))));
    }

    /** The name as users write it, in lower case. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
