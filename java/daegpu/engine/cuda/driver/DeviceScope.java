package daegpu.engine.cuda.driver;

import java.util.ArrayDeque;
import java.util.Deque;

/** Owns what lives on a device: everything given to it is freed when it is closed, the latest first. */
public final class DeviceScope implements AutoCloseable {

    private final Deque<Runnable> frees = new ArrayDeque<>();

    /** Takes over something that {@code free} frees. */
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
