package daegpu.train;

import daegpu.data.DataSets;
import daegpu.data.ImageFiles;
import daegpu.data.ImageSet;
import daegpu.data.ImageSource;
import daegpu.data.InvalidInputException;
import daegpu.data.NoisyFiles;
import daegpu.data.ReadingListener;
import daegpu.engine.Convolutions;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.Engines.Choice;
import daegpu.engine.Engines.OpenedEngine;
import daegpu.engine.InspectableEngine;
import daegpu.engine.TrainingState;
import daegpu.train.DryRun.Timing;
import daegpu.train.Trainer.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * One training from its options to its report, new or resumed: opens the images, the engine and the folder, records
 * what was asked for, trains, and draws what there is to see. The caller may look at the plan before it trains.
 */
public final class TrainingRun implements AutoCloseable {

    /** What a run is opened for. */
    public enum Purpose {
        /** To train; the folder is made, and nobody else can train there. */
        TRAIN,
        /** To look at it only; nothing is written. */
        PLAN
    }

    /** Says which images a run goes on with: those of its record, or the same ones in another place. */
    @FunctionalInterface
    public interface ImagesOfRun {

        /**
         * The images of the run that {@code record} is of.
         *
         * @throws InvalidInputException if there are none
         */
        ImageSource of(RunRecord record);
    }

    /**
     * An engine, and what was chosen for {@code auto}.
     *
     * @param convolutions null if there was nothing to choose
     */
    private record EngineOfRun(
            OpenedEngine<InspectableEngine> engine, Choice<Convolutions> convolutions, SessionOptions session) {

        /** Opens the engine. Where convolutions are left open and there is a choice, both are timed first. */
        static EngineOfRun open(TrainingOptions options, SessionOptions session) {
            EngineOptions wanted = session.engineOptions(options.batchSize());
            Choice<Convolutions> choice = Engines.chooseConvolutions(session.engine(), options.network(), wanted)
                    .orElse(null);
            EngineOptions decided = choice == null ? wanted : wanted.withConvolutions(choice.taken());
            OpenedEngine<InspectableEngine> engine =
                    Engines.openToTrain(session.engine(), options.network(), options.learningRule(), decided);
            return new EngineOfRun(
                    engine, choice, session.decided(engine.name(), decided.threadCount(), decided.convolutions()));
        }
    }

    private final Purpose purpose;
    private final RunDirectory directory;
    private final ImageSource source;
    private final DataSets images;
    /** What is to be said of the images when they are trained on. */
    private final Optional<String> warning;

    private final TrainingOptions options;
    private final SessionOptions asked;
    /** What it begins with. */
    private final TrainingState first;
    /** What it goes on from; null for a new run. */
    private final Checkpoint checkpoint;

    private final RunRecord record;
    /** Null where there is nothing left to train. */
    private EngineOfRun opened;

    private volatile boolean interrupted;
    private volatile Trainer trainer;

    private TrainingRun(
            Purpose purpose,
            RunDirectory directory,
            ImageSource source,
            PairCheck.Judged judged,
            TrainingOptions options,
            SessionOptions asked,
            TrainingState first,
            Checkpoint checkpoint,
            RunRecord record,
            EngineOfRun opened) {
        this.purpose = purpose;
        this.directory = directory;
        this.source = source;
        images = judged.images();
        warning = judged.warning();
        this.options = options;
        this.asked = asked;
        this.first = first;
        this.checkpoint = checkpoint;
        this.record = record;
        this.opened = opened;
    }

    /**
     * Opens a new run.
     *
     * @param listener hears how far reading pictures is
     * @throws InvalidInputException if images or model cannot be used or do not fit each other, or something is in the
     *     folder already
     * @throws daegpu.engine.EngineUnavailableException if the engine cannot run here
     * @throws IOException if the folder cannot be made
     */
    public static TrainingRun create(RunOptions asked, Purpose purpose, ReadingListener listener) throws IOException {
        Checkpoint model = asked.initFrom() == null ? null : Checkpoint.ofModel(asked.initFrom());
        asked.requireNetwork(model);
        // The folder is made last; but one that cannot be made is refused before the images are read.
        RunDirectory planned = RunDirectory.planned(asked.folder());
        PairCheck.Judged judged = PairCheck.judged(asked.images().open(listener));
        TrainingOptions options = asked.trainingOptions(judged.images().training(), model);
        TrainingState first = TrainingState.initial(
                model != null ? model.state().weights() : options.architecture().initialParameters(options.seed()));
        EngineOfRun opened = EngineOfRun.open(options, asked.session());
        try {
            return new TrainingRun(
                    purpose,
                    purpose == Purpose.PLAN ? planned : RunDirectory.create(asked.folder()),
                    asked.images(),
                    judged,
                    options,
                    asked.session(),
                    first,
                    null,
                    RunRecord.of(asked, options.learningRate()),
                    opened);
        } catch (IOException | RuntimeException e) {
            opened.engine().close();
            throw e;
        }
    }

