package daegpu.engine.cuda;

/** Device memory that is freed at the end of a block, after the work that may use it. */
final class OwnedScope implements AutoCloseable {

    private final Device device;
    private final DeviceScope scope = new DeviceScope();

    OwnedScope(Device device) {
        this.device = device;
    }

    DeviceScope scope() {
        return scope;
    }

    @Override
    public void close() {
        device.close(scope);
    }
}
