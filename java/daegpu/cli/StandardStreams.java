package daegpu.cli;

import daegpu.data.InvalidInputException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Inputs and an output that are no files. What comes from the standard input ({@code -}), a pipe or a device is read
 * once, into a temporary file: formats are told by looking into files again and again. The standard output is written
 * when its content is complete. The temporary files are gone when this is closed.
 */
final class StandardStreams implements AutoCloseable {

    /** What stands for the standard input, and for the standard output. */
    static final Path DASH = Path.of("-");

    /** As much as the largest pictures and sets of images in IDX that can be read, about. */
    private static final long LARGEST = 2L << 30;

    private final long largest;
    /** What messages call a temporary file. */
    private final Map<Path, String> names = new LinkedHashMap<>();

    StandardStreams() {
        this(LARGEST);
    }

    /** @param largest bytes that are read at most */
    StandardStreams(long largest) {
        this.largest = largest;
    }

    /** Whether this is a name of something that can be read only once. */
    static boolean isStream(Path path) {
        return path.equals(DASH) || Files.exists(path) && !Files.isRegularFile(path) && !Files.isDirectory(path);
    }

    /**
     * Reads an input.
     *
     * @return the path itself where it is a file or a folder or leads nowhere, else a file with its content
     * @throws InvalidInputException if it cannot be read, is empty or too large
     * @throws IOException if there is no room for it
     */
    Path read(Path input) throws IOException {
        if (!isStream(input)) {
            return input;
        }
        String name = input.equals(DASH) ? "the standard input" : input.toString();
        Path file = temporary(name);
        try (OutputStream out = Files.newOutputStream(file);
                InputStream in = input.equals(DASH) ? System.in : Files.newInputStream(input)) {
            if (copy(in, out, name) == 0) {
                throw new InvalidInputException(name + " is empty");
            }
        }
        return file;
    }

    private long copy(InputStream in, OutputStream out, String name) throws IOException {
        byte[] buffer = new byte[1 << 16];
        long bytes = 0;
        while (true) {
            int read = in.read(buffer);
            if (read < 0) {
                return bytes;
            }
            bytes += read;
            if (bytes > largest) {
                throw new InvalidInputException(name + " has over " + (largest >> 20) + " MiB, too much for images");
            }
            out.write(buffer, 0, read);
        }
    }

    /** A file for what goes to the standard output; it is not there yet. */
    Path output() throws IOException {
        Path file = temporary("the standard output");
        Files.delete(file);
        return file;
    }

    private Path temporary(String name) throws IOException {
        Path file = Files.createTempFile("dae-gpu-", null);
        names.put(file, name);
        return file;
    }

    /**
     * Writes a file to the standard output.
     *
     * @throws IOException if that fails
     */
    static void write(Path file) throws IOException {
        // Not System.out, which would keep a failure to itself. The descriptor stays open for whoever prints later.
        @SuppressWarnings("resource")
        FileOutputStream out = new FileOutputStream(FileDescriptor.out);
        Files.copy(file, out);
    }

    /** A message with the names that a user knows instead of those of temporary files. */
    String named(String message) {
        String text = message;
        for (Map.Entry<Path, String> name : names.entrySet()) {
            text = text.replace(name.getKey().toString(), name.getValue());
        }
        return text;
    }

    /** Removes the temporary files. */
    @Override
    public void close() throws IOException {
        for (Path file : names.keySet()) {
            Files.deleteIfExists(file);
        }
    }
}
