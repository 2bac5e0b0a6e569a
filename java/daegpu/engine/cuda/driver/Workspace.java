package daegpu.engine.cuda.driver;

/** Memory that several operations use, since one runs after the other. */
public final class Workspace {

    private final Device device;
    private final DeviceScope owner;
    private final String what;
    private long required;
    private DeviceArray memory;

    /** @param what what it is for, for people */
    public Workspace(Device device, DeviceScope owner, String what) {
        this.device = device;
        this.owner = owner;
        this.what = what;
    }

    /** Says that an operation will want {@code bytes} bytes. */
    public void require(long bytes) {
        required = Math.max(required, bytes);
    }

    /**
     * Enough bytes for every operation, zeroed when they are new. The memory is allocated when it is first asked for
     * after more was required; what was handed out before stays valid, since captured steps point to it.
     */
    public DeviceArray memory() {
        if (memory == null || memory.bytes() < required) {
            memory = device.allocate(owner, required, what);
        }
        return memory;
    }
}
