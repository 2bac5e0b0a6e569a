package daegpu.engine.cpu;

import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.ShortPointer;

/** The number formats of values outside the Java heap. */
enum ElementType {

    /** IEEE 754 binary32. */
    F32(dnnl.dnnl_f32, 4),
    /** The upper half of a binary32: its range, with 8 bits of precision instead of 24. */
    BF16(dnnl.dnnl_bf16, 2);

    private final int code;
    private final int bytes;

    ElementType(int code, int bytes) {
        this.code = code;
        this.bytes = bytes;
    }

    /** The constant of oneDNN for this format. */
    int code() {
        return code;
    }

    /** Size of a value in bytes. */
    int bytes() {
        return bytes;
    }

    /** {@code place} as the place of such values. */
    Pointer at(Pointer place) {
        return this == F32 ? new FloatPointer(place) : new ShortPointer(place);
    }
}
