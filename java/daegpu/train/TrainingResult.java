package daegpu.train;

import daegpu.train.Trainer.Outcome;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How a training ended, and the files that it wrote.
 *
 * @param outcome whether it is finished, or can be resumed
 * @param folder of the run
 * @param epochs metrics of each finished epoch, including those of earlier sessions
 */
public record TrainingResult(Outcome outcome, Path folder, List<MetricsLog.Row> epochs) {

    /** The epoch with the least validation error, the first of them if there are several; empty before the first. */
    public Optional<MetricsLog.Row> bestEpoch() {
        return MetricsLog.best(epochs);
    }

    /** The seconds that the epochs took together, including validation. */
    public double seconds() {
        return epochs.stream().mapToDouble(MetricsLog.Row::seconds).sum();
    }

    /** The checkpoint with the least validation error. */
    public Path best() {
        return files().best();
    }

    /** The newest checkpoint, from which a run is resumed. */
    public Path last() {
        return files().last();
    }

    /** The metrics as a file, one line for each epoch. */
    public Path metrics() {
        return files().metrics();
    }

    /** The picture of some validation images after an epoch, counted from 1. */
    public Path sample(int epoch) {
        return files().sample(epoch);
    }

    /** The page that shows all of the run. */
    public Path report() {
        return files().report();
    }

    private RunDirectory files() {
        return RunDirectory.of(folder);
    }
}