    /**
     * Opens a run to continue. Its engine is opened if there is something left to train.
     *
     * @param given folder of the run, or of runs of which the newest is taken
     * @param changes what is to be changed
     * @param imagesOfRun says where its images are
     * @param listener hears how far reading pictures is
     * @throws InvalidInputException if there is no run, if it is damaged or in use, or if the images are not those of
     *     the run
     * @throws daegpu.engine.EngineUnavailableException if the engine cannot run here
     * @throws IOException if the folder cannot be opened
     */
    public static TrainingRun resume(
            Path given, SessionOptions changes, ImagesOfRun imagesOfRun, Purpose purpose, ReadingListener listener)
            throws IOException {
        Path path = RunDirectory.newest(given);
        RunDirectory directory = purpose == Purpose.PLAN ? RunDirectory.read(path) : RunDirectory.resume(path);
        try {
            Checkpoint checkpoint = directory.needed(() -> Checkpoint.read(directory.last()));
            RunRecord record = directory.needed(() -> RunRecord.read(directory.config()));
            SessionOptions session = changes.orElse(record.session()).orElse(SessionOptions.DEFAULTS);
            ImageSource source = imagesOfRun.of(record);
            PairCheck.Judged judged = PairCheck.judged(source.open(listener));
            DataSets images = judged.images();
            checkpoint.requireImages(
                    images.training().identity(), images.validation().identity(), directory);
            long updatesPerEpoch =
                    checkpoint.options().stepsPerEpoch(images.training().count());
            TrainingOptions options = checkpoint.options().lasting(updatesPerEpoch * session.epochs());
            boolean isDone = checkpoint.finishedEpochs(updatesPerEpoch) >= session.epochs();
            return new TrainingRun(
                    purpose,
                    directory,
                    source,
                    judged,
                    options,
                    session,
                    checkpoint.state(),
                    checkpoint,
                    record,
                    isDone ? null : EngineOfRun.open(options, session));
        } catch (RuntimeException e) {
            directory.close();
            throw e;
        }
    }

    /** Whether the images are tiles of pictures, so that neighbours among them are much alike. */
    public boolean hasTiles() {
        return source instanceof ImageFiles files && files.preparation().cutsTiles()
                || source instanceof NoisyFiles noisy && noisy.preparation().cutsTiles();
    }

    /** What decides the arithmetic. */
    public TrainingOptions options() {
        return options;
    }

    /** How long it trains and what computes, with what was chosen for {@code auto}. */
    public SessionOptions session() {
        return opened == null ? asked : opened.session();
    }

    /** The images. */
    public DataSets images() {
        return images;
    }

    /**
     * What trains.
     *
     * @throws IllegalStateException if the run {@link #isDone}
     */
    public OpenedEngine<InspectableEngine> engine() {
        if (opened == null) {
            throw new IllegalStateException("there is nothing left to train");
        }
        return opened.engine();
    }

    /** Which convolutions were taken, if there was something to choose, and why. */
    public Optional<Choice<Convolutions>> convolutions() {
        return opened == null ? Optional.empty() : Optional.ofNullable(opened.convolutions());
    }

    /** Its folder. */
    public RunDirectory directory() {
        return directory;
    }

    /** What it goes on from; empty for a new run. */
    public Optional<Checkpoint> checkpoint() {
        return Optional.ofNullable(checkpoint);
    }

    /** Epochs that are done, validation included. */
    public long epochsDone() {
        return checkpoint == null
                ? 0
                : checkpoint.finishedEpochs(
                        options.stepsPerEpoch(images.training().count()));
    }

    /** Whether it has done all its epochs already. */
    public boolean isDone() {
        return epochsDone() >= asked.epochs();
    }

    /** Updates that it will have done in all. */
    public long updates() {
        return options.stepsPerEpoch(images.training().count()) * asked.epochs();
    }

    /** Updates that are done. */
    public long updatesDone() {
        return first.step();
    }

    /**
     * Trains for a few seconds, to tell how long it would take; writes nothing. After that it cannot be trained any
     * more.
     *
     * @param stop is asked now and then
     * @return empty if it was stopped
     */
    public Optional<Timing> time(BooleanSupplier stop) {
        return DryRun.of(options, images.training(), images.validation(), engine().engine(), first, stop);
    }

    /**
     * Asks {@link #train} to save after the update in progress and return, or after the first checkpoint if it has not
     * begun. Any thread may call it.
     */
    public void interrupt() {
        interrupted = true;
        Trainer current = trainer;
        if (current != null) {
            current.interrupt();
        }
    }

