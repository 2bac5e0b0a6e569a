package daegpu.cli;

import java.util.concurrent.CountDownLatch;

/**
 * Lets a command end in good order when the user presses Ctrl-C or the system asks the program to terminate: Java's shutdown is
 * held up until the command has returned. A second Ctrl-C does not shorten that; {@code kill -9} does, and harms nothing either.
 */
final class Interruption implements AutoCloseable {

    private static final CountDownLatch COMMAND_ENDED = new CountDownLatch(1);

    private final Thread hook;

    private Interruption(Thread hook) {
        this.hook = hook;
    }

    /** Has {@code request} called, on another thread, when the program is asked to end while this object is open. */
    static Interruption requests(Runnable request) {
        Thread hook = new Thread(() -> {
            request.run();
            try {
                COMMAND_ENDED.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }, "interruption");
        Runtime.getRuntime().addShutdownHook(hook);
        return new Interruption(hook);
    }

    /** Lets a shutdown go on that waits for the command: it has done and printed all that it is going to. */
    static void commandEnded() {
        COMMAND_ENDED.countDown();
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The shutdown has begun, and the hook with it.
            return;
        }
    }
}
