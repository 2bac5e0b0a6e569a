package daegpu.train;

import daegpu.data.TrainingImages;
import daegpu.data.ValidationSet;
import daegpu.engine.TrainingEngine;
import daegpu.engine.TrainingState;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Trains for a few seconds, to estimate how long a whole training would take. The result is discarded, and no file is
 * written.
 */
public final class DryRun {

    /** Before anything is timed: Java compiles what runs often, and a GPU captures its graph. */
    private static final double WARM_UP_SECONDS = 1;

    private static final double TIMED_SECONDS = 2;
    private static final int VALIDATION_WARM_UP = 500;
    private static final int VALIDATION_TIMED = 1000;

    private DryRun() {}

    /**
     * What was timed.
     *
     * @param updates number of timed updates, after others that were not timed
     * @param secondsPerUpdate their mean time
     * @param validated number of validation images that were corrupted, denoised and scored
     * @param secondsPerImage the mean time of a validation image
     */
    public record Timing(int updates, double secondsPerUpdate, int validated, double secondsPerImage) {

        /**
         * The time that a training is expected to take, without pictures and checkpoints.
         *
         * @param someUpdates number of its updates
         * @param someValidation number of validation images that it evaluates in all epochs together
         * @return seconds
         */
        public double expected(long someUpdates, long someValidation) {
            return someUpdates * secondsPerUpdate + someValidation * secondsPerImage;
        }
    }

    /**
     * Times updates on the first images of an epoch, over and over, and the validation of some images. The engine's
     * state is changed afterwards.
     *
     * @param engine an engine that was opened for the architecture and batch size of the options
     * @param state where training would begin
     * @param stop is called now and then; true stops the timing
     * @return empty if it was stopped
     */
    public static Optional<Timing> of(
            TrainingOptions options,
            TrainingImages training,
            ValidationSet validation,
            TrainingEngine engine,
            TrainingState state,
            BooleanSupplier stop) {
        engine.load(state);
        engine.startEpoch(
                training, options.noise(), options.seed(), 0, Shuffle.order(options.seed(), 0, training.count()));
        Updates updates = new Updates(options, training, engine, state.step(), stop);
        updates.run(WARM_UP_SECONDS);
        Updates timed = new Updates(options, training, engine, state.step() + updates.count, stop);
        timed.run(TIMED_SECONDS);
        if (stop.getAsBoolean()) {
            return Optional.empty();
        }
        int validated = Math.min(VALIDATION_TIMED, validation.count());
        ValidationSet some = validation.range(0, validated);
        Evaluation.of(
                engine, some.range(0, Math.min(VALIDATION_WARM_UP, validated)), options.noise(), options.seed(), stop);
        long start = System.nanoTime();
        Optional<Evaluation.Result> result = Evaluation.of(engine, some, options.noise(), options.seed(), stop);
        double seconds = (System.nanoTime() - start) / 1e9;
        return result.map(
                scores -> new Timing(timed.count, timed.seconds / timed.count, validated, seconds / validated));
    }

    /** Updates in a row, between two readings of the losses, which wait for a GPU. */
    private static final class Updates {
        private final TrainingOptions options;
        private final TrainingImages training;
        private final TrainingEngine engine;
        private final long firstStep;
        private final BooleanSupplier stop;
        private int count;
        private double seconds;

        private Updates(
                TrainingOptions options,
                TrainingImages training,
                TrainingEngine engine,
                long firstStep,
                BooleanSupplier stop) {
            this.options = options;
            this.training = training;
            this.engine = engine;
            this.firstStep = firstStep;
            this.stop = stop;
        }

        /** At least two, and for at least this time. */
        private void run(double leastSeconds) {
            int batch = Math.min(options.batchSize(), training.count());
            int batches = training.count() / batch;
            long start = System.nanoTime();
            for (int group = 2;
                    seconds < leastSeconds && !stop.getAsBoolean();
                    group = Math.min(2 * group, Trainer.DEFAULT_LOG_EVERY)) {
                for (int i = 0; i < group; i++, count++) {
                    engine.trainStep(
                            count % batches * batch,
                            batch,
                            options.learningRate().at(firstStep + count));
                }
                engine.takeLosses();
                seconds = (System.nanoTime() - start) / 1e9;
            }
        }
    }
}
