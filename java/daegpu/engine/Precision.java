package daegpu.engine;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Number format of the matrix products. Weights, moments and what is read from an engine are float32 in any case. */
public enum Precision {
    FP32,
    /** float32 whose products have 10 bits after the point: tensor cores of a GPU. */
    TF32,
    /** The upper half of a float32; sums are float32. */
    BF16;

    /**
     * The precision that {@link #toString} writes so.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Precision of(String text) {
        return Arrays.stream(values())
                .filter(precision -> precision.toString().equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no precision called " + text + "; there are "
                        + Arrays.stream(values()).map(Precision::toString).collect(Collectors.joining(", "))));
    }

    /** As users write it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
