package daegpu.cli;

import daegpu.data.IdxFile;
import daegpu.data.ImageFile;
import daegpu.data.ImageSet;
import daegpu.data.InvalidInputException;
import daegpu.engine.Engine;
import daegpu.engine.Engines.OpenedEngine;
import daegpu.format.LatentVectors;
import daegpu.model.Architecture;
import daegpu.train.Checkpoint;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code encode}: images to latent vectors. */
@Command(name = "encode", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Writes the latent vector of each image: what the network keeps of it. Images are taken",
            "as they are, clean or noisy; decode makes images of the vectors.",
            "What cannot be used is named at the end; the rest is done, and the exit status is 3.", ""},
        footerHeading = "%nExamples:%n",
        footer = {"  dae-gpu encode digits scan.png --output latents.csv",
            "  dae-gpu encode digits scans/ more.idx3-ubyte --output latents.npy"})
final class EncodeCommand implements Callable<Integer> {

    /** Images that go through the network together. */
    private static final int CHUNK = 1000;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelFile model;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "INPUT",
            description = "PNG, JPEG or IDX files, or folders of PNG and JPEG files.")
    private List<Path> inputs;

    @Option(names = "--output", paramLabel = "FILE", required = true,
            description = "The file to write: *.csv, a line for each image, its name first; or *.npy, 32-bit floats [images, "
                    + "values] for NumPy.")
    private Path output;

    @Option(names = "--overwrite", description = "Replace a file that is there already.")
    private boolean overwrite;

    @ArgGroup(validate = false, heading = "%nWhat computes:%n")
    private EngineChoice engineChoice = new EngineChoice();

    private final List<String> failures = new ArrayList<>();
    private final List<String> names = new ArrayList<>();
    /** The vectors of some images each. */
    private final List<float[]> latents = new ArrayList<>();

    @Override
    public Integer call() throws IOException {
        if (!LatentVectors.isFormat(output)) {
            throw new ParameterException(spec.commandLine(), "--output must end in .csv or .npy, not be " + output);
        }
        Overwriting.requireAllowed(output, overwrite);
        Checkpoint checkpoint = model.read();
        Architecture architecture = checkpoint.options().architecture();
        try (OpenedEngine engine = engineChoice.open(architecture, 1)) {
            engine.engine().load(checkpoint.state());
            for (Path file : files()) {
                try {
                    encode(engine.engine(), file);
                } catch (InvalidInputException e) {
                    failures.add(e.getMessage());
                }
            }
        }
        if (!names.isEmpty()) {
            FloatBuffer values = FloatBuffer.allocate(names.size() * architecture.latentDimension());
            latents.forEach(values::put);
            new LatentVectors(names, architecture.latentDimension(), values.array()).write(output);
            spec.commandLine().getOut().println("Encoded " + names.size() + (names.size() == 1 ? " image" : " images") + " into "
                    + architecture.latentDimension() + " values each: " + output);
        }
        for (String failure : failures) {
            spec.commandLine().getErr().println(spec.qualifiedName() + ": " + DaeGpu.oneLine(failure));
        }
        return failures.isEmpty() ? ExitStatus.DONE : names.isEmpty() ? ExitStatus.BAD_INPUT : ExitStatus.DONE_IN_PART;
    }

    private List<Path> files() throws IOException {
        List<Path> files = new ArrayList<>();
        for (Path input : inputs) {
            if (!Files.isDirectory(input)) {
                files.add(input);
                continue;
            }
            try (Stream<Path> entries = Files.list(input)) {
                files.addAll(entries.filter(entry -> entry.toString().toLowerCase(Locale.ROOT).matches(".*\\.(png|jpe?g)"))
                        .sorted().toList());
            }
        }
        if (files.isEmpty()) {
            throw new InvalidInputException(inputs.get(0) + " holds no PNG or JPEG files");
        }
        return files;
    }

    private void encode(Engine engine, Path file) {
        Architecture architecture = engine.architecture();
        String name = file.getFileName().toString();
        if (ImageFile.formatOf(file) != null) {
            ImageSet picture = ImageFile.read(file, architecture.height(), architecture.width(), architecture.channels()).image();
            encode(engine, picture, name, false);
            return;
        }
        ImageSet images = IdxFile.read(file, 0);
        if (!images.hasSize(architecture.height(), architecture.width(), architecture.channels())) {
            throw new InvalidInputException(file + " holds images of " + images.describeSize() + "; the model wants "
                    + ImageSet.describeSize(architecture.height(), architecture.width(), architecture.channels()));
        }
        encode(engine, images, name, true);
    }

    private void encode(Engine engine, ImageSet images, String name, boolean numbered) {
        int dimension = engine.architecture().latentDimension();
        for (int first = 0; first < images.count(); first += CHUNK) {
            int count = Math.min(CHUNK, images.count() - first);
            float[] scaled = new float[count * images.imageSize()];
            for (int i = 0; i < count; i++) {
                images.scale(first + i, scaled, i * images.imageSize());
                names.add(numbered ? name + "#" + (first + i + 1) : name);
            }
            float[] values = new float[count * dimension];
            engine.encode(scaled, count, values);
            latents.add(values);
        }
    }
}
