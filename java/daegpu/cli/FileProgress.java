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
    /** Steps of the bar for each file. */
    private static final int PARTS = 1000;

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
        show(newTask, done, all, null, 0);
    }

    /**
     * Some of a file has been done.
     *
     * @param done files before it
     * @param all files
     * @param file its name
     * @param part how much of it, up to 1
     */
    void progressedWithin(String newTask, int done, int all, String file, double part) {
        show(newTask, done, all, String.format(Locale.ROOT, "%s: %.0f %%", DaeGpu.oneLine(file), 100 * part), part);
    }

    /**
     * Shows it.
     *
     * @param within what there is to say of a file that has been done in part; null if there is none
     */
    private void show(String newTask, int done, int all, String within, double part) {
        long now = System.nanoTime();
        if (!newTask.equals(task)) {
            close();
            task = newTask;
            startTime = now;
            lineTime = now;
            if (terminal != null) {
                bar = ProgressDisplay.bar(task, 0, all * PARTS, terminal);
            }
        }
        double perSecond = (done + part) / Math.max(1e-3, (now - startTime) / 1e9);
        String count = String.format(Locale.ROOT, "%,d of %,d", done, all);
        String left = ElapsedTime.format((all - done - part) / Math.max(1e-3, perSecond)) + " left";
        if (bar != null) {
            bar.maxHint(all * (long) PARTS);
            bar.stepTo((long) ((done + part) * PARTS));
            bar.setExtraMessage((within == null ? count : all == 1 ? within : count + ", " + within) + ", " + left);
        } else if ((now - lineTime) / 1e9 >= SECONDS_BETWEEN_LINES && done < all) {
            lineTime = now;
            if (within == null) {
                out.printf("%s: %s %s, %s%n", task, unit, count, left);
            } else {
                out.printf("%s %s%s, %s%n", task, within, all == 1 ? "" : ", " + unit + " " + count, left);
            }
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
