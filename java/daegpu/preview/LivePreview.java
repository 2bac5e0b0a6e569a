package daegpu.preview;

import daegpu.data.ImageFile;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * Shows how training goes, in a window or in a file that is written again and again, on a thread of its own. It draws
 * for at most a hundredth of the time: if a picture takes long, as with OpenGL in software, it is drawn less often.
 * Denoising the images for it takes at most half of that on the thread that trains. Together with the window's events,
 * steps take less than 2 % longer.
 */
public final class LivePreview implements AutoCloseable {

    /** Seconds between looks at the window's events and at whether there is something new. */
    private static final double PATIENCE = 0.1;

    private static final long LEAST_PAUSE = 500_000_000;
    /** A pause takes this multiple of the time that drawing the last picture took. */
    private static final long PAUSES_PER_DRAWING = 99;

    private final boolean inWindow;
    private final Path file;
    private final Consumer<String> problems;
    private final AtomicReference<TrainingPicture> newest = new AtomicReference<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;
    private Window window;

    /**
     * Starts the thread. Nothing is shown before the first {@link #show}.
     *
     * @param inWindow whether to open a window; if that fails, {@code problems} is told, and the rest goes on
     * @param file PNG file to write as well; null for none
     * @param problems receives one line for each thing that cannot be shown, on the preview's thread
     */
    // The priority asks the scheduler to let training go first; nothing depends on it.
    @SuppressWarnings("ThreadPriorityCheck")
    public LivePreview(boolean inWindow, Path file, Consumer<String> problems) {
        this.inWindow = inWindow;
        this.file = file;
        this.problems = problems;
        thread = new Thread(this::run, "preview");
        // Training ends the program, whatever a window's driver may be waiting for.
        thread.setDaemon(true);
        thread.setPriority(Thread.MIN_PRIORITY);
        thread.start();
    }

    /** Shows a picture as soon as it is time to draw again, unless a newer one comes before. Returns at once. */
    public void show(TrainingPicture picture) {
        newest.set(picture);
    }

    private void run() {
        try {
            boolean windowWanted = inWindow;
            boolean fileWanted = file != null;
            long nextDrawing = System.nanoTime();
            boolean last = false;
            boolean first = true;
            while (!last && (windowWanted || fileWanted)) {
                last = waitForEvents();
                if (window != null && !window.waitForEvents(0)) {
                    window.close();
                    window = null;
                    windowWanted = false;
                }
                long start = System.nanoTime();
                if (start - nextDrawing >= 0 || last) {
                    TrainingPicture content = newest.getAndSet(null);
                    if (content != null) {
                        BufferedImage picture = content.draw();
                        windowWanted = windowWanted && showInWindow(picture, content);
                        fileWanted = fileWanted && write(picture);
                        long now = System.nanoTime();
                        // The first one says little: fonts are looked for, classes loaded and the window opened.
                        nextDrawing =
                                now + (first ? LEAST_PAUSE : Math.max(LEAST_PAUSE, PAUSES_PER_DRAWING * (now - start)));
                        first = false;
                    }
                }
            }
        } catch (RuntimeException e) {
            problems.accept("the preview failed and is gone: " + e);
        } finally {
            if (window != null) {
                window.close();
            }
        }
    }

    /** Waits a moment; returns whether it is time to end. */
    private boolean waitForEvents() {
        try {
            return closing.await((long) (PATIENCE * 1000), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            return true;
        }
    }

    /** Opens the window with its first picture, whose size is the window's. */
    private boolean showInWindow(BufferedImage picture, TrainingPicture content) {
        try {
            if (window == null) {
                window = new Window("dae-gpu train", picture.getWidth(), picture.getHeight(), new Window.Input() {});
            }
            window.show(picture, content);
            return true;
        } catch (NoWindowException e) {
            problems.accept(e.getMessage() + "; training goes on");
            return false;
        }
    }

    private boolean write(BufferedImage picture) {
        try {
            ImageFile.write(file, picture);
            return true;
        } catch (IOException e) {
            problems.accept(e.getMessage() + "; training goes on without it");
            return false;
        }
    }

    /** Draws the last picture, and closes the window. */
    @Override
    public void close() {
        closing.countDown();
        try {
            thread.join(5000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
