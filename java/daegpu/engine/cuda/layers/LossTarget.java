package daegpu.engine.cuda.layers;

import java.util.Optional;

/**
 * What a network should put out, on the device; both lie as what the network puts out.
 *
 * @param clean the images
 * @param mask the weight of each value in the loss, scaled so that all weights of the batch add up to its values; empty
 *     where all count alike
 */
public record LossTarget(DeviceTensor clean, Optional<DeviceTensor> mask) {}
