package daegpu.engine;

import daegpu.data.ImageSet;
import daegpu.model.Network;
import daegpu.model.Parameters;
import daegpu.model.Tensor;
import daegpu.noise.Noise;

/**
 * Runs one network. An engine is opened for a network, holds its weights in whatever layout suits it, and may own
 * native memory: close it. One thread at a time may use it.
 *
 * <p>Arrays of images are {@code [batch, height, width, channels]}, where the last index varies fastest. The arithmetic
 * is that of Keras: 'same' padding by TensorFlow's rule.
 *
 * <p>The same engine with the same options gives the same bits for the same input, every time.
 */
public interface InferenceEngine extends AutoCloseable {

    /** The network that the engine was opened for. */
    Network network();

    /** Says in one line what computes, and with which options, such as {@code reference (plain Java, 2 threads)}. */
    String description();

    /** Replaces the weights, which are zeros when the engine is opened. */
    void load(Parameters weights);

    /**
     * Scales and corrupts images as training and validation do.
     *
     * @param seed key of the generator, the seed of the run
     * @param base 0 for training images, {@link daegpu.noise.Philox#VALIDATION} for validation images: added to the
     *     place of an image in {@code images} to give the index that its noise is drawn for
     * @param epoch counted from 0; 0 for validation
     * @param first the first image in {@code images} to take
     * @param count how many to take, any number
     * @param clean receives the scaled images, {@code [count, height, width, channels]}, in [0, 1]
     * @param noisy receives the corrupted images, of the same shape
     */
    void corrupt(
            ImageSet images,
            Noise noise,
            long seed,
            long base,
            int epoch,
            int first,
            int count,
            float[] clean,
            float[] noisy);

    /**
     * Computes one tensor of the network from another, for any number of images.
     *
     * @param from {@link Network#input()}, or the output of a layer
     * @param to the output of a layer
     * @param values the values of {@code from} for each image, one image after the other
     * @param count number of images
     * @param results receives the values of {@code to} for each image
     * @throws IllegalArgumentException if {@code to} cannot be computed from {@code from} alone
     */
    void run(Tensor from, Tensor to, float[] values, int count, float[] results);

    /**
     * Runs the network on any number of images.
     *
     * @param noisy {@code [count, height, width, channels]} in [0, 1], or around it if noise is not clipped
     * @param count number of images
     * @param denoised receives the denoised images, of the same shape
     */
    default void denoise(float[] noisy, int count, float[] denoised) {
        run(network().input(), network().output(), noisy, count, denoised);
    }

    /**
     * Runs the encoder on any number of images.
     *
     * @param images {@code [count, height, width, channels]} in [0, 1]
     * @param latents receives {@code [count, latent dimension]}
     * @throws java.util.NoSuchElementException if the network has no bottleneck
     */
    default void encode(float[] images, int count, float[] latents) {
        run(network().input(), network().latent().orElseThrow(), images, count, latents);
    }

    /**
     * Runs the decoder on any number of latent vectors.
     *
     * @param latents {@code [count, latent dimension]}
     * @param images receives {@code [count, height, width, channels]}
     * @throws java.util.NoSuchElementException if the network has no bottleneck
     */
    default void decode(float[] latents, int count, float[] images) {
        run(network().latent().orElseThrow(), network().output(), latents, count, images);
    }

    /**
     * Frees what the engine owns. Calling it again does nothing. Methods that compute, or that change weights, then
     * throw {@link IllegalStateException}.
     */
    @Override
    void close();
}
