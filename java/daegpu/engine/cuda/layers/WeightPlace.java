package daegpu.engine.cuda.layers;

import daegpu.engine.cuda.driver.DeviceArray;

/**
 * Where the weights of a layer lie in an arena: of parameters, of gradients, of moments.
 *
 * @param kernel where the kernel begins, in floats
 * @param kernelSize its floats
 * @param bias where the bias begins
 * @param biasSize its floats
 */
public record WeightPlace(int kernel, int kernelSize, int bias, int biasSize) {

    /** The kernel in an arena. */
    public DeviceArray kernelIn(DeviceArray arena) {
        return arena.floats(kernel, kernelSize);
    }

    /** The bias in an arena. */
    public DeviceArray biasIn(DeviceArray arena) {
        return arena.floats(bias, biasSize);
    }
}
