package daegpu;

import daegpu.data.AtomicFile;
import daegpu.data.BufferedImages;
import daegpu.data.Depth;
import daegpu.data.ImageSet;
import daegpu.data.InvalidInputException;
import daegpu.data.Photo;
import daegpu.data.PictureDescription;
import daegpu.data.PictureFormat;
import daegpu.data.PictureReader;
import daegpu.data.PictureWriter;
import daegpu.data.Pixels;
import daegpu.data.VisiblePixels;
import daegpu.denoise.ImageDenoiser;
import daegpu.denoise.ModelEngines;
import daegpu.denoise.PhotoDenoiser;
import daegpu.denoise.PictureDenoiser;
import daegpu.denoise.Strength;
import daegpu.denoise.WholePictureDenoiser;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.Engines;
import daegpu.engine.Engines.Choice;
import daegpu.engine.InferenceEngine;
import daegpu.model.Network;
import daegpu.model.Reach;
import daegpu.model.Tensor;
import daegpu.train.Checkpoint;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * A trained model for use in other programs. It denoises pictures, and encodes images as latent vectors.
 *
 * <pre>{@code
 * try (Denoiser denoiser = Denoiser.load(Path.of("photo-color"))) {
 *     denoiser.denoise(Path.of("photo.jpg"), Path.of("clean.jpg"));
 *     BufferedImage clean = denoiser.denoise(noisy);
 * }
 * }</pre>
 *
 * <p>Pictures may have any size, and are denoised as the command {@code denoise} does: as a whole by a network without
 * a bottleneck, in overlapping tiles by one with a bottleneck. A model for grey images denoises the channels of a
 * colour picture one by one; for a model for colours, grey pictures are turned into colours and back. Arrays of images
 * that are given without a size, {@code [height, width, channels]} with the last index varying fastest, have the size
 * that the model was trained for. {@link Training} makes models.
 *
 * <p>Several threads may use a denoiser: they take turns, and each uses all processors. It may be closed at any time:
 * that waits for the thread whose turn it is, and no other can use it afterwards.
 */
public final class Denoiser implements AutoCloseable {

    private final InferenceEngine engine;
    private final PictureDenoiser pictures;
    /** Held by the thread that uses the engines or closes them; those who wait for it take turns. */
    private final ReentrantLock turn = new ReentrantLock(true);

    private boolean closed;

    private Denoiser(InferenceEngine engine, PictureDenoiser pictures) {
        this.engine = engine;
        this.pictures = pictures;
    }

    /**
     * Loads a model on the fastest engine that runs here.
     *
     * @param path a checkpoint, the folder of a run or, if there is no such file, the name of a model that comes with
     *     the program
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
        Network network = model.options().network();
        EngineOptions options = EngineOptions.fp32(1);
        Choice<EngineName> choice = Engines.choose(engine, options);
        ModelEngines engines = new ModelEngines(choice, options, model.state().weights());
        InferenceEngine own = engines.open(network, options.threadCount());
        PictureDenoiser pictures = Reach.of(network).isPresent()
                ? new WholePictureDenoiser(
                        model.options().architecture(), engines, Strength.FULL, WholePictureDenoiser.defaultMemory())
                : new PhotoDenoiser(
                        network.input(), own::denoise, PhotoDenoiser.defaultOverlap(network.input()), Strength.FULL);
        return new Denoiser(own, pictures);
    }

    /** The network, with the sizes of the images that it was trained for and of its latent vectors. */
    public Network network() {
        return engine.network();
    }

    /**
     * Denoises a picture from one file to another, or all pages of a TIFF file. Floats are scaled as
     * {@link PictureReader#open(Path)} says, and written in their own range.
     *
     * @param noisy a PNG, JPEG, TIFF, BMP, GIF or WebP file
     * @param denoised receives the result, and is not changed if that fails; it may be the same file. Its format is
     *     that of its file extension, otherwise that of {@code noisy}, or PNG if the program does not write that one
     * @throws InvalidInputException if the picture cannot be read, has several pages while the format of the result has
     *     one, or the program does not write the format that the name of the result says
     * @throws IOException if the result cannot be written
     * @throws IllegalStateException if the denoiser is closed
     */
    public void denoise(Path noisy, Path denoised) throws IOException {
        turn.lock();
        try (PictureReader reader = PictureReader.open(noisy)) {
            requireOpen();
            PictureFormat format =
                    PictureFormat.ofName(denoised).orElse(reader.format().asWritten());
            if (!format.isWritable()) {
                throw new InvalidInputException(
                        denoised + " has the name of a " + format.title() + " file, which is not written");
            }
            if (reader.pages() > 1 && format != PictureFormat.TIFF) {
                throw new InvalidInputException(
                        noisy + " has " + reader.pages() + " pages, and a " + format.title() + " file holds one");
            }
            denoise(reader, denoised, format);
        } finally {
            turn.unlock();
        }
    }

