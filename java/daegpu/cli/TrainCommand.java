package daegpu.cli;

import daegpu.data.ImageFiles;
import daegpu.data.ImageSource;
import daegpu.data.InvalidInputException;
import daegpu.data.NoisyFiles;
import daegpu.data.ReadingListener;
import daegpu.engine.InferenceEngine;
import daegpu.engine.Loss;
import daegpu.model.Architecture;
import daegpu.noise.Noise;
import daegpu.preview.Lettering;
import daegpu.preview.LivePreview;
import daegpu.train.DefaultNoise;
import daegpu.train.DivergedException;
import daegpu.train.DryRun.Timing;
import daegpu.train.Evaluation;
import daegpu.train.MetricsLog;
import daegpu.train.PreviewFeed;
import daegpu.train.RunDirectory;
import daegpu.train.RunOptions;
import daegpu.train.RunRecord;
import daegpu.train.SessionOptions;
import daegpu.train.Trainer.Outcome;
import daegpu.train.TrainingListener;
import daegpu.train.TrainingResult;
import daegpu.train.TrainingRun;
import daegpu.train.TrainingRun.Purpose;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
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
            "  dae-gpu train --data photos --network unet --patches 32x32",
            "  dae-gpu train --data photos --patches 32x32 --noise estimated:noisy-photos",
            "  dae-gpu train --data photos --tiles 32x32 --limit 20000 --output photo-model",
            "  dae-gpu train --noisy dirty-scans --clean clean-scans",
            "  dae-gpu train --data microscope-frames --blind-spot",
            "  dae-gpu train --config digits/config.json --seed 2 --output digits-2",
            "  dae-gpu train --filters 64,128 --dry-run",
            "  dae-gpu train --resume digits --epochs 20"
        })
final class TrainCommand implements Callable<Integer> {

