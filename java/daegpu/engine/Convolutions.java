package daegpu.engine;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What computes convolutions and dense layers on a GPU. */
public enum Convolutions {
    /**
     * cuDNN and cuBLAS if they are installed, else this program's own kernels. Training takes the faster of the two.
     */
    AUTO,
    /** cuDNN, and cuBLAS for dense layers. */
    CUDNN,
    /** This program's own kernels, which need nothing but the driver. */
    NATIVE;

    /**
     * The constant whose {@link #toString} is the given text.
     *
     * @throws IllegalArgumentException if there is no such constant
     */
    public static Convolutions of(String text) {
        return Arrays.stream(values())
                .filter(convolutions -> convolutions.toString().equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there are no convolutions called " + text
                        + "; choose one of "
                        + Arrays.stream(values()).map(Convolutions::toString).collect(Collectors.joining(", "))));
    }

    /** The name as users write it, in lower case. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
