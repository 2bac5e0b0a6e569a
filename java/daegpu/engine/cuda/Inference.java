package daegpu.engine.cuda;

import daegpu.engine.Plan;
import daegpu.engine.Plan.Forward;
import daegpu.engine.cuda.batch.Layout;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.layers.DeviceTensor;
import daegpu.engine.cuda.layers.LayerOperations;
import daegpu.engine.cuda.layers.WeightPlace;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs the network on any number of images, a limited number at a time. Its memory is for the plan of the whole
 * network; parts of the network run in the same memory.
 */
final class Inference {

    /** Number of small images at a time. */
    private static final int IMAGES = 256;
    /** The largest number of values of a layer's output at a time. */
    private static final long VALUES = 1 << 24;

    private final Device device;
    private final Network network;
    private final LayerOperations operations;
    private final ParameterArena arena;
    private final DeviceArray parameters;
    private final PlanMemory memory;
    private final Layout layout;
    private final int capacity;
    private final DeviceArray pixels;
    private final Map<Part, List<Runnable>> parts = new HashMap<>();

    /** A part of the network, for batches of one size. */
    private record Part(Tensor from, Tensor to, int count) {}

    Inference(
            Device device,
            DeviceScope owner,
            Network network,
            LayerOperations operations,
            ParameterArena arena,
            DeviceArray parameters,
            Layout layout) {
        this.device = device;
        this.network = network;
        this.operations = operations;
        this.arena = arena;
        this.parameters = parameters;
        this.layout = layout;
        long largest = network.tensors().stream().mapToLong(Tensor::size).max().orElseThrow();
        capacity = Integer.highestOneBit((int) Math.max(1, Math.min(IMAGES, VALUES / largest)));
        Plan whole = Plan.inference(network, network.input(), network.output());
        memory = new PlanMemory(operations.layout(), device, owner, network, whole, capacity);
        pixels = device.allocateFloats(owner, capacity * largest, "a batch of " + capacity);
    }

    /**
     * Computes one tensor from another.
     *
     * @param values {@code from} of each image, {@code [count, height, width, channels]}
     * @param results receives {@code to} of each image, in the same order
     */
    void run(Tensor from, Tensor to, float[] values, int count, float[] results) {
        for (int first = 0; first < count; first += capacity) {
            int part = Math.min(capacity, count - first);
            device.upload(values, first * from.size(), part * from.size(), pixels, 0);
            run(from, to, pixels, part, pixels);
            device.download(pixels, results, first * to.size(), part * to.size());
        }
    }

    /**
     * Runs all layers on images on the device, {@code [count, height, width, channels]}, and leaves the results there.
     */
    void run(DeviceArray images, int count, DeviceArray results) {
        long size = network.input().size();
        for (int first = 0; first < count; first += capacity) {
            int part = Math.min(capacity, count - first);
            run(
                    network.input(),
                    network.output(),
                    images.floats(first * size, part * size),
                    part,
                    results.floats(first * size, part * size));
        }
    }

    private void run(Tensor from, Tensor to, DeviceArray values, int count, DeviceArray results) {
        DeviceTensor input = memory.values(from);
        DeviceTensor output = memory.values(to);
        layout.toPlanes(values, input.memory(), input.planes(), count);
        parts.computeIfAbsent(new Part(from, to, roundedUp(count)), this::operationsOf)
                .forEach(Runnable::run);
        layout.toPixels(output.memory(), results, output.planes(), count);
    }

    /**
     * The next power of two, so that only batches of a few sizes are prepared. Images beyond {@code count} are computed
     * as well and ignored.
     */
    private static int roundedUp(int count) {
        return count == 1 ? 1 : 2 * Integer.highestOneBit(count - 1);
    }

    private List<Runnable> operationsOf(Part part) {
        return Plan.inference(network, part.from(), part.to()).steps().stream()
                .map(step -> forward(((Forward) step).layer(), part.count()))
                .toList();
    }

    private Runnable forward(Layer layer, int count) {
        WeightPlace place = arena.place(layer);
        return operations.forward(
                layer,
                count,
                place.kernelIn(parameters),
                place.biasIn(parameters),
                memory.values(layer.input()),
                layer.added().map(memory::values),
                memory.values(layer.output()));
    }
}
