package daegpu.engine.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;

/**
 * Threads that work through phases together. Each phase has a number of items; a thread that is free takes the next
 * one, and when the last item is done, the next phase begins. The calling thread is worker 0. No thread waits for one
 * that the system is not running at the moment, unless that one has taken an item.
 *
 * <p>Which worker takes which item is not determined, so the result of an item must not depend on it.
 */
final class Workers implements AutoCloseable {

    /**
     * Number of turns for which a thread waits before it sleeps, about 20 µs. A training step takes milliseconds and
     * has only three phases.
     */
    private static final int SPINS = 1500;

    /**
     * Items that may be done in any order, at the same time.
     *
     * @param count returns the number of items; called once, when the phase begins
     * @param work what is done for each
     */
    record Phase(IntSupplier count, Work work) {}

    /** The work of a phase. */
    interface Work {

        /**
         * Does one.
         *
         * @param item from 0 on
         * @param worker the number of the worker that does it, from 0 on
         */
        void run(int item, int worker);
    }

    private final Thread[] threads;
    /** The thread of each worker that sleeps or is about to, else null. */
    private final AtomicReference<Thread>[] sleepers;
    /** High half: number of the phase, counted over all runs; low half: items of it that nobody has taken yet. */
    private final AtomicLong untaken = new AtomicLong();

    private final AtomicInteger done = new AtomicInteger();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private volatile boolean running;
    private volatile boolean closed;

    // Written by one thread between the last item of a phase and the first of the next; read by threads with an item.
    private Phase[] phases;
    private int current;
    private int items;

    /**
     * @param count number of workers, including the calling thread
     * @param newcomer run first by each of the other threads
     */
    Workers(int count, Runnable newcomer) {
        sleepers = newSleepers(count);
        threads = new Thread[count - 1];
        for (int i = 0; i < threads.length; i++) {
            int worker = i + 1;
            threads[i] = new Thread(() -> serve(worker, newcomer), "daegpu-cpu-" + worker);
            threads[i].setDaemon(true);
            threads[i].start();
        }
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // Java has no arrays of generic types
    private static AtomicReference<Thread>[] newSleepers(int count) {
        AtomicReference<Thread>[] sleepers = new AtomicReference[count];
        for (int i = 0; i < count; i++) {
            sleepers[i] = new AtomicReference<>();
        }
        return sleepers;
    }

    /** The number of workers. */
    int count() {
        return sleepers.length;
    }

    /**
     * Runs phases one after the other and returns when the last has ended. If an item fails, no further phase begins.
     */
    void run(Phase... newPhases) {
        phases = newPhases;
        current = -1;
        running = true;
        begin();
        for (int spins = 0; running; spins = work(0) ? 0 : spins + 1) {
            waitAWhile(0, spins);
        }
        Throwable thrown = failure.getAndSet(null);
        if (thrown instanceof RuntimeException exception) {
            throw exception;
        }
        if (thrown instanceof Error error) {
            throw error;
        }
    }

    /** Begins the next phase that has items, or ends the run. */
    private void begin() {
        do {
            current++;
            if (current == phases.length || failure.get() != null) {
                running = false;
                wake();
                return;
            }
            items = phases[current].count().getAsInt();
        } while (items == 0);
        done.set(0);
        long number = (untaken.get() >>> 32) + 1;
        untaken.set(number << 32 | items);
        wake();
    }

    private void wake() {
        for (AtomicReference<Thread> sleeper : sleepers) {
            Thread thread = sleeper.get();
            if (thread != null) {
                LockSupport.unpark(thread);
            }
        }
    }

    private void serve(int worker, Runnable newcomer) {
        newcomer.run();
        for (int spins = 0; !closed; spins = work(worker) ? 0 : spins + 1) {
            waitAWhile(worker, spins);
        }
    }

    /** Takes an item and does it, if there is one. */
    private boolean work(int worker) {
        long seen = untaken.get();
        int left = (int) seen;
        if (left == 0 || !untaken.compareAndSet(seen, seen - 1)) {
            return left != 0;
        }
        try {
            phases[current].work().run(left - 1, worker);
        } catch (RuntimeException | Error e) {
            failure.compareAndSet(null, e);
        }
        int all = items;
        if (done.incrementAndGet() == all) {
            begin();
        }
        return true;
    }

    private void waitAWhile(int worker, int spins) {
        if (spins == 0) {
            return;
        }
        if (spins < SPINS) {
            Thread.onSpinWait();
            return;
        }
        sleepers[worker].set(Thread.currentThread());
        // The thread that begins a phase looks for sleepers after that, so no phase that began before is missed here.
        if ((int) untaken.get() == 0 && !closed && (worker != 0 || running)) {
            LockSupport.park(this);
        }
        sleepers[worker].set(null);
    }

    @Override
    public void close() {
        closed = true;
        boolean interrupted = false;
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
