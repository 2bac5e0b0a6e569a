package daegpu.engine.cpu;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/** Owns native objects, and frees them in reverse order when it is closed. */
final class NativeScope implements AutoCloseable {

    private final Deque<Runnable> frees = new ArrayDeque<>();

    /** Takes over {@code object}, which {@code free} will free. */
    <T> T own(T object, Consumer<T> free) {
        frees.push(() -> free.accept(object));
        return object;
    }

    @Override
    public void close() {
        while (!frees.isEmpty()) {
            frees.pop().run();
        }
    }
}
