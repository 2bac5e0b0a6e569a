package daegpu.engine;

import daegpu.data.ImageSet;
import daegpu.model.Network;
import daegpu.model.Parameters;
import daegpu.noise.Noise;
import java.util.Optional;

/**
 * Trains one network and runs it. An engine is opened for an network and a largest batch, holds weights and Adam's
 * moments in whatever layout suits it, and may own native memory: close it. One thread at a time may use it.
 *
 * <p>Activations and images are {@code [batch, height, width, channels]}, the last running fastest. The arithmetic is
 * that of Keras: 'same' padding by TensorFlow's rule, mean squared error over batch, height, width and channels, and
 * {@link Adam}.
 *
 * <p>The same engine with the same options gives the same bits for the same input, every time.
 */
public interface Engine extends AutoCloseable {

    Network network();

    /** One line for people: what computes, with which options, such as {@code reference (plain Java, 2 threads)}. */
    String description();

    /** Replaces weights, moments and step count. */
    void load(TrainingState state);

    /** A copy of weights, moments and step count. */
    TrainingState state();

    /**
     * Says what the following training steps draw from. The engine may keep {@code images} where it computes, until
     * another set is given.
     *
     * @param epoch counted from 0; decides the noise
     * @param order indices into {@code images}, in the order in which this epoch takes them
     */
    void startEpoch(ImageSet images, Noise noise, int epoch, int[] order);

    /**
     * One update on the images {@code order[first]} … {@code order[first + count − 1]} of the epoch that was started:
     * scale, corrupt, forward, loss, backward, Adam. May return before the work is done; {@link #takeLosses} waits for
     * it.
     *
     * @param count at most the batch size for which the engine was opened
     */
    void trainStep(int first, int count, float learningRate);

    /** One update on given values, {@code [count, height, width, channels]} in [0, 1], instead of the data set's. */
    void trainStep(float[] clean, float[] noisy, int count, float learningRate);

    /** The loss of each training step since the last call, in order, each as it was before that step's update. */
    double[] takeLosses();

    /**
     * What layer {@code name} put out in the last training step on given values, {@code [count, height, width,
     * channels]}.
     */
    float[] activation(String name);

    /** The gradients of the loss that the last training step computed. */
    Parameters gradients();

    /** Adam alone: one update with given gradients. Counts as a step. */
    void applyGradients(Parameters gradients, float learningRate);

    /**
     * Scales and corrupts images as training and validation do.
     *
     * @param base 0 for training images, {@link daegpu.noise.Philox#VALIDATION} for validation images: added to the
     *     place of an image in {@code images} to give the index that its noise is drawn for
     * @param epoch counted from 0; 0 for validation
     * @param first the first image in {@code images} to take
     * @param count how many to take, any number
     * @param clean receives the scaled images, {@code [count, height, width, channels]}
     * @param noisy receives the corrupted images, likewise
     */
    void corrupt(
            ImageSet images, Noise noise, long base, int epoch, int first, int count, float[] clean, float[] noisy);

    /**
     * Runs the network on any number of images.
     *
     * @param noisy {@code [count, height, width, channels]} in [0, 1]
     * @param denoised receives as many values, in (0, 1)
     */
    void denoise(float[] noisy, int count, float[] denoised);

    /**
     * Runs the encoder on any number of images.
     *
     * @param images {@code [count, height, width, channels]} in [0, 1]
     * @param latents receives {@code [count, latent dimension]}
     */
    void encode(float[] images, int count, float[] latents);

    /**
     * Runs the decoder on any number of latent vectors.
     *
     * @param latents {@code [count, latent dimension]}
     * @param images receives {@code [count, height, width, channels]} in (0, 1)
     */
    void decode(float[] latents, int count, float[] images);

    /**
     * Room on the engine's device for samples that OpenGL can show; empty for an engine that computes in this machine's
     * memory. It lives as long as the engine.
     *
     * @param count validation images, from the first on
     * @param columns images in a row
     */
    default Optional<DeviceSamples> deviceSamples(int count, int columns) {
        return Optional.empty();
    }

    /**
     * Bytes that the engine has on a device with a memory of its own, without those that libraries take for themselves;
     * 0 for an engine that computes in this machine's memory.
     */
    default long deviceBytes() {
        return 0;
    }

    /** Frees what the engine owns. Calling it again does nothing. */
    @Override
    void close();
}
