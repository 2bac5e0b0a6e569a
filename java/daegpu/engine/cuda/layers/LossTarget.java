package daegpu.engine.cuda.layers;

import java.util.Optional;

/**
 * What the output of a network should be, on the device. Both tensors have the layout of the network's output.
 *
 * @param clean the images
 * @param mask the weight of each value in the loss, scaled so that the sum of all weights is the number of values of
 *     the batch; empty if all values count alike
 */
public record LossTarget(DeviceTensor clean, Optional<DeviceTensor> mask) {}
