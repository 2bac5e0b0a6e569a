package daegpu.engine.cuda.layers;

import daegpu.engine.LearningRule;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.KernelLibrary;
import java.util.Optional;

/**
 * What updates change on the device: arenas of the same size, in which each tensor has the same place.
 *
 * @param size number of floats of an arena
 * @param parameters weights and biases
 * @param firstMoment running mean of the gradients
 * @param secondMoment running mean of their squares
 * @param average the average of the parameters, if the learning rule has one
 * @param gradients the gradients of the last step, if it stores them here
 * @param losses the losses of the steps since they were last read: {@link StepState#losses} of them
 * @param state what changes from step to step
 * @param rule what an update does
 */
public record TrainedArrays(
        int size,
        DeviceArray parameters,
        DeviceArray firstMoment,
        DeviceArray secondMoment,
        Optional<DeviceArray> average,
        DeviceArray gradients,
        DeviceArray losses,
        StepState state,
        UpdateRule rule) {

    /** The largest number of losses that are not read yet. */
    public static final int MOST_LOSSES = 4096;

    /**
     * Allocates the arrays, which are zero at first.
     *
     * @param weights the arena of the weights that denoise: the average if there is one, else the parameters
     */
    public static TrainedArrays allocate(
            Device device, KernelLibrary kernels, DeviceScope owner, int size, LearningRule rule, DeviceArray weights) {
        boolean hasAverage = rule.averageDecay().isPresent();
        return new TrainedArrays(
                size,
                hasAverage ? device.allocateFloats(owner, size, "the parameters") : weights,
                device.allocateFloats(owner, size, "Adam's moments"),
                device.allocateFloats(owner, size, "Adam's moments"),
                hasAverage ? Optional.of(weights) : Optional.empty(),
                device.allocateFloats(owner, size, "the gradients"),
                device.allocateFloats(owner, MOST_LOSSES, "the losses"),
                new StepState(device, kernels, owner, rule.optimizer()),
                UpdateRule.of(rule));
    }
}
