package daegpu.cli;

import daegpu.train.MetricsLog;
import daegpu.train.TrainingListener;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows how training goes: a bar on a terminal, now and then a line elsewhere, and one line for each epoch. */
final class ProgressDisplay implements TrainingListener, AutoCloseable {

    private static final double SECONDS_BETWEEN_LINES = 10;

    private final PrintWriter out;
    private final PrintStream terminal;
    private int epoch;
    private int epochs;
    private int images;
    private int doneAtStart;
    private long startTime;
    private long lineTime;
    private ProgressBar bar;

    /**
     * @param out      receives the lines
     * @param terminal shows the bar; null where there is none
     */
    ProgressDisplay(PrintWriter out, PrintStream terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** Whether someone sits before the output. */
    static boolean onTerminal() {
        var console = System.console();
        if (console == null) {
            return false;
        }
        try {
            // Since Java 22 there is a console without a terminal, too, and this method to ask.
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
            bar = new ProgressBarBuilder().setTaskName(epochName()).setInitialMax(images).startsFrom(done, Duration.ZERO)
                    .setStyle(ProgressBarStyle.ASCII).setUpdateIntervalMillis(250).hideEta().clearDisplayOnFinish()
                    .setConsumer(new ConsoleProgressBarConsumer(terminal)).build();
        }
    }

    @Override
    public void progressed(int done, double loss) {
        long now = System.nanoTime();
        double imagesPerSecond = (done - doneAtStart) / ((now - startTime) / 1e9);
        double secondsLeft = (images - done + (double) (epochs - epoch) * images) / imagesPerSecond;
        String message = String.format(Locale.ROOT, "%,.0f images/s, loss %.5f, %s left", imagesPerSecond, loss, duration(secondsLeft));
        if (bar != null) {
            bar.stepTo(done);
            bar.setExtraMessage(" " + message);
        } else if ((now - lineTime) / 1e9 >= SECONDS_BETWEEN_LINES && done < images) {
            lineTime = now;
            out.printf(Locale.ROOT, "%s: %d/%d images, %s%n", epochName(), done, images, message);
            out.flush();
        }
    }

    @Override
    public void epochFinished(MetricsLog.Row metrics, int allEpochs, boolean best) {
        clear();
        out.printf(Locale.ROOT, "%s: %.1f s, training MSE %.5f, validation MSE %.5f, PSNR %.2f dB, SSIM %.4f%s%n", epochName(),
                metrics.seconds(), metrics.trainMse(), metrics.validation().mse(), metrics.validation().psnr(),
                metrics.validation().ssim(), best ? " (best so far)" : "");
        out.flush();
    }

    private String epochName() {
        int width = String.valueOf(epochs).length();
        return String.format(Locale.ROOT, "epoch %" + width + "d/%d", epoch, epochs);
    }

    /** {@code 12:34} or {@code 1:02:03}. */
    static String duration(double seconds) {
        long whole = Math.round(seconds);
        return whole < 3600 ? String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
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