    private void denoise(PictureReader reader, Path denoised, PictureFormat format) throws IOException {
        // Large pictures are computed strip by strip while the file is written.
        AtomicFile.write(denoised, out -> {
            try (PictureWriter writer = new PictureWriter(out, format, PictureWriter.DEFAULT_QUALITY)) {
                for (int page = 0; page < reader.pages(); page++) {
                    PictureDescription description = reader.description(page);
                    Pixels result = denoised(asGreyIfItIs(VisiblePixels.of(reader.read(page))));
                    writer.write(result.withChannels(description.channels(result)), description);
                }
            }
            reader.close(); // It may be the file that is replaced now.
        });
    }

    /**
     * Denoises a picture.
     *
     * @param noisy a picture of any size and type; alpha is not changed
     * @return a picture of {@code TYPE_BYTE_GRAY}, {@code TYPE_3BYTE_BGR} or, with alpha, {@code TYPE_4BYTE_ABGR}; for
     *     samples of 16 bits {@code TYPE_USHORT_GRAY}, or in colour or with alpha a custom type with such samples
     * @throws IllegalStateException if the denoiser is closed
     */
    public BufferedImage denoise(BufferedImage noisy) {
        Photo picture = BufferedImages.toPhoto(noisy);
        return BufferedImages.of(inTurn(
                () -> Photo.of(denoised(asGreyIfItIs(VisiblePixels.of(picture))).withChannels(picture.channels()))));
    }

    /**
     * Denoises a picture of any size.
     *
     * @param picture {@code [height, width, channels]}: values from 0, black, to 1, white
     * @param channels 1 for grey, 3 for red, green and blue
     * @return the denoised picture, an array of the same length; its values may lie outside of 0 to 1
     * @throws IllegalArgumentException if the array does not hold a picture of this size
     * @throws IllegalStateException if the denoiser is closed
     */
    public float[] denoise(float[] picture, int height, int width, int channels) {
        if (height < 1
                || width < 1
                || channels != 1 && channels != 3
                || (long) height * width * channels != picture.length) {
            throw new IllegalArgumentException(
                    picture.length + " values do not make a picture of " + height + "x" + width + "x" + channels);
        }
        Photo photo = new Photo(height, width, channels, picture, null, Depth.BITS_8, "png");
        return inTurn(() -> denoised(asGreyIfItIs(photo)).withChannels(channels).values());
    }

    /** A picture that is stored as red, green and blue but has no colour goes through a model for grey images once. */
    private Pixels asGreyIfItIs(Pixels picture) {
        return network().input().channels() == 1 && picture.isGrey() ? picture.withChannels(1) : picture;
    }

    /** The denoised picture, computed when its rows are read, or before. */
    private Pixels denoised(Pixels picture) {
        Pixels result;
        if (pictures instanceof WholePictureDenoiser whole) {
            result = whole.denoise(whole.forNetwork(picture), part -> {});
        } else {
            result = pictures.denoise(List.of(pictures.forNetwork(Photo.of(picture))))
                    .get(0);
        }
        return result.withChannels(picture.channels());
    }

    /**
     * Denoises one image, or several stored one after the other.
     *
     * @param images values from 0, black, to 255, white
     * @return the denoised images, an array of the same length
     * @throws IllegalArgumentException if the array does not hold whole images
     * @throws IllegalStateException if the denoiser is closed
     */
    public byte[] denoise(byte[] images) {
        requireWholeImages(images.length);
        Tensor image = engine.network().input();
        ImageSet set = new ImageSet(image.height(), image.width(), image.channels(), images);
        return inTurn(() -> ImageDenoiser.denoise(engine, set).pixels());
    }

    /**
     * Denoises one image, or several stored one after the other.
     *
     * @param images values from 0, black, to 1, white
     * @return the denoised images, an array of the same length
     * @throws IllegalArgumentException if the array does not hold whole images
     * @throws IllegalStateException if the denoiser is closed
     */
    public float[] denoise(float[] images) {
        int count = requireWholeImages(images.length);
        float[] denoised = new float[images.length];
        return inTurn(() -> {
            engine.denoise(images, count, denoised);
            return denoised;
        });
    }

    /**
     * The latent vectors of one image, or of several stored one after the other.
     *
     * @param images values from 0, black, to 1, white
     * @return {@code [count, latent dimension]}
     * @throws IllegalArgumentException if the array does not hold whole images
     * @throws IllegalStateException if the denoiser is closed
     * @throws java.util.NoSuchElementException if the network has no bottleneck
     */
    public float[] encode(float[] images) {
        int count = requireWholeImages(images.length);
        float[] latents =
                new float[count * engine.network().latent().orElseThrow().size()];
        return inTurn(() -> {
            engine.encode(images, count, latents);
            return latents;
        });
    }

    private int requireWholeImages(int values) {
        int size = engine.network().input().size();
        if (values % size != 0) {
            throw new IllegalArgumentException("an image of this model has " + size + " values, so " + values
                    + " values are not a whole number of images");
        }
        return values / size;
    }

    private <T> T inTurn(Supplier<T> work) {
        turn.lock();
        try {
            requireOpen();
            return work.get();
        } finally {
            turn.unlock();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("this denoiser is closed");
        }
    }

    /** Waits for the thread that uses the denoiser, and frees its engines. Closing it again does nothing. */
    @Override
    public void close() {
        turn.lock();
        try {
            if (!closed) {
                closed = true;
                pictures.close();
                engine.close();
            }
        } finally {
            turn.unlock();
        }
    }
}
