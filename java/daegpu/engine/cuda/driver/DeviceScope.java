package daegpu.engine.cuda.driver;

import java.util.ArrayDeque;
import java.util.Deque;

/** Owns objects on a device, and frees them in reverse order when it is closed. */
public final class DeviceScope implements AutoCloseable {

    private final Deque<Runnable> frees = new ArrayDeque<>();

    /** Takes over an object that {@code free} frees. */
    public void own(Runnable free) {
        frees.push(free);
    }

    @Override
    public void close() {
        while (!frees.isEmpty()) {
            frees.pop().run();
        }
    }
}
