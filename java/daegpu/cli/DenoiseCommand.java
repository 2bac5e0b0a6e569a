package daegpu.cli;

import daegpu.data.AtomicFile;
import daegpu.data.IdxFile;
import daegpu.data.ImageFile;
import daegpu.data.ImageSet;
import daegpu.data.InvalidInputException;
import daegpu.data.Photo;
import daegpu.data.PictureFolder;
import daegpu.engine.Engines.OpenedEngine;
import daegpu.engine.ImageDenoiser;
import daegpu.engine.InferenceEngine;
import daegpu.engine.PhotoDenoiser;
import daegpu.engine.PictureDenoiser;
import daegpu.model.Network;
import daegpu.model.Reach;
import daegpu.model.Tensor;
import daegpu.noise.Noise;
import daegpu.train.BuiltInModel;
import daegpu.train.Checkpoint;
import daegpu.train.PictureNoise;
import daegpu.train.RunRecord;
import java.io.File;
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
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code denoise}: runs a model on images. */
@Command(
        name = "denoise",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Takes the noise out of images. Pictures of any size go through the model in tiles of",
            "its own size, which overlap and are blended; smaller ones are filled up with their",
            "reflection. A result has the size, the depth and the transparency of its picture,",
            "upright. A model of grey images takes red, green and blue one by one.",
            "Without a model, each file goes through the one of those in the program that fits it:",
            "photo-grey, photo-color, or digits for an IDX file.",
            "What cannot be used is named at the end; the rest is done, and the exit status is 3.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  dae-gpu denoise photo.jpg --output clean.jpg",
            "  dae-gpu denoise photo-grey scans/ --output cleaned",
            "  dae-gpu denoise digits scans/ more.idx3-ubyte --output cleaned",
            "  dae-gpu denoise photo-model photos --overlap 24 --output cleaned",
            "  dae-gpu denoise digits digit.png --add-noise --output clean.png"
        })
final class DenoiseCommand implements Callable<Integer> {

    /** Values of the pictures that go through the network together, about: 500 of MNIST's. */
    private static final int CHUNK = 500 * 28 * 28;

    @Spec
    private CommandSpec spec;

    @Parameters(
            arity = "1..*",
            paramLabel = "[MODEL] INPUT",
            description = "First the model, if one is chosen: a checkpoint (*.safetensors), the folder of a run, or a "
                    + "name from the list of the command models. Then PNG, JPEG or IDX files, or folders of PNG and "
                    + "JPEG files and of such folders.")
    private List<Path> arguments;

    @Option(
            names = "--output",
            paramLabel = "PATH",
            required = true,
            description = "Where the cleaned images go, in the format of the input: a file for one input file, unless "
                    + "this is a folder or ends in a slash, else a folder.")
    private Path output;

    @Option(names = "--overwrite", description = "Replace files that are there already.")
    private boolean overwrite;

    @Option(names = "--resize", description = "Scale pictures to the model's size instead, and leave the results so.")
    private boolean resize;

    @Option(
            names = "--crop",
            description = "Take the part around the middle that has the model's proportions, and scale it "
                    + "to the model's size.")
    private boolean crop;

    @Option(
            names = "--overlap",
            paramLabel = "N",
            description = "Pixels that neighbouring tiles share at least (default: half of the model's size).")
    private Integer overlap;

    @Option(names = "--add-noise", description = "Corrupt the images first, to try the model out.")
    private boolean addNoise;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Decides that noise (default: the seed of the model's run).")
    private Long seed;

    @ArgGroup(
            validate = false,
            heading = "%nNoise for --add-noise (default: as the model was trained; of another kind, as for train):%n",
            order = 1)
    private NoiseOptions noise = new NoiseOptions();

    @ArgGroup(validate = false, heading = "%nWhat computes:%n", order = 2)
    private EngineChoice engineChoice = new EngineChoice();

    /** The arguments that are no model. */
    private List<Path> inputs;

    private final List<String> failures = new ArrayList<>();
    private int done;
    /** Made when there is something to put into it; null where the result goes to a file. */
    private Path folderToMake;

    /** What {@code --add-noise} does to images; null where it was not given. */
    private record Corruption(Noise noise, long seed) {}

    /** A picture that was read and is to go to a file. */
    private record Job(Path input, Photo photo, Path target) {}

    @Override
    public Integer call() throws IOException {
        requireAddNoise();
        if (resize && crop || overlap != null && (resize || crop)) {
            throw new ParameterException(spec.commandLine(), "give one of --resize, --crop and --overlap");
        }
        if (!isModel(arguments.get(0))) {
            inputs = arguments;
            Map<Path, Path> targets = targets();
            for (Map.Entry<BuiltInModel, Map<Path, Path>> fitting :
                    byModel(targets).entrySet()) {
                BuiltInModel model = fitting.getKey();
                spec.commandLine().getOut().println("Model: " + model + ", for " + model.images());
                denoise(model.read(), fitting.getValue());
            }
            return report(targets.size());
        }
        inputs = arguments.subList(1, arguments.size());
        if (inputs.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(), "name the pictures to denoise after the model " + arguments.get(0));
        }
        Map<Path, Path> targets = targets();
        denoise(Checkpoint.ofModel(arguments.get(0)), targets);
        return report(targets.size());
    }

