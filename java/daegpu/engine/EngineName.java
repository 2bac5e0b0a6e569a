package daegpu.engine;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The engines by name. */
public enum EngineName {
    /** The fastest engine that runs here. */
    AUTO,
    /** NVIDIA GPUs. */
    CUDA,
    /** Processors, with oneDNN. */
    CPU,
    /** Plain Java, which runs everywhere. */
    REFERENCE;

    /**
     * The constant whose {@link #toString} is the given text.
     *
     * @throws IllegalArgumentException if there is no such constant
     */
    public static EngineName of(String text) {
        return Arrays.stream(values())
                .filter(engine -> engine.toString().equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no engine called " + text + "; choose one of "
                        + Arrays.stream(values()).map(EngineName::toString).collect(Collectors.joining(", "))));
    }

    /** The name as users write it, in lower case. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
