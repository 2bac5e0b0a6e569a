package daegpu.train;

import daegpu.data.ImageFile;
import daegpu.data.InvalidInputException;
import daegpu.data.TrainingImages;
import daegpu.data.ValidationSet;
import daegpu.engine.TrainingEngine;
import daegpu.engine.TrainingState;
import daegpu.model.Parameters;
import daegpu.preview.ContactSheet;
import daegpu.preview.ContactSheet.Block;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The training loop: epochs of shuffled batches, each followed by validation, a picture, a line of metrics and a
 * checkpoint. What happens to one batch is in {@link #trainBatch} and then in {@link TrainingEngine#trainStep(int, int,
 * float)} of an engine.
 *
 * <p>Files of an epoch are written in such an order that the run can be resumed wherever it is killed:
 * {@code last.safetensors} comes last, and what is there of later epochs is done again, to the same bytes.
 */
public final class Trainer {

    /** How training ended; each but the first leaves a run that can be resumed. */
    public enum Outcome {
        /** All epochs were done. */
        FINISHED,
        /** The validation error did not fall for the number of epochs that {@link #stopEarlyAfter} allows. */
        STOPPED_EARLY,
        /** {@link #interrupt} was called; the last update is saved. */
        INTERRUPTED
    }

    /**
     * By default, losses are fetched from the engine each time this number of updates is done, for display and to
     * notice divergence. Training has to wait for a GPU then, which takes no more than a few percent of its time.
     */
    public static final int DEFAULT_LOG_EVERY = 50;
    /** Blocks of images in the sample picture, as in the figure of Keras's example. */
    private static final int SAMPLE_BLOCKS = 3;

    private static final int SAMPLES_PER_BLOCK = 9;

    private final TrainingOptions options;
    private final TrainingImages training;
    private final ValidationSet validation;
    private final TrainingEngine engine;
    private final RunDirectory directory;
    private final TrainingListener listener;
    private final int logEvery;
    private final String trainingIdentity;
    private final String validationIdentity;
    private final int stepsPerEpoch;

    private MetricsLog metrics;
    private int keptCheckpoints;
    private int patience;
    /** Validation images from one sample to the next. */
    private int sampleStep = 1;

    private volatile boolean interrupted;

    /**
     * Prepares training; nothing is done yet.
     *
     * @param engine opened for the architecture and batch size of the options; stays the caller's
     * @param directory where everything is written; stays the caller's
     */
    public Trainer(
            TrainingOptions options,
            TrainingImages training,
            ValidationSet validation,
            TrainingEngine engine,
            RunDirectory directory,
            TrainingListener listener) {
        this(options, training, validation, engine, directory, listener, DEFAULT_LOG_EVERY);
    }

    /**
     * Prepares training; nothing is done yet.
     *
     * @param logEvery updates from one reading of the losses to the next, at least 1; has no influence on the result
     */
    public Trainer(
            TrainingOptions options,
            TrainingImages training,
            ValidationSet validation,
            TrainingEngine engine,
            RunDirectory directory,
            TrainingListener listener,
            int logEvery) {
        if (logEvery < 1) {
            throw new IllegalArgumentException("losses are read every 1 or more updates, not every " + logEvery);
        }
        this.options = options;
        this.training = training;
        this.validation = validation;
        this.engine = engine;
        this.directory = directory;
        this.listener = listener;
        this.logEvery = logEvery;
        trainingIdentity = training.identity();
        validationIdentity = validation.identity();
        stepsPerEpoch = Math.toIntExact(options.stepsPerEpoch(training.count()));
    }

