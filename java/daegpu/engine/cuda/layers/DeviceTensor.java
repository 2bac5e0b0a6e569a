package daegpu.engine.cuda.layers;

import daegpu.engine.cuda.driver.DeviceArray;

/**
 * The values of a tensor for a batch, or the gradient at it, on the device.
 *
 * @param memory where they are, image after image
 * @param planes how each image lies there
 */
public record DeviceTensor(DeviceArray memory, Planes planes) {}
