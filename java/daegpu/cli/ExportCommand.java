package daegpu.cli;

import daegpu.format.OnnxFile;
import daegpu.format.WeightsFile;
import daegpu.format.WeightsFile.Convention;
import daegpu.model.Network;
import daegpu.model.Parameters;
import daegpu.model.Reach;
import daegpu.model.Tensor;
import daegpu.train.Checkpoint;
import daegpu.train.Versions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code export}: writes a model for other programs. */
@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Writes a model for other programs, as ONNX or safetensors.",
            "An ONNX file has the input noisy and the output denoised, both [batch, height, width, channels] with "
                    + "any number of images, black being 0 and white 1. A unet takes images of any height and width "
                    + "that its strides divide, and what it puts out is not clipped; an autoencoder takes images of "
                    + "its own size, and has a second output, latents.",
            "A safetensors file has the weights with the names and layouts of Keras or PyTorch; import reads it "
                    + "back, to the same bits.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  dae-gpu export digits --to onnx --output digits.onnx",
            "  dae-gpu export digits --to safetensors --layout pytorch --output torch.safetensors"
        })
final class ExportCommand implements Callable<Integer> {

    /** What a model can be written as. */
    enum Target {
        ONNX,
        SAFETENSORS;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelFile model;

    @Option(names = "--to", paramLabel = "FORMAT", required = true, description = "${COMPLETION-CANDIDATES}.")
    private Target target;

    @Option(
            names = "--layout",
            paramLabel = "NAME",
            description = "Whose names and layouts a safetensors file has: ${COMPLETION-CANDIDATES} (default: keras).")
    private Convention convention;

    @Option(
            names = "--output",
            paramLabel = "FILE",
            required = true,
            description = "The file to write; - is the standard output.")
    private Path output;

    @Option(names = "--overwrite", description = "Replace a file that is there already.")
    private boolean overwrite;

    private final StandardStreams streams = new StandardStreams();

    @Override
    public Integer call() throws IOException {
        return streams.call(this::run);
    }

    private int run() throws IOException {
        if (target == Target.ONNX && convention != null) {
            throw new ParameterException(spec.commandLine(), "--layout goes with --to safetensors");
        }
        if (target == Target.ONNX) {
            OutputName.requireFitting(output, spec, "an ONNX file", "onnx");
        } else {
            OutputName.requireFitting(output, spec, "a safetensors file", "safetensors");
        }
        output = streams.output(output, spec.commandLine());
        Overwriting.requireAllowed(output, overwrite);
        Checkpoint checkpoint = model.read();
        Parameters parameters = checkpoint.state().weights();
        if (target == Target.ONNX) {
            OnnxFile.write(output, parameters, Versions.program());
            streams.writeOut();
            spec.commandLine()
                    .getOut()
                    .println("Wrote " + streams.named(output.toString()) + ": ONNX, opset " + OnnxFile.OPSET
                            + ", for images " + sizes(parameters.network()));
        } else {
            Convention chosen = convention != null ? convention : Convention.KERAS;
            Map<String, String> metadata = new TreeMap<>(checkpoint.optionsMetadata());
            metadata.put(
                    "format", chosen == Convention.PYTORCH ? "pt" : "keras"); // as Hugging Face's tools look for it
            WeightsFile.write(output, parameters, chosen, metadata);
            streams.writeOut();
            spec.commandLine()
                    .getOut()
                    .println("Wrote " + streams.named(output.toString()) + ": "
                            + parameters.network().parameterCount() + " weights, named and laid as in "
                            + (chosen == Convention.PYTORCH ? "PyTorch" : "Keras"));
        }
        return ExitStatus.DONE;
    }

    private static String sizes(Network network) {
        Tensor image = network.input();
        return Reach.of(network)
                .map(reach -> "whose height and width are multiples of " + reach.stride())
                .orElse("of " + image.height() + "x" + image.width());
    }
}
