package daegpu.cli;

import daegpu.data.InvalidInputException;
import daegpu.format.Safetensors;
import daegpu.format.WeightsFile;
import daegpu.format.WeightsFile.Convention;
import daegpu.model.Architecture;
import daegpu.model.Parameters;
import daegpu.noise.Noise;
import daegpu.train.Checkpoint;
import daegpu.train.LearningRate;
import daegpu.train.LearningRate.Schedule;
import daegpu.train.TrainingOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code import}: makes a model of weights from another program. */
@Command(
        name = "import",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Makes a model of the weights in a safetensors file.",
            "They are as export writes them, with the names and layouts of Keras (latent/kernel...) or PyTorch "
                    + "(latent.weight...). To train it on: train --init-from MODEL.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  dae-gpu import torch.safetensors --output model.safetensors",
            "  dae-gpu import wide.safetensors --image-size 32x64 --output model.safetensors"
        })
final class ImportCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @picocli.CommandLine.Parameters(index = "0", paramLabel = "WEIGHTS", description = "A safetensors file.")
    private Path weights;

    @Option(names = "--output", paramLabel = "FILE", required = true, description = "The model to write.")
    private Path output;

    @Option(
            names = "--image-size",
            paramLabel = "HxW",
            converter = ImageSize.SizeConverter.class,
            description =
                    "Height and width of the images, or one number for both (default: as the file says, else square).")
    private ImageSize size;

    @Option(names = "--overwrite", description = "Replace a file that is there already.")
    private boolean overwrite;

    @Override
    public Integer call() throws IOException {
        Overwriting.requireAllowed(output, overwrite);
        Safetensors content = Safetensors.read(weights);
        Checkpoint checkpoint;
        try {
            checkpoint = read(content);
        } catch (InvalidInputException e) {
            throw e.saying(weights + ": " + e.getMessage());
        }
        checkpoint.write(output);
        spec.commandLine()
                .getOut()
                .println("Wrote " + output + ":\n"
                        + NetworkSummary.of(checkpoint.options().network()));
        return ExitStatus.DONE;
    }

    private Checkpoint read(Safetensors content) {
        Convention convention = WeightsFile.conventionOf(content);
        // An export says how the model was trained; other files leave us with what their shapes tell.
        TrainingOptions recorded =
                size == null && content.metadata().containsKey("image") ? Checkpoint.readOptions(content) : null;
        Architecture architecture = recorded != null
                ? recorded.architecture()
                : WeightsFile.architecture(
                        content, convention, size == null ? 0 : size.height(), size == null ? 0 : size.width());
        Parameters parameters = WeightsFile.parameters(content, convention, architecture.network());
        LearningRate rate = LearningRate.over(Schedule.CONSTANT, Schedule.CONSTANT.defaultPeak(), 0);
        TrainingOptions options = recorded != null
                ? recorded
                : new TrainingOptions(architecture, Noise.gaussian(0.5f, 0.5f), 1, 32, rate);
        return Checkpoint.untrained(options, parameters);
    }
}
