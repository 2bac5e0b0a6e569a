package daegpu.engine.cpu;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.global.dnnl;

/**
 * The weights of the network, and copies of its kernels in the layouts that primitives asked for, shared by all threads. After
 * every update the copies are to be renewed.
 */
final class KernelLayouts {

    private final PrimitiveBuilder builder;
    private final NativeArray parameters;
    private final List<Copy> copies = new ArrayList<>();
    private final List<Primitive> reorders = new ArrayList<>();

    /** A kernel in a layout of oneDNN's. */
    private record Copy(long at, dnnl_memory_desc plain, dnnl_memory_desc layout, dnnl_memory memory) {
    }

    /** @param parameters every trainable value, in the order of {@code Architecture.parameterTensors()} */
    KernelLayouts(PrimitiveBuilder builder, NativeArray parameters) {
        this.builder = builder;
        this.parameters = parameters;
    }

    /** The parameters that lie {@code at} as they are, seen as {@code shape}. */
    dnnl_memory plain(dnnl_memory_desc shape, long at) {
        return builder.view(shape, parameters, at);
    }

    /**
     * The kernel that lies {@code at} in the layout {@code layout}: the parameters themselves where that is {@code plain}, or a
     * copy, made only once for all that ask for the same.
     */
    synchronized dnnl_memory laidOut(String name, long at, dnnl_memory_desc plain, dnnl_memory_desc layout) {
        if (dnnl.dnnl_memory_desc_equal(plain, layout) != 0) {
            return plain(plain, at);
        }
        for (Copy copy : copies) {
            if (copy.at == at && dnnl.dnnl_memory_desc_equal(copy.plain, plain) != 0
                    && dnnl.dnnl_memory_desc_equal(copy.layout, layout) != 0) {
                return copy.memory;
            }
        }
        NativeArray array = builder.array(dnnl.dnnl_memory_desc_get_size(layout) / Float.BYTES);
        dnnl_memory memory = builder.view(layout, array, 0);
        reorders.add(builder.reorder(name + " kernel layout", plain, plain(plain, at), layout, memory));
        copies.add(new Copy(at, plain, layout, memory));
        builder.allocateScratchpad();
        return memory;
    }

    /** The primitives that renew the copies; each may run on a thread of its own. */
    List<Primitive> reorders() {
        return reorders;
    }
}
