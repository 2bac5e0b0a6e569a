package daegpu.engine;

import daegpu.data.TrainingImages;
import daegpu.model.Parameters;
import daegpu.noise.Noise;

/**
 * Trains a network, and runs it with the weights that it has at the moment: with their average, where the learning rule
 * has one. It is opened for a largest batch and a {@link LearningRule}.
 *
 * <p>A step has two halves: gradients (corrupt, forward, loss, backward) and update. {@link #trainStep} does both at
 * once; whoever exchanges gradients with other machines between them calls {@link #computeGradients},
 * {@link #gradients} and {@link #update}.
 */
public interface TrainingEngine extends InferenceEngine {

    /** Begins anew with these parameters: no update was done, moments are zero, and an average begins here. */
    @Override
    void load(Parameters parameters);

    /**
     * Replaces weights, moments, average and step count. An average that the rule wants and the state lacks begins
     * here.
     */
    void load(TrainingState state);

    /** A copy of weights, moments, average and step count. */
    TrainingState state();

    /**
     * Says what the following training steps draw from. The engine may keep {@code images} where it computes, until
     * others are given: of patches, the pictures. It cuts a patch when a step takes it.
     *
     * @param seed key of the generator, the seed of the run
     * @param epoch counted from 0; decides the noise, and where patches are cut
     * @param order indices of {@code images}, in the order in which this epoch takes them
     */
    void startEpoch(TrainingImages images, Noise noise, long seed, int epoch, int[] order);

    /**
     * One update on the images {@code order[first]} … {@code order[first + count − 1]} of the epoch that was started.
     * May return before the work is done; {@link #takeLosses} waits for it.
     *
     * @param count at most the batch size for which the engine was opened
     */
    void trainStep(int first, int count, float learningRate);

    /**
     * The first half of a step on the same images: their share of the gradients of a batch. Their share of the loss is
     * among those that {@link #takeLosses} gives.
     *
     * @param count at most the batch size for which the engine was opened
     * @param batch images of the whole batch, by which the sums over images are divided: {@code count} where there are
     *     no others
     */
    void computeGradients(int first, int count, int batch);

    /** The gradients of the loss that the last step, or half of one, computed. */
    Parameters gradients();

    /** The second half of a step: an update by given gradients. Counts as a step. */
    void update(Parameters gradients, float learningRate);

    /** The loss of each training step since the last call, in order, each as it was before that step's update. */
    double[] takeLosses();

    /**
     * Bytes that the engine has on a device with a memory of its own, without those that libraries take for themselves;
     * 0 for an engine that computes in this machine's memory.
     */
    default long deviceBytes() {
        return 0;
    }
}
