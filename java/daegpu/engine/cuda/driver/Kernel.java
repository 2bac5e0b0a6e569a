package daegpu.engine.cuda.driver;

import java.util.Locale;

/**
 * A kernel of {@code cuda/*.cu}. Each package lists those that it launches, in an enum, by the names they have there.
 */
public interface Kernel {

    /** The PTX file that contains it, without its extension: {@code sm_80/convolution_tf32}. */
    String file();

    /** The constant's name: that of the kernel, in capitals. */
    String name();

    /** Its name in the file. */
    default String entry() {
        return name().toLowerCase(Locale.ROOT);
    }
}
