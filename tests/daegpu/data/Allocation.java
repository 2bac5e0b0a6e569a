package daegpu.data;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Watches what a test takes of the heap, so that it fails on any machine and not only where memory is short. */
public final class Allocation {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Allocation() {}

    /** Runs {@code action} and fails if this thread allocated more than {@code bytes} meanwhile, freed or not. */
    public static void assertAtMost(long bytes, Runnable action) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        action.run();
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        assertTrue(allocated <= bytes, allocated + " bytes were allocated");
    }
}
