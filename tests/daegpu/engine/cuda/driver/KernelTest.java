package daegpu.engine.cuda.driver;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** Opens the first device and the kernels for the tests of a class. */
public abstract class KernelTest {

    protected static Device device;
    protected static KernelLibrary kernels;
    private static final DeviceScope LIBRARY_SCOPE = new DeviceScope();

    @BeforeAll
    static void open() {
        device = new Device(Gpu.all().get(0));
        kernels = new KernelLibrary(device, LIBRARY_SCOPE);
    }

    @AfterAll
    static void close() {
        device.close(LIBRARY_SCOPE);
        device.close();
    }
}
