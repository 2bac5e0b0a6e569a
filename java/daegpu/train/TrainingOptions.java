package daegpu.train;

import daegpu.engine.LearningRule;
import daegpu.engine.Optimizer;
import daegpu.model.Architecture;
import daegpu.model.Network;
import daegpu.noise.Noise;

/**
 * The options that decide the arithmetic of a training: with the same options, data and engine, every bit of the result
 * is the same. The length of the training is not one of them, so that a run can be continued.
 *
 * @param architecture describes the network
 * @param noise the noise that corrupts its input
 * @param seed decides the noise, the order of the images and the initial weights, if these are drawn
 * @param batchSize number of images in an update
 * @param learningRate of each update
 * @param learningRule what updates minimize, and how; of the optimizer's constants, only the weight decay may differ
 *     from {@link Optimizer#ADAM}
 */
public record TrainingOptions(
        Architecture architecture,
        Noise noise,
        long seed,
        int batchSize,
        LearningRate learningRate,
        LearningRule learningRule) {

    /** The largest batch; a larger one would not fit into the arrays that hold it. */
    public static final int LARGEST_BATCH = 65_536;

    /** @throws IllegalArgumentException if the batch size is out of range, or the optimizer has other constants */
    public TrainingOptions {
        requireBatchSize(batchSize);
        requireRecordable(learningRule);
    }

    /** Options with {@link LearningRule#DEFAULT}. */
    public TrainingOptions(
            Architecture architecture, Noise noise, long seed, int batchSize, LearningRate learningRate) {
        this(architecture, noise, seed, batchSize, learningRate, LearningRule.DEFAULT);
    }

    /** The same for another network. */
    public TrainingOptions of(Architecture newArchitecture) {
        return new TrainingOptions(newArchitecture, noise, seed, batchSize, learningRate, learningRule);
    }

    /** The network that is trained. */
    public Network network() {
        return architecture.network();
    }

    /** Checkpoints hold no other constants of the optimizer, so a run that is resumed could not go on with them. */
    static void requireRecordable(LearningRule rule) {
        Optimizer optimizer = rule.optimizer();
        if (!optimizer.equals(Optimizer.adamW(optimizer.weightDecay()))) {
            throw new IllegalArgumentException(
                    "a run can choose the weight decay of Adam, but no other constant of it");
        }
    }

    private static void requireBatchSize(int batchSize) {
        if (batchSize < 1 || batchSize > LARGEST_BATCH) {
            throw new IllegalArgumentException("the batch size must be 1 to " + LARGEST_BATCH + ", not " + batchSize);
        }
    }

    /** The same, with the learning rate's schedule over a training of {@code updates} updates. */
    public TrainingOptions lasting(long updates) {
        return new TrainingOptions(architecture, noise, seed, batchSize, learningRate.lasting(updates), learningRule);
    }

    /** Number of updates in an epoch of {@code images} images; the last one may have a smaller batch. */
    public long stepsPerEpoch(int images) {
        return stepsPerEpoch(images, batchSize);
    }

    /**
     * Updates in an epoch of {@code images} images in batches of {@code batchSize}.
     *
     * @throws IllegalArgumentException if the batch size is out of range
     */
    public static long stepsPerEpoch(int images, int batchSize) {
        requireBatchSize(batchSize);
        return (images + batchSize - 1L) / batchSize;
    }
}
