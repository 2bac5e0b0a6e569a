package daegpu.engine.cuda.layers;

import daegpu.engine.cuda.driver.DeviceArray;
import java.util.Optional;

/**
 * The place of the weights of a layer in an arena of parameters, gradients or moments.
 *
 * @param kernel index of the first float of the kernel
 * @param kernelSize number of floats of the kernel
 * @param bias index of the first float of the bias
 * @param biasSize number of floats of the bias; 0 for a layer without bias
 */
public record WeightPlace(int kernel, int kernelSize, int bias, int biasSize) {

    /** The kernel in an arena. */
    public DeviceArray kernelIn(DeviceArray arena) {
        return arena.floats(kernel, kernelSize);
    }

    /** The bias in an arena, if the layer has one. */
    public Optional<DeviceArray> biasIn(DeviceArray arena) {
        return biasSize == 0 ? Optional.empty() : Optional.of(arena.floats(bias, biasSize));
    }
}
