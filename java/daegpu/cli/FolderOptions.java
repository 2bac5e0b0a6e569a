package daegpu.cli;

import daegpu.train.Trainer;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The options that say which folder a run has, what is kept there, and what is shown meanwhile. */
final class FolderOptions {

    @Option(
            names = "--output",
            paramLabel = "DIR",
            description = "Folder to make for the run (default: runs/ and the date and time).")
    Path output;

    @Option(
            names = "--log-every",
            paramLabel = "N",
            defaultValue = "" + Trainer.DEFAULT_LOG_EVERY,
            description = "Updates between two looks at the loss, which the progress bar shows; between them nothing "
                    + "waits for a GPU (default: ${DEFAULT-VALUE}).")
    int logEvery;

    @Option(
            names = "--keep",
            paramLabel = "N",
            defaultValue = "0",
            description = "Keep the checkpoints of the newest N epochs, too, in checkpoints/.")
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
            description = "Go on with the run in this folder, or with the newest of the runs in it (without DIR: in "
                    + "runs/), with its own options; only --epochs, the location of the images, what computes, "
                    + "--log-every, --keep and --early-stop can be changed.")
    Path resume;

    @Option(
            names = "--preview",
            description = "Show in a window what the network makes of some validation images, and "
                    + "the loss; closing it does not end the training.")
    boolean preview;

    @Option(
            names = "--preview-file",
            paramLabel = "FILE.png",
            converter = PngFile.class,
            description = "Draw the same picture into this file, again and again.")
    Path previewFile;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Take options from this file, in YAML by their long names (epochs: 20), or from the "
                    + "config.json of a run, whose folder is not taken; what is given here as well wins. "
                    + "Paths in it are as here. Not with --resume.")
    Path config;

    @Option(
            names = "--dry-run",
            description = "Print the plan, the memory that it takes and the time that it would take, "
                    + "after training for a few seconds; write nothing.")
    boolean dryRun;
}
