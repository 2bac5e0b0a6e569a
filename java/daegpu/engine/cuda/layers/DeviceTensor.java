package daegpu.engine.cuda.layers;

import daegpu.engine.cuda.driver.DeviceArray;

/**
 * The values of a tensor for a batch, or the gradient at it, on the device.
 *
 * @param memory the memory that holds them, image after image
 * @param planes the layout of each image
 */
public record DeviceTensor(DeviceArray memory, Planes planes) {}
