package daegpu.engine.cuda.layers;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.model.Layer;

/**
 * The operations of a training step that are not those of inference. All of them are made before the first runs,
 * {@link #update} last: it adds up what the others leave.
 */
public interface TrainingOperations {

    /**
     * The last layer forward, the mean squared error of what it puts out, and the gradient at what it computes, before
     * its activation.
     *
     * @param clean what should come out
     * @param gradient receives the gradient
     */
    Runnable loss(
            Layer layer,
            WeightPlace place,
            DeviceTensor input,
            DeviceArray clean,
            DeviceTensor output,
            DeviceTensor gradient);

    /**
     * The weight gradient of a layer that takes in the image, by which nobody wants a gradient.
     *
     * @param gradient at what it computes, before its activation
     */
    Runnable weightGradient(Layer layer, WeightPlace place, DeviceTensor input, DeviceTensor gradient);

    /**
     * The weight gradient and the data gradient of a layer.
     *
     * @param gradient at what it computes, before its activation
     * @param target where the data gradient goes
     */
    Runnable gradients(Layer layer, WeightPlace place, DeviceTensor gradient, GradientTarget target);

    /** The loss, the update, and what changes in {@link StepState}. */
    Runnable update();

    /** Leaves the gradients of the step that ran last in {@link TrainedArrays#gradients}. */
    void collectGradients();
}
