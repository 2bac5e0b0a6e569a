package daegpu.engine;

import java.util.Optional;

/**
 * The system properties that the program reads: {@code java -Dname=value}. The program has no others of its own.
 * docs/system-properties.md describes these and those of its libraries.
 */
public enum Configuration {
    /**
     * A folder in which {@code libcuda.so.1}, {@code libcublas.so.12} and {@code libcudnn.so.9}, or some of them, are
     * looked for before all other places. Not set by default.
     */
    CUDA_LIBRARIES("daegpu.cuda.libraries"),

    /**
     * {@code true} lets the cpu engine compute in bf16 on a processor with AVX-512 that has no bf16 instructions. It
     * then uses other, slower instructions. This is for tests; {@code false} by default.
     */
    CPU_EMULATED_BF16("daegpu.cpu.emulated-bf16"),

    /**
     * The folder into which native libraries are unpacked; it must allow execution. By default the first that does of
     * {@code .javacpp/cache} in the home folder and one in the folders for temporary files.
     */
    NATIVES("daegpu.natives");

    private final String property;

    Configuration(String property) {
        this.property = property;
    }

    /** The name of the system property. */
    public String property() {
        return property;
    }

    /** The value that it is set to; empty if it is not set, or is blank. */
    public Optional<String> value() {
        return Optional.ofNullable(System.getProperty(property)).filter(value -> !value.isBlank());
    }

    /** Whether it is set to {@code true}. */
    public boolean isTrue() {
        return Boolean.getBoolean(property);
    }

    /** Sets a property of a library that the program uses, unless the user has set it. */
    public static void setDefault(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }
}
