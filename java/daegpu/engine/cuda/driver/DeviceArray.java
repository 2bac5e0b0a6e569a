package daegpu.engine.cuda.driver;

import jcuda.driver.CUdeviceptr;

/**
 * A piece of device memory.
 *
 * @param pointer its address
 * @param bytes its size
 */
public record DeviceArray(CUdeviceptr pointer, long bytes) {

    /** The part from float {@code first} on, {@code count} floats long. */
    public DeviceArray floats(long first, long count) {
        if (first < 0 || 4 * (first + count) > bytes) {
            throw new IndexOutOfBoundsException(
                    "floats " + first + " to " + (first + count) + " of " + bytes + " bytes");
        }
        return new DeviceArray(pointer.withByteOffset(4 * first), 4 * count);
    }
}
