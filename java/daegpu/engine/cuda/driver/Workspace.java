package daegpu.engine.cuda.driver;

/** Memory that several operations share, since they run one after the other. */
public final class Workspace {

    private final Device device;
    private final DeviceScope owner;
    private final String what;
    private long required;
    private DeviceArray memory;

    /** @param what what it is for, in words */
    public Workspace(Device device, DeviceScope owner, String what) {
        this.device = device;
        this.owner = owner;
        this.what = what;
    }

    /** Announces that an operation will need {@code bytes} bytes. */
    public void require(long bytes) {
        required = Math.max(required, bytes);
    }

    /**
     * Memory that is large enough for every operation, and zero when it is new. It is allocated when this is first
     * called after more was required. Memory that was returned before stays valid, since captured steps point to it.
     */
    public DeviceArray memory() {
        if (memory == null || memory.bytes() < required) {
            memory = device.allocate(owner, required, what);
        }
        return memory;
    }
}
