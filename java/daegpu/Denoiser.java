package daegpu;

import daegpu.data.ImageSet;
import daegpu.data.InvalidInputException;
import daegpu.denoise.ImageDenoiser;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.Engines;
import daegpu.engine.InferenceEngine;
import daegpu.model.Network;
import daegpu.model.Tensor;
import daegpu.train.Checkpoint;
import java.nio.file.Path;

/**
 * A trained model, for use in other programs: takes the noise out of images, and encodes images as latent vectors.
 *
 * <pre>{@code
 * try (Denoiser denoiser = Denoiser.load(Path.of("digits/best.safetensors"))) {
 *     byte[] clean = denoiser.denoise(noisy);
 * }
 * }</pre>
 *
 * <p>Images are {@code [height, width, channels]}, the last running fastest, of the one size that the model was trained
 * for. {@link Training} makes models. One thread at a time may use a denoiser.
 */
public final class Denoiser implements AutoCloseable {

    private final InferenceEngine engine;

    private Denoiser(InferenceEngine engine) {
        this.engine = engine;
    }

    /**
     * Loads a model on the fastest engine that runs here.
     *
     * @param path a checkpoint, the folder of a run or, where nothing is there under that name, the name of a model
     *     that comes with the program
     * @throws InvalidInputException if the file is damaged or is not a model
     */
    public static Denoiser load(Path path) {
        return load(path, EngineName.AUTO);
    }

    /**
     * Loads a model on a chosen engine.
     *
     * @throws InvalidInputException if the file is damaged or is not a model
     * @throws EngineUnavailableException if this engine cannot run here
     */
    public static Denoiser load(Path path, EngineName engine) {
        Checkpoint model = Checkpoint.ofModel(path);
        InferenceEngine opened = Engines.open(engine, model.options().network(), EngineOptions.fp32(1))
                .engine();
        opened.load(model.state().weights());
        return new Denoiser(opened);
    }

    /** The network: the size of its images and of its latent vectors. */
    public Network network() {
        return engine.network();
    }

    /**
     * Denoises one image, or several stored one after the other.
     *
     * @param images values from 0, black, to 255, white
     * @return the denoised images, an array of the same length
     * @throws IllegalArgumentException if the array does not hold whole images
     */
    public byte[] denoise(byte[] images) {
        requireWholeImages(images.length);
        Tensor image = engine.network().input();
        ImageSet set = new ImageSet(image.height(), image.width(), image.channels(), images);
        return ImageDenoiser.denoise(engine, set).pixels();
    }

    /**
     * Denoises one image, or several stored one after the other.
     *
     * @param images values from 0, black, to 1, white
     * @return the denoised images, an array of the same length
     * @throws IllegalArgumentException if the array does not hold whole images
     */
    public float[] denoise(float[] images) {
        float[] denoised = new float[images.length];
        engine.denoise(images, requireWholeImages(images.length), denoised);
        return denoised;
    }

    /**
     * The latent vectors of one image, or of several stored one after the other.
     *
     * @param images values from 0, black, to 1, white
     * @return {@code [count, latent dimension]}
     * @throws IllegalArgumentException if the array does not hold whole images
     * @throws java.util.NoSuchElementException if the network has no bottleneck
     */
    public float[] encode(float[] images) {
        int count = requireWholeImages(images.length);
        float[] latents =
                new float[count * engine.network().latent().orElseThrow().size()];
        engine.encode(images, count, latents);
        return latents;
    }

    private int requireWholeImages(int values) {
        int size = engine.network().input().size();
        if (values % size != 0) {
            throw new IllegalArgumentException("an image of this model has " + size + " values, so " + values
                    + " values are not a whole number of images");
        }
        return values / size;
    }

    /** Frees what the engine holds. */
    @Override
    public void close() {
        engine.close();
    }
}
