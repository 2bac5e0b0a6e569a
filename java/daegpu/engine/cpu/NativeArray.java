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
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.ShortPointer;

/**
 * An array of numbers of one format outside the Java heap, aligned as oneDNN prefers, and zero at first. Several
 * primitives may see it in several shapes.
 */
final class NativeArray {

    /**
     * Size of a cache line and of the widest vector register in bytes. oneDNN aligns what it allocates to this, or
     * more.
     */
    static final int ALIGNMENT = 64;

    /** {@code DNNL_MEMORY_ALLOCATE}: tells oneDNN to allocate the memory itself. */
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

    private NativeArray(ElementType type, long size, Pointer pointer) {
        this.type = type;
        this.size = (int) size;
        this.pointer = pointer.capacity(size);
        floats = pointer instanceof FloatPointer values ? values.asBuffer() : null;
        halves = pointer instanceof ShortPointer values ? values.asBuffer() : null;
    }

    /**
     * Allocates an array, which {@code scope} owns.
     *
     * @param size number of values
     * @throws EngineUnavailableException if there is too little memory, or if a Java array could not hold as many
     *     values
     */
    static NativeArray allocate(NativeScope scope, dnnl_engine engine, ElementType type, long size) {
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
            Pointer pointer = type.at(handle.get(0));
            Pointer.memset(pointer, 0, type.bytes() * size);
            return new NativeArray(type, size, pointer);
        }
    }

    /**
     * A part of this array as an array, which may have another format.
     *
     * @param at offset where it begins, in bytes
     * @param partSize number of values of {@code partType}
     */
    NativeArray part(long at, ElementType partType, long partSize) {
        return new NativeArray(partType, partSize, partType.at(pointerToByte(at)));
    }

    private static EngineUnavailableException tooLarge(long size) {
        return new EngineUnavailableException(
                "the network is too large for the cpu engine at this batch size: it takes an array of " + size
                        + " numbers",
                Remedy.SMALLER_BATCH,
                Remedy.SMALLER_NETWORK);
    }

    /** The address of value {@code at}. */
    Pointer pointer(long at) {
        return pointer.getPointer(at);
    }

    /** The address of byte {@code at}. */
    Pointer pointerToByte(long at) {
        return new BytePointer(pointer).getPointer(at);
    }

    /** The format of each value. */
    ElementType type() {
        return type;
    }

    /** Number of values in the array. */
    int size() {
        return size;
    }

    /** Copies {@code length} values from index {@code at} on into a Java array. */
    void read(int at, float[] to, int toAt, int length) {
        if (floats != null) {
            floats.get(at, to, toAt, length);
            return;
        }
        for (int i = 0; i < length; i++) {
            to[toAt + i] = Bfloat16.value(halves.get(at + i));
        }
    }

    /** Copies {@code length} values from a Java array to index {@code at} on, rounded to this array's format. */
    void write(int at, float[] from, int fromAt, int length) {
        if (floats != null) {
            floats.put(at, from, fromAt, length);
            return;
        }
        for (int i = 0; i < length; i++) {
            halves.put(at + i, Bfloat16.bits(from[fromAt + i]));
        }
    }

    /**
     * Adds the values of another array of the same size; both are fp32.
     *
     * @param blocks two arrays to work in
     */
    void add(NativeArray terms, float[][] blocks) {
        float[] sums = blocks[0];
        float[] added = blocks[1];
        for (int at = 0; at < size; at += sums.length) {
            int length = Math.min(sums.length, size - at);
            read(at, sums, 0, length);
            terms.read(at, added, 0, length);
            for (int i = 0; i < length; i++) {
                sums[i] += added[i];
            }
            write(at, sums, 0, length);
        }
    }
}
