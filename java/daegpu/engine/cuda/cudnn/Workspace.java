package daegpu.engine.cuda.cudnn;

import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;

/** Scratch memory that cuDNN's algorithms share, since one runs after the other. */
final class Workspace {

    /**
     * Bytes that an algorithm may ask for; one that wants more is passed over. Part of what decides the choice, and so
     * the bits.
     */
    static final long LIMIT = 256L << 20;

    private final Device device;
    private final DeviceScope owner;
    private DeviceArray memory;

    Workspace(Device device, DeviceScope owner) {
        this.device = device;
        this.owner = owner;
    }

    /** Scratch memory of at least so many bytes. What was handed out before stays valid: captured steps point to it. */
    DeviceArray atLeast(long bytes) {
        if (memory == null || memory.bytes() < bytes) {
            memory = device.allocate(owner, bytes, "cuDNN's workspace");
        }
        return memory;
    }
}
