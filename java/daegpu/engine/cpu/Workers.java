package daegpu.engine.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;

/**
 * Threads that do the same thing at the same time, each on its own share: the calling thread is worker 0, the others wait for it.
 * A training step takes milliseconds and is cut three times, so waiting begins with spinning, which takes under a microsecond to
 * end, before it comes to sleep.
 */
final class Workers implements AutoCloseable {

    private static final int SPINS = 2000;

    private final Thread[] threads;
    private final AtomicInteger round = new AtomicInteger();
    private final AtomicInteger finished = new AtomicInteger();
    private final AtomicInteger arrived = new AtomicInteger();
    private final AtomicInteger barrierRound = new AtomicInteger();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private volatile IntConsumer task;
    private volatile boolean closed;

    /** @param count workers in all, the caller among them */
    Workers(int count) {
        threads = new Thread[count - 1];
        for (int i = 0; i < threads.length; i++) {
            int worker = i + 1;
            threads[i] = new Thread(() -> serve(worker), "daegpu-cpu-" + worker);
            threads[i].setDaemon(true);
            threads[i].start();
        }
    }

    /** Workers in all. */
    int count() {
        return threads.length + 1;
    }

    /** Runs {@code newTask} with each worker's number, from 0 on, and returns when all have finished. */
    void run(IntConsumer newTask) {
        task = newTask;
        finished.set(0);
        arrived.set(0);
        round.incrementAndGet();
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
        perform(0);
        for (int spins = 0; finished.get() < threads.length; spins++) {
            relax(spins);
        }
        task = null;
        Throwable thrown = failure.getAndSet(null);
        if (thrown instanceof RuntimeException exception) {
            throw exception;
        }
        if (thrown instanceof Error error) {
            throw error;
        }
    }

    /** Within a task: waits until every worker is here. What each wrote before, all may read after. */
    void await() {
        int now = barrierRound.get();
        if (arrived.incrementAndGet() == count()) {
            arrived.set(0);
            barrierRound.incrementAndGet();
            return;
        }
        for (int spins = 0; barrierRound.get() == now; spins++) {
            if (failure.get() != null) {
                throw new IllegalStateException("another worker failed");
            }
            relax(spins);
        }
    }

    private void serve(int worker) {
        int seen = 0;
        while (true) {
            for (int spins = 0; round.get() == seen; spins++) {
                if (spins > 2 * SPINS) {
                    LockSupport.park(this);
                } else {
                    relax(spins);
                }
                if (closed) {
                    return;
                }
            }
            seen++;
            perform(worker);
            finished.incrementAndGet();
        }
    }

    private void perform(int worker) {
        try {
            task.accept(worker);
        } catch (RuntimeException | Error e) {
            failure.compareAndSet(null, e);
        }
    }

    /** One turn of waiting: at first costs the other threads of this core nothing to end, later gives them the core. */
    private static void relax(int spins) {
        if (spins < SPINS) {
            Thread.onSpinWait();
        } else {
            Thread.yield();
        }
    }

    @Override
    public void close() {
        closed = true;
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
        for (Thread thread : threads) {
            boolean interrupted = false;
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
