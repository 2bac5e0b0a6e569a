package daegpu.engine.cuda.layers;

import daegpu.model.Layer;
import java.util.Optional;

/**
 * The operations of a training step that are not those of inference. All of them are made before the first runs,
 * {@link #update} or {@link #finish} last: they add up what the others leave.
 */
public interface TrainingOperations {

    /**
     * The last layer forward, the loss of what it puts out, and the gradient at what it computes, before its
     * activation.
     *
     * @param added what is added to what it computes, for a layer with a skip
     * @param target what should come out
     * @param gradient receives the gradient
     */
    Runnable loss(
            Layer layer,
            WeightPlace place,
            DeviceTensor input,
            Optional<DeviceTensor> added,
            LossTarget target,
            DeviceTensor output,
            DeviceTensor gradient);

    /**
     * The weight gradient of a layer that takes in the image, whose gradient is not needed.
     *
     * @param gradient at what it computes, before its activation
     */
    Runnable weightGradient(Layer layer, WeightPlace place, DeviceTensor input, DeviceTensor gradient);

    /**
     * The weight gradient and the data gradient of a layer.
     *
     * @param gradient at what it computes, before its activation
     * @param target where the data gradient goes, with at most one term
     */
    Runnable gradients(Layer layer, WeightPlace place, DeviceTensor gradient, GradientTarget target);

    /**
     * Sums up a gradient of terms alone.
     *
     * @param target where the sum goes, with at most one term
     */
    Runnable sum(GradientTarget target);

    /** The loss, the update, and what changes in {@link StepState}. */
    Runnable update();

    /** The loss, and the gradients in {@link TrainedArrays#gradients}, without an update. */
    Runnable finish();

    /** Leaves the gradients of the step that ran last in {@link TrainedArrays#gradients}. */
    void collectGradients();
}
