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
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * Inputs and an output that are no files. What comes from the standard input ({@code -}), a pipe or a device is read
 * once, into a temporary file: formats are told by looking into files again and again. The standard output is written
 * when its content is complete. The temporary files are gone when this is closed.
 */
final class StandardStreams implements AutoCloseable {

    /** What stands for the standard input, and for the standard output. */
    static final Path DASH = Path.of("-");

    /** What the system calls the standard output. */
    private static final Set<String> STANDARD_OUTPUT = Set.of("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1");

    /** As much as the largest pictures and sets of images in IDX that can be read, about. */
    private static final long LARGEST = 2L << 30;

    /** What can be a stream, by the names of commands: labels of parameters, names of options. */
    private static final Map<String, Set<String>> COMMANDS = Map.of(
            "denoise", Set.of("[MODEL] INPUT", "--output"),
            "encode", Set.of("INPUT", "--output"),
            "decode", Set.of("LATENTS", "--output"),
            "evaluate", Set.of(EvaluateCommand.LABEL),
            "export", Set.of("--output"),
            "import", Set.of("WEIGHTS", "--output"));

    private final long largest;
    /** What messages call a temporary file. */
    private final Map<Path, String> names = new LinkedHashMap<>();
    /** What is written to a stream when it is complete; null where the output is a file. */
    private Path content;

    /** Where that goes: {@link #DASH} or a device. */
    private Path stream;

    StandardStreams() {
        this(LARGEST);
    }

    /** @param largest bytes that are read at most */
    StandardStreams(long largest) {
        this.largest = largest;
    }

    /** What a command does with its files. */
    interface Action {
        int run() throws IOException;
    }

    /**
     * Runs {@code action}; messages then name the streams, and not the files that stand for them, which are deleted.
     */
    int call(Action action) throws IOException {
        try (this) {
            return action.run();
        } catch (InvalidInputException e) {
            throw e.saying(named(e.getMessage()));
        }
    }

    /** Whether this is a name of something that can be read only once. */
    static boolean isStream(Path path) {
        return path.equals(DASH) || Files.exists(path) && !Files.isRegularFile(path) && !Files.isDirectory(path);
    }

    /**
     * Refuses what stands for a stream where a command takes none: it would look for a file of that name.
     *
     * @throws ParameterException if it was given so
     */
    static void requireTaken(ParseResult arguments) {
        ParseResult command = arguments.hasSubcommand() ? arguments.subcommand() : arguments;
        CommandSpec spec = command.commandSpec();
        Set<String> taken = COMMANDS.getOrDefault(spec.name(), Set.of());
        for (ArgSpec argument : command.matchedArgs()) {
            String name = argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
            boolean isPath = argument.type() == Path.class
                    || List.of(argument.auxiliaryTypes()).contains(Path.class);
            if (isPath
                    && !taken.contains(name)
                    && argument.originalStringValues().contains(DASH.toString())) {
                throw new ParameterException(
                        spec.commandLine(),
                        name + " cannot be - here: it is the standard input or output where "
                                + String.join(", ", new TreeSet<>(COMMANDS.keySet()))
                                + " read or write a file; ./- is a file of that name");
            }
        }
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
                throw new InvalidInputException(name + " has over " + (largest >> 20) + " MiB, too much to be read");
            }
            out.write(buffer, 0, read);
        }
    }

    /** Whether an output is the standard output, by any of its names, a pipe or a device: no file to be replaced. */
    static boolean isStreamForOutput(Path output) {
        return isStandardOutput(output) || isStream(output);
    }

    private static boolean isStandardOutput(Path output) {
        return output.equals(DASH) || STANDARD_OUTPUT.contains(output.toString());
    }

    /**
     * Where an output is to be written: the path itself or, where that {@link #isStreamForOutput is a stream}, a
     * temporary file, which is not there yet, and which {@link #writeOut} writes to the stream. Messages of the command
     * then go to the standard error, or they would get between its bytes.
     *
     * @throws IOException if there is no room for it
     */
    Path output(Path output, CommandLine command) throws IOException {
        if (!isStreamForOutput(output)) {
            return output;
        }
        command.setOut(command.getErr());
        stream = isStandardOutput(output) ? DASH : output;
        content = temporary(stream.equals(DASH) ? "the standard output" : output.toString());
        Files.delete(content);
        return content;
    }

    /**
     * Writes what goes to a stream, if there is something. To be called before the command says that it is done.
     *
     * @throws IOException if that fails; the message names the stream
     */
    void writeOut() throws IOException {
        if (content == null || !Files.exists(content)) {
            return;
        }
        try {
            if (stream.equals(DASH)) {
                // Not System.out, which would keep a failure to itself. The descriptor stays open for whoever prints
                // later.
                @SuppressWarnings("resource")
                FileOutputStream out = new FileOutputStream(FileDescriptor.out);
                Files.copy(content, out);
            } else {
                try (FileOutputStream out = new FileOutputStream(stream.toFile())) {
                    Files.copy(content, out);
                }
            }
        } catch (IOException e) {
            throw new IOException("cannot write " + names.get(content) + ": " + e.getMessage(), e);
        }
    }

    private Path temporary(String name) throws IOException {
        Path file = Files.createTempFile("dae-gpu-", null);
        names.put(file, name);
        return file;
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