    /** What {@code --resume} lets a user change: all other options decide the arithmetic, and stay as they were. */
    private static final Set<String> CHANGEABLE = Set.of(
            "--resume",
            "--epochs",
            "--data",
            "--validation-data",
            "--noisy",
            "--clean",
            "--pairs",
            "--validation-noisy",
            "--validation-clean",
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

    @Spec
    private CommandSpec spec;

    @ArgGroup(validate = false, heading = "Training:%n", order = 1)
    private LearningOptions learning = new LearningOptions();

    @ArgGroup(
            validate = false,
            heading = "%nNoise (default: gaussian; for MNIST and IDX files of mean 0.5 (speckle: 0), std%n"
                    + "0.5, clipped; for pictures, and for a unet, of mean 0, std 0..55/255, not%n"
                    + "clipped; amount 0.5; peak 4; poisson-gaussian: gain 0.25, std 0.1, for pictures%n"
                    + "gain 0..0.05):%n",
            order = 2)
    private TrainingNoise noise = new TrainingNoise();

    private static final class TrainingNoise extends NoiseOptions {
        @Option(
                names = "--noise-once",
                description = "Draw the noise once and keep it, instead of afresh in each epoch.")
        private boolean once;

        private Noise trained(DefaultNoise defaults) {
            return noise(defaults).drawnOnce(once);
        }
    }

    @ArgGroup(validate = false, heading = "%nNetwork:%n", order = 3)
    private NetworkOptions network = new NetworkOptions();

    @ArgGroup(validate = false, heading = "%nImages:%n", order = 4)
    private ImageOptions images = new ImageOptions();

    @ArgGroup(validate = false, heading = "%nWhat computes:%n", order = 5)
    private EngineChoice engineChoice = new EngineChoice();

    @ArgGroup(validate = false, heading = "%nThe run:%n", order = 6)
    private FolderOptions run = new FolderOptions();

    /** For the images and the network of a new run; null where a run goes on with its own noise. */
    private DefaultNoise defaults;

    @Override
    public Integer call() throws IOException {
        try (TrainingRun opened = open()) {
            if (opened.isDone()) {
                return leave(opened);
            }
            text().printPlan(opened, run.config, noiseOrigin());
            return run.dryRun ? time(opened) : train(opened);
        }
    }

    private TrainingRun open() throws IOException {
        requireSensibleCounts();
        Purpose purpose = run.dryRun ? Purpose.PLAN : Purpose.TRAIN;
        try (FileProgress progress = new FileProgress(out(), "pictures")) {
            return run.resume == null
                    ? TrainingRun.create(options(progress), purpose, progress)
                    : resume(purpose, progress);
        }
    }

    /** The preview would be taken for one of the images when the run is resumed, and the run be refused. */
    private ImageSource withoutPreview(ImageSource source) {
        List<Path> places = source instanceof NoisyFiles noisyFiles
                ? noisyFiles.places()
                : source instanceof ImageFiles files ? Arrays.asList(files.data(), files.validationData()) : List.of();
        for (Path folder : places) {
            if (run.previewFile != null
                    && folder != null
                    && Files.isDirectory(folder)
                    && run.previewFile
                            .toAbsolutePath()
                            .normalize()
                            .startsWith(folder.toAbsolutePath().normalize())) {
                throw new InvalidInputException("--preview-file " + run.previewFile + " would be among the images in "
                        + folder + ": choose another folder for it");
            }
        }
        return source;
    }

    private TrainingRun resume(Purpose purpose, FileProgress progress) throws IOException {
        requireNoneOf(
                option -> !CHANGEABLE.contains(option) && !ImageOptions.NAMES.contains(option),
                "--resume: the run goes on with its own options");
        return TrainingRun.resume(run.resume, session(), this::imagesOf, purpose, progress);
    }

    private void requireSensibleCounts() {
        require(learning.epochs >= 1, "--epochs must be 1 or more, not " + learning.epochs);
        require(run.logEvery >= 1, "--log-every must be 1 or more, not " + run.logEvery);
        require(run.keep >= 0, "--keep must be 0 or more, not " + run.keep);
        require(run.earlyStop >= 0, "--early-stop must be 0 or more, not " + run.earlyStop);
        engineChoice.requireSensible();
    }

    private ImageSource imageSource() {
        try {
            return withoutPreview(images.source());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private RunOptions options(FileProgress progress) {
        if (run.output != null && !Files.isDirectory(run.output)) {
            OutputName.requireFitting(run.output, spec, "the folder of a run");
        }
        if (learning.initFrom != null) {
            requireNoneOf(NetworkOptions.NAMES::contains, "--init-from: the model has its own network");
        }
        try {
            ImageSource source = imageSource();
            Architecture architecture = network.architecture(images.areNoisy());
            defaults = DefaultNoise.of(source, architecture, learning.initFrom);
            noise.seen(progress);
            return new RunOptions(
                    run.output != null ? run.output : newRunName(),
                    source,
                    noise.trained(defaults),
                    learning.seed,
                    architecture,
                    learning.initFrom,
                    learning.batchSize,
                    learning.schedule,
                    learning.learningRate(),
                    learning.learningRule(),
                    session());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    /** Why the noise is as it is; empty if somebody chose it, or if the run goes on with its own. */
    private Optional<String> noiseOrigin() {
        Optional<SeenNoise> seen = noise.seen(ReadingListener.SILENT);
        if (seen.isPresent()) {
            int pictures = seen.get().pictures().size();
            return Optional.of("estimated from "
                    + seen.get()
                            .single()
                            .map(picture -> picture.file() + ": " + SeenNoise.describe(picture.noise()))
                            .orElse(pictures + " pictures in " + noise.pictures()));
        }
        return noise.areGiven() || defaults == null || defaults == DefaultNoise.NOISY_PICTURES
                ? Optional.empty()
                : Optional.of("the default for " + defaults);
    }

    /** What is wrong with each picture that was left out, of those to train on and of those to take the noise from. */
    private List<String> leftOut(TrainingRun opened) {
        List<InvalidInputException> all = new ArrayList<>(opened.images().unusable());
        noise.seen(ReadingListener.SILENT).ifPresent(seen -> all.addAll(seen.unusable()));
        return Remedies.messages(all, spec);
    }

    private SessionOptions session() {
        return new SessionOptions(
                said("--epochs", learning.epochs),
                said("--engine", engineChoice.engine),
                said("--precision", engineChoice.precision),
                said("--threads", engineChoice.threads),
                said("--device", engineChoice.device),
                said("--convolutions", engineChoice.convolutions),
                said("--log-every", run.logEvery),
                said("--keep", run.keep),
                said("--early-stop", run.earlyStop));
    }

    /** Null where a run that is resumed has its own value. */
    private <T> T said(String option, T value) {
        return run.resume == null || given().contains(option) ? value : null;
    }

    /**
     * The images of a run that is resumed. They may have moved; where the run had them from memory, nobody knows where
     * they are.
     */
    private ImageSource imagesOf(RunRecord record) {
        if (record.hasImagesInMemory() && given().stream().anyMatch(ImageOptions.NAMES::contains)) {
            return imageSource();
        }
        requireNoneOf(option -> !CHANGEABLE.contains(option), "--resume: the run goes on with its own options");
        ImageSource source = record.images();
        return withoutPreview(
                source instanceof NoisyFiles files
                        ? moved(files)
                        : ((ImageFiles) source).movedTo(images.data, images.validation));
    }

    private NoisyFiles moved(NoisyFiles files) {
        boolean blind = files.blindSpots().isPresent();
        return files.movedTo(
                blind ? images.data : images.noisy,
                images.clean,
                images.pairs,
                blind ? images.validation : images.validationNoisy,
                images.validationClean);
    }

    private void requireNoneOf(Predicate<String> options, String with) {
        List<String> conflicts = given().stream().filter(options).toList();
        require(conflicts.isEmpty(), String.join(", ", conflicts) + " cannot be given with " + with);
    }

    /** The long names of the options that were given on the command line. */
    private List<String> given() {
        return spec.commandLine().getParseResult().matchedOptions().stream()
                .map(OptionSpec::longestName)
                .toList();
    }

    private static Path newRunName() {
        String name = LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmmss", Locale.ROOT));
        Path path = Path.of("runs", name);
        for (int i = 2; Files.exists(path); i++) {
            path = Path.of("runs", name + "-" + i);
        }
        return path;
    }

    /** Ends the command where the run has nothing left to do. */
    private int leave(TrainingRun opened) throws IOException {
        long done = opened.epochsDone();
        out().println(opened.directory().path() + " has done " + done + (done == 1 ? " epoch" : " epochs")
                + " already. To go on: " + TrainingText.resumption(opened.directory()) + " --epochs " + 2 * done);
        if (!run.dryRun) {
            opened.train(
                    new TrainingListener() {
                        @Override
                        public void warned(String problem) {
                            warn(problem);
                        }
                    },
                    () -> commands(opened));
        }
        return ExitStatus.DONE;
    }

    private static List<String> commands(TrainingRun opened) {
        return ReproductionCommands.of(opened.directory().path());
    }

    private int time(TrainingRun opened) throws IOException {
        AtomicBoolean interrupted = new AtomicBoolean();
        Optional<Timing> timing = Interruption.callsWhile(() -> interrupted.set(true), () -> {
            out().println("Dry run: training for a few seconds, to see how long it takes.");
            return opened.time(interrupted::get);
        });
        if (timing.isEmpty()) {
            out().println("Interrupted; nothing was written.");
            return ExitStatus.INTERRUPTED;
        }
        new DryRunReport(out()).print(opened, timing.get(), run.previewFile);
        out().println("Nothing was written.");
        return Problems.report(spec, leftOut(opened));
    }

    private int train(TrainingRun opened) throws IOException {
        Loss loss = opened.options().learningRule().loss();
        String error =
                MetricsLog.error(opened.images().validation().blindSpots().isPresent());
        try (ProgressDisplay display =
                        new ProgressDisplay(out(), ProgressDisplay.onTerminal() ? System.out : null, loss, error);
                LivePreview preview = run.preview || run.previewFile != null
                        ? new LivePreview(
                                run.preview, run.previewFile, line -> display.printLine(line + withoutWindow()))
                        : null) {
            Reporter reporter = new Reporter(opened, display);
            List<TrainingListener> listeners = new ArrayList<>(List.of(display, reporter));
            if (preview != null) {
                listeners.add(new PreviewFeed(
                        opened.engine().engine(),
                        opened.images().validation(),
                        opened.hasTiles(),
                        opened.options(),
                        rowsBefore(opened.directory()),
                        run.previewFile == null,
                        preview::show));
            }
            TrainingListener all = TrainingListener.all(listeners);
            Interruption.callsWhile(opened::interrupt, () -> opened.train(all, () -> commands(opened)));
            Lettering.missing().ifPresent(out()::println);
            return reporter.status;
        } catch (DivergedException e) {
            Problems.report(spec, leftOut(opened));
            boolean decays = opened.options().learningRule().optimizer().weightDecay() > 0;
            err().println(spec.qualifiedName() + ": " + e.getMessage() + ". Try a smaller --learning-rate"
                    + (decays ? " or --weight-decay" : "") + ".");
            return ExitStatus.DIVERGED;
        }
    }

    /** What to do where there is no window, for messages of a preview that has no file. */
    private String withoutWindow() {
        return run.previewFile == null ? " (--preview-file FILE.png writes the picture instead)" : "";
    }

    private static List<MetricsLog.Row> rowsBefore(RunDirectory directory) {
        return Files.exists(directory.metrics()) ? MetricsLog.read(directory.metrics()) : List.of();
    }

    /** Says how training ended. */
    private final class Reporter implements TrainingListener {
        private final TrainingRun opened;
        private final ProgressDisplay display;
        private int status = ExitStatus.DONE;

        private Reporter(TrainingRun opened, ProgressDisplay display) {
            this.opened = opened;
            this.display = display;
        }

        @Override
        public void warned(String problem) {
            warn(problem);
        }

        @Override
        public void trainingEnded(TrainingResult result) {
            display.clear();
            status = Problems.report(spec, leftOut(opened));
            if (result.outcome() == Outcome.INTERRUPTED) {
                out().println("Interrupted; everything up to the last update is saved. To go on:");
                out().println("  " + TrainingText.resumption(opened.directory()));
                status = ExitStatus.INTERRUPTED;
                return;
            }
            if (result.outcome() == Outcome.STOPPED_EARLY) {
                int patience = opened.session().earlyStop();
                out().printf(
                                "%nStopped early: no lower validation error in the last %s. To go on all "
                                        + "the same, resume with a larger --early-stop, or 0.%n",
                                patience == 1 ? "epoch" : patience + " epochs");
            }
            InferenceEngine engine = opened.engine().engine();
            text().printResult(
                            result,
                            opened.images().validation(),
                            Evaluation.baseline(
                                    engine,
                                    opened.images().validation(),
                                    opened.options().noise(),
                                    opened.options().seed()));
        }
    }

    private void warn(String problem) {
        err().println(spec.qualifiedName() + ": " + DaeGpu.oneLine(problem));
    }

    private void require(boolean condition, String message) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    private TrainingText text() {
        return new TrainingText(out());
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }

    private PrintWriter err() {
        return spec.commandLine().getErr();
    }
}
