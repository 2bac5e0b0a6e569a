package daegpu.engine.cuda;

import daegpu.data.Remedy;
import daegpu.engine.Arena;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.Plan;
import daegpu.engine.Plan.Buffer;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.layers.DeviceTensor;
import daegpu.engine.cuda.layers.LayerLayout;
import daegpu.engine.cuda.layers.Planes;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The values and gradients of a plan on the device, for batches up to a number of images. All lie in one arena, except
 * those with a border of zeros, which no other buffer may overwrite.
 */
final class PlanMemory {

    /** Kernels count the floats of a batch in 32 bits. */
    private static final long MOST_FLOATS = Integer.MAX_VALUE - 1024;
    /** Each array begins at a multiple of this number of bytes, as separate allocations would. */
    private static final int ALIGNMENT = 256;

    private final LayerLayout layout;
    private final Device device;
    private final DeviceScope owner;
    private final Network network;
    private final int capacity;
    private final Map<Buffer, DeviceTensor> tensors = new HashMap<>();

    /**
     * Allocates the memory, which is zero at first.
     *
     * @throws EngineUnavailableException if a layer of such a batch has too many values, or there is too little memory
     */
    PlanMemory(LayerLayout layout, Device device, DeviceScope owner, Network network, Plan plan, int capacity) {
        this.layout = layout;
        this.device = device;
        this.owner = owner;
        this.network = network;
        this.capacity = capacity;
        plan.lives().keySet().forEach(buffer -> requireCountable(planes(buffer)));
        Arena arena = plan.arena(buffer -> planes(buffer).border() > 0 ? 0 : bytes(planes(buffer)), ALIGNMENT);
        DeviceArray memory = device.allocate(owner, arena.bytes(), batch());
        for (Buffer buffer : plan.lives().keySet()) {
            Planes planes = planes(buffer);
            tensors.put(
                    buffer,
                    planes.border() > 0
                            ? allocate(planes)
                            : new DeviceTensor(memory.floats(arena.offset(buffer) / 4, bytes(planes) / 4), planes));
        }
    }

    private String batch() {
        return "a batch of " + capacity;
    }

    private long bytes(Planes planes) {
        return 4L * capacity * planes.size();
    }

    private void requireCountable(Planes planes) {
        long floats = (long) capacity * planes.size();
        if (floats > MOST_FLOATS) {
            throw new EngineUnavailableException(
                    "a batch of " + capacity + " would have " + floats
                            + " values in a layer, and the cuda engine counts to 2^31",
                    Remedy.SMALLER_BATCH);
        }
    }

    private Planes planes(Buffer buffer) {
        Tensor tensor = buffer.tensor();
        if (buffer.isGradient()) {
            return layout.gradientPlanes(network.maker(tensor).orElseThrow());
        }
        List<Layer> readers = network.layers().stream()
                .filter(layer -> layer.input().equals(tensor))
                .toList();
        return layout.planes(tensor, readers);
    }

    private DeviceTensor allocate(Planes planes) {
        return new DeviceTensor(device.allocate(owner, bytes(planes), batch()), planes);
    }

    /** The values of the image that goes in, or of the output of a layer. */
    DeviceTensor values(Tensor tensor) {
        return tensors.get(Buffer.values(tensor));
    }

    /** The gradient at what a layer computes, before its activation. */
    DeviceTensor gradient(Tensor tensor) {
        return tensors.get(Buffer.gradient(tensor));
    }

    /** Allocates memory for another batch with the layout of the network's output. */
    DeviceTensor likeOutput() {
        return allocate(values(network.output()).planes());
    }
}
