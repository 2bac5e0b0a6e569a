package daegpu.engine.cpu;

import daegpu.data.Remedy;
import daegpu.engine.Bfloat16;
import daegpu.engine.EngineUnavailableException;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.ShortPointer;

/**
 * Numbers of one format outside of the Java heap, aligned as oneDNN likes them, zero at first. Several primitives may
 * see it in several shapes.
 */
final class NativeArray {

    /** {@code DNNL_MEMORY_ALLOCATE}: oneDNN is to allocate the memory itself. */
    private static final Pointer ALLOCATE = new Pointer() {
        {
            address = -1;
        }
    };

    private final ElementType type;
    private final int size;
    private final Pointer pointer;
    /** The values, if they are F32. */
    private final FloatBuffer floats;
    /** The values, if they are BF16. */
    private final ShortBuffer halves;

    /**
     * @param size in values
     * @throws EngineUnavailableException if there is not so much memory, or a Java array could not hold as much
     */
    NativeArray(NativeScope scope, dnnl_engine engine, ElementType type, long size) {
        if (size > Integer.MAX_VALUE) {
            throw tooLarge(size);
        }
        dnnl_memory_desc shape = new dnnl_memory_desc();
        OneDnn.check(
                dnnl.dnnl_memory_desc_create_with_strides(shape, 1, new long[] {size}, type.code(), new long[] {1}),
                "describe an array");
        dnnl_memory memory = new dnnl_memory();
        int status = dnnl.dnnl_memory_create(memory, shape, engine, ALLOCATE);
        dnnl.dnnl_memory_desc_destroy(shape);
        if (status == dnnl.dnnl_out_of_memory) {
            throw tooLarge(size);
        }
        OneDnn.check(status, "allocate an array");
        scope.own(memory, dnnl::dnnl_memory_destroy);
        try (PointerPointer<Pointer> handle = new PointerPointer<>(1)) {
            OneDnn.check(dnnl.dnnl_memory_get_data_handle(memory, handle), "find an array");
            pointer = type == ElementType.F32 ? new FloatPointer(handle.get(0)) : new ShortPointer(handle.get(0));
        }
        pointer.capacity(size);
        Pointer.memset(pointer, 0, type.bytes() * size);
        this.type = type;
        this.size = (int) size;
        floats = pointer instanceof FloatPointer values ? values.asBuffer() : null;
        halves = pointer instanceof ShortPointer values ? values.asBuffer() : null;
    }

    private static EngineUnavailableException tooLarge(long size) {
        return new EngineUnavailableException(
                "the network is too large for the cpu engine at this batch size: it takes an array of " + size
                        + " numbers",
                Remedy.SMALLER_BATCH,
                Remedy.SMALLER_NETWORK);
    }

    /** Where the value {@code at} lies. */
    Pointer pointer(long at) {
        return pointer.getPointer(at);
    }

    /** The format of each value. */
    ElementType type() {
        return type;
    }

    /** Values in the array. */
    int size() {
        return size;
    }

    /** Copies {@code length} values from here, from {@code at} on. */
    void read(int at, float[] to, int toAt, int length) {
        if (floats != null) {
            floats.get(at, to, toAt, length);
            return;
        }
        for (int i = 0; i < length; i++) {
            to[toAt + i] = Bfloat16.value(halves.get(at + i));
        }
    }

    /** Copies {@code length} values to here, from {@code at} on, rounded to the array's format. */
    void write(int at, float[] from, int fromAt, int length) {
        if (floats != null) {
            floats.put(at, from, fromAt, length);
            return;
        }
        for (int i = 0; i < length; i++) {
            halves.put(at + i, Bfloat16.bits(from[fromAt + i]));
        }
    }
}
