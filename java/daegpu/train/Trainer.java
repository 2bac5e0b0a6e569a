package daegpu.train;

import daegpu.data.ImageFile;
import daegpu.data.ImageSet;
import daegpu.data.InvalidInputException;
import daegpu.engine.Engine;
import daegpu.engine.TrainingState;
import daegpu.model.Parameters;
import daegpu.preview.ContactSheet;
import daegpu.preview.ContactSheet.Block;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The training loop: epochs of shuffled batches, each followed by validation, a picture, a line of metrics and a checkpoint.
 * What happens to one batch is in {@link #trainBatch} and then in {@link Engine#trainStep(int, int, float)} of an engine.
 *
 * <p>Files of an epoch are written in such an order that the run can be resumed wherever it is killed: {@code last.safetensors}
 * comes last, and what is there of later epochs is done again, to the same bytes.
 */
public final class Trainer {

    /** How training ended; each but the first leaves a run that can be resumed. */
    public enum Outcome {
        /** All epochs were done. */
        FINISHED,
        /** {@link #interrupt} was called; the last update is saved. */
        INTERRUPTED,
        /** A loss was not finite; the last good checkpoint is kept. */
        DIVERGED
    }

    /** Losses are fetched from the engine after this many updates, for display and to notice divergence. */
    private static final int STEPS_PER_REPORT = 10;
    /** The figure of the original example: blocks of so many images. */
    private static final int SAMPLE_BLOCKS = 3;
    private static final int SAMPLES_PER_BLOCK = 9;

    private final TrainingOptions options;
    private final ImageSet training;
    private final ImageSet validation;
    private final Engine engine;
    private final RunDirectory directory;
    private final TrainingListener listener;
    private final String trainingIdentity;
    private final String validationIdentity;
    private final int stepsPerEpoch;

    private MetricsLog metrics;
    private volatile boolean interrupted;

    /**
     * Prepares training; nothing is done yet.
     *
     * @param engine    opened for the architecture and batch size of the options; stays the caller's
     * @param directory where everything is written; stays the caller's
     */
    public Trainer(TrainingOptions options, ImageSet training, ImageSet validation, Engine engine, RunDirectory directory,
                   TrainingListener listener) {
        this.options = options;
        this.training = training;
        this.validation = validation;
        this.engine = engine;
        this.directory = directory;
        this.listener = listener;
        trainingIdentity = training.identity();
        validationIdentity = validation.identity();
        stepsPerEpoch = Math.toIntExact(options.stepsPerEpoch(training.count()));
    }

    /** Asks {@link #start} or {@link #resume} to save after the update in progress and return. Any thread may call it. */
    public void interrupt() {
        interrupted = true;
    }

    /**
     * Trains from the start. The first checkpoint is written before the first update.
     *
     * @param epochs epochs to train
     * @throws IOException if a file of the run cannot be written; the last checkpoint that could be is kept
     */
    public Outcome start(Parameters initial, int epochs) throws IOException {
        engine.load(TrainingState.initial(initial));
        metrics = MetricsLog.create(directory.metrics());
        checkpoint(0).write(directory.best());
        checkpoint(0).write(directory.last());
        return train(epochs, 0);
    }

    /**
     * Trains on from a checkpoint, to where training without a break would have come.
     *
     * @param epochs epochs in all, those included that are already done
     * @throws InvalidInputException if the images are not those that the checkpoint was trained on
     * @throws IOException           as {@link #start}
     */
    public Outcome resume(Checkpoint from, int epochs) throws IOException {
        requireSame("training", from.trainingData(), trainingIdentity);
        requireSame("validation", from.validationData(), validationIdentity);
        engine.load(from.state());
        metrics = MetricsLog.resume(directory.metrics(), finishedEpochs(from.state().step(), from.epochLoss()));
        return train(epochs, from.epochLoss());
    }

    private void requireSame(String kind, String recorded, String given) {
        if (!recorded.equals(given)) {
            throw new InvalidInputException("the " + kind + " images are not those of the run in " + directory.path() + ": it had "
                    + recorded + ", these are " + given);
        }
    }

    /** Rows of metrics so far, those of earlier sessions included. */
    public List<MetricsLog.Row> metrics() {
        return metrics.rows();
    }

    /**
     * @param unfinishedLoss sum of loss × images of an epoch that was begun, perhaps even trained to its end, but not finished with
     *                       validation; 0 if there is none
     */
    private Outcome train(int epochs, double unfinishedLoss) throws IOException {
        long step = engine.state().step();
        double epochLoss = unfinishedLoss;
        for (int epoch = finishedEpochs(step, unfinishedLoss); epoch < epochs; epoch++) {
            int firstBatch = (int) (step - (long) epoch * stepsPerEpoch);
            listener.epochStarted(epoch + 1, epochs, imagesBefore(firstBatch), training.count());
            long startTime = System.nanoTime();
            engine.startEpoch(training, options.noise(), epoch, Shuffle.order(options.noise().seed(), epoch, training.count()));
            for (int batch = firstBatch; batch < stepsPerEpoch; batch++) {
                if (interrupted) {
                    checkpoint(epochLoss).write(directory.last());
                    return Outcome.INTERRUPTED;
                }
                trainBatch(batch, step++);
                if ((batch + 1) % STEPS_PER_REPORT == 0 || batch + 1 == stepsPerEpoch || interrupted) {
                    epochLoss += takeLosses(batch);
                    if (!Double.isFinite(epochLoss)) {
                        return Outcome.DIVERGED;
                    }
                    listener.progressed(imagesBefore(batch + 1), epochLoss / imagesBefore(batch + 1));
                }
            }
            double trainingSeconds = (System.nanoTime() - startTime) / 1e9;
            Optional<Evaluation.Result> evaluation = Evaluation.of(engine, validation, options.noise(), () -> interrupted);
            if (evaluation.isEmpty()) {
                checkpoint(epochLoss).write(directory.last());
                return Outcome.INTERRUPTED;
            }
            Evaluation.Scores scores = evaluation.get().denoised();
            if (!Double.isFinite(scores.mse())) {
                return Outcome.DIVERGED;
            }
            double imagesPerSecond = (training.count() - imagesBefore(firstBatch)) / trainingSeconds;
            double seconds = (System.nanoTime() - startTime) / 1e9;
            finishEpoch(new MetricsLog.Row(epoch + 1, seconds, imagesPerSecond, epochLoss / training.count(), scores), epochs);
            epochLoss = 0;
        }
        return Outcome.FINISHED;
    }

    /** Epochs that are wholly done, validation included: one with a loss left over is not. */
    private int finishedEpochs(long step, double unfinishedLoss) {
        return (int) (unfinishedLoss == 0 ? step / stepsPerEpoch : (step - 1) / stepsPerEpoch);
    }

    private void trainBatch(int batch, long step) {
        int first = imagesBefore(batch);
        engine.trainStep(first, imagesBefore(batch + 1) - first, options.learningRate().at(step));
    }

    /** Images of an epoch that come before batch {@code batch}; the last batch may be smaller. */
    private int imagesBefore(int batch) {
        return (int) Math.min((long) batch * options.batchSize(), training.count());
    }

    /** Sum of loss × images over the updates since the last call, of which {@code lastBatch} is the last. */
    private double takeLosses(int lastBatch) {
        double[] losses = engine.takeLosses();
        double sum = 0;
        for (int i = 0; i < losses.length; i++) {
            int batch = lastBatch - losses.length + 1 + i;
            sum += losses[i] * (imagesBefore(batch + 1) - imagesBefore(batch));
        }
        return sum;
    }

    private void finishEpoch(MetricsLog.Row row, int epochs) throws IOException {
        boolean best = row.validation().mse() < metrics.bestValidationMse();
        metrics.add(row);
        ImageFile.write(directory.sample(row.epoch()), ContactSheet.draw(validation.height(), validation.width(), validation.channels(), samples()));
        Checkpoint checkpoint = checkpoint(0);
        if (best) {
            checkpoint.write(directory.best());
        }
        checkpoint.write(directory.last());
        listener.epochFinished(row, epochs, best);
    }

    private List<Block> samples() {
        List<Block> blocks = new ArrayList<>();
        for (int block = 0; block < SAMPLE_BLOCKS; block++) {
            int first = block * SAMPLES_PER_BLOCK;
            int count = Math.min(SAMPLES_PER_BLOCK, validation.count() - first);
            if (count > 0) {
                blocks.add(SampleBlock.of(engine, validation, options.noise(), first, count));
            }
        }
        return blocks;
    }

    private Checkpoint checkpoint(double epochLoss) {
        return new Checkpoint(options, trainingIdentity, validationIdentity, engine.state(), epochLoss);
    }
}
