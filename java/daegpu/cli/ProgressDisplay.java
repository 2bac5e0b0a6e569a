package daegpu.cli;

import daegpu.engine.Loss;
import daegpu.train.ElapsedTime;
import daegpu.train.MetricsLog;
import daegpu.train.TrainingListener;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressState;

/** Shows how training goes: a bar on a terminal, now and then a line elsewhere, and one line for each epoch. */
final class ProgressDisplay implements TrainingListener, AutoCloseable {

    private static final double SECONDS_BETWEEN_LINES = 10;
    private static final int LONGEST_BAR = 30;
    /**
     * Columns left free at the end of a line: room for the ^C that terminals print, so that clearing the line takes it
     * away, too.
     */
    private static final int FREE_COLUMNS = 3;

    private final PrintWriter out;
    private final PrintStream terminal;
    private final Loss loss;
    private final String error;
    private int epoch;
    private int epochs;
    private int images;
    private int doneAtStart;
    private long startTime;
    private long lineTime;
    private ProgressBar bar;

    /**
     * @param out receives the lines
     * @param terminal shows the bar; null where there is none
     * @param loss that training makes small
     * @param error what the validation error is called
     */
    ProgressDisplay(PrintWriter out, PrintStream terminal, Loss loss, String error) {
        this.out = out;
        this.terminal = terminal;
        this.loss = loss;
        this.error = error;
    }

    /** Whether the output is a terminal. */
    @SuppressWarnings("SystemConsoleNull") // The console is asked whether it is a terminal.
    static boolean onTerminal() {
        var console = System.console();
        if (console == null) {
            return false;
        }
        try {
            // Since Java 22 there can be a console without a terminal, and this method tells.
            return (boolean) console.getClass().getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException e) {
            return true;
        }
    }

    @Override
    public void epochStarted(int newEpoch, int newEpochs, int done, int newImages) {
        epoch = newEpoch;
        epochs = newEpochs;
        images = newImages;
        doneAtStart = done;
        startTime = System.nanoTime();
        lineTime = startTime;
        if (terminal != null) {
            bar = bar(epochName(), done, images, terminal);
        }
    }

    /** A bar that leaves nothing on the screen when it is closed. */
    static ProgressBar bar(String task, int done, int all, PrintStream terminal) {
        return new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(all)
                .startsFrom(done, Duration.ZERO)
                .setUpdateIntervalMillis(250)
                .clearDisplayOnFinish()
                .setRenderer(ProgressDisplay::draw)
                .setConsumer(new ConsoleProgressBarConsumer(terminal) {
                    @Override
                    public void close() {
                        // The bar was cleared; the consumer's own close would leave an empty line in its place.
                        terminal.flush();
                    }
                })
                .build();
    }

    /** {@code epoch 1/10 [###### ] 38% 2,910 images/s, loss 0.05621, 1:23 left}, cut to a terminal's width. */
    private static String draw(ProgressState state, int width) {
        double part = (double) state.getCurrent() / state.getMax();
        String after = String.format(Locale.ROOT, " %3.0f%% %s", Math.floor(100 * part), state.getExtraMessage());
        int available = width - FREE_COLUMNS - state.getTaskName().length();
        int length = Math.min(LONGEST_BAR, available - after.length() - " []".length());
        String bar = "";
        if (length > 0) {
            int filled = (int) (part * length);
            bar = " [" + "#".repeat(filled) + " ".repeat(length - filled) + "]";
        }
        String line = bar + after;
        return state.getTaskName() + line.substring(0, Math.max(0, Math.min(line.length(), available)));
    }

    @Override
    public void progressed(int done, double loss) {
        long now = System.nanoTime();
        double imagesPerSecond = (done - doneAtStart) / ((now - startTime) / 1e9);
        double secondsLeft = (images - done + (double) (epochs - epoch) * images) / imagesPerSecond;
        String message = String.format(
                Locale.ROOT,
                "%,.0f images/s, loss %.5f, %s left",
                imagesPerSecond,
                loss,
                ElapsedTime.format(secondsLeft));
        if (bar != null) {
            bar.stepTo(done);
            bar.setExtraMessage(message);
        } else if ((now - lineTime) / 1e9 >= SECONDS_BETWEEN_LINES && done < images) {
            lineTime = now;
            out.printf(Locale.ROOT, "%s: %d/%d images, %s%n", epochName(), done, images, message);
            out.flush();
        }
    }

    @Override
    public void epochFinished(MetricsLog.Row metrics, int allEpochs, boolean best) {
        clear();
        out.printf(
                Locale.ROOT,
                "%s: %.1f s, %s %.5f training, %s%.5f validation%s%s%n",
                epochName(),
                metrics.seconds(),
                loss.title(),
                metrics.trainLoss(),
                error.equals(loss.title()) ? "" : error + " ",
                metrics.validation().mse(),
                metrics.validation().hasTargets()
                        ? String.format(
                                Locale.ROOT, " (%.2f dB)", metrics.validation().psnr())
                        : "",
                best ? ", best" : "");
        out.flush();
    }

    /** Prints a line that comes from elsewhere, on any thread; a bar is drawn again below it. */
    void printLine(String line) {
        out.println((terminal != null ? "\r" : "") + line);
        out.flush();
    }

    private String epochName() {
        int width = String.valueOf(epochs).length();
        return String.format(Locale.ROOT, "epoch %" + width + "d/%d", epoch, epochs);
    }

    @Override
    public void close() {
        clear();
    }

    /** Takes the bar off the screen. */
    void clear() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
