package daegpu.engine.cpu;

import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.ShortPointer;

/** The number formats that values outside of the Java heap may have. */
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

    /** As oneDNN names it. */
    int code() {
        return code;
    }

    /** Bytes of a value. */
    int bytes() {
        return bytes;
    }

    /** {@code place} as the place of such values. */
    Pointer at(Pointer place) {
        return this == F32 ? new FloatPointer(place) : new ShortPointer(place);
    }
}
