package daegpu.cli;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;

/**
 * Lets a command end in good order when the user presses Ctrl-C or the system asks the program to terminate: Java's
 * shutdown is held up until the command has returned. A second Ctrl-C does not shorten that; {@code kill -9} does, and
 * harms nothing either.
 */
final class Interruption {

    private static final CountDownLatch COMMAND_ENDED = new CountDownLatch(1);

    private Interruption() {}

    /** Work that can be asked to end early. */
    interface Task<T> {
        T run() throws IOException;
    }

    /** Does {@code work}; calls {@code request}, on another thread, when the program is asked to end meanwhile. */
    static <T> T callsWhile(Runnable request, Task<T> work) throws IOException {
        Thread hook = new Thread(
                () -> {
                    request.run();
                    try {
                        COMMAND_ENDED.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "interruption");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            return work.run();
        } finally {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // The shutdown has begun, and the hook with it: it waits for commandEnded().
            }
        }
    }

    /** Lets a shutdown go on that waits for the command: it has done and printed all that it is going to. */
    static void commandEnded() {
        COMMAND_ENDED.countDown();
    }
}
