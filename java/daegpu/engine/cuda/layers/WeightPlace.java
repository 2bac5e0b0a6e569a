package daegpu.engine.cuda.layers;

import daegpu.engine.cuda.driver.DeviceArray;
import java.util.Optional;

/**
 * Where the weights of a layer lie in an arena: of parameters, of gradients, of moments.
 *
 * @param kernel where the kernel begins, in floats
 * @param kernelSize its floats
 * @param bias where the bias begins
 * @param biasSize its floats; 0 for a layer without one
 */
public record WeightPlace(int kernel, int kernelSize, int bias, int biasSize) {

    /** The kernel in an arena. */
    public DeviceArray kernelIn(DeviceArray arena) {
        return arena.floats(kernel, kernelSize);
    }

    /** The bias in an arena, of a layer that has one. */
    public Optional<DeviceArray> biasIn(DeviceArray arena) {
        return biasSize == 0 ? Optional.empty() : Optional.of(arena.floats(bias, biasSize));
    }
}
