package daegpu.engine.cuda.layers;

import daegpu.model.Layer;
import java.util.Optional;

/**
 * The operations that a training step has besides those of inference. All of them are made before the first one runs;
 * {@link #update} or {@link #finish} is made last, as it adds the shares that the others leave.
 */
public interface TrainingOperations {

    /**
     * The last layer forward, the loss of its output, and the gradient at what it computes, before its activation.
     *
     * @param added the skip, if the layer has one
     * @param target what the output should be
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
     * The weight gradient of a layer whose input is the image, so that its data gradient is not needed.
     *
     * @param gradient the gradient at what it computes, before its activation
     */
    Runnable weightGradient(Layer layer, WeightPlace place, DeviceTensor input, DeviceTensor gradient);

    /**
     * The weight gradient and the data gradient of a layer.
     *
     * @param gradient the gradient at what it computes, before its activation
     * @param target where the data gradient goes, with at most one term
     */
    Runnable gradients(Layer layer, WeightPlace place, DeviceTensor gradient, GradientTarget target);

    /**
     * Sums a gradient that consists of terms only.
     *
     * @param target where the sum goes, with at most one term
     */
    Runnable sum(GradientTarget target);

    /** Adds up the loss, updates, and advances {@link StepState}. */
    Runnable update();

    /** Adds up the loss, and writes the gradients to {@link TrainedArrays#gradients}, without an update. */
    Runnable finish();

    /** Writes the gradients of the step that ran last to {@link TrainedArrays#gradients}. */
    void collectGradients();
}
