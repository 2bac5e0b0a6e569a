package daegpu.data;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;

/**
 * Writes files atomically: whatever happens (a full disk, an exception, {@code kill -9} or a power cut), the file is
 * either as it was or entirely new.
 *
 * <p>The content goes to a temporary file beside the target, called {@code .dae-gpu-<8 hexadecimal digits>.tmp}, which
 * is synced and then renamed over the target. If the system refuses the rename, it is tried again for a second: virus
 * scanners and programs that synchronize folders hold files open for moments. A process that was killed may leave such
 * a temporary file; it harms nothing, and the next process that writes into the folder removes it once it has not been
 * touched for an hour.
 */
public final class AtomicFile {

    /** Writes the content of a file. */
    @FunctionalInterface
    public interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    private static final Duration ABANDONED = Duration.ofHours(1);
    /** Of the same length for all targets, whose own names may be as long as the system allows. */
    private static final Pattern TEMPORARY = Pattern.compile("\\.dae-gpu-[0-9a-f]{8}\\.tmp");
    /** Milliseconds to wait before each further try to rename. */
    private static final int[] WAITS = {20, 80, 300, 600};
    /** Folders that were tidied up by this process. */
    private static final Set<Path> TIDIED = ConcurrentHashMap.newKeySet();

    private AtomicFile() {}

    /**
     * Replaces or creates {@code target}.
     *
     * @throws IOException if that fails; the message names the file in one line, and the target is not changed
     */
    public static void write(Path target, byte[] content) throws IOException {
        write(target, out -> out.write(content));
    }

    /**
     * Replaces or creates {@code target} with what {@code content} writes. The stream is buffered and need not be
     * closed. If the target is a symbolic link, the file to which it leads is replaced.
     *
     * @throws IOException if that fails, or {@code content} throws it; the message is one line that names the file, and
     *     the target is as it was
     */
    public static void write(Path target, Content content) throws IOException {
        try {
            Path file = Files.exists(target) ? target.toRealPath() : target.toAbsolutePath();
            if (Files.isDirectory(file)) {
                throw new IOException("it is a folder");
            }
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                // Renaming would replace a device such as /dev/null by a file.
                throw new IOException("it is not a regular file");
            }
            replace(file, content);
        } catch (IOException e) {
            throw new IOException("cannot write " + target + ": " + reason(e), e);
        }
    }

    private static void replace(Path file, Content content) throws IOException {
        Path directory = file.getParent();
        if (TIDIED.add(directory)) {
            removeTemporaries(directory, Instant.now().minus(ABANDONED));
        }
        String random = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
        Path temporary = directory.resolve(".dae-gpu-" + random + ".tmp");
        // Refuses an existing file, and gives the permissions that any new file gets.
        Files.createFile(temporary);
        try {
            // Not a channel: an interrupted thread would find it closed, and the file with it.
            try (RandomAccessFile out = new RandomAccessFile(temporary.toFile(), "rw")) {
                FileStream stream = new FileStream(out);
                content.writeTo(stream);
                stream.flush();
                out.getFD().sync();
            }
            rename(temporary, file);
        } catch (Throwable e) {
            try {
                Files.deleteIfExists(temporary);
            } catch (IOException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
        syncDirectory(directory);
    }

    private static void rename(Path temporary, Path file) throws IOException {
        for (int tries = 0; ; tries++) {
            try {
                Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
                return;
            } catch (FileSystemException e) {
                if (tries == WAITS.length || Files.isDirectory(file) || !Files.exists(temporary)) {
                    throw e;
                }
                // Goes on when the thread is interrupted, and leaves it so.
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(WAITS[tries]));
            }
        }
    }

    /** Makes the new name survive a power cut, on systems where directories can be synced. */
    private static void syncDirectory(Path directory) {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // Windows cannot open a directory; the file itself is complete either way.
        }
    }

    /**
     * Removes temporary files that killed processes have left in a folder, as far as that is possible.
     *
     * @param directory a folder into which no other process writes; it need not exist
     */
    public static void removeTemporaries(Path directory) {
        removeTemporaries(directory, Instant.MAX);
    }

    private static void removeTemporaries(Path directory, Instant before) {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(
                directory,
                entry -> TEMPORARY.matcher(entry.getFileName().toString()).matches())) {
            for (Path entry : entries) {
                if (Files.getLastModifiedTime(entry).toInstant().isBefore(before)) {
                    Files.deleteIfExists(entry);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // Tidying up is no reason to fail: if the directory cannot be used, writing will say so.
        }
    }

    /** The exceptions of java.nio.file carry nothing but a path as their message. */
    private static String reason(IOException e) {
        if (e instanceof NoSuchFileException) {
            return "its folder does not exist";
        }
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof NotDirectoryException || e instanceof FileAlreadyExistsException) {
            return "a file is in the way";
        }
        return e.getMessage() != null ? e.getMessage() : e.toString();
    }
}
