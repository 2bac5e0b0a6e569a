package daegpu.train;

import daegpu.data.AtomicFile;
import daegpu.data.InvalidInputException;
import daegpu.data.Remedy;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The folder of one training run: {@code config.json}, {@code metrics.csv}, {@code best.safetensors},
 * {@code last.safetensors}, {@code checkpoints/} if some are kept, {@code samples/}, {@code tensorboard/},
 * {@code loss.png}, {@code latents.png} and {@code report.html}. While it is open no other process can open it to
 * train.
 */
public final class RunDirectory implements AutoCloseable {

    private static final Set<String> WRITTEN_BEFORE_FIRST_CHECKPOINT =
            Set.of(".lock", "config.json", "metrics.csv", "samples");

    private static final Pattern KEPT = Pattern.compile("epoch-(\\d+)\\.safetensors");

    static final String LATENT_MAP = "latents.png";

    private final Path path;
    /** Null where nothing is to be written. */
    private final FileChannel lockFile;

    private final boolean locked;

    private RunDirectory(Path path, FileChannel lockFile, boolean locked) {
        this.path = path;
        this.lockFile = lockFile;
        this.locked = locked;
    }

    /** The paths of the files of a run, whether the folder exists or not. Nothing may be written. */
    public static RunDirectory of(Path path) {
        return new RunDirectory(path, null, false);
    }

    private static RunDirectory open(Path path) throws IOException {
        FileChannel lockFile =
                FileChannel.open(path.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            // The lock is the operating system's: it is gone when the process is, however it ended.
            if (lockFile.tryLock() != null) {
                RunDirectory directory = new RunDirectory(path, lockFile, true);
                directory.tidyUp();
                return directory;
            }
        } catch (OverlappingFileLockException e) {
            // This process has it.
        } catch (IOException e) {
            // Some network disks have no locks; that is no reason not to train there.
            return new RunDirectory(path, lockFile, false);
        }
        lockFile.close();
        throw new InvalidInputException(path + " is in use: another process trains there");
    }

    /** Removes what was half written when a process was killed: nobody else writes here now. */
    private void tidyUp() {
        for (Path folder : List.of(path, path.resolve("samples"), path.resolve("checkpoints"), tensorBoard())) {
            AtomicFile.removeTemporaries(folder);
        }
    }

    /** Whether it is certain that no other process trains there: not on a disk that has no locks. */
    boolean isLocked() {
        return locked;
    }

    /**
     * Creates the folder for a new run, or takes an empty one that exists.
     *
     * @throws InvalidInputException if something is there already
     * @throws IOException if it cannot be made
     */
    public static RunDirectory create(Path path) throws IOException {
        planned(path);
        Files.createDirectories(path.resolve("samples"));
        RunDirectory directory = open(path);
        try {
            // Again, now that nobody else can write there: another process may have trained there a moment ago.
            requireNothingOfValue(path);
        } catch (InvalidInputException | IOException e) {
            directory.close();
            throw e;
        }
        return directory;
    }

    /**
     * The folder that {@link #create} would make; nothing is made.
     *
     * @throws InvalidInputException if something is there already, or the folder cannot be made
     * @throws IOException if a folder cannot be looked into
     */
    public static RunDirectory planned(Path path) throws IOException {
        if (Files.exists(path)) {
            requireNothingOfValue(path);
        }
        Path place = existing(path);
        if (!Files.isDirectory(place)) {
            throw new InvalidInputException(place + " is not a folder, and a folder is needed there");
        }
        if (!Files.isWritable(place)) {
            throw new InvalidInputException(place + " may not be written: permission denied");
        }
        return of(path);
    }

    private static void requireNothingOfValue(Path path) throws IOException {
        if (!holdsNothingOfValue(path)) {
            Remedy[] remedies = Files.exists(lastCheckpoint(path))
                    ? new Remedy[] {Remedy.OTHER_FOLDER, Remedy.RESUME}
                    : new Remedy[] {Remedy.OTHER_FOLDER};
            throw new InvalidInputException(path + " exists already", remedies);
        }
    }

