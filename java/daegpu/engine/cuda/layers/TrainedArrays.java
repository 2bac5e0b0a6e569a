package daegpu.engine.cuda.layers;

import daegpu.engine.LearningRule;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.KernelLibrary;
import java.util.Optional;

/**
 * What updates change, on the device: arenas of one size, in which each tensor has the same place.
 *
 * @param size floats of an arena
 * @param parameters weights and biases
 * @param firstMoment running mean of the gradients
 * @param secondMoment running mean of their squares
 * @param average of the parameters, where the learning rule has one
 * @param gradients of the last step, where it leaves them here
 * @param losses of the steps since they were read: {@link StepState#losses} of them
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

    /** Losses that can wait to be read. */
    public static final int MOST_LOSSES = 4096;

    /**
     * Allocates them, all zero.
     *
     * @param weights the arena of the weights that denoise: the average where there is one, else the parameters
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
