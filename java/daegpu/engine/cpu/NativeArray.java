package daegpu.engine.cpu;

import daegpu.engine.EngineUnavailableException;
import java.nio.FloatBuffer;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/** Floats outside of the Java heap, aligned as oneDNN likes them, zero at first. Several primitives may see it in several shapes. */
final class NativeArray {

    /** {@code DNNL_MEMORY_ALLOCATE}: oneDNN is to allocate the memory itself. */
    private static final Pointer ALLOCATE = new Pointer() {
        {
            address = -1;
        }
    };

    private final FloatPointer pointer;
    private final FloatBuffer values;

    /**
     * @param size in floats
     * @throws EngineUnavailableException if there is not so much memory, or a Java array could not hold as much
     */
    NativeArray(NativeScope scope, dnnl_engine engine, long size) {
        if (size > Integer.MAX_VALUE) {
            throw tooLarge(size);
        }
        dnnl_memory_desc shape = new dnnl_memory_desc();
        OneDnn.check(dnnl.dnnl_memory_desc_create_with_strides(shape, 1, new long[] {size}, dnnl.dnnl_f32, new long[] {1}),
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
            pointer = new FloatPointer(handle.get(0));
        }
        pointer.capacity(size);
        Pointer.memset(pointer, 0, 4 * size);
        values = pointer.asBuffer();
    }

    private static EngineUnavailableException tooLarge(long size) {
        return new EngineUnavailableException("the network is too large for the cpu engine at this batch size: it takes an array of "
                + size + " numbers; use a smaller batch");
    }

    /** Where the value {@code at} lies. */
    Pointer pointer(long at) {
        return pointer.getPointer(at);
    }

    /** Values in the array. */
    int size() {
        return values.capacity();
    }

    /** Copies {@code length} values from here, from {@code at} on. */
    void read(int at, float[] to, int toAt, int length) {
        values.get(at, to, toAt, length);
    }

    /** Copies {@code length} values to here, from {@code at} on. */
    void write(int at, float[] from, int fromAt, int length) {
        values.put(at, from, fromAt, length);
    }
}
