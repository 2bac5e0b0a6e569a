package daegpu.cli;

import daegpu.train.Trainer;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The options that say which folder a run has, what is kept there, and what is shown meanwhile. */
final class FolderOptions {

    @Option(
            names = "--output",
            paramLabel = "DIR",
            description = "The folder to make for the run (default: one in runs/ that is named by the date and time).")
    Path output;

    @Option(
            names = "--log-every",
            paramLabel = "N",
            defaultValue = "" + Trainer.DEFAULT_LOG_EVERY,
            description = "The number of updates after which the progress bar shows a new loss; only then does the "
                    + "program wait for a GPU (default: ${DEFAULT-VALUE}).")
    int logEvery;

    @Option(
            names = "--keep",
            paramLabel = "N",
            defaultValue = "0",
            description = "Also keep the checkpoints of the newest N epochs, in checkpoints/.")
    int keep;

    @Option(
            names = "--early-stop",
            paramLabel = "PATIENCE",
            defaultValue = "0",
            description = "Stop after this number of epochs in a row without a lower validation error; 0 never does.")
    int earlyStop;

    @Option(
            names = "--resume",
            paramLabel = "DIR",
            arity = "0..1",
            fallbackValue = "runs",
            description =
                    "Continue the run in this folder, or the newest of the runs in it (without DIR: in runs/), with "
                            + "the options of that run. Only --epochs, the location of the images, the options under "
                            + "\"What computes\", --log-every, --keep and --early-stop can be changed.")
    Path resume;

    @Option(
            names = "--preview",
            description = "Show the loss, and what the network makes of some validation images, in "
                    + "a window; closing it does not end the training.")
    boolean preview;

    @Option(
            names = "--preview-file",
            paramLabel = "FILE.png",
            converter = PngFile.class,
            description = "Draw the same into this file, again and again.")
    Path previewFile;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description =
                    "Take options from a YAML file, by their long names (epochs: 20), or from the config.json of a "
                            + "run, whose folder is not taken. Options on the command line win. Relative paths start at "
                            + "the working directory. Not with --resume.")
    Path config;

    @Option(
            names = "--dry-run",
            description = "Print the plan, train for a few seconds, and print the memory and the time "
                    + "that the training would take; write nothing.")
    boolean dryRun;
}
