package daegpu.cli;

import daegpu.data.DataSets;
import daegpu.data.ImageSet;
import daegpu.data.InvalidInputException;
import daegpu.data.Labels;
import daegpu.data.Preparation;
import daegpu.data.Preparation.Colour;
import daegpu.data.Preparation.Fit;
import daegpu.engine.Convolutions;
import daegpu.engine.EngineName;
import daegpu.engine.Engines.OpenedEngine;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Precision;
import daegpu.engine.TrainingState;
import daegpu.model.Architecture;
import daegpu.model.Initializer;
import daegpu.model.Parameters;
import daegpu.noise.Noise;
import daegpu.preview.Lettering;
import daegpu.preview.LivePreview;
import daegpu.train.Checkpoint;
import daegpu.train.DryRun;
import daegpu.train.DryRun.Timing;
import daegpu.train.ElapsedTime;
import daegpu.train.LatentMap;
import daegpu.train.LearningRate;
import daegpu.train.LearningRate.Schedule;
import daegpu.train.MetricsLog;
import daegpu.train.PreviewFeed;
import daegpu.train.RunDirectory;
import daegpu.train.RunRecord;
import daegpu.train.RunReport;
import daegpu.train.TensorBoardLog;
import daegpu.train.Trainer;
import daegpu.train.Trainer.Outcome;
import daegpu.train.TrainingListener;
import daegpu.train.TrainingOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code train}: makes a model, or trains one further. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {"Trains a denoising autoencoder, on MNIST unless other images are given.", ""},
        footerHeading = "%nExamples:%n",
        footer = {
            "  dae-gpu train --output digits",
            "  dae-gpu train --limit 2000 --epochs 2 --noise-std 0.75",
            "  dae-gpu train --noise salt-pepper --noise-amount 0.1..0.7",
            "  dae-gpu train --data photos --tiles 32x32 --limit 20000 --output photo-model",
            "  dae-gpu train --config digits/config.json --seed 2 --output digits-2",
            "  dae-gpu train --filters 64,128 --dry-run",
            "  dae-gpu train --resume digits --epochs 20"
        })
