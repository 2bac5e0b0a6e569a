package daegpu.engine.cuda.layers;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.model.Layer;
import java.util.Optional;

/**
 * A way to compute layers on a device. It makes operations of one layer for batches of one size, given the arrays on
 * which they work; its caller knows the network.
 *
 * <p>Running an operation enqueues it on the device's stream. It waits for nothing and copies nothing between host and
 * device. It may allocate memory only when it runs for the first time; from then on it can be captured.
 */
public interface LayerOperations {

    /** Says in words what computes. */
    String description();

    /** The layout of the arrays on which it works. */
    LayerLayout layout();

    /**
     * The layer forward: {@code activation(operation(input) + bias + added)}.
     *
     * @param bias the bias, if the layer has one
     * @param added the skip, if the layer has one
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
