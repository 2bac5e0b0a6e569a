package daegpu.engine;

import daegpu.data.TrainingImages;
import daegpu.model.Parameters;
import daegpu.noise.Noise;

/**
 * Trains a network, and runs it with its current weights, or with their average if the learning rule has one. It is
 * opened for a largest batch size and a {@link LearningRule}.
 *
 * <p>A step has two halves: gradients (corrupt, forward, loss, backward) and update. {@link #trainStep} does both at
 * once; a program that exchanges gradients with other machines in between calls {@link #computeGradients},
 * {@link #gradients} and {@link #update}.
 */
public interface TrainingEngine extends InferenceEngine {

    /**
     * Starts anew with these parameters: the number of updates and the moments are zero, and an average begins as these
     * parameters.
     */
    @Override
    void load(Parameters parameters);

    /**
     * Replaces weights, moments, average and step count. If the rule has an average and the state has none, the average
     * begins as the weights.
     */
    void load(TrainingState state);

    /** A copy of weights, moments, average and step count. */
    TrainingState state();

    /**
     * Says which images the training steps that follow take. The engine may copy {@code images} to the memory in which
     * it computes, and keep them until others are given; of patches, it keeps the pictures, and cuts a patch when a
     * step takes it.
     *
     * @param seed key of the random number generator, the seed of the run
     * @param epoch counted from 0; decides the noise, and where patches are cut
     * @param order indices of {@code images}, in the order in which this epoch takes them
     */
    void startEpoch(TrainingImages images, Noise noise, long seed, int epoch, int[] order);

    /**
     * Makes one update on the images {@code order[first]} … {@code order[first + count − 1]} of the epoch that was
     * started. May return before the work is done; {@link #takeLosses} waits for it.
     *
     * @param count at most the batch size for which the engine was opened
     */
    void trainStep(int first, int count, float learningRate);

    /**
     * Does the first half of a step on such images: computes their share of the gradients of a batch. Their share of
     * the loss is among the values of {@link #takeLosses}.
     *
     * @param count at most the batch size for which the engine was opened
     * @param batch number of images of the whole batch, by which the sums over images are divided; {@code count} if
     *     there are no others
     */
    void computeGradients(int first, int count, int batch);

    /** The gradients of the loss from the last step, or from the first half of one. */
    Parameters gradients();

    /** Does the second half of a step: updates the weights with the given gradients. This counts as a step. */
    void update(Parameters gradients, float learningRate);

    /**
     * The loss of each training step since the last call, in their order. Each is the loss before the update of that
     * step. Waits for steps that are not done.
     */
    double[] takeLosses();

    /**
     * Bytes that the engine has allocated on a device with a memory of its own, without those that libraries allocate
     * for themselves; 0 for an engine that computes in this machine's memory.
     */
    default long deviceBytes() {
        return 0;
    }
}
