package daegpu.engine.cuda.driver;

/** Device memory that is freed at the end of a block, after the work that may use it. */
public final class OwnedScope implements AutoCloseable {

    private final Device device;
    private final DeviceScope scope = new DeviceScope();

    /** Makes an empty scope for objects on {@code device}. */
    public OwnedScope(Device device) {
        this.device = device;
    }

    /** The scope that owns the objects. */
    public DeviceScope scope() {
        return scope;
    }

    @Override
    public void close() {
        device.close(scope);
    }
}
