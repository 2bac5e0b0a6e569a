package daegpu.cli;

import daegpu.train.LearningRate.Schedule;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The options that say how a network learns. */
final class LearningOptions {

    @Option(
            names = "--epochs",
            paramLabel = "N",
            defaultValue = "10",
            description = "Epochs in all; a run that is resumed counts those it has done (default: ${DEFAULT-VALUE}).")
    int epochs;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            defaultValue = "32",
            description = "Images in an update (default: ${DEFAULT-VALUE}).")
    int batchSize;

    @Option(
            names = "--learning-rate",
            paramLabel = "RATE",
            description = "Adam's step size, at its peak (default: 4e-3 with the cosine schedule, 1e-3 with constant).")
    Double learningRate;

    @Option(
            names = "--schedule",
            paramLabel = "NAME",
            defaultValue = "cosine",
            description =
                    "How the learning rate goes on: ${COMPLETION-CANDIDATES}; cosine rises for the first 4 %% of the "
                            + "updates and ends at zero after --epochs, "
                            + "so a run that is resumed with another number follows the cosine of that length from there "
                            + "(default: ${DEFAULT-VALUE}).")
    Schedule schedule;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Decides the first weights, the noise and the order of the images (default: "
                    + "${DEFAULT-VALUE}).")
    long seed;

    @Option(
            names = "--init-from",
            paramLabel = "MODEL",
            description = "Start a new run from this model's network and weights.")
    Path initFrom;

    /** The rate that is said, or the schedule's default. */
    double learningRate() {
        return learningRate != null ? learningRate : schedule.defaultPeak();
    }
}
