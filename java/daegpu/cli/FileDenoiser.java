package daegpu.cli;

import daegpu.data.AtomicFile;
import daegpu.data.IdxFile;
import daegpu.data.ImageSet;
import daegpu.data.InvalidInputException;
import daegpu.data.Photo;
import daegpu.data.PictureDescription;
import daegpu.data.PictureFormat;
import daegpu.data.PictureReader;
import daegpu.data.PictureWriter;
import daegpu.data.Pixels;
import daegpu.data.ValueRange;
import daegpu.data.VisiblePixels;
import daegpu.denoise.ImageDenoiser;
import daegpu.denoise.NoiseCheck;
import daegpu.denoise.PhotoDenoiser;
import daegpu.denoise.PictureDenoiser;
import daegpu.denoise.PictureNoise;
import daegpu.denoise.Strength;
import daegpu.denoise.WholePictureDenoiser;
import daegpu.engine.InferenceEngine;
import daegpu.metrics.NoiseEstimate;
import daegpu.model.Reach;
import daegpu.model.Tensor;
import daegpu.noise.Noise;
import daegpu.train.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
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
     * @param range of the values in files of floats; null for their percentiles
     * @param memory bytes for the parts of a picture that is denoised as a whole
     * @param result decides in which format pictures are written
     */
    record Treatment(
            Strength strength,
            Noise added,
            long seed,
            UnaryOperator<Photo> fitted,
            int overlap,
            ValueRange range,
            long memory,
            ResultFormat result) {}

    /** A picture that was read, or a page of a file. */
    private record Page(Photo photo, PictureDescription description) {}

    /** What was read of a file and is to go to another. */
    private record Job(Path input, Page page, Path target, PictureFormat format) {}

    /** A page that is denoised, or will be when its pixels are read, and what went in. */
    private record Ready(Pixels noisy, Pixels pixels, PictureDescription description) {}

    /** Is told how far a file is. */
    interface Progress {

        /**
         * More of it has been done.
         *
         * @param page on which this is, 0 for the first
         * @param pages of the file
         * @param part how much of the page, up to 1
         */
        void progressed(int page, int pages, double part);
    }

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
    private final List<String> remarks = new ArrayList<>();
    /** What pictures are to have that the model can be for. */
    private final Noise noise;

    private final NoiseCheck check;
    /** The noise of the files' first pages. */
    private final List<SeenNoise.Picture> seen = new ArrayList<>();
    /** The first file whose result is not explained; null where there is none. */
    private Path firstUnexplained;

    private NoiseCheck checkOfFirst;
    private int unexplained;
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
        noise = treatment.added() != null
                ? treatment.added()
                : checkpoint.options().noise();
        check = new NoiseCheck(noise, treatment.strength());
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
     * @throws InvalidInputException if the file cannot be used
     * @throws IOException if the result cannot be written
     */
    void denoise(Path input, String format, Path target, Progress progress) throws IOException {
        requireGoing();
        if (format == null) {
            denoiseIdx(input, target);
            return;
        }
        InputFiles.requirePicturesFit(input, image);
        try (PictureReader reader = PictureReader.open(input, treatment.range())) {
            PictureFormat result = treatment.result().of(reader.format(), target);
            requireRoomForPages(input, reader, result);
            if (reader.pages() > 1 || isRowByRow()) {
                denoisePages(input, reader, target, result, progress);
            } else {
                Page page = page(reader, 0);
                remark(input, reader, page.photo, result);
                waiting.add(new Job(input, page, target, result));
                waitingValues += page.photo.values().length;
            }
            reader.remark().ifPresent(remarks::add);
        }
        if (waitingValues >= CHUNK) {
            finish();
        }
    }

    private static void requireRoomForPages(Path input, PictureReader reader, PictureFormat result) {
        if (reader.pages() > 1 && result != PictureFormat.TIFF) {
            throw new InvalidInputException(input + " has " + reader.pages() + " pages, and a " + result.title()
                    + " file holds one: let the result be a TIFF file, by its name or with --format tiff");
        }
    }

    /** Whether pictures are computed while they are written. */
    private boolean isRowByRow() {
        return whole != null && treatment.fitted() == null;
    }

    private Page page(PictureReader reader, int page) {
        Photo photo = reader.photo(page);
        photo = photo.withValues(photo.channels(), VisiblePixels.of(photo).values());
        Photo grey = staysGrey(photo) ? photo.withChannels(1) : photo;
        return new Page(treatment.fitted() == null ? grey : treatment.fitted().apply(grey), reader.description(page));
    }

    /**
     * What is stored as red, green and blue but has no colour need not go through a model of grey images three times.
     */
    private boolean staysGrey(Pixels picture) {
        return image.channels() == 1 && picture.isGrey();
    }

    /** What is not in the result as it was in the input. */
    private void remark(Path input, PictureReader reader, Pixels picture, PictureFormat result) {
        ValueRange range = picture.range();
        if (treatment.range() != null && range == null) {
            throw new InvalidInputException(
                    input + " has whole numbers for samples; --range is for TIFF files of 32-bit floats");
        }
        if (range != null && result != PictureFormat.TIFF) {
            remarks.add(input + " has floats, which a " + result.title() + " file cannot have: those from " + range
                    + " are black to white in the result, and others are cut off");
        } else if (range != null && treatment.range() == null) {
            remarks.add(input + " has floats: those from " + range
                    + " were taken for black to white; --range LOW..HIGH takes others");
        }
        if (!reader.format().isWritable() && result == PictureFormat.PNG) {
            remarks.add(input + " is a " + reader.format().title()
                    + " file, which is not written: the result is a PNG file");
        }
        if (picture.hasAlpha() && (result == PictureFormat.JPEG || result == PictureFormat.BMP)) {
            remarks.add(input + " is transparent in places, which a " + result.title()
                    + " file cannot be: they are shown on white");
        }
    }

    private void denoiseIdx(Path input, Path target) throws IOException {
        ImageSet images = InputFiles.readIdx(input, image);
        makeFolderOf(target);
        NoiseCheck its = check.ofAnotherFile();
        IdxFile.write(
                target,
                treatment.added() == null
                        ? ImageDenoiser.denoise(own(), images, treatment.strength(), its)
                        : ImageDenoiser.denoise(
                                own(), images, treatment.strength(), its, treatment.added(), treatment.seed(), 0));
        finish(input, its);
    }

    /** From file to file, a page at a time, of which there may be a strip at a time. */
    private void denoisePages(Path input, PictureReader reader, Path target, PictureFormat result, Progress progress)
            throws IOException {
        NoiseCheck its = check.ofAnotherFile();
        Pages pages = new Pages(reader, its, progress);
        see(input, pages.peek().noisy);
        remark(input, reader, pages.peek().pixels, result);
        makeFolderOf(target);
        AtomicFile.write(target, out -> {
            try (PictureWriter writer =
                    new PictureWriter(out, result, treatment.result().quality())) {
                while (pages.hasNext()) {
                    Ready page = pages.next();
                    writer.write(page.pixels, page.description);
                }
            }
            reader.close(); // It may be the file that is replaced now.
        });
        finish(input, its);
    }

    /** The pages of a file as they become ready; small ones go through the network together. */
    private final class Pages {
        private final PictureReader reader;
        private final NoiseCheck its;
        private final Progress progress;
        private final Deque<Ready> ready = new ArrayDeque<>();
        private int read;

        Pages(PictureReader reader, NoiseCheck its, Progress progress) {
            this.reader = reader;
            this.its = its;
            this.progress = progress;
        }

        boolean hasNext() {
            return !ready.isEmpty() || read < reader.pages();
        }

        Ready peek() {
            if (ready.isEmpty() && isRowByRow()) {
                ready.add(rowByRow(reader, read++, its, progress));
            } else if (ready.isEmpty()) {
                List<Page> together = new ArrayList<>();
                for (long values = 0; read < reader.pages() && values < CHUNK; read++) {
                    requireGoing();
                    together.add(page(reader, read));
                    values += together.get(together.size() - 1).photo.values().length;
                }
                ready.addAll(denoised(together, Collections.nCopies(together.size(), its)));
                progress.progressed(read - 1, reader.pages(), 1);
            }
            return ready.peek();
        }

        Ready next() {
            peek();
            return ready.remove();
        }
    }

    /** Counts a file that was written. */
    private void finish(Path input, NoiseCheck its) {
        done++;
        if (!its.isPassed()) {
            unexplained++;
            if (firstUnexplained == null) {
                firstUnexplained = input;
                checkOfFirst = its;
            }
        }
    }

    private Ready rowByRow(PictureReader reader, int page, NoiseCheck its, Progress progress) {
        PictureDescription description = reader.description(page);
        Pixels visible = VisiblePixels.of(reader.read(page));
        Pixels clean = staysGrey(visible) ? visible.withChannels(1) : visible;
        Pixels ready = whole.forNetwork(clean);
        Pixels noisy = treatment.added() == null ? ready : PictureNoise.add(treatment.added(), treatment.seed(), ready);
        Pixels denoised = whole.denoise(noisy, part -> {
            requireGoing();
            progress.progressed(page, reader.pages(), part);
        });
        return new Ready(noisy, its.watch(noisy, denoised).withChannels(description.channels(clean)), description);
    }

    /** @param checks for each page the one that it is added to */
    private List<Ready> denoised(List<Page> pages, List<NoiseCheck> checks) {
        List<Photo> noisy = new ArrayList<>();
        for (Page page : pages) {
            Photo photo = pictures.forNetwork(page.photo);
            noisy.add(treatment.added() == null ? photo : PictureNoise.add(treatment.added(), treatment.seed(), photo));
        }
        List<Photo> denoised = pictures.denoise(noisy);
        List<Ready> ready = new ArrayList<>();
        for (int i = 0; i < pages.size(); i++) {
            checks.get(i).add(noisy.get(i), denoised.get(i));
            Page page = pages.get(i);
            ready.add(new Ready(
                    noisy.get(i),
                    denoised.get(i).withChannels(page.description.channels(page.photo)),
                    page.description));
        }
        return ready;
    }

    /** Denoises the pictures that wait, together, and writes them. */
    void finish() {
        List<Job> left = new ArrayList<>(waiting);
        waiting.clear();
        waitingValues = 0;
        try {
            finish(List.copyOf(left), left);
        } catch (OutOfMemoryError e) {
            // One alone may be too large: the others are not to be lost with it.
            for (Job job : List.copyOf(left)) {
                finishAlone(job);
            }
        }
    }

    private void finishAlone(Job job) {
        try {
            finish(List.of(job), new ArrayList<>());
        } catch (OutOfMemoryError e) {
            failures.add(outOfMemory(job.input));
        }
    }

    /** That a file was too large. */
    static String outOfMemory(Path input) {
        return input + " takes more memory than Java may use: cut it into smaller pictures, or raise that with java"
                + " -Xmx";
    }

    /** @param left from which each job is removed that came to its end */
    private void finish(List<Job> jobs, List<Job> left) {
        List<NoiseCheck> checks =
                jobs.stream().map(job -> check.ofAnotherFile()).toList();
        List<Ready> ready = denoised(jobs.stream().map(Job::page).toList(), checks);
        for (int i = 0; i < jobs.size(); i++) {
            Job job = jobs.get(i);
            Ready page = ready.get(i);
            see(job.input, page.noisy);
            try {
                makeFolderOf(job.target);
                AtomicFile.write(job.target, out -> {
                    try (PictureWriter writer = new PictureWriter(
                            out, job.format, treatment.result().quality())) {
                        writer.write(page.pixels, page.description);
                    }
                });
                finish(job.input, checks.get(i));
            } catch (IOException e) {
                failures.add(DaeGpu.describe(e));
            }
            left.remove(job);
        }
    }

    /** Estimates the noise of a picture that is denoised; of one that is too small nothing is told. */
    private void see(Path input, Pixels picture) {
        NoiseEstimate.of(picture)
                .ifPresent(noise -> seen.add(
                        new SeenNoise.Picture(input, picture.height(), picture.width(), picture.channels(), noise)));
    }

    /** The noise that was seen in the pictures, with that which was added to them. */
    SeenNoise seenNoise() {
        return new SeenNoise(List.copyOf(seen), List.of());
    }

    /** What is to be told of files that were denoised: that something of them is not in the results. */
    List<String> remarks() {
        return remarks;
    }

    /** One line if there were files whose results are other than the noise of the model's training explains. */
    Optional<String> warning() {
        if (unexplained == 0) {
            return Optional.empty();
        }
        String more = unexplained == 1
                ? " is"
                : String.format(
                        Locale.ROOT, " and %,d more %s are", unexplained - 1, unexplained == 2 ? "file" : "files");
        return Optional.of(String.format(
                Locale.ROOT,
                "warning: %s%s probably not what this model was trained on: the result differs from %s by more than "
                        + "%s explains, %s (mean brightness %.0f before and %.0f after, of 255)",
                firstUnexplained,
                more,
                unexplained == 1 ? "it" : "the first",
                treatment.added() != null ? "the added noise" : "the noise of the training",
                NoiseText.formula(noise),
                255 * checkOfFirst.before(),
                255 * checkOfFirst.after()));
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
