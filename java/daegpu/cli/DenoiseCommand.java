package daegpu.cli;

import daegpu.data.ImageFile;
import daegpu.data.InvalidInputException;
import daegpu.data.Photo;
import daegpu.data.PictureFormat;
import daegpu.data.ValueRange;
import daegpu.denoise.PhotoDenoiser;
import daegpu.denoise.Strength;
import daegpu.denoise.WholePictureDenoiser;
import daegpu.model.Network;
import daegpu.model.Reach;
import daegpu.model.Tensor;
import daegpu.noise.Noise;
import daegpu.train.BuiltInModel;
import daegpu.train.Checkpoint;
import daegpu.train.TrainingOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
            "Takes the noise out of pictures of any size and of IDX files.",
            "Without a model, each file is denoised by the model in the program that fits it: photo-grey, "
                    + "photo-color, or digits for an IDX file.",
            "A U-Net denoises a picture as a whole, in the memory that --memory allows. Other models denoise it in "
                    + "tiles of their own size, which overlap and are blended; a picture that is smaller than a tile "
                    + "is filled up with its reflection. A model of grey images denoises red, green and blue one "
                    + "after the other.",
            "A result has the size, depth, transparency, colour profile, resolution, EXIF data, text and pages of "
                    + "its picture, and is upright.",
            "A file that cannot be used is named at the end; the others are denoised, and the exit status is 3.",
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

    @Spec
    private CommandSpec spec;

    @Parameters(
            arity = "1..*",
            paramLabel = "[MODEL] INPUT",
            description = "First the model, if one is chosen: a checkpoint (*.safetensors), the folder of a run, or a "
                    + "name from the list of the command models. Then pictures (PNG, JPEG, TIFF, BMP, GIF or "
                    + "WebP), IDX files, or folders of pictures and of such folders; - is the standard input.")
    private List<Path> arguments;

    @Option(
            names = "--output",
            paramLabel = "PATH",
            required = true,
            description =
                    "Where the cleaned images go: a file for one input file, unless this is a folder or ends in a "
                            + "slash, else a folder; - is the standard output.")
    private Path output;

    @Option(names = "--overwrite", description = "Replace files that are there already.")
    private boolean overwrite;

    @Option(
            names = "--skip-existing",
            description = "Leave out what has a result already: the same command goes on where it was stopped.")
    private boolean skipExisting;

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

    @Option(
            names = "--range",
            paramLabel = "LOW..HIGH",
            parameterConsumer = RangeParameter.class,
            description = RangeParameter.DESCRIPTION)
    private ValueRange range;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            converter = MemorySize.Converter.class,
            description = MemorySize.OF_PARTS)
    private Long memory;

    @Mixin
    private ResultFormat result = new ResultFormat();

    @Option(
            names = "--strength",
            paramLabel = "X",
            defaultValue = "1",
            description =
                    "How much of the noise to take out: 0 leaves the image as it is, 1 gives what the model makes "
                            + "of it, and between them they are blended (default: ${DEFAULT-VALUE}).")
    private float strength;

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
    private final List<String> remarks = new ArrayList<>();
    /** Of each model, one at most. */
    private final List<String> warnings = new ArrayList<>();
    /** Files that were left out because their results are there. */
    private int skipped;

    private final StandardStreams streams = new StandardStreams();

    /**
     * What was denoised.
     *
     * @param files how many
     * @param whole whether it came to the end, and was not interrupted
     */
    private record Done(int files, boolean whole) {}

    @Override
    public Integer call() throws IOException {
        return streams.call(this::run);
    }

    private int run() throws IOException {
        requireAddNoise();
        result.check(spec.commandLine());
        if (overwrite && skipExisting) {
            throw new ParameterException(spec.commandLine(), "give one of --overwrite and --skip-existing");
        }
        boolean toStandardOutput = StandardStreams.isStreamForOutput(output);
        boolean named = !StandardStreams.isStream(arguments.get(0))
                && ModelFile.isModel(arguments.get(0), arguments.size() == 1);
        if (arguments.size() == (named ? 1 : 0)) {
            throw new ParameterException(
                    spec.commandLine(), "name the pictures to denoise after the model " + arguments.get(0));
        }
        List<Path> given = arguments.subList(named ? 1 : 0, arguments.size());
        ModelFile.requireNone(given, spec);
        requireOneForStreams(given, toStandardOutput);
        inputs = new ArrayList<>();
        for (Path input : given) {
            inputs.add(streams.read(input));
        }
        output = streams.output(output, spec.commandLine());
        return denoise(named);
    }

    /**
     * What comes from a stream has no name that its result could have in a folder; and only one result can go to one.
     */
    private void requireOneForStreams(List<Path> given, boolean toStandardOutput) {
        boolean one = given.size() == 1 && !Files.isDirectory(given.get(0));
        if (toStandardOutput && !one) {
            throw new ParameterException(spec.commandLine(), "--output " + output + " is for one input file");
        }
        if (given.stream().anyMatch(StandardStreams::isStream)
                && (!one || !toStandardOutput && (Files.isDirectory(output) || saysFolder()))) {
            throw new ParameterException(
                    spec.commandLine(),
                    "a pipe or the standard input is the only input, and needs a file for --output");
        }
    }

    /** @param named whether the first argument is the model */
    private int denoise(boolean named) throws IOException {
        if (resize && crop || overlap != null && (resize || crop)) {
            throw new ParameterException(spec.commandLine(), "give one of --resize, --crop and --overlap");
        }
        Strength blended = strength();
        if (!named) {
            Map<Path, Path> targets = targets();
            Done all = new Done(0, true);
            for (Map.Entry<BuiltInModel, Map<Path, Path>> fitting :
                    byModel(targets).entrySet()) {
                if (!all.whole()) {
                    break;
                }
                BuiltInModel model = fitting.getKey();
                spec.commandLine().getOut().println("Model: " + model + ", for " + model.images());
                Done done = denoise(model.read(), fitting.getValue(), blended);
                all = new Done(all.files() + done.files(), done.whole());
            }
            return report(targets.size(), all);
        }
        Map<Path, Path> targets = targets();
        return report(targets.size(), denoise(Checkpoint.ofModel(arguments.get(0)), targets, blended));
    }

    /**
     * The files by the models in the program that fit them, in the order of the first file of each; without those that
     * cannot be used, which are failures.
     */
    private Map<BuiltInModel, Map<Path, Path>> byModel(Map<Path, Path> targets) {
        Map<BuiltInModel, Map<Path, Path>> models = new LinkedHashMap<>();
        targets.forEach((file, target) -> {
            try {
                models.computeIfAbsent(fitting(file), model -> new LinkedHashMap<>())
                        .put(file, target);
            } catch (InvalidInputException e) {
                failures.add(Remedies.message(e, spec));
            }
        });
        return models;
    }

    private static BuiltInModel fitting(Path file) {
        return InputFiles.formatOf(file) == null
                ? BuiltInModel.DIGITS
                : BuiltInModel.forPictures(ImageFile.header(file).channels());
    }

    private Done denoise(Checkpoint checkpoint, Map<Path, Path> targets, Strength blended) throws IOException {
        Network network = checkpoint.options().network();
        Tensor image = network.input();
        boolean asWhole = Reach.of(network).isPresent();
        if (overlap != null && asWhole) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--overlap is for networks with a bottleneck; this one denoises pictures as a whole");
        }
        if (memory != null && !asWhole) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--memory is for networks without a bottleneck; this one denoises tiles of its own size");
        }
        int shared = overlap != null ? overlap : PhotoDenoiser.defaultOverlap(image);
        int least = Math.min(image.height(), image.width());
        if (shared < 0 || shared >= least) {
            throw new ParameterException(
                    spec.commandLine(), "--overlap must be 0 to " + (least - 1) + " for this model, not " + shared);
        }
        Noise added = addNoise ? noise(checkpoint.options()) : null;
        FileDenoiser.Treatment treatment = new FileDenoiser.Treatment(
                blended,
                added,
                seed != null ? seed : checkpoint.options().seed(),
                fitting(image),
                shared,
                range,
                memory != null ? memory : WholePictureDenoiser.defaultMemory(),
                result);
        AtomicBoolean interrupted = new AtomicBoolean();
        try (FileDenoiser files = new FileDenoiser(
                        checkpoint, engineChoice, treatment, !goesToFile(), interrupted::get, failures);
                FileProgress progress = new FileProgress(spec.commandLine().getOut(), "files")) {
            boolean whole =
                    Interruption.callsWhile(() -> interrupted.set(true), () -> denoise(targets, files, progress));
            remarks.addAll(files.seenNoise().lines());
            remarks.addAll(files.remarks());
            files.warning().ifPresent(warnings::add);
            return new Done(files.done(), whole);
        }
    }

    private Strength strength() {
        try {
            return new Strength(strength);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--strength must be from 0 to 1, not " + strength, e);
        }
    }

    /** What makes pictures fit the model's size; null where they keep their own. */
    private UnaryOperator<Photo> fitting(Tensor image) {
        return resize
                ? photo -> photo.resized(image.height(), image.width())
                : crop ? photo -> photo.cropped(image.height(), image.width()) : null;
    }

    /** @return whether it came to the end, and was not interrupted */
    private boolean denoise(Map<Path, Path> targets, FileDenoiser files, FileProgress progress) throws IOException {
        int all = targets.size();
        int started = 0;
        try {
            for (Map.Entry<Path, Path> entry : targets.entrySet()) {
                Path input = entry.getKey();
                int before = started;
                try {
                    if (skipExisting && Files.isRegularFile(entry.getValue())) {
                        skipped++;
                        started++;
                        continue;
                    }
                    Overwriting.requireAllowed(entry.getValue(), overwrite);
                    String format = InputFiles.formatOf(input);
                    if (format == null) {
                        requireNoPicture(input, entry.getValue());
                    }
                    if (goesToFile()) {
                        requireFittingName(format);
                    }
                    files.denoise(
                            input,
                            format,
                            entry.getValue(),
                            (page, pages, part) -> progress.progressedWithin(
                                    "denoising", before, all, nameOf(input, page, pages), (page + part) / pages));
                } catch (InvalidInputException e) {
                    failures.add(Remedies.message(e, spec));
                } catch (IOException e) {
                    failures.add(DaeGpu.describe(e));
                } catch (OutOfMemoryError e) {
                    failures.add(FileDenoiser.outOfMemory(input));
                }
                started++;
                progress.progressed("denoising", started, all);
            }
            try {
                files.finish();
            } catch (InvalidInputException e) {
                failures.add(Remedies.message(e, spec));
            }
            return true;
        } catch (CancellationException e) {
            return false;
        }
    }

    private static String nameOf(Path input, int page, int pages) {
        return input.getFileName() + (pages > 1 ? ", page " + (page + 1) + " of " + pages : "");
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

    private Noise noise(TrainingOptions model) {
        try {
            return noise.noise(model);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    /** Each input file and where its result goes. */
    private Map<Path, Path> targets() throws IOException {
        boolean toFile = goesToFile();
        Map<Path, Path> folders = new LinkedHashMap<>();
        for (Path input : inputs) {
            boolean folder = Files.isDirectory(input);
            for (Path file : folder ? picturesIn(input) : List.of(input)) {
                folders.put(
                        file, folder ? output.resolve(input.relativize(file)).getParent() : output);
            }
        }
        Map<Path, Path> targets = new LinkedHashMap<>();
        if (toFile) {
            targets.put(inputs.get(0), output);
        } else {
            targets.putAll(result.targets(folders));
        }
        if (!toFile) {
            if (!Files.exists(output) && !saysFolder()) {
                OutputName.requireFitting(output, spec, "a folder for the results");
            }
            if (Files.exists(output) && !Files.isDirectory(output)) {
                throw new InvalidInputException(output + " is a file"
                        + (saysFolder() ? ", no folder" : "; several inputs need a folder for --output"));
            }
        }
        return targets;
    }

    /** Whether the output is a file for one input file, and no folder, which is made when there is something for it. */
    private boolean goesToFile() {
        return inputs.size() == 1 && !Files.isDirectory(inputs.get(0)) && !Files.isDirectory(output) && !saysFolder();
    }

    private boolean saysFolder() {
        return OutputName.saysFolder(spec);
    }

    /** The pictures in a folder, without the results of an earlier call if they went to a folder inside it. */
    private List<Path> picturesIn(Path folder) {
        Path results = real(output);
        if (real(folder).startsWith(results)) {
            return InputFiles.picturesIn(folder, file -> true, failures);
        }
        Map<Path, Boolean> hold = new HashMap<>();
        return InputFiles.picturesIn(folder, file -> !isIn(results, file.getParent(), folder, hold), failures);
    }

    /**
     * Whether a folder is that of the results or one in it, by whatever way it was reached: through a link, or where
     * the same folder is mounted a second time.
     *
     * @param inner a folder in {@code folder}, or this itself
     * @param known what was found of others
     */
    private boolean isIn(Path results, Path inner, Path folder, Map<Path, Boolean> known) {
        if (inner.equals(folder)) {
            return false;
        }
        Boolean before = known.get(inner);
        if (before != null) {
            return before;
        }
        boolean found = real(inner).startsWith(results)
                || isSame(inner, results)
                || isIn(results, inner.getParent(), folder, known);
        known.put(inner, found);
        return found;
    }

    private static boolean isSame(Path one, Path other) {
        try {
            return Files.exists(other) && Files.isSameFile(one, other);
        } catch (IOException e) {
            return false;
        }
    }

    /** Where a path leads, whatever links are in it, and whether it is there or not. */
    private static Path real(Path path) {
        Path existing = path.toAbsolutePath().normalize();
        Path rest = Path.of("");
        while (true) {
            try {
                return existing.toRealPath().resolve(rest);
            } catch (IOException e) {
                Path parent = existing.getParent();
                if (parent == null) {
                    return path.toAbsolutePath().normalize();
                }
                rest = parent.relativize(existing).resolve(rest);
                existing = parent;
            }
        }
    }

    private void requireFittingName(String format) {
        if (format == null) {
            OutputName.requireFitting(output, spec, "an IDX file", "ubyte", "gz");
        } else {
            OutputName.requireFitting(output, spec, "a picture: PNG, JPEG, TIFF or BMP", OutputName.PICTURES);
        }
    }

    /** Refuses a target with the name of a picture for what is none. */
    private static void requireNoPicture(Path input, Path target) {
        PictureFormat.ofName(target).ifPresent(promised -> {
            throw new InvalidInputException(input + " is not a picture, so its result is not one either: " + target
                    + " has the name of a " + promised.title() + " file; give it another name");
        });
    }

    private int report(int files, Done done) throws IOException {
        streams.writeOut();
        PrintWriter err = spec.commandLine().getErr();
        for (String failure : failures) {
            err.println(spec.qualifiedName() + ": " + DaeGpu.oneLine(streams.named(failure)));
        }
        for (String warning : warnings) {
            err.println(spec.qualifiedName() + ": " + DaeGpu.oneLine(streams.named(warning)));
        }
        if (done.files() > 0) {
            result.remark().ifPresent(remarks::add);
        }
        for (String remark : remarks) {
            spec.commandLine().getOut().println(DaeGpu.oneLine(streams.named(remark)));
        }
        if (done.files() > 0 || skipped > 0 || !done.whole()) {
            spec.commandLine()
                    .getOut()
                    .println((done.whole() ? "" : "Interrupted. ") + "Denoised " + done.files() + " of " + files
                            + (files == 1 ? " file" : " files") + " into " + streams.named(output.toString())
                            + (skipped == 0 ? "" : "; of " + skipped + " there was a result already"));
        }
        if (!done.whole()) {
            return ExitStatus.INTERRUPTED;
        }
        return failures.isEmpty()
                ? ExitStatus.DONE
                : done.files() + skipped == 0 ? ExitStatus.BAD_INPUT : ExitStatus.DONE_IN_PART;
    }
}
