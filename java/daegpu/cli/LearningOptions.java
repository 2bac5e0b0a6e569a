package daegpu.cli;

import daegpu.engine.LearningRule;
import daegpu.engine.Loss;
import daegpu.engine.Optimizer;
import daegpu.train.LearningRate.Schedule;
import java.nio.file.Path;
import java.util.OptionalDouble;
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
            description =
                    "Adam's step size, at its peak (default: with the cosine schedule 4e-3 for the autoencoder and 2e-3 "
                            + "for a unet, 1e-3 with constant).")
    private Double learningRate;

    @Option(
            names = "--schedule",
            paramLabel = "NAME",
            defaultValue = "cosine",
            description = "How the learning rate changes: ${COMPLETION-CANDIDATES}; cosine rises for the first 4 "
                    + "%% of the updates and ends at zero after --epochs, so a run that is resumed with "
                    + "another number follows the cosine of that length from there (default: "
                    + "${DEFAULT-VALUE}).")
    Schedule schedule;

    @Option(
            names = "--loss",
            paramLabel = "NAME",
            defaultValue = "mse",
            description =
                    "The error that training makes small: ${COMPLETION-CANDIDATES}. They are the means of d*d, of |d| "
                            + "and of sqrt(d*d+1e-6), where d is the difference between a value of the output and "
                            + "that of the clean image (default: ${DEFAULT-VALUE}).")
    private Loss loss;

    @Option(
            names = "--weight-decay",
            paramLabel = "NUMBER",
            defaultValue = "0",
            description = "Shrink every parameter in each update by this part of it times the learning rate, as AdamW "
                    + "does, such as 1e-2; 0 is plain Adam (default: ${DEFAULT-VALUE}).")
    private double weightDecay;

    @Option(
            names = "--ema",
            paramLabel = "DECAY",
            defaultValue = "0",
            description = "Keep an exponential moving average of the weights with this decay, such as 0.999. The "
                    + "average is then what is validated, saved as the best model and used to denoise. 0 keeps no "
                    + "average (default: ${DEFAULT-VALUE}).")
    private double averageDecay;

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
            description =
                    "Start a new run from this model's network and weights: a checkpoint, the folder of a run, or "
                            + "the name of a model that comes with the program.")
    Path initFrom;

    /**
     * What the updates make small, and how.
     *
     * @throws IllegalArgumentException if a number is out of range
     */
    LearningRule learningRule() {
        require(
                weightDecay >= 0 && Double.isFinite(weightDecay),
                "--weight-decay must be 0 or more, not " + weightDecay);
        require(averageDecay >= 0 && averageDecay < 1, "--ema must be 0 or more and less than 1, not " + averageDecay);
        return new LearningRule(
                loss,
                Optimizer.adamW(weightDecay),
                averageDecay == 0 ? OptionalDouble.empty() : OptionalDouble.of(averageDecay));
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }

    /** The rate that was given, if one was. */
    OptionalDouble learningRate() {
        return learningRate != null ? OptionalDouble.of(learningRate) : OptionalDouble.empty();
    }
}
