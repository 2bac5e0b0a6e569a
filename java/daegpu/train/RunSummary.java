package daegpu.train;

import daegpu.data.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Describes what a run has done so far, from the files in its folder.
 *
 * @param folder of the run
 * @param record options and versions
 * @param rows one for each finished epoch
 * @param changed when its log last changed, which is when its newest epoch ended
 */
public record RunSummary(Path folder, RunRecord record, List<MetricsLog.Row> rows, Instant changed) {

    /** The state of a run. */
    public enum Progress {
        /** It has done all its epochs. */
        FINISHED("finished"),
        /** It stopped early. */
        STOPPED_EARLY("stopped early"),
        /** It was interrupted, or it is running now. */
        UNFINISHED("unfinished");

        private final String text;

        Progress(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /**
     * Reads the files of a run.
     *
     * @throws InvalidInputException if one of them is missing or damaged
     */
    public static RunSummary read(Path folder) {
        Path metrics = folder.resolve("metrics.csv");
        RunRecord record = RunRecord.read(folder.resolve("config.json"));
        List<MetricsLog.Row> rows = MetricsLog.read(metrics);
        try {
            return new RunSummary(
                    folder, record, rows, Files.getLastModifiedTime(metrics).toInstant());
        } catch (IOException e) {
            throw InvalidInputException.unreadable(metrics, e);
        }
    }

    /**
     * The folders in {@code folder} that contain a run or the remains of one, sorted by name.
     *
     * @throws IOException if it cannot be read
     */
    public static List<Path> foldersIn(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(entry ->
                            Files.exists(entry.resolve("config.json")) || Files.exists(entry.resolve("metrics.csv")))
                    .sorted()
                    .toList();
        }
    }

    /**
     * The epoch with the least validation error, the first of them if there are several; none before the first ended.
     */
    public Optional<MetricsLog.Row> best() {
        return MetricsLog.best(rows)
                .filter(row -> !Double.isNaN(row.validation().mse()));
    }

    /**
     * The number of epochs that it is to have.
     *
     * @throws InvalidInputException if its record does not say so
     */
    public int epochs() {
        return record.positive("epochs");
    }

    /**
     * Where it stands.
     *
     * @throws InvalidInputException if its record does not say how many epochs it is to have
     */
    public Progress progress() {
        if (rows.size() >= epochs()) {
            return Progress.FINISHED;
        }
        int patience = record.says("early-stop") ? record.count("early-stop") : 0;
        return patience > 0 && MetricsLog.epochsSinceBest(rows) >= patience
                ? Progress.STOPPED_EARLY
                : Progress.UNFINISHED;
    }

    /** The seconds that its epochs took together, including validation. */
    public double seconds() {
        return rows.stream().mapToDouble(MetricsLog.Row::seconds).sum();
    }
}
