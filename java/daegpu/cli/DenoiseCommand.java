package daegpu.cli;

import daegpu.data.AtomicFile;
import daegpu.data.IdxFile;
import daegpu.data.ImageFile;
import daegpu.data.ImageFile.Picture;
import daegpu.data.ImageSet;
import daegpu.data.InvalidInputException;
import daegpu.engine.Engine;
import daegpu.engine.Engines.OpenedEngine;
import daegpu.engine.ImageDenoiser;
import daegpu.model.Architecture;
import daegpu.noise.Noise;
import daegpu.train.Checkpoint;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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

/** {@code denoise}: runs a model on images. */
@Command(name = "denoise", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Takes the noise out of images, which must have the size that the model was trained for.",
            "What cannot be used is named at the end; the rest is done, and the exit status is 3.", ""},
        footerHeading = "%nExamples:%n",
        footer = {"  dae-gpu denoise digits scan.png --output clean.png",
                "  dae-gpu denoise digits scans/ more.idx3-ubyte --output cleaned",
            "  dae-gpu denoise digits digit.png --add-noise --output clean.png"})
final class DenoiseCommand implements Callable<Integer> {

    /** Pictures that go through the network together. */
    private static final int CHUNK = 500;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelFile model;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "INPUT",
            description = "PNG, JPEG or IDX files, or folders of PNG and JPEG files.")
    private List<Path> inputs;

    @Option(names = "--output", paramLabel = "PATH", required = true,
            description = "Where the cleaned images go, in the format of the input: a file for one input file, else a "
                    + "folder.")
    private Path output;

    @Option(names = "--overwrite", description = "Replace files that are there already.")
    private boolean overwrite;

    @Option(names = "--add-noise", description = "Corrupt the images first, to try the model out.")
    private boolean addNoise;

    @Option(names = "--noise", paramLabel = "KIND",
            description = "What to corrupt them with: ${COMPLETION-CANDIDATES} (default: as the model was trained).")
    private Noise.Kind kind;

    @Option(names = "--noise-mean", paramLabel = "X",
            description = "Mean of gaussian, uniform or speckle noise (default: as the model was trained; for another kind "
                    + "than the model's, as for train).")
    private Float mean;

    @Option(names = "--noise-std", paramLabel = "X[..Y]", converter = NoiseLevel.Converter.class,
            description = "Its standard deviation, or a range from which each image draws its own (default: likewise).")
    private NoiseLevel std;

    @Option(names = "--noise-amount", paramLabel = "X[..Y]", converter = NoiseLevel.Converter.class,
            description = "Share of the pixels that salt-pepper or masking noise replaces, or a range (default: likewise).")
    private NoiseLevel amount;

    @Option(names = "--noise-peak", paramLabel = "X[..Y]", converter = NoiseLevel.Converter.class,
            description = "Photons that white stands for in poisson noise, or a range (default: likewise).")
    private NoiseLevel peak;

    @Option(names = "--seed", paramLabel = "N", description = "Decides that noise (default: the seed of the model's run).")
    private Long seed;

    @ArgGroup(validate = false, heading = "%nWhat computes:%n")
    private EngineChoice engineChoice = new EngineChoice();

    private final List<String> failures = new ArrayList<>();
    private int done;
    /** Made when there is something to put into it; null where the result goes to a file. */
    private Path folderToMake;

    /** A picture that was read and is to go to a file. */
    private record Job(Path input, Picture picture, Path target) {
    }

    @Override
    public Integer call() throws IOException {
        requireAddNoise();
        Checkpoint checkpoint = model.read();
        Noise noise = addNoise ? noise(checkpoint.options().noise()) : null;
        Map<Path, Path> targets = targets();
        try (OpenedEngine engine = engineChoice.open(checkpoint.options().architecture(), 1)) {
            engine.engine().load(checkpoint.state());
            List<Job> pictures = new ArrayList<>();
            for (Map.Entry<Path, Path> entry : targets.entrySet()) {
                try {
                    start(engine.engine(), entry.getKey(), entry.getValue(), noise, pictures);
                } catch (InvalidInputException e) {
                    failures.add(e.getMessage());
                }
                if (pictures.size() == CHUNK) {
                    finish(engine.engine(), pictures, noise);
                }
            }
            finish(engine.engine(), pictures, noise);
        }
        return report(targets.size());
    }

    private void requireAddNoise() {
        for (String option : List.of("--noise", "--noise-mean", "--noise-std", "--noise-amount", "--noise-peak", "--seed")) {
            if (!addNoise && spec.commandLine().getParseResult().hasMatchedOption(option)) {
                throw new ParameterException(spec.commandLine(), option + " goes with --add-noise");
            }
        }
    }

    private Noise noise(Noise trained) {
        try {
            Noise.Kind chosen = kind != null ? kind : trained.kind();
            NoiseChoice<NoiseLevel> choice = new NoiseChoice<>(chosen, mean, std, amount, peak);
            NoiseLevel level = choice.level(chosen == trained.kind() ? new NoiseLevel(trained.lowest(), trained.highest())
                    : new NoiseLevel(chosen.usualLevel(), chosen.usualLevel()));
            return new Noise(chosen, seed != null ? seed : trained.seed(), choice.mean(trained), level.lowest(),
                    level.highest(), false);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    /** Each input file and where its result goes. */
    private Map<Path, Path> targets() throws IOException {
        boolean toFile = inputs.size() == 1 && !Files.isDirectory(inputs.get(0)) && !Files.isDirectory(output);
        Map<Path, Path> targets = new LinkedHashMap<>();
        Map<Path, Path> sources = new LinkedHashMap<>();
        for (Path input : inputs) {
            for (Path file : Files.isDirectory(input) ? picturesIn(input) : List.of(input)) {
                Path target = toFile ? output : output.resolve(file.getFileName());
                Path other = sources.put(target, file);
                if (other != null && !other.equals(file)) {
                    throw new InvalidInputException(other + " and " + file + " would both be written to " + target);
                }
                targets.put(file, target);
            }
        }
        if (!toFile) {
            if (Files.exists(output) && !Files.isDirectory(output)) {
                throw new InvalidInputException(output + " is a file; several inputs need a folder for --output");
            }
            folderToMake = output;
        }
        return targets;
    }

    private static List<Path> picturesIn(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            List<Path> pictures = entries.filter(entry -> entry.getFileName().toString().toLowerCase(Locale.ROOT)
                    .matches(".*\\.(png|jpe?g)"))
                    .sorted().toList();
            if (pictures.isEmpty()) {
                throw new InvalidInputException(folder + " holds no PNG or JPEG files");
            }
            return pictures;
        }
    }

    /** Denoises an IDX file; reads a picture, to be denoised with others. */
    private void start(Engine engine, Path input, Path target, Noise noise, List<Job> pictures) throws IOException {
        if (Files.exists(target) && !overwrite) {
            throw new InvalidInputException(target + " exists already; --overwrite replaces it");
        }
        Architecture architecture = engine.architecture();
        String format = ImageFile.formatOf(input);
        requireMatchingName(input, format, target);
        if (format != null) {
            pictures.add(new Job(input, ImageFile.read(input, architecture.height(), architecture.width(),
                    architecture.channels()), target));
            return;
        }
        ImageSet images = IdxFile.read(input, 0);
        if (images.height() != architecture.height() || images.width() != architecture.width()
                || images.channels() != architecture.channels()) {
            throw new InvalidInputException(input + " holds images of " + images.describeSize() + "; the model wants "
                    + ImageSet.describeSize(architecture.height(), architecture.width(), architecture.channels()));
        }
        makeFolder();
        IdxFile.write(target, ImageDenoiser.denoise(engine, images, noise, 0));
        done++;
    }

    /** A file's name should not promise another format than its content has. */
    private static void requireMatchingName(Path input, String format, Path target) {
        String name = target.getFileName().toString().toLowerCase(Locale.ROOT);
        String promised = name.endsWith(".png") ? "png" : name.endsWith(".jpg") || name.endsWith(".jpeg") ? "jpeg" : null;
        if (promised != null && !promised.equals(format)) {
            throw new InvalidInputException(input + " is "
                    + (format == null ? "no picture" : "a " + format.toUpperCase(Locale.ROOT))
                    + ", and so will be the result: give " + target + " another name");
        }
    }

    /** Denoises the pictures together and writes them. */
    private void finish(Engine engine, List<Job> pictures, Noise noise) throws IOException {
        if (pictures.isEmpty()) {
            return;
        }
        Architecture architecture = engine.architecture();
        byte[] pixels = new byte[pictures.size() * architecture.imageSize()];
        for (int i = 0; i < pictures.size(); i++) {
            System.arraycopy(pictures.get(i).picture().image().pixels(), 0, pixels, i * architecture.imageSize(),
                    architecture.imageSize());
        }
        ImageSet denoised = ImageDenoiser.denoise(engine,
                new ImageSet(architecture.height(), architecture.width(), architecture.channels(), pixels), noise, done);
        makeFolder();
        for (int i = 0; i < pictures.size(); i++) {
            AtomicFile.write(pictures.get(i).target(), ImageFile.encode(denoised, i, pictures.get(i).picture().format()));
            done++;
        }
        pictures.clear();
    }

    private void makeFolder() throws IOException {
        if (folderToMake != null) {
            Files.createDirectories(folderToMake);
        }
    }

    private int report(int files) {
        PrintWriter err = spec.commandLine().getErr();
        for (String failure : failures) {
            err.println(spec.qualifiedName() + ": " + DaeGpu.oneLine(failure));
        }
        if (done > 0) {
            spec.commandLine().getOut().println("Denoised " + done + " of " + files + (files == 1 ? " file" : " files")
                    + " into " + output);
        }
        return failures.isEmpty() ? ExitStatus.DONE : done == 0 ? ExitStatus.BAD_INPUT : ExitStatus.DONE_IN_PART;
    }
}
