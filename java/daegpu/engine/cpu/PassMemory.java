package daegpu.engine.cpu;

import daegpu.engine.Arena;
import daegpu.engine.Plan;
import daegpu.engine.Plan.Buffer;
import daegpu.model.Network;
import daegpu.model.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * All values and gradients of a number of images on their way through a plan, in one piece of memory. The values that
 * layers pass to each other, and their gradients, have the number format of the kernels; the network's output is always
 * fp32.
 */
final class PassMemory {

    private final PrimitiveBuilder builder;
    private final Map<Buffer, NativeArray> arrays = new HashMap<>();
    private final Map<Buffer, NativeArray> writable = new HashMap<>();

    /** @param images number of images that there is room for */
    PassMemory(PrimitiveBuilder builder, Network network, Plan plan, ElementType kernelType, int images) {
        this.builder = builder;
        Buffer output = Buffer.values(network.output());
        Arena arena = plan.arena(
                buffer -> (long) images
                        * buffer.tensor().size()
                        * type(buffer, output, kernelType).bytes(),
                NativeArray.ALIGNMENT);
        NativeArray all = builder.array(ElementType.F32, arena.bytes() / ElementType.F32.bytes());
        for (Buffer buffer : plan.lives().keySet()) {
            long size = (long) images * buffer.tensor().size();
            arrays.put(buffer, all.part(arena.offset(buffer), type(buffer, output, kernelType), size));
        }
    }

    private static ElementType type(Buffer buffer, Buffer output, ElementType kernelType) {
        return buffer.equals(output) ? ElementType.F32 : kernelType;
    }

    /** The values of {@code tensor}, {@code [images, height, width, channels]}. */
    NativeArray values(Tensor tensor) {
        return arrays.get(Buffer.values(tensor));
    }

    /** The gradient at {@code tensor}, of the same shape. */
    NativeArray gradient(Tensor tensor) {
        return arrays.get(Buffer.gradient(tensor));
    }

    /**
     * The fp32 array to which Java writes the values of {@code buffer}: the buffer itself, or another array, from which
     * {@link #converted} copies.
     */
    NativeArray writable(Buffer buffer) {
        NativeArray array = arrays.get(buffer);
        return array.type() == ElementType.F32
                ? array
                : writable.computeIfAbsent(buffer, key -> builder.array(ElementType.F32, array.size()));
    }

    /** The primitives that copy {@link #writable} into {@code buffer}: none if they are the same array. */
    List<Primitive> converted(Buffer buffer) {
        NativeArray from = writable(buffer);
        NativeArray to = arrays.get(buffer);
        return from == to ? List.of() : List.of(builder.copy(buffer + " format", from, to));
    }
}
