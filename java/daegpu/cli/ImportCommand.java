package daegpu.cli;

import daegpu.data.InvalidInputException;
import daegpu.format.OtherWeights;
import daegpu.format.Safetensors;
import daegpu.format.WeightsFile;
import daegpu.format.WeightsFile.Convention;
import daegpu.format.WeightsFile.Named;
import daegpu.model.Architecture;
import daegpu.model.Parameters;
import daegpu.model.UNet;
import daegpu.noise.Noise;
import daegpu.train.Checkpoint;
import daegpu.train.LearningRate;
import daegpu.train.LearningRate.Schedule;
import daegpu.train.TrainingOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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
            "They have the layouts of Keras or PyTorch and the names that export gives them (latent/kernel, "
                    + "latent.weight...), prefixes before these, or other names (conv2d_1/kernel, decoder.0.weight), if "
                    + "shapes and order leave no doubt which is which; import then says what it took for what. "
                    + "To train it on: train --init-from MODEL.",
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

    @picocli.CommandLine.Parameters(
            index = "0",
            paramLabel = "WEIGHTS",
            description = "A safetensors file; - is the standard input.")
    private Path weights;

    @Option(
            names = "--output",
            paramLabel = "FILE",
            required = true,
            description = "The model to write; - is the standard output.")
    private Path output;

    @Option(
            names = "--image-size",
            paramLabel = "HxW",
            converter = ImageSize.SizeConverter.class,
            description =
                    "Height and width of the images, or one number for both (default: as the file says, else square).")
    private ImageSize size;

    @Option(
            names = "--residual",
            negatable = true,
            description = "Whether a unet adds its correction to the input, or puts out the image itself, which the "
                    + "weights alone do not tell (default: as the file says, else it adds).")
    private Boolean residual;

    @Option(names = "--overwrite", description = "Replace a file that is there already.")
    private boolean overwrite;

    private final StandardStreams streams = new StandardStreams();

    @Override
    public Integer call() throws IOException {
        return streams.call(this::run);
    }

    private int run() throws IOException {
        OutputName.requireFitting(output, spec, "a model (*.safetensors)", "safetensors");
        output = streams.output(output, spec.commandLine());
        Overwriting.requireAllowed(output, overwrite);
        weights = streams.read(weights);
        OtherWeights.refuse(weights);
        Safetensors content = Safetensors.read(weights);
        Named named;
        Checkpoint checkpoint;
        try {
            if (Checkpoint.isOne(content)) {
                throw new InvalidInputException(
                        "it is a model of this program, and needs no import: weights have names as"
                                + " in Keras (output/kernel) or PyTorch (output.weight)");
            }
            named = WeightsFile.named(content);
            checkpoint = read(named.content());
        } catch (InvalidInputException e) {
            throw e.saying(weights + ": " + e.getMessage());
        }
        checkpoint.write(output);
        streams.writeOut();
        if (!named.origins().isEmpty()) {
            spec.commandLine().getOut().println("Names of layers, by shapes and order: " + origins(named));
        }
        spec.commandLine()
                .getOut()
                .println("Wrote " + streams.named(output.toString()) + ":\n"
                        + NetworkSummary.of(checkpoint.options().network()));
        return ExitStatus.DONE;
    }

    private static String origins(Named named) {
        return named.origins().entrySet().stream()
                .map(origin -> origin.getKey() + " is " + DaeGpu.oneLine(origin.getValue()))
                .collect(Collectors.joining(", "));
    }

    private Checkpoint read(Safetensors content) {
        Convention convention = WeightsFile.conventionOf(content);
        // An export says how the model was trained; other files leave us with what their shapes tell.
        Optional<TrainingOptions> recorded = content.metadata().containsKey("image")
                ? Optional.of(Checkpoint.readOptions(content))
                : Optional.empty();
        Architecture architecture = withResidual(architecture(content, convention, recorded));
        Parameters parameters = WeightsFile.parameters(content, convention, architecture.network());
        LearningRate rate = LearningRate.over(Schedule.CONSTANT, Schedule.CONSTANT.defaultPeak(architecture), 0);
        TrainingOptions options = recorded.map(training -> training.of(architecture))
                .orElseGet(() -> new TrainingOptions(architecture, Noise.gaussian(0.5f, 0.5f), 1, 32, rate));
        return Checkpoint.untrained(options, parameters);
    }

    /** What is recorded, but of the size that was asked for, if one was. */
    private Architecture architecture(Safetensors content, Convention convention, Optional<TrainingOptions> recorded) {
        if (recorded.isPresent() && size == null) {
            return recorded.get().architecture();
        }
        Architecture told = WeightsFile.architecture(
                content, convention, size == null ? 0 : size.height(), size == null ? 0 : size.width());
        try {
            return recorded.map(
                            training -> training.architecture().sizedFor(told.height(), told.width(), told.channels()))
                    .orElse(told);
        } catch (IllegalArgumentException e) {
            throw new InvalidInputException("the weights are not those that it says: " + e.getMessage(), e);
        }
    }

    private Architecture withResidual(Architecture architecture) {
        if (residual == null) {
            return architecture;
        }
        if (architecture instanceof UNet unet) {
            return unet.withResidual(residual);
        }
        throw new InvalidInputException("these are the weights of an autoencoder, and --residual is for a unet");
    }
}