    /**
     * Trains, to the last epoch or until something ends it before, and draws the report. Where there is nothing left to
     * train, it draws a report that a killed run lacks.
     *
     * @param listener is told how it goes
     * @param commands for the report, with which others can make the same run; asked for after the record was written
     * @throws DivergedException if the loss is no finite number any more; the report is drawn
     * @throws InvalidInputException if the metrics are not those of the checkpoint; nothing was written
     * @throws IOException if a file cannot be written
     */
    public TrainingResult train(TrainingListener listener, Supplier<List<String>> commands) throws IOException {
        if (purpose == Purpose.PLAN) {
            throw new IllegalStateException("this run was opened to look at it only");
        }
        if (!directory.isLocked()) {
            listener.warned("the disk of " + directory.path()
                    + " has no locks: take care that no other process trains there, too");
        }
        int processors = Runtime.getRuntime().availableProcessors();
        if (asked.threads() > processors) {
            listener.warned(asked.threads() + " threads on " + processors
                    + (processors == 1 ? " processor" : " processors") + " only take longer");
        }
        warning.ifPresent(listener::warned);
        if (isDone()) {
            return finish(listener, commands);
        }
        try (TensorBoardLog tensorBoard =
                new TensorBoardLog(directory, options.learningRule().loss())) {
            Trainer newTrainer = new Trainer(
                    options,
                    images.training(),
                    images.validation(),
                    engine().engine(),
                    directory,
                    TrainingListener.all(List.of(listener, tensorBoard)),
                    asked.logEvery());
            newTrainer.keepCheckpoints(asked.keep());
            newTrainer.stopEarlyAfter(asked.earlyStop());
            if (hasTiles()) {
                newTrainer.spreadSamples();
            }
            trainer = newTrainer;
            if (interrupted) {
                newTrainer.interrupt();
            }
            Outcome outcome = checkpoint == null ? start(newTrainer) : resume(newTrainer);
            TrainingResult result = new TrainingResult(outcome, directory.path(), newTrainer.metrics());
            listener.trainingEnded(result);
            // Last: if it fails, what is more important has been said.
            if (outcome != Outcome.INTERRUPTED) {
                drawLatents(listener);
            }
            RunReport.write(directory.path(), commands.get());
            return result;
        } catch (DivergedException e) {
            drawReport(e, commands);
            throw e;
        }
    }

    private Outcome start(Trainer newTrainer) throws IOException {
        writeRecord();
        return newTrainer.start(first.parameters(), asked.epochs());
    }

    private Outcome resume(Trainer newTrainer) throws IOException {
        // Before the record forgets where the run's own images are.
        newTrainer.requireResumable(checkpoint);
        writeRecord();
        return newTrainer.resume(checkpoint, asked.epochs());
    }

    private void writeRecord() throws IOException {
        record.with(session(), source).withVersions(Versions.all()).write(directory.config());
    }

    /** Draws the report if it is missing: the run may have been killed after its last checkpoint. */
    private TrainingResult finish(TrainingListener listener, Supplier<List<String>> commands) throws IOException {
        if (!Files.exists(directory.report())) {
            opened = EngineOfRun.open(options, asked);
            engine().engine().load(checkpoint.state());
            drawLatents(listener);
            RunReport.write(directory.path(), commands.get());
        }
        return new TrainingResult(Outcome.FINISHED, directory.path(), MetricsLog.read(directory.metrics()));
    }

    private void drawReport(DivergedException reason, Supplier<List<String>> commands) {
        try {
            RunReport.write(directory.path(), commands.get());
        } catch (IOException | InvalidInputException e) {
            reason.addSuppressed(e);
        }
    }

    /** Draws the map of latents; the engine holds the trained weights. */
    private void drawLatents(TrainingListener listener) throws IOException {
        if (options().network().latent().isPresent()) {
            LatentMap.write(engine().engine(), images.validation().target(), labels(listener), directory.latentMap());
        }
    }

    /** Labels that colour the map of the latents of validation images. */
    private Optional<byte[]> labels(TrainingListener listener) {
        ImageSet validation = images.validation().target();
        String problem;
        try {
            Optional<byte[]> labels = source.validationLabels();
            if (labels.isEmpty() || labels.get().length >= validation.count()) {
                return labels;
            }
            problem = labels.get().length == 1 ? "there is 1 label" : "there are " + labels.get().length + " labels";
            problem += " for " + validation.count() + " images";
        } catch (InvalidInputException e) {
            problem = e.getMessage();
        }
        listener.warned(problem + "; the map of latents has no colours");
        return Optional.empty();
    }

    /** Closes the engine and lets others use the folder. */
    @Override
    public void close() throws IOException {
        if (opened != null) {
            opened.engine().close();
        }
        directory.close();
    }
}
