package daegpu.cli;

import daegpu.data.ReadingListener;
import daegpu.train.ElapsedTime;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;

/** Shows how far a command is with many files: a bar on a terminal, now and then a line elsewhere. */
final class FileProgress implements ReadingListener, AutoCloseable {

    private static final double SECONDS_BETWEEN_LINES = 10;

    private final PrintWriter out;
    /** Shows the bar; null where there is none. */
    private final PrintStream terminal;

    private final String unit;
    private String task;
    private long startTime;
    private long lineTime;
    private ProgressBar bar;

    /**
     * Shows a bar, if the output is a terminal.
     *
     * @param out receives the lines
     * @param unit what is counted, such as {@code pictures}
     */
    FileProgress(PrintWriter out, String unit) {
        this.out = out;
        this.terminal = ProgressDisplay.onTerminal() ? System.out : null;
        this.unit = unit;
    }

    @Override
    public void progressed(String newTask, int done, int all) {
        long now = System.nanoTime();
        if (!newTask.equals(task)) {
            close();
            task = newTask;
            startTime = now;
            lineTime = now;
            if (terminal != null) {
                bar = ProgressDisplay.bar(task, 0, all, terminal);
            }
        }
        double perSecond = done / Math.max(1e-3, (now - startTime) / 1e9);
        String message = String.format(
                Locale.ROOT,
                "%,d of %,d, %s left",
                done,
                all,
                ElapsedTime.format((all - done) / Math.max(1e-3, perSecond)));
        if (bar != null) {
            bar.maxHint(all);
            bar.stepTo(done);
            bar.setExtraMessage(message);
        } else if ((now - lineTime) / 1e9 >= SECONDS_BETWEEN_LINES && done < all) {
            lineTime = now;
            out.printf("%s: %s %s%n", task, unit, message);
            out.flush();
        }
    }

    /** Takes the bar off the screen. */
    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
        task = null;
    }
}