    /**
     * Whether a folder holds nothing but what a run leaves that was killed before its first checkpoint was complete.
     */
    private static boolean holdsNothingOfValue(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return false;
        }
        try (Stream<Path> entries = Files.list(path)) {
            if (!entries.map(entry -> entry.getFileName().toString())
                    .allMatch(name -> WRITTEN_BEFORE_FIRST_CHECKPOINT.contains(name) || name.endsWith(".tmp"))) {
                return false;
            }
        }
        // Someone may have kept the figures of a run and thrown away its checkpoints.
        Path samples = path.resolve("samples");
        if (Files.exists(samples)) {
            try (Stream<Path> pictures = Files.list(samples)) {
                if (pictures.anyMatch(file -> !file.toString().endsWith(".tmp"))) {
                    return false;
                }
            }
        }
        Path metrics = path.resolve("metrics.csv");
        return !Files.exists(metrics) || MetricsLog.isEmpty(metrics);
    }

    /**
     * Opens the folder of a run that was interrupted or is to be trained further.
     *
     * @throws InvalidInputException if it is not the folder of a run
     * @throws IOException if it cannot be opened for writing
     */
    public static RunDirectory resume(Path path) throws IOException {
        read(path);
        Files.createDirectories(path.resolve("samples"));
        return open(path);
    }

    /**
     * The folder that {@link #resume} would open; it is only read, and may be in use.
     *
     * @throws InvalidInputException if it is not the folder of a run
     */
    public static RunDirectory read(Path path) {
        if (!Files.isDirectory(path)) {
            throw new InvalidInputException(
                    path + " is not the folder of a run" + (Files.exists(path) ? "" : ": there is no such folder"),
                    Remedy.FOLDER_OF_A_RUN);
        }
        if (!Files.exists(lastCheckpoint(path))) {
            if (!Files.exists(path.resolve("config.json"))) {
                throw new InvalidInputException(
                        path + " has no last.safetensors, nor has a folder in it", Remedy.FOLDER_OF_A_RUN);
            }
            if (Files.exists(path.resolve("best.safetensors"))) {
                throw new InvalidInputException(
                        path + " has no last.safetensors, without which a run cannot be resumed",
                        Remedy.START_FROM_BEST);
            }
            throw new InvalidInputException(
                    path + " has no last.safetensors: its first checkpoint was never written", Remedy.START_AGAIN);
        }
        return of(path);
    }

    /**
     * The run that {@code path} means: itself, or if it is a folder of runs the one whose checkpoint is the newest.
     *
     * @throws IOException if it cannot be looked into
     */
    public static Path newest(Path path) throws IOException {
        if (!Files.isDirectory(path)
                || Files.exists(lastCheckpoint(path))
                || Files.exists(path.resolve("config.json"))) {
            return path;
        }
        List<Path> runs;
        try (Stream<Path> entries = Files.list(path)) {
            runs = entries.filter(entry -> Files.exists(lastCheckpoint(entry))).toList();
        }
        Path newest = null;
        FileTime newestTime = null;
        for (Path run : runs.stream().sorted(Comparator.naturalOrder()).toList()) {
            FileTime time = Files.getLastModifiedTime(lastCheckpoint(run));
            if (newest == null || time.compareTo(newestTime) >= 0) {
                newest = run;
                newestTime = time;
            }
        }
        return newest == null ? path : newest;
    }

    /**
     * Reads a file without which the run cannot be resumed.
     *
     * @throws InvalidInputException if {@code reading} throws it; the message says that, too, and what helps
     */
    <T> T needed(Supplier<T> reading) {
        try {
            return reading.get();
        } catch (InvalidInputException e) {
            throw e.saying(
                    e.getMessage() + "; without it the run cannot be resumed",
                    Files.exists(best()) ? new Remedy[] {Remedy.START_FROM_BEST} : new Remedy[0]);
        }
    }

    /** The folder itself. */
    public Path path() {
        return path;
    }

    /** The path itself, or the nearest folder above it that exists. */
    private static Path existing(Path path) {
        if (Files.exists(path)) {
            return path;
        }
        Path folder = path.toAbsolutePath();
        while (!Files.exists(folder)) {
            folder = folder.getParent();
        }
        return folder;
    }

    /**
     * The number of bytes that can still be written in the folder, or where it would be.
     *
     * @throws IOException if that is not known
     */
    public long freeBytes() throws IOException {
        return Files.getFileStore(existing(path)).getUsableSpace();
    }

    /** Options and versions of the run. */
    public Path config() {
        return path.resolve("config.json");
    }

    /** One line for each epoch. */
    public Path metrics() {
        return path.resolve("metrics.csv");
    }

    /** The checkpoint with the least validation error. */
    public Path best() {
        return path.resolve("best.safetensors");
    }

    /** The newest checkpoint. */
    public Path last() {
        return lastCheckpoint(path);
    }

    /** Where the checkpoint after an epoch, counted from 1, is kept if it is. Makes the folder. */
    Path kept(int epoch) throws IOException {
        return Files.createDirectories(path.resolve("checkpoints"))
                .resolve(String.format(Locale.ROOT, "epoch-%03d.safetensors", epoch));
    }

    /**
     * Deletes kept checkpoints of epochs before {@code firstEpoch}.
     *
     * @throws IOException if one cannot be deleted
     */
    void keepOnly(int firstEpoch) throws IOException {
        List<Path> files;
        try (Stream<Path> entries = Files.list(path.resolve("checkpoints"))) {
            files = entries.toList();
        }
        for (Path file : files) {
            Matcher name = KEPT.matcher(file.getFileName().toString());
            if (name.matches() && Long.parseLong(name.group(1)) < firstEpoch) {
                Files.delete(file);
            }
        }
    }

    private static Path lastCheckpoint(Path run) {
        return run.resolve("last.safetensors");
    }

    /** The picture of some validation images after an epoch, counted from 1. */
    public Path sample(int epoch) {
        return path.resolve(sampleName(epoch));
    }

    /** Its place in the folder of a run. */
    static String sampleName(int epoch) {
        return String.format(Locale.ROOT, "samples/epoch-%03d.png", epoch);
    }

    /** Event files for TensorBoard. */
    public Path tensorBoard() {
        return path.resolve("tensorboard");
    }

    /** The chart of the training and validation loss. */
    public Path lossChart() {
        return path.resolve("loss.png");
    }

    /** The map of the latent vectors of validation images. */
    public Path latentMap() {
        return path.resolve(LATENT_MAP);
    }

    /** The page that shows all of the run. */
    public Path report() {
        return path.resolve("report.html");
    }

    /** Lets other processes use the folder. */
    @Override
    public void close() throws IOException {
        if (lockFile != null) {
            lockFile.close();
        }
    }
}