final class TrainCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @ArgGroup(validate = false, heading = "Training:%n", order = 1)
    private TrainingGroup training = new TrainingGroup();

    private static final class TrainingGroup {
        @Option(
                names = "--epochs",
                paramLabel = "N",
                defaultValue = "10",
                description =
                        "Epochs in all; a run that is resumed counts those it has done (default: ${DEFAULT-VALUE}).")
        private int epochs;

        @Option(
                names = "--batch-size",
                paramLabel = "N",
                defaultValue = "32",
                description = "Images in an update (default: ${DEFAULT-VALUE}).")
        private int batchSize;

        @Option(
                names = "--learning-rate",
                paramLabel = "RATE",
                description =
                        "Adam's step size, at its peak (default: 4e-3 with the cosine schedule, 1e-3 with constant).")
        private Double learningRate;

        @Option(
                names = "--schedule",
                paramLabel = "NAME",
                defaultValue = "cosine",
                description =
                        "How the learning rate goes on: ${COMPLETION-CANDIDATES}; cosine rises for the first 4 %% of the "
                                + "updates and ends at zero after --epochs, "
                                + "so a run that is resumed with another number follows the cosine of that length from there "
                                + "(default: ${DEFAULT-VALUE}).")
        private Schedule schedule;

        @Option(
                names = "--seed",
                paramLabel = "N",
                defaultValue = "1",
                description = "Decides the first weights, the noise and the order of the images (default: "
                        + "${DEFAULT-VALUE}).")
        private long seed;

        @Option(
                names = "--init-from",
                paramLabel = "MODEL",
                description = "Start a new run from this model's network and weights.")
        private Path initFrom;
    }

    @ArgGroup(validate = false, heading = "%nNoise:%n", order = 2)
    private NoiseGroup noise = new NoiseGroup();

    private static final class NoiseGroup {
        @Option(
                names = "--noise",
                paramLabel = "KIND",
                defaultValue = "gaussian",
                description =
                        "What corrupts the images: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}). Colours are "
                                + "corrupted each by itself.")
        private Noise.Kind kind;

        @Option(
                names = "--noise-mean",
                paramLabel = "X",
                description = "Mean of gaussian, uniform or speckle noise, on pixels from 0 to 1 (default: 0.5; 0 for "
                        + "speckle).")
        private Float mean;

        @Option(
                names = "--noise-std",
                paramLabel = "LEVEL",
                converter = NoiseLevel.Converter.class,
                description =
                        "Its standard deviation, or a range, as 0.25..1.0, from which each image draws its own (default: 0.5).")
        private NoiseLevel std;

        @Option(
                names = "--noise-amount",
                paramLabel = "LEVEL",
                converter = NoiseLevel.Converter.class,
                description =
                        "Share of the pixels that salt-pepper or masking noise replaces, or a range (default: 0.5).")
        private NoiseLevel amount;

        @Option(
                names = "--noise-peak",
                paramLabel = "LEVEL",
                converter = NoiseLevel.Converter.class,
                description =
                        "Photons that white stands for in poisson noise, or a range, of which each image draws one of "
                                + "17 levels (default: 4).")
        private NoiseLevel peak;

        @Option(
                names = "--noise-once",
                description = "Draw the noise once and keep it, instead of afresh in each epoch.")
        private boolean once;
    }

    @ArgGroup(validate = false, heading = "%nNetwork:%n", order = 3)
    private NetworkGroup network = new NetworkGroup();

    private static final class NetworkGroup {
        @Option(
                names = "--filters",
                paramLabel = "N,N",
                split = ",",
                defaultValue = "32,64",
                description = "Filters of each convolution, first to last (default: ${DEFAULT-VALUE}).")
        private List<Integer> filters;

        @Option(
                names = "--kernel-size",
                paramLabel = "N",
                defaultValue = "3",
                description = "Height and width of the kernels: 1, 3, 5 or 7 (default: ${DEFAULT-VALUE}).")
        private int kernelSize;

        @Option(
                names = "--latent-dim",
                paramLabel = "N",
                defaultValue = "16",
                description = "Units of the bottleneck (default: ${DEFAULT-VALUE}).")
        private int latentDimension;
    }

    @ArgGroup(validate = false, heading = "%nImages:%n", order = 4)
    private DataGroup data = new DataGroup();

    private static final class DataGroup {
        @Option(
                names = "--data",
                paramLabel = "PATH",
                description =
                        "An IDX file of images, a folder of them by MNIST's names, raw or .gz, or a folder with PNG and "
                                + "JPEG files in it and in its folders, in the order of their names (default: the MNIST inside the "
                                + "program).")
        private Path path;

        @Option(
                names = "--validation-data",
                paramLabel = "PATH",
                description =
                        "Validation images, likewise (default: t10k-images... beside the training images, else the "
                                + "last tenth of them).")
        private Path validation;

        @Option(
                names = "--validation-split",
                paramLabel = "X",
                defaultValue = "0",
                description = "Take this part of the training images, the last ones, for validation.")
        private double validationSplit;

        @Option(
                names = "--limit",
                paramLabel = "N",
                defaultValue = "0",
                description = "Take the first N training images only.")
        private int limit;

        @Option(
                names = "--validation-limit",
                paramLabel = "N",
                defaultValue = "0",
                description = "Take the first N validation images only.")
        private int validationLimit;

        @Option(
                names = "--resize",
                paramLabel = "HxW",
                converter = ImageSize.Converter.class,
                description = "Scale each picture of a folder to this size, height before width as everywhere here.")
        private ImageSize resize;

        @Option(
                names = "--crop",
                paramLabel = "HxW",
                converter = ImageSize.Converter.class,
                description =
                        "Take the largest part around the middle of each picture that has these proportions, and scale "
                                + "it to this size.")
        private ImageSize crop;

        @Option(
                names = "--tiles",
                paramLabel = "HxW",
                converter = ImageSize.Converter.class,
                description =
                        "Cut each picture into tiles of this size; smaller ones are filled up with their reflection.")
        private ImageSize tiles;

        @Option(
                names = "--overlap",
                paramLabel = "N",
                defaultValue = "0",
                description = "Pixels that neighbouring tiles share at least (default: ${DEFAULT-VALUE}).")
        private int overlap;

        @Option(
                names = "--color",
                paramLabel = "NAME",
                defaultValue = "auto",
                description =
                        "Train on grey or color images; auto takes color if one picture of the folder is (default: "
                                + "${DEFAULT-VALUE}).")
        private String color;
    }

    @ArgGroup(validate = false, heading = "%nWhat computes:%n", order = 5)
    private EngineChoice engineChoice = new EngineChoice();

    @ArgGroup(validate = false, heading = "%nThe run:%n", order = 6)
    private RunGroup run = new RunGroup();

    private static final class RunGroup {
        @Option(
                names = "--output",
                paramLabel = "DIR",
                description = "Folder to make for the run (default: runs/ and the date and time).")
        private Path output;

        @Option(
                names = "--log-every",
                paramLabel = "N",
                defaultValue = "" + Trainer.DEFAULT_LOG_EVERY,
                description =
                        "Updates between two looks at the loss, which the progress bar shows; between them nothing "
                                + "waits for a GPU (default: ${DEFAULT-VALUE}).")
        private int logEvery;

        @Option(
                names = "--keep",
                paramLabel = "N",
                defaultValue = "0",
                description = "Keep the checkpoints of the newest N epochs, too, in checkpoints/.")
        private int keep;

        @Option(
                names = "--early-stop",
                paramLabel = "PATIENCE",
                defaultValue = "0",
                description =
                        "Stop after so many epochs in a row that did not lessen the validation error; 0 never does.")
        private int earlyStop;

        @Option(
                names = "--resume",
                paramLabel = "DIR",
                arity = "0..1",
                fallbackValue = "runs",
                description =
                        "Go on with the run in this folder, or with the newest of the runs in it (without DIR: in "
                                + "runs/), with its own options; only --epochs, the location of the images, what computes, "
                                + "--log-every, --keep and --early-stop can be changed.")
        private Path resume;

        @Option(
                names = "--preview",
                description = "Show in a window what the network makes of some validation images, and "
                        + "the loss; closing it does not end the training.")
        private boolean preview;

        @Option(
                names = "--preview-file",
                paramLabel = "FILE.png",
                converter = PngFile.class,
                description = "Draw the same picture into this file, again and again.")
        private Path previewFile;

        @Option(
                names = "--config",
                paramLabel = "FILE",
                description =
                        "Take options from this file, in YAML by their long names (epochs: 20), or from the config.json "
                                + "of a run, whose folder is not taken; what is given here as well wins. Paths in it are as here. "
                                + "Not with --resume.")
        private Path config;

        @Option(
                names = "--dry-run",
                description = "Print the plan, the memory that it takes and the time that it would take, "
                        + "after training for a few seconds; write nothing.")
        private boolean dryRun;
    }

    /** What {@code --convolutions auto} took and why, if it had to choose. */
    private String convolutionsChoice;

    /** What {@code --resume} lets a user change: the others decide the arithmetic, and are the run's own. */
    private static final Set<String> CHANGEABLE = Set.of(
            "--resume",
            "--epochs",
            "--data",
            "--validation-data",
            "--engine",
            "--precision",
            "--threads",
            "--device",
            "--convolutions",
            "--log-every",
            "--keep",
            "--early-stop",
            "--preview",
            "--preview-file",
            "--dry-run");
    /** What is no part of a run's record: which run it is, how it was watched, and what only brought other options. */
    private static final Set<String> UNRECORDED =
            Set.of("--resume", "--preview", "--preview-file", "--config", "--dry-run");
    /** What {@code --init-from} takes from the model. */
    static final Set<String> NETWORK_OPTIONS = Set.of("--filters", "--kernel-size", "--latent-dim");

    @Override
    public Integer call() throws IOException {
        requireSensibleCounts();
        return run.resume != null ? resume() : startNew();
    }

    private void requireSensibleCounts() {
        require(training.epochs >= 1, "--epochs must be 1 or more, not " + training.epochs);
        require(run.logEvery >= 1, "--log-every must be 1 or more, not " + run.logEvery);
        require(run.keep >= 0, "--keep must be 0 or more, not " + run.keep);
        require(run.earlyStop >= 0, "--early-stop must be 0 or more, not " + run.earlyStop);
        require(data.limit >= 0, "--limit must be 0 or more, not " + data.limit);
        require(data.validationLimit >= 0, "--validation-limit must be 0 or more, not " + data.validationLimit);
    }

    private int startNew() throws IOException {
        if (training.learningRate == null) { // here and not below, so that the run's record has it
            training.learningRate = training.schedule.usualPeak();
        }
        Checkpoint model = training.initFrom == null ? null : Checkpoint.read(ModelFile.resolve(training.initFrom));
        requireNetworkFor(preparation(), model);
        DataSets images = openImages();
        TrainingOptions options = options(images.training(), model);
        Path output = run.output != null ? run.output : newRunName();
        Parameters initial = model != null
                ? model.state().parameters()
                : Initializer.glorotUniform(options.network(), options.seed());
        try (OpenedEngine<InspectableEngine> engine = openEngine(options);
                RunDirectory directory = run.dryRun ? RunDirectory.planned(output) : RunDirectory.create(output)) {
            if (run.dryRun) {
                printPlan(options, engine, images, directory);
                return dryRun(options, images, engine, directory, TrainingState.initial(initial), 0);
            }
            record(engine).write(directory.config());
            printPlan(options, engine, images, directory);
            return train(options, images, engine, directory, (trainer, epochs) -> trainer.start(initial, epochs));
        }
    }

    private OpenedEngine<InspectableEngine> openEngine(TrainingOptions options) {
        return engineChoice.openToTrain(
                options.network(), LearningRule.DEFAULT, options.batchSize(), line -> convolutionsChoice = line);
    }

    private DataSets openImages() {
        try (FileProgress progress =
                new FileProgress(out(), ProgressDisplay.onTerminal() ? System.out : null, "pictures")) {
            return DataSets.open(
                    data.path,
                    data.validation,
                    data.validationSplit,
                    data.limit,
                    data.validationLimit,
                    preparation(),
                    progress);
        }
    }

    private Preparation preparation() {
        require(
                Stream.of(data.resize, data.crop, data.tiles)
                                .filter(Objects::nonNull)
                                .count()
                        <= 1,
                "give one of --resize, --crop and --tiles");
        require(data.overlap == 0 || data.tiles != null, "--overlap goes with --tiles");
        Colour colour =
                switch (data.color.toLowerCase(Locale.ROOT)) {
                    case "auto" -> Colour.AUTO;
                    case "grey", "gray" -> Colour.GREY;
                    case "color", "colour" -> Colour.COLOUR;
                    default ->
                        throw new ParameterException(
                                spec.commandLine(), "--color must be grey, color or auto, not " + data.color);
                };
        ImageSize size = data.resize != null ? data.resize : data.crop != null ? data.crop : data.tiles;
        Fit fit = data.resize != null
                ? Fit.RESIZE
                : data.crop != null ? Fit.CROP : data.tiles != null ? Fit.TILES : Fit.NONE;
        try {
            return new Preparation(
                    fit, size == null ? 0 : size.height(), size == null ? 0 : size.width(), data.overlap, colour);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    /** Says before thousands of pictures are read that no network could take them. */
    private void requireNetworkFor(Preparation preparation, Checkpoint model) {
        if (preparation.fit() == Fit.NONE) {
            return;
        }
        int channels = preparation.colour() == Colour.GREY
                ? 1
                : preparation.colour() == Colour.AUTO && model != null
                        ? model.options().architecture().channels()
                        : 3;
        try {
            if (model != null) {
                fitting(
                        model.options().architecture(),
                        new ImageSet(preparation.height(), preparation.width(), channels, new byte[0]));
            } else {
                new Architecture(
                        preparation.height(),
                        preparation.width(),
                        preparation.colour() == Colour.COLOUR ? 3 : 1,
                        network.filters,
                        network.kernelSize,
                        network.latentDimension);
            }
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private TrainingOptions options(ImageSet images, Checkpoint model) {
        try {
            Architecture architecture = model == null
                    ? new Architecture(
                            images.height(),
                            images.width(),
                            images.channels(),
                            network.filters,
                            network.kernelSize,
                            network.latentDimension)
                    : fitting(model.options().architecture(), images);
            long updates = TrainingOptions.stepsPerEpoch(images.count(), training.batchSize) * training.epochs;
            return new TrainingOptions(
                    architecture,
                    chosenNoise(),
                    training.seed,
                    training.batchSize,
                    LearningRate.over(training.schedule, training.learningRate, updates));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    /** Writes what was not said into the options, so that the run's record has it. */
    private Noise chosenNoise() {
        Noise.Kind kind = noise.kind;
        NoiseChoice<NoiseLevel> choice = new NoiseChoice<>(kind, noise.mean, noise.std, noise.amount, noise.peak);
        NoiseLevel level = choice.level(new NoiseLevel(kind.usualLevel(), kind.usualLevel()));
        switch (kind.measure()) {
            case STD -> noise.std = level;
            case AMOUNT -> noise.amount = level;
            case PEAK -> noise.peak = level;
        }
        float mean = noise.mean != null ? noise.mean : kind.usualMean();
        noise.mean = kind.hasMean() ? mean : null;
        return new Noise(kind, mean, level.lowest(), level.highest(), noise.once);
    }

    private Architecture fitting(Architecture architecture, ImageSet images) {
        List<String> conflicts =
                given().stream().filter(NETWORK_OPTIONS::contains).toList();
        require(
                conflicts.isEmpty(),
                String.join(", ", conflicts) + " cannot be given with --init-from: the model has its own network");
        if (!images.hasSize(architecture.height(), architecture.width(), architecture.channels())) {
            throw new InvalidInputException(training.initFrom + " is for images of "
                    + ImageSet.describeSize(architecture.height(), architecture.width(), architecture.channels())
                    + ", and the training images are " + images.describeSize());
        }
        return architecture;
    }

    private static Path newRunName() {
        String name = LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmmss", Locale.ROOT));
        Path path = Path.of("runs", name);
        for (int i = 2; Files.exists(path); i++) {
            path = Path.of("runs", name + "-" + i);
        }
        return path;
    }

    private int resume() throws IOException {
        List<String> conflicts =
                given().stream().filter(option -> !CHANGEABLE.contains(option)).toList();
        require(
                conflicts.isEmpty(),
                String.join(", ", conflicts) + " cannot be given with --resume: the run goes on with its own options");
        Path path = RunDirectory.newest(run.resume);
        try (RunDirectory directory = run.dryRun ? RunDirectory.read(path) : RunDirectory.resume(path)) {
            Checkpoint checkpoint = Checkpoint.read(directory.last());
            RunRecord record = RunRecord.read(directory.config());
            adopt(record);
            DataSets images = openImages();
            checkpoint.requireImages(
                    images.training().identity(), images.validation().identity(), directory);
            long stepsPerEpoch =
                    checkpoint.options().stepsPerEpoch(images.training().count());
            long steps = stepsPerEpoch * training.epochs;
            TrainingOptions options = checkpoint.options().lasting(steps);
            long epochsDone = checkpoint.finishedEpochs(stepsPerEpoch);
            if (epochsDone >= training.epochs) {
                out().println(directory.path() + " has done " + epochsDone + (epochsDone == 1 ? " epoch" : " epochs")
                        + " already. To go on: " + ProgramName.command() + " train --resume "
                        + ProgramName.argument(directory.path())
                        + " --epochs "
                        + 2 * epochsDone);
                if (!Files.exists(directory.report()) && !run.dryRun) { // it was killed after its last checkpoint
                    try (OpenedEngine<InspectableEngine> engine = openEngine(options)) {
                        engine.engine().load(checkpoint.state());
                        writeReport(engine, images, directory, true);
                    }
                }
                return ExitStatus.DONE;
            }
            try (OpenedEngine<InspectableEngine> engine = openEngine(options)) {
                printPlan(options, engine, images, directory);
                out().printf(
                                Locale.ROOT,
                                "Going on after update %,d of %,d.%n",
                                checkpoint.state().step(),
                                steps);
                sayWhereScheduleEnds(checkpoint.options().learningRate(), options.learningRate());
                if (run.dryRun) {
                    return dryRun(options, images, engine, directory, checkpoint.state(), epochsDone);
                }
                return train(options, images, engine, directory, (trainer, epochs) -> {
                    // Before the record forgets where the run's own images are.
                    trainer.requireResumable(checkpoint);
                    record.with(changeable(engine)).withVersions(Version.all()).write(directory.config());
                    return trainer.resume(checkpoint, epochs);
                });
            }
        }
    }

    /** Takes from a run's record what this command line does not say itself. */
    private void adopt(RunRecord record) {
        Set<String> given = Set.copyOf(given());
        if (!given.contains("--epochs")) {
            training.epochs = record.positive("epochs");
        }
        if (!given.contains("--data")) {
            data.path = record.path("data").orElse(null);
        }
        if (!given.contains("--validation-data")) {
            data.validation = record.path("validation-data").orElse(null);
        }
        if (!given.contains("--keep")) {
            run.keep = record.says("keep") ? record.count("keep") : 0;
        }
        if (!given.contains("--early-stop")) {
            run.earlyStop = record.says("early-stop") ? record.count("early-stop") : 0;
        }
        data.validationSplit = record.number("validation-split");
        data.limit = record.count("limit");
        data.validationLimit = record.count("validation-limit");
        data.resize = size(record, "resize");
        data.crop = size(record, "crop");
        data.tiles = size(record, "tiles");
        data.overlap = record.says("overlap") ? record.count("overlap") : 0;
        data.color = record.says("color") ? record.text("color") : "auto";
        if (!given.contains("--engine")) {
            engineChoice.engine = record.named("engine", EngineName::of);
        }
        if (!given.contains("--precision")) {
            engineChoice.precision = record.named("precision", Precision::of);
        }
        if (!given.contains("--convolutions")) {
            engineChoice.convolutions =
                    record.says("convolutions") ? record.named("convolutions", Convolutions::of) : Convolutions.AUTO;
        }
        if (!given.contains("--threads")) {
            engineChoice.threads = record.count("threads");
        }
    }

    private static ImageSize size(RunRecord record, String option) {
        return record.says(option) ? new ImageSize.Converter().convert(record.text(option)) : null;
    }

    private void sayWhereScheduleEnds(LearningRate before, LearningRate now) {
        if (now.horizon() != before.horizon()) {
            out().printf(
                            Locale.ROOT,
                            "The %s schedule of the learning rate now ends after update %,d instead of %,d.%n",
                            now.schedule(),
                            now.horizon(),
                            before.horizon());
        }
    }

    /** The long names of the options that were given on the command line. */
    private List<String> given() {
        return spec.commandLine().getParseResult().matchedOptions().stream()
                .map(OptionSpec::longestName)
                .toList();
    }

    /** Every option of this run, with the engine that {@code auto} took and the number of processors that 0 meant. */
    private RunRecord record(OpenedEngine<InspectableEngine> engine) {
        Map<String, Object> options = new LinkedHashMap<>();
        for (OptionSpec option : spec.options()) {
            if (!option.usageHelp() && !option.versionHelp() && !UNRECORDED.contains(option.longestName())) {
                options.put(option.longestName().substring(2), recorded(option.getValue()));
            }
        }
        return RunRecord.of(options).with(changeable(engine)).withVersions(Version.all());
    }

    /** The options that can be changed when a run is resumed. */
    private Map<String, Object> changeable(OpenedEngine<InspectableEngine> engine) {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("epochs", training.epochs);
        options.put("data", recorded(data.path));
        options.put("validation-data", recorded(data.validation));
        options.put("engine", engine.name().toString());
        options.put("precision", engineChoice.precision.toString());
        options.put("convolutions", engineChoice.convolutions.toString());
        options.put("threads", engineChoice.options(1).threadCount());
        options.put("log-every", run.logEvery);
        options.put("keep", run.keep);
        options.put("early-stop", run.earlyStop);
        return options;
    }

    private static Object recorded(Object value) {
        if (value instanceof Path path) {
            return path.toAbsolutePath().toString();
        }
        return value instanceof Enum<?> || value instanceof NoiseLevel || value instanceof ImageSize
                ? value.toString()
                : value;
    }

    private void printPlan(
            TrainingOptions options, OpenedEngine<InspectableEngine> engine, DataSets images, RunDirectory directory) {
        PrintWriter out = out();
        out.println(NetworkSummary.of(options.network()));
        out.println();
        out.println("Engine:  " + engine.engine().description() + ": " + engine.reason());
        if (convolutionsChoice != null) {
            out.println("         convolutions " + convolutionsChoice);
        }
        out.println("Images:  " + images.description().replace("\n", "\n         "));
        if (!images.unusable().isEmpty()) {
            out.printf(
                    Locale.ROOT,
                    "Missing: %,d pictures that cannot be used; they are named at the end%n",
                    images.unusable().size());
        }
        if (run.config != null) {
            out.println("Config:  " + run.config);
        }
        out.println("Noise:   " + NoiseChoice.describe(options.noise()));
        out.printf(
                Locale.ROOT,
                "Updates: %,d an epoch of %d images, Adam at %s (%s), seed %d%n",
                options.stepsPerEpoch(images.training().count()),
                options.batchSize(),
                options.learningRate().peak(),
                options.learningRate().schedule(),
                options.seed());
        out.println("Run:     " + directory.path());
        out.println();
        out.flush();
    }

    private int dryRun(
            TrainingOptions options,
            DataSets images,
            OpenedEngine<InspectableEngine> engine,
            RunDirectory directory,
            TrainingState state,
            long epochsDone)
            throws IOException {
        AtomicBoolean interrupted = new AtomicBoolean();
        Optional<Timing> timing = Interruption.callsWhile(() -> interrupted.set(true), () -> {
            out().println("Dry run: training for a few seconds, to see how long it takes.");
            return DryRun.of(options, images.training(), images.validation(), engine.engine(), state, interrupted::get);
        });
        if (timing.isEmpty()) {
            out().println("Interrupted; nothing was written.");
            return ExitStatus.INTERRUPTED;
        }
        int batch = Math.min(options.batchSize(), images.training().count());
        long updates = options.stepsPerEpoch(images.training().count()) * training.epochs - state.step();
        long epochs = training.epochs - epochsDone;
        DryRunReport report = new DryRunReport(out());
        report.printTime(
                timing.get(), batch, updates, epochs, images.validation().count(), run.earlyStop > 0);
        report.printMemory(engine.engine());
        report.printFiles(
                directory,
                options.architecture().parameterCount(),
                epochs,
                run.keep,
                run.previewFile == null ? List.of() : List.of(run.previewFile));
        out().println("Nothing was written.");
        return Problems.report(spec, Remedies.messages(images.unusable(), spec));
    }

    private interface Start {
        Outcome begin(Trainer trainer, int epochs) throws IOException;
    }

    private int train(
            TrainingOptions options,
            DataSets images,
            OpenedEngine<InspectableEngine> engine,
            RunDirectory directory,
            Start start)
            throws IOException {
        try (ProgressDisplay display = new ProgressDisplay(out(), ProgressDisplay.onTerminal() ? System.out : null);
                TensorBoardLog tensorBoard = new TensorBoardLog(directory);
                LivePreview preview = run.preview || run.previewFile != null
                        ? new LivePreview(
                                run.preview, run.previewFile, line -> display.printLine(line + withoutWindow()))
                        : null) {
            List<TrainingListener> listeners = new ArrayList<>(List.of(display, tensorBoard));
            if (preview != null) {
                listeners.add(new PreviewFeed(
                        engine.engine(),
                        images.validation(),
                        options.noise(),
                        options.seed(),
                        rowsBefore(directory),
                        run.previewFile == null,
                        preview::show));
            }
            Trainer trainer = new Trainer(
                    options,
                    images.training(),
                    images.validation(),
                    engine.engine(),
                    directory,
                    TrainingListener.all(listeners),
                    run.logEvery);
            trainer.keepCheckpoints(run.keep);
            trainer.stopEarlyAfter(run.earlyStop);
            Outcome outcome = Interruption.callsWhile(trainer::interrupt, () -> start.begin(trainer, training.epochs));
            display.clear();
            int done = Problems.report(spec, Remedies.messages(images.unusable(), spec));
            int status =
                    switch (outcome) {
                        case FINISHED, STOPPED_EARLY -> {
                            if (outcome == Outcome.STOPPED_EARLY) {
                                out().printf(
                                                "%nStopped early: no less validation error in the last %s. To go on all the same, "
                                                        + "resume with a larger --early-stop, or 0.%n",
                                                run.earlyStop == 1 ? "epoch" : run.earlyStop + " epochs");
                            }
                            printResult(trainer, directory);
                            yield done;
                        }
                        case INTERRUPTED -> {
                            out().println("Interrupted; everything up to the last update is saved. To go on:");
                            out().println("  " + ProgramName.command() + " train --resume "
                                    + ProgramName.argument(directory.path()));
                            yield ExitStatus.INTERRUPTED;
                        }
                        case DIVERGED -> {
                            err().println("dae-gpu train: the loss is no longer a finite number, so training stopped; "
                                    + directory.last()
                                    + " is the last good checkpoint. Try a smaller --learning-rate.");
                            yield ExitStatus.DIVERGED;
                        }
                    };
            // Last: should it fail, what is more important was said.
            writeReport(engine, images, directory, outcome == Outcome.FINISHED || outcome == Outcome.STOPPED_EARLY);
            return status;
        }
    }

    /** What the preview has to say is of its window, where there is no file. */
    private String withoutWindow() {
        return run.previewFile == null ? " (--preview-file FILE.png writes the picture instead)" : "";
    }

    /** @param complete whether the engine holds what the training came to */
    private void writeReport(
            OpenedEngine<InspectableEngine> engine, DataSets images, RunDirectory directory, boolean complete)
            throws IOException {
        if (complete) {
            LatentMap.write(engine.engine(), images.validation(), labels(images.validation()), directory.latentMap());
        }
        RunReport.write(directory.path(), ReproductionCommands.of(directory.path()));
        Lettering.missing().ifPresent(out()::println);
    }

    /** To colour the map of their latents. */
    private Optional<byte[]> labels(ImageSet validation) {
        String problem;
        try {
            Optional<byte[]> labels = Labels.ofValidation(data.path, data.validation, data.validationSplit);
            if (labels.isEmpty() || labels.get().length >= validation.count()) {
                return labels;
            }
            problem = labels.get().length == 1 ? "there is 1 label" : "there are " + labels.get().length + " labels";
            problem += " for " + validation.count() + " images";
        } catch (InvalidInputException e) {
            problem = DaeGpu.oneLine(Remedies.message(e, spec));
        }
        err().println(spec.qualifiedName() + ": " + problem + "; the map of latents has no colours");
        return Optional.empty();
    }

    private static List<MetricsLog.Row> rowsBefore(RunDirectory directory) {
        return Files.exists(directory.metrics()) ? MetricsLog.read(directory.metrics()) : List.of();
    }

    private void printResult(Trainer trainer, RunDirectory directory) {
        List<MetricsLog.Row> rows = trainer.metrics();
        MetricsLog.Row best = MetricsLog.best(rows).orElseThrow();
        MetricsLog.Row last = rows.get(rows.size() - 1);
        double seconds = rows.stream().mapToDouble(MetricsLog.Row::seconds).sum();
        PrintWriter out = out();
        out.printf(
                Locale.ROOT,
                "%nTrained %s in %s; best validation MSE %.5f, PSNR %.2f dB after epoch %d.%n",
                last.epoch() == 1 ? "1 epoch" : last.epoch() + " epochs",
                ElapsedTime.format(seconds),
                best.validation().mse(),
                best.validation().psnr(),
                best.epoch());
        out.println("  " + directory.best() + "  the best model");
        out.println("  " + directory.last() + "  the last one, to go on from");
        out.println("  " + directory.sample(last.epoch()) + "  original, noisy and denoised images");
        out.println("  " + directory.metrics() + "  one line for each epoch");
        out.println("  " + directory.report() + "  all of it as a page for a browser");
        out.println("Next, see how much noise it takes:");
        out.println("  " + ProgramName.command() + " evaluate " + ProgramName.argument(directory.path()));
    }

    private void require(boolean condition, String message) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }

    private PrintWriter err() {
        return spec.commandLine().getErr();
    }
}
