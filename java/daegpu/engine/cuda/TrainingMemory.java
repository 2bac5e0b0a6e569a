package daegpu.engine.cuda;

import daegpu.data.Remedy;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.layers.DeviceTensor;
import daegpu.engine.cuda.layers.LayerLayout;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** The values of a batch in training, and the gradients at them. */
final class TrainingMemory {

    /** Kernels count the floats of a batch in 32 bits. */
    private static final long MOST_FLOATS = Integer.MAX_VALUE - 1024;

    private final DeviceTensors values;
    private final Map<Tensor, DeviceTensor> gradients = new HashMap<>();
    private final DeviceTensor clean;

    /**
     * @throws EngineUnavailableException if a layer of such a batch has too many values, or there is too little memory
     */
    TrainingMemory(LayerLayout layout, Device device, DeviceScope owner, Network network, int capacity) {
        requireCountable(layout, network, capacity);
        values = new DeviceTensors(layout, device, owner, network, capacity);
        for (Layer layer : network.layers()) {
            gradients.put(
                    layer.output(), DeviceTensors.allocate(device, owner, layout.gradientPlanes(layer), capacity));
        }
        clean = DeviceTensors.allocate(device, owner, layout.planes(network.output(), List.of()), capacity);
    }

    private static void requireCountable(LayerLayout layout, Network network, int capacity) {
        long largest = network.layers().stream()
                .flatMapToInt(layer -> IntStream.of(
                        DeviceTensors.planes(layout, network, layer.input()).size(),
                        layout.gradientPlanes(layer).size()))
                .max()
                .orElseThrow();
        if (largest * capacity > MOST_FLOATS) {
            throw new EngineUnavailableException(
                    "a batch of " + capacity + " would have " + largest * capacity
                            + " values in a layer, and the cuda engine counts to 2^31",
                    Remedy.SMALLER_BATCH);
        }
    }

    /** What a layer puts out, or the images that go in. */
    DeviceTensor values(Tensor tensor) {
        return values.of(tensor);
    }

    /** The gradient at what a layer computes, before its activation. */
    DeviceTensor gradient(Tensor tensor) {
        return gradients.get(tensor);
    }

    /** The batch as it should come out. */
    DeviceTensor clean() {
        return clean;
    }
}
