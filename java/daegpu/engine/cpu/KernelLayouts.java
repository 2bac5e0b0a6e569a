package daegpu.engine.cpu;

import daegpu.model.Layer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.global.dnnl;

/**
 * The weights of the network, and copies of its kernels in the layouts and number format that primitives ask for. All
 * threads share them. The copies have to be renewed after every update.
 */
final class KernelLayouts {

    private final PrimitiveBuilder builder;
    private final NativeArray parameters;
    private final ElementType type;
    private final List<TileKernel> tileKernels = new ArrayList<>();
    private final List<Copy> copies = new ArrayList<>();

    /**
     * A copy of a kernel in a layout of oneDNN's.
     *
     * @param source the array that holds the kernel in its plain layout, from {@code at} on
     * @param expanded the kernel that writes {@code source}, or null if {@code source} is the parameters
     */
    private record Copy(
            NativeArray source,
            long at,
            dnnl_memory_desc plain,
            dnnl_memory_desc layout,
            dnnl_memory memory,
            TileKernel expanded,
            Primitive reorder) {

        boolean serves(
                NativeArray otherSource, long otherAt, dnnl_memory_desc otherPlain, dnnl_memory_desc otherLayout) {
            return source == otherSource
                    && at == otherAt
                    && dnnl.dnnl_memory_desc_equal(plain, otherPlain) != 0
                    && dnnl.dnnl_memory_desc_equal(layout, otherLayout) != 0;
        }
    }

    /**
     * @param parameters all trainable values, in the order of {@code Network.parameterTensors()}
     * @param type the format in which primitives multiply; biases stay fp32
     */
    KernelLayouts(PrimitiveBuilder builder, NativeArray parameters, ElementType type) {
        this.builder = builder;
        this.parameters = parameters;
        this.type = type;
    }

    /** The format of kernels and of the values that layers pass to each other. */
    ElementType type() {
        return type;
    }

    /** All parameters in their plain layout. After writing to them, {@link #renew} all copies. */
    NativeArray parameters() {
        return parameters;
    }

    /** The parameters from index {@code at} on in their plain layout, seen as {@code shape}. */
    synchronized dnnl_memory plain(dnnl_memory_desc shape, long at) {
        return builder.view(shape, parameters, at);
    }

    /**
     * The kernel from index {@code at} on in the layout {@code layout}: the parameters themselves if that is
     * {@code plain}, else a copy, which is made once and shared.
     */
    synchronized dnnl_memory laidOut(String name, long at, dnnl_memory_desc plain, dnnl_memory_desc layout) {
        if (dnnl.dnnl_memory_desc_equal(plain, layout) != 0) {
            return plain(plain, at);
        }
        return copy(name, parameters, at, plain, layout, null);
    }

    /** The kernel of an output layer that computes tiles, which is made once and shared. */
    synchronized TileKernel tileKernel(Layer layer, OutputTile tile) {
        for (TileKernel made : tileKernels) {
            if (made.isOf(layer, tile)) {
                return made;
            }
        }
        TileKernel made = new TileKernel(builder, layer, tile, parameters);
        tileKernels.add(made);
        return made;
    }

    /** The kernel of an output layer that computes tiles, in the layout {@code layout}. */
    synchronized dnnl_memory laidOut(TileKernel kernel, dnnl_memory_desc layout) {
        return copy("output tile", kernel.kernel(), 0, kernel.shape(), layout, kernel);
    }

    private dnnl_memory copy(
            String name,
            NativeArray source,
            long at,
            dnnl_memory_desc plain,
            dnnl_memory_desc layout,
            TileKernel expanded) {
        for (Copy made : copies) {
            if (made.serves(source, at, plain, layout)) {
                return made.memory;
            }
        }
        NativeArray array = builder.array(type, layout);
        dnnl_memory memory = builder.view(layout, array, 0);
        Primitive reorder =
                builder.reorder(name + " kernel layout", plain, builder.view(plain, source, at), layout, memory);
        builder.allocateWorkspace();
        copies.add(new Copy(source, at, plain, layout, memory, expanded, reorder));
        return memory;
    }

    /** The number of copies. Different copies may be renewed on different threads. */
    int count() {
        return copies.size();
    }

    /**
     * Renews a copy from the parameters.
     *
     * @param stream of the calling thread
     */
    void renew(int copy, dnnl_stream stream) {
        Copy renewed = copies.get(copy);
        if (renewed.expanded != null) {
            renewed.expanded.renew();
        }
        renewed.reorder.run(stream);
    }
}
