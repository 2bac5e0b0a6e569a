package daegpu.engine.cuda;

import daegpu.engine.cuda.batch.Layout;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.model.Layer;
import daegpu.model.Network;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Runs the network on any number of images, some at a time. */
final class Inference {

    /** Images at a time, where they are small. */
    private static final int IMAGES = 256;
    /** Floats that a layer may put out at a time. */
    private static final long VALUES = 1 << 24;

    private final Toolkit toolkit;
    private final DeviceScope owner;
    private final List<Layer> layers;
    private final ParameterArena arena;
    private final DeviceArray parameters;
    private final Activations activations;
    private final Layout layout;
    private final int capacity;
    private final DeviceArray pixels;
    private final Map<Integer, Forward> passes = new HashMap<>();

    Inference(Toolkit toolkit, DeviceScope owner, Network network, ParameterArena arena, DeviceArray parameters) {
        this.toolkit = toolkit;
        this.owner = owner;
        this.arena = arena;
        this.parameters = parameters;
        layers = network.layers();
        layout = new Layout(toolkit.kernels());
        long largest = layers.stream().mapToLong(Layer::outputSize).max().orElseThrow();
        capacity = Integer.highestOneBit((int) Math.max(1, Math.min(IMAGES, VALUES / largest)));
        activations = new Activations(toolkit, owner, network, capacity);
        pixels = toolkit.device()
                .allocateFloats(
                        owner, capacity * Math.max(largest, network.input().size()), "a batch of " + capacity);
    }

    /**
     * Runs layers {@code from} (inclusive) to {@code to} (exclusive).
     *
     * @param input what goes into the first of them, {@code [count, height, width, channels]}
     * @param results receives what comes out of the last of them, likewise
     */
    void run(float[] input, int count, int from, int to, float[] results) {
        Device device = toolkit.device();
        int inputSize = layers.get(from).inputSize();
        int outputSize = layers.get(to - 1).outputSize();
        for (int first = 0; first < count; first += capacity) {
            int part = Math.min(capacity, count - first);
            device.upload(input, first * inputSize, part * inputSize, pixels, 0);
            run(pixels, part, from, to, pixels);
            device.download(pixels, results, first * outputSize, part * outputSize);
        }
    }

    /**
     * Runs all layers on images on the device, {@code [count, height, width, channels]}, and leaves the results there.
     */
    void run(DeviceArray images, int count, DeviceArray results) {
        int size = layers.get(0).inputSize();
        for (int first = 0; first < count; first += capacity) {
            int part = Math.min(capacity, count - first);
            run(
                    images.floats((long) first * size, (long) part * size),
                    part,
                    0,
                    layers.size(),
                    results.floats((long) first * size, (long) part * size));
        }
    }

    private void run(DeviceArray input, int count, int from, int to, DeviceArray results) {
        layout.toPlanes(input, activations.input(from), activations.inputPlanes(from), count);
        passFor(count).run(from, to);
        layout.toPixels(activations.output(to - 1), results, activations.outputPlanes(to - 1), count);
    }

    /**
     * Passes are made for powers of two, so that they stay few; images beyond {@code count} are computed along and
     * left.
     */
    private Forward passFor(int count) {
        int size = count == 1 ? 1 : 2 * Integer.highestOneBit(count - 1);
        return passes.computeIfAbsent(size, key -> toolkit.forward(layers, arena, parameters, activations, key, owner));
    }
}
