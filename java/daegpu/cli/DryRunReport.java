package daegpu.cli;

import daegpu.data.DataSets;
import daegpu.engine.TrainingEngine;
import daegpu.train.DryRun.Timing;
import daegpu.train.ElapsedTime;
import daegpu.train.RunDirectory;
import daegpu.train.TrainingOptions;
import daegpu.train.TrainingRun;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Says, after the plan of a training, what it would take. */
final class DryRunReport {

    private static final Pattern PEAK_MEMORY = Pattern.compile("VmHWM:\\s+(\\d+) kB");

    private final PrintWriter out;

    DryRunReport(PrintWriter out) {
        this.out = out;
    }

    /**
     * Time, memory and files.
     *
     * @param preview the file that the preview would be drawn into, or null
     */
    void print(TrainingRun run, Timing timing, Path preview) throws IOException {
        DataSets images = run.images();
        long epochs = run.session().epochs() - run.epochsDone();
        printTime(
                timing,
                Math.min(run.options().batchSize(), images.training().count()),
                run.updates() - run.updatesDone(),
                epochs,
                images.validation().count(),
                run.session().earlyStop() > 0);
        printMemory(run.engine().engine());
        printFiles(
                run.directory(),
                checkpointBytes(run.options()),
                epochs,
                run.session().keep(),
                preview == null ? List.of() : List.of(preview));
    }

    /**
     * The time that is left of a training.
     *
     * @param updates updates that it would do
     * @param epochs epochs that it would do or finish
     * @param validation images of a validation
     * @param earlyStop whether it may stop early
     */
    private void printTime(Timing timing, int batch, long updates, long epochs, int validation, boolean earlyStop) {
        double all = timing.expected(updates, epochs * validation);
        out.printf(
                Locale.ROOT,
                "Timed:   %,d updates, %.3g ms each (%,.0f images/s); validation, %.2f s for its %,d images%n",
                timing.updates(),
                1e3 * timing.secondsPerUpdate(),
                batch / timing.secondsPerUpdate(),
                timing.expected(0, validation),
                validation);
        out.printf(
                Locale.ROOT,
                "Time:    %s%s for %,d updates and %s, as far as these tell; starting Java and drawing the "
                        + "pictures come on top%n",
                earlyStop ? "at most " : "",
                ElapsedTime.format(all),
                updates,
                epochs == 1 ? "1 validation" : epochs + " validations");
    }

    /** What the process took until now, which a training does not exceed by much. */
    private void printMemory(TrainingEngine engine) throws IOException {
        Optional<Long> peak = peakMemory();
        out.println("Memory:  "
                + (peak.isPresent()
                        ? size(peak.get()) + " at most until now, Java and the images included"
                        : size(Runtime.getRuntime().totalMemory())
                                + " for Java and the images; this system does not say what the "
                                + "engine takes besides"));
        if (engine.deviceBytes() > 0) {
            out.println("         " + size(engine.deviceBytes())
                    + " on the GPU, besides what the driver and cuDNN take for themselves");
        }
    }

    /** The highest resident size of this process so far; empty where the system has no {@code /proc}. */
    private static Optional<Long> peakMemory() throws IOException {
        Path status = Path.of("/proc/self/status");
        Matcher line = PEAK_MEMORY.matcher(Files.isReadable(status) ? Files.readString(status) : "");
        return line.find() ? Optional.of(Long.parseLong(line.group(1)) << 10) : Optional.empty();
    }

    /**
     * The files that a training would make or replace.
     *
     * @param checkpoint bytes of a checkpoint
     * @param epochs epochs that it would do or finish
     * @param kept checkpoints of epochs that would be kept
     * @param others files outside the run's folder
     */
    private void printFiles(RunDirectory directory, long checkpoint, long epochs, int kept, List<Path> others)
            throws IOException {
        long checkpoints = 2 + Math.min(kept, epochs);
        long free = directory.freeBytes();
        out.println("Files:   " + (Files.exists(directory.last()) ? "in " : "a new folder ") + directory.path() + ": "
                + checkpoints + " checkpoints of " + size(checkpoint)
                + (epochs == 1 ? " and a picture" : " and a picture for each of " + epochs + " epochs")
                + "; metrics, chart, report and TensorBoard's events");
        out.println("         " + size(free) + " are free there"
                + (free < checkpoints * checkpoint ? ", WHICH IS TOO LITTLE FOR THE CHECKPOINTS" : ""));
        for (Path other : others) {
            out.println("         " + other);
        }
    }

    /** Parameters, Adam's two moments and, where there is one, their average, as floats. */
    private static long checkpointBytes(TrainingOptions options) {
        int floats = options.learningRule().averageDecay().isPresent() ? 4 : 3;
        return (long) floats * Float.BYTES * options.network().parameterCount();
    }

    private static String size(long bytes) {
        double mebibytes = bytes / (double) (1 << 20);
        return mebibytes < 9.95
                ? String.format(Locale.ROOT, "%.1f MiB", mebibytes)
                : mebibytes < 10_000
                        ? String.format(Locale.ROOT, "%.0f MiB", mebibytes)
                        : String.format(Locale.ROOT, "%,.0f GiB", mebibytes / 1024);
    }
}
