package daegpu.cli;

import daegpu.data.AtomicFile;
import daegpu.data.IdxFile;
import daegpu.data.ImageFile;
import daegpu.data.ImageSet;
import daegpu.data.Photo;
import daegpu.data.Pixels;
import daegpu.denoise.ImageDenoiser;
import daegpu.denoise.PhotoDenoiser;
import daegpu.denoise.PictureDenoiser;
import daegpu.denoise.PictureNoise;
import daegpu.denoise.Strength;
import daegpu.denoise.WholePictureDenoiser;
import daegpu.engine.InferenceEngine;
import daegpu.model.Reach;
import daegpu.model.Tensor;
import daegpu.noise.Noise;
import daegpu.train.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleConsumer;
import java.util.function.UnaryOperator;

/** Denoises files by a model: IDX files, and pictures of any size. */
final class FileDenoiser implements AutoCloseable {

    /** Values of small pictures that go through the network together, about: 500 of MNIST's. */
    private static final int CHUNK = 500 * 28 * 28;

    /**
     * What is done to images.
     *
     * @param added noise that corrupts them first; null for none
     * @param seed of that noise
     * @param fitted makes pictures fit the model's size; null where they keep their own
     * @param overlap pixels that tiles of the model's size share at least
     * @param memory bytes for the parts of a picture that is denoised as a whole
     */
    record Treatment(
            Strength strength, Noise added, long seed, UnaryOperator<Photo> fitted, int overlap, long memory) {}

    /** A picture that was read and is to go to a file. */
    private record Job(Photo photo, Path target) {}

    private final Checkpoint checkpoint;
    private final EngineChoice engineChoice;
    private final Treatment treatment;
    private final boolean makesFolders;
    private final BooleanSupplier stop;
    private final List<String> failures;
    private final Tensor image;
    /** Null where the network has a bottleneck. */
    private final WholePictureDenoiser whole;

    private final PictureDenoiser pictures;
    private final List<Job> waiting = new ArrayList<>();
    private long waitingValues;
    /** The network in the model's own size; null until it is needed. */
    private InferenceEngine own;

    private int done;

    /**
     * Prepares to denoise.
     *
     * @param makesFolders whether the folder of a result is made where it is missing
     * @param stop is asked again and again; when it says so, {@link CancellationException} is thrown
     * @param failures gets a message for each result that could not be written after {@link #denoise} had returned
     */
    FileDenoiser(
            Checkpoint checkpoint,
            EngineChoice engineChoice,
            Treatment treatment,
            boolean makesFolders,
            BooleanSupplier stop,
            List<String> failures) {
        this.checkpoint = checkpoint;
        this.engineChoice = engineChoice;
        this.treatment = treatment;
        this.makesFolders = makesFolders;
        this.stop = stop;
        this.failures = failures;
        image = checkpoint.options().network().input();
        if (Reach.of(checkpoint.options().network()).isPresent()) {
            whole = new WholePictureDenoiser(
                    checkpoint.options().architecture(),
                    engineChoice.of(checkpoint),
                    treatment.strength(),
                    treatment.memory());
            pictures = whole;
        } else {
            whole = null;
            pictures = new PhotoDenoiser(image, this::denoise, treatment.overlap(), treatment.strength());
        }
    }

    private void denoise(float[] noisy, int count, float[] denoised) {
        requireGoing();
        own().denoise(noisy, count, denoised);
    }

    private void requireGoing() {
        if (stop.getAsBoolean()) {
            throw new CancellationException();
        }
    }

    private InferenceEngine own() {
        if (own == null) {
            own = engineChoice.open(checkpoint.options().network(), 1).engine();
            own.load(checkpoint.state().weights());
        }
        return own;
    }

    /**
     * Denoises a file, or keeps it to be denoised together with others.
     *
     * @param format of a picture; null for an IDX file
     * @param target where the result goes
     * @param progress is told what part has been done, where it takes long
     * @throws daegpu.data.InvalidInputException if the file cannot be used
     * @throws IOException if the result cannot be written
     */
    void denoise(Path input, String format, Path target, DoubleConsumer progress) throws IOException {
        requireGoing();
        if (format == null) {
            denoiseIdx(input, target);
            return;
        }
        InputFiles.requirePicturesFit(input, image);
        if (whole != null && treatment.fitted() == null) {
            denoiseWhole(input, target, progress);
            return;
        }
        Photo photo = ImageFile.open(input);
        Photo grey = image.channels() == 1 && photo.isGrey() ? photo.withChannels(1) : photo;
        Photo fitting = treatment.fitted() == null ? grey : treatment.fitted().apply(grey);
        waiting.add(new Job(fitting, target));
        waitingValues += fitting.values().length;
        if (waitingValues >= CHUNK) {
            finish();
        }
    }

    private void denoiseIdx(Path input, Path target) throws IOException {
        ImageSet images = InputFiles.readIdx(input, image);
        makeFolderOf(target);
        IdxFile.write(
                target,
                treatment.added() == null
                        ? ImageDenoiser.denoise(own(), images, treatment.strength())
                        : ImageDenoiser.denoise(
                                own(), images, treatment.strength(), treatment.added(), treatment.seed(), 0));
        done++;
    }

    /** From file to file, a strip at a time. */
    private void denoiseWhole(Path input, Path target, DoubleConsumer progress) throws IOException {
        Pixels stored = ImageFile.openPixels(input);
        // What is stored as red, green and blue but has no colour need not go through a model of grey images three
        // times.
        Pixels clean = image.channels() == 1 && stored.isGrey() ? stored.withChannels(1) : stored;
        Pixels ready = whole.forNetwork(clean);
        Pixels noisy = treatment.added() == null ? ready : PictureNoise.add(treatment.added(), treatment.seed(), ready);
        Pixels denoised = whole.denoise(noisy, part -> {
            requireGoing();
            progress.accept(part);
        });
        makeFolderOf(target);
        AtomicFile.write(target, out -> ImageFile.encode(denoised.withChannels(clean.channels()), out));
        done++;
    }

    /** Denoises the pictures that wait, together, and writes them. */
    void finish() {
        List<Photo> noisy = new ArrayList<>();
        for (Job job : waiting) {
            Photo photo = pictures.forNetwork(job.photo);
            noisy.add(treatment.added() == null ? photo : PictureNoise.add(treatment.added(), treatment.seed(), photo));
        }
        List<Photo> denoised = pictures.denoise(noisy);
        for (int i = 0; i < denoised.size(); i++) {
            Job job = waiting.get(i);
            try {
                makeFolderOf(job.target);
                AtomicFile.write(job.target, ImageFile.encode(denoised.get(i).withChannels(job.photo.channels())));
                done++;
            } catch (IOException e) {
                failures.add(DaeGpu.describe(e));
            }
        }
        waiting.clear();
        waitingValues = 0;
    }

    private void makeFolderOf(Path target) throws IOException {
        Path folder = target.toAbsolutePath().getParent();
        if (makesFolders && folder != null) {
            Files.createDirectories(folder);
        }
    }

    /** Files that were written. */
    int done() {
        return done;
    }

    /** Closes the engines that are open. */
    @Override
    public void close() {
        pictures.close();
        if (own != null) {
            own.close();
        }
    }
}