    /**
     * Whether the first argument is a model: what is no picture, no IDX file, and no folder but that of a run. What is
     * not there is one unless it has the name of a picture.
     */
    private static boolean isModel(Path first) {
        if (Files.isDirectory(first)) {
            return Files.exists(Checkpoint.fileOf(first))
                    || RunRecord.ofModel(Checkpoint.fileOf(first)).isPresent();
        }
        if (!Files.exists(first)) {
            return !PictureFolder.isNamedAsPicture(first);
        }
        return !PictureFolder.isNamedAsPicture(first) && ImageFile.formatOf(first) == null && !IdxFile.isIdx(first);
    }

    /** The files by the models in the program that fit them, in the order of the first file of each. */
    private static Map<BuiltInModel, Map<Path, Path>> byModel(Map<Path, Path> targets) {
        Map<BuiltInModel, Map<Path, Path>> models = new LinkedHashMap<>();
        targets.forEach((file, target) -> models.computeIfAbsent(fitting(file), model -> new LinkedHashMap<>())
                .put(file, target));
        return models;
    }

    private static BuiltInModel fitting(Path file) {
        try {
            return InputFiles.formatOf(file) == null
                    ? BuiltInModel.DIGITS
                    : BuiltInModel.forPictures(ImageFile.header(file).channels());
        } catch (InvalidInputException e) {
            return BuiltInModel.PHOTO_GREY; // Any model will do: the file is reported when it is read.
        }
    }