    /** Keeps the checkpoints of the newest {@code count} epochs, too; 0, which is the default, keeps none of them. */
    public void keepCheckpoints(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("0 or more checkpoints can be kept, not " + count);
        }
        keptCheckpoints = count;
    }

    /** Takes the samples from the whole set, of which the first images are much alike, and not from its beginning. */
    public void spreadSamples() {
        sampleStep = SampleBlock.step(validation.count(), SAMPLE_BLOCKS * SAMPLES_PER_BLOCK);
    }

    /**
     * Ends training after {@code epochs} epochs in a row whose validation error was not the least so far; 0, which is
     * the default, never does. What counts are the epochs in the metrics, so a run that was interrupted stops where it
     * would have.
     */
    public void stopEarlyAfter(int epochs) {
        if (epochs < 0) {
            throw new IllegalArgumentException("training can stop after 0 or more epochs, not " + epochs);
        }
        patience = epochs;
    }

    /**
     * Asks {@link #start} or {@link #resume} to save after the update in progress and return. Any thread may call it.
     */
    public void interrupt() {
        interrupted = true;
    }

    /**
     * Trains from the start. The first checkpoint is written before the first update.
     *
     * @param epochs epochs to train
     * @throws DivergedException if a loss is not a finite number; the last good checkpoint is kept
     * @throws IOException if a file of the run cannot be written; the last checkpoint that could be is kept
     */
    public Outcome start(Parameters initial, int epochs) throws IOException {
        engine.load(TrainingState.initial(initial));
        metrics = MetricsLog.create(
                directory.metrics(),
                options.learningRule().loss(),
                validation.blindSpots().isPresent());
        Checkpoint first = checkpoint(OptionalDouble.empty());
        // The last one first: a best.safetensors without it is what people keep of a run, not what a killed one leaves.
        first.write(directory.last());
        first.write(directory.best());
        return train(epochs, first);
    }

    /**
     * Continues training from a checkpoint, and ends as training without a break would have ended.
     *
     * @param epochs epochs in all, including those that are already done
     * @throws InvalidInputException as {@link #requireResumable}
     * @throws DivergedException as {@link #start}
     * @throws IOException as {@link #start}
     */
    public Outcome resume(Checkpoint from, int epochs) throws IOException {
        requireResumable(from);
        metrics = directory.needed(() -> MetricsLog.resume(directory.metrics(), from.finishedEpochs(stepsPerEpoch)));
        engine.load(from.state());
        return train(epochs, from);
    }

    /**
     * Checks, before anything is written, that {@link #resume} can go on from a checkpoint.
     *
     * @throws InvalidInputException if the images are not those that it was trained on, or the metrics not those of its
     *     epochs
     */
    public void requireResumable(Checkpoint from) {
        from.requireImages(trainingIdentity, validationIdentity, directory);
        directory.needed(() -> MetricsLog.resume(directory.metrics(), from.finishedEpochs(stepsPerEpoch)));
    }

    /** Rows of metrics so far, those of earlier sessions included. */
    public List<MetricsLog.Row> metrics() {
        return metrics.rows();
    }

    private Outcome train(int epochs, Checkpoint from) throws IOException {
        long step = from.state().step();
        double epochLoss = from.epochLoss().orElse(0);
        for (int epoch = (int) from.finishedEpochs(stepsPerEpoch); epoch < epochs; epoch++) {
            if (patience > 0 && metrics.epochsSinceBest() >= patience) {
                return Outcome.STOPPED_EARLY;
            }
            int firstBatch = (int) (step - (long) epoch * stepsPerEpoch);
            listener.epochStarted(epoch + 1, epochs, imagesBefore(firstBatch), training.count());
            long startTime = System.nanoTime();
            engine.startEpoch(
                    training,
                    options.noise(),
                    options.seed(),
                    epoch,
                    Shuffle.order(options.seed(), epoch, training.count()));
            for (int batch = firstBatch; batch < stepsPerEpoch; batch++) {
                if (interrupted) {
                    epochLoss = addLosses(epochLoss, batch - 1);
                    if (!Double.isFinite(epochLoss)) {
                        throw new DivergedException(directory.last());
                    }
                    return saveInterrupted(batch == 0 ? OptionalDouble.empty() : OptionalDouble.of(epochLoss));
                }
                trainBatch(batch, step++);
                if ((batch + 1) % logEvery == 0 || batch + 1 == stepsPerEpoch) {
                    epochLoss = addLosses(epochLoss, batch);
                    if (!Double.isFinite(epochLoss)) {
                        throw new DivergedException(directory.last());
                    }
                    listener.progressed(imagesBefore(batch + 1), epochLoss / imagesBefore(batch + 1));
                }
            }
            double trainingSeconds = (System.nanoTime() - startTime) / 1e9;
            Optional<Evaluation.Result> evaluation =
                    Evaluation.of(engine, validation, options.noise(), options.seed(), () -> interrupted);
            if (evaluation.isEmpty()) {
                return saveInterrupted(OptionalDouble.of(epochLoss));
            }
            Evaluation.Scores scores = evaluation.get().denoised();
            Checkpoint checkpoint = checkpoint(OptionalDouble.empty());
            if (!Double.isFinite(scores.mse()) || !checkpoint.isFinite()) {
                throw new DivergedException(directory.last());
            }
            double imagesPerSecond = (training.count() - imagesBefore(firstBatch)) / trainingSeconds;
            double seconds = (System.nanoTime() - startTime) / 1e9;
            finishEpoch(
                    new MetricsLog.Row(epoch + 1, seconds, imagesPerSecond, epochLoss / training.count(), scores),
                    checkpoint,
                    epochs);
            epochLoss = 0;
        }
        return Outcome.FINISHED;
    }

    private Outcome saveInterrupted(OptionalDouble epochLoss) throws IOException {
        Checkpoint checkpoint = checkpoint(epochLoss);
        if (!checkpoint.isFinite()) {
            throw new DivergedException(directory.last());
        }
        checkpoint.write(directory.last());
        return Outcome.INTERRUPTED;
    }

    private void trainBatch(int batch, long step) {
        int first = imagesBefore(batch);
        engine.trainStep(
                first, imagesBefore(batch + 1) - first, options.learningRate().at(step));
    }

    /** Images of an epoch that come before batch {@code batch}; the last batch may be smaller. */
    private int imagesBefore(int batch) {
        return (int) Math.min((long) batch * options.batchSize(), training.count());
    }

    /**
     * Adds loss × images of the updates since the last call, of which {@code lastBatch} is the last. One by one: the
     * sum must not depend on how many there are, which an interruption decides.
     */
    private double addLosses(double sumBefore, int lastBatch) {
        double[] losses = engine.takeLosses();
        double sum = sumBefore;
        for (int i = 0; i < losses.length; i++) {
            int batch = lastBatch - losses.length + 1 + i;
            sum += losses[i] * (imagesBefore(batch + 1) - imagesBefore(batch));
        }
        return sum;
    }

    private void finishEpoch(MetricsLog.Row row, Checkpoint checkpoint, int epochs) throws IOException {
        boolean best = row.validation().mse() < metrics.bestValidationMse();
        metrics.add(row);
        ImageFile.write(
                directory.sample(row.epoch()),
                ContactSheet.draw(validation.height(), validation.width(), validation.channels(), samples()));
        if (best) {
            checkpoint.write(directory.best());
        }
        if (keptCheckpoints > 0) {
            checkpoint.write(directory.kept(row.epoch()));
            // Before the last one is written: a run that is killed between them would else be done and have one too
            // many.
            directory.keepOnly(row.epoch() - keptCheckpoints + 1);
        }
        checkpoint.write(directory.last());
        listener.epochFinished(row, epochs, best);
    }

    private List<Block> samples() {
        List<Block> blocks = new ArrayList<>();
        for (int block = 0; block < SAMPLE_BLOCKS; block++) {
            int before = block * SAMPLES_PER_BLOCK;
            int count = Math.min(SAMPLES_PER_BLOCK, validation.count() - before);
            if (count > 0) {
                blocks.add(SampleBlock.of(
                        engine, validation, options.noise(), options.seed(), before * sampleStep, count, sampleStep));
            }
        }
        return blocks;
    }

    private Checkpoint checkpoint(OptionalDouble epochLoss) {
        return new Checkpoint(options, trainingIdentity, validationIdentity, engine.state(), epochLoss);
    }
}
