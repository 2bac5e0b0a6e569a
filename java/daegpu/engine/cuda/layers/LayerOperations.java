package daegpu.engine.cuda.layers;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.model.Layer;
import java.util.Optional;

/**
 * A way to compute layers on a device. It makes operations of one layer for batches of one size, from the arrays that
 * they are to work on; its caller knows the network.
 *
 * <p>Running an operation asks for it on the device's stream. It waits for nothing and copies nothing between host and
 * device, and allocates at most when it runs for the first time: from then on it can be captured.
 */
public interface LayerOperations {

    /** What computes, for people. */
    String description();

    /** How what it works on lies in memory. */
    LayerLayout layout();

    /**
     * The layer forward: {@code activation(operation(input) + bias + added)}.
     *
     * @param bias for a layer that has one
     * @param added what is added, for a layer with a skip
     */
    Runnable forward(
            Layer layer,
            int count,
            DeviceArray kernel,
            Optional<DeviceArray> bias,
            DeviceTensor input,
            Optional<DeviceTensor> added,
            DeviceTensor output);

    /** Begins a training step. */
    TrainingOperations training(BatchShare share, TrainedArrays arrays);
}