    private void denoise(Checkpoint checkpoint, Map<Path, Path> targets) throws IOException {
        Network network = checkpoint.options().network();
        Tensor image = network.input();
        boolean asWhole = Reach.of(network).isPresent();
        if (overlap != null && asWhole) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--overlap is for networks with a bottleneck; this one denoises pictures as a whole");
        }
        int shared = overlap != null ? overlap : PhotoDenoiser.defaultOverlap(image);
        int least = Math.min(image.height(), image.width());
        if (shared < 0 || shared >= least) {
            throw new ParameterException(
                    spec.commandLine(), "--overlap must be 0 to " + (least - 1) + " for this model, not " + shared);
        }
        Corruption added = addNoise
                ? new Corruption(
                        noise(checkpoint.options().noise()),
                        seed != null ? seed : checkpoint.options().seed())
                : null;
        try (OpenedEngine<InferenceEngine> engine = engineChoice.open(network, 1);
                PictureDenoiser denoiser = asWhole
                        ? engineChoice.wholePictures(checkpoint)
                        : new PhotoDenoiser(image, engine.engine()::denoise, shared);
                FileProgress progress = new FileProgress(spec.commandLine().getOut(), "files")) {
            engine.engine().load(checkpoint.state().weights());
            List<Job> pictures = new ArrayList<>();
            int started = 0;
            long values = 0;
            for (Map.Entry<Path, Path> entry : targets.entrySet()) {
                try {
                    values += start(engine.engine(), entry.getKey(), entry.getValue(), added, pictures);
                } catch (InvalidInputException e) {
                    failures.add(Remedies.message(e, spec));
                }
                if (values >= CHUNK) {
                    finish(denoiser, pictures, added);
                    values = 0;
                }
                started++;
                progress.progressed("denoising", started, targets.size());
            }
            finish(denoiser, pictures, added);
        }
    }

    private void requireAddNoise() {
        List<String> options = new ArrayList<>(NoiseOptions.NAMES);
        options.add("--seed");
        for (String option : options) {
            if (!addNoise && spec.commandLine().getParseResult().hasMatchedOption(option)) {
                throw new ParameterException(spec.commandLine(), option + " goes with --add-noise");
            }
        }
    }

    private Noise noise(Noise trained) {
        try {
            return noise.noise(trained.drawnOnce(false));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    /** Each input file and where its result goes. */
    private Map<Path, Path> targets() throws IOException {
        boolean toFile =
                inputs.size() == 1 && !Files.isDirectory(inputs.get(0)) && !Files.isDirectory(output) && !saysFolder();
        Map<Path, Path> targets = new LinkedHashMap<>();
        Map<Path, Path> sources = new LinkedHashMap<>();
        for (Path input : inputs) {
            boolean folder = Files.isDirectory(input);
            for (Path file : folder ? picturesIn(input) : List.of(input)) {
                Path target = toFile ? output : output.resolve(folder ? input.relativize(file) : file.getFileName());
                Path other = sources.put(target, file);
                if (other != null && !other.equals(file)) {
                    throw new InvalidInputException(other + " and " + file + " would both be written to " + target);
                }
                targets.put(file, target);
            }
        }
        if (!toFile) {
            if (Files.exists(output) && !Files.isDirectory(output)) {
                throw new InvalidInputException(output + " is a file"
                        + (saysFolder() ? ", no folder" : "; several inputs need a folder for --output"));
            }
            folderToMake = output;
        }
        return targets;
    }

    /** Whether the output was written with a slash at its end, which paths do not keep. */
    private boolean saysFolder() {
        String text = spec.commandLine()
                .getParseResult()
                .matchedOption("--output")
                .originalStringValues()
                .get(0);
        return text.endsWith("/") || text.endsWith(File.separator);
    }

    /** The pictures in a folder, without the results of an earlier call if they went to a folder inside it. */
    private List<Path> picturesIn(Path folder) {
        Path results = output.toAbsolutePath().normalize();
        boolean inside = !results.equals(folder.toAbsolutePath().normalize());
        return InputFiles.picturesIn(
                folder, file -> !(inside && file.toAbsolutePath().normalize().startsWith(results)));
    }

    /**
     * Denoises an IDX file; reads a picture, to be denoised with others.
     *
     * @return values that were added to those that wait to be denoised
     */
    private long start(InferenceEngine engine, Path input, Path target, Corruption added, List<Job> pictures)
            throws IOException {
        Overwriting.requireAllowed(target, overwrite);
        Tensor image = engine.network().input();
        String format = InputFiles.formatOf(input);
        requireMatchingName(input, format, target);
        if (format != null) {
            InputFiles.requirePicturesFit(input, image);
            Photo photo = fitted(ImageFile.open(input), image);
            pictures.add(new Job(input, photo, target));
            return photo.values().length;
        }
        ImageSet images = InputFiles.readIdx(input, image);
        makeFolder();
        IdxFile.write(
                target,
                added == null
                        ? ImageDenoiser.denoise(engine, images)
                        : ImageDenoiser.denoise(engine, images, added.noise(), added.seed(), 0));
        done++;
        return 0;
    }

    private Photo fitted(Photo photo, Tensor image) {
        // What is stored as red, green and blue but has no colour need not go through a model of grey images three
        // times.
        Photo own = image.channels() == 1 && photo.isGrey() ? photo.withChannels(1) : photo;
        return resize
                ? own.resized(image.height(), image.width())
                : crop ? own.cropped(image.height(), image.width()) : own;
    }

    /** Refuses a target whose name promises another format than the result has. */
    private static void requireMatchingName(Path input, String format, Path target) {
        String name = target.toString().toLowerCase(Locale.ROOT);
        String promised =
                name.endsWith(".png") ? "png" : name.endsWith(".jpg") || name.endsWith(".jpeg") ? "jpeg" : null;
        if (promised != null && !promised.equals(format)) {
            throw new InvalidInputException(input + " is "
                    + (format == null ? "no picture" : "a " + format.toUpperCase(Locale.ROOT))
                    + ", and so will be the result: give " + target + " another name");
        }
    }

    /** Denoises the pictures together and writes them. */
    private void finish(PictureDenoiser denoiser, List<Job> pictures, Corruption added) throws IOException {
        if (pictures.isEmpty()) {
            return;
        }
        List<Photo> noisy = new ArrayList<>();
        for (int i = 0; i < pictures.size(); i++) {
            Photo photo = denoiser.forNetwork(pictures.get(i).photo());
            noisy.add(added == null ? photo : PictureNoise.add(added.noise(), added.seed(), photo));
        }
        List<Photo> denoised = denoiser.denoise(noisy);
        for (int i = 0; i < pictures.size(); i++) {
            Path target = pictures.get(i).target();
            if (folderToMake != null) {
                Files.createDirectories(target.toAbsolutePath().getParent());
            }
            AtomicFile.write(
                    target,
                    ImageFile.encode(
                            denoised.get(i).withChannels(pictures.get(i).photo().channels())));
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
            spec.commandLine()
                    .getOut()
                    .println("Denoised " + done + " of " + files + (files == 1 ? " file" : " files") + " into "
                            + output);
        }
        return failures.isEmpty() ? ExitStatus.DONE : done == 0 ? ExitStatus.BAD_INPUT : ExitStatus.DONE_IN_PART;
    }
}
