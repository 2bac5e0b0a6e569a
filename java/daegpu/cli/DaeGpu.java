package daegpu.cli;

import daegpu.data.InvalidInputException;
import daegpu.engine.Convolutions;
import daegpu.engine.EngineName;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.Loss;
import daegpu.engine.Precision;
import daegpu.train.LearningRate.Schedule;
import daegpu.train.SessionOptions;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The program's command line: all commands, and what a mistake looks like. */
@Command(
        name = "dae-gpu",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Takes noise out of images by neural networks, and trains such networks.",
        subcommands = {
            TrainCommand.class,
            RunsCommand.class,
            DenoiseCommand.class,
            ModelsCommand.class,
            EvaluateCommand.class,
            PreviewCommand.class,
            ExportCommand.class,
            ImportCommand.class,
            EncodeCommand.class,
            DecodeCommand.class,
            ParityCommand.class,
            DevicesCommand.class,
            GenerateCompletion.class
        },
        synopsisSubcommandLabel = "COMMAND",
        footerHeading = "%nFirst steps:%n",
        footer = {
            "  dae-gpu denoise photo.jpg --output clean.jpg",
            "  dae-gpu train --epochs 1 --output first-run",
            "  dae-gpu evaluate first-run",
            "",
            "Exit status: 0 done, 1 parity failed, 2 usage or bad input, 3 done in part,",
            "4 training diverged, 130 interrupted."
        })
public final class DaeGpu implements Runnable {

    /** What people try instead of {@code --help} and {@code --version}. */
    private static final Map<String, String> WORDS = Map.of(
            "help", "--help",
            "-help", "--help",
            "-?", "--help",
            "/?", "--help",
            "version", "--version",
            "-version", "--version",
            "-v", "--version");

    @Spec
    private CommandSpec spec;

    /**
     * Runs the command that {@code arguments} ask for.
     *
     * @return the exit status for the caller of the program
     */
    // The terminal's charset is wanted: PrintWriter takes the stream's since Java 19, before that the default is the
    // same.
    @SuppressWarnings("DefaultCharset")
    public static int run(String... arguments) {
        try {
            return run(new PrintWriter(System.out, true), new PrintWriter(System.err, true), arguments);
        } finally {
            Interruption.commandEnded();
        }
    }

    /** Runs a command that prints to {@code out} and {@code err}. */
    static int run(PrintWriter standardOutput, PrintWriter standardError, String... arguments) {
        PrintWriter out = new PrintWriter(new TerminalText(standardOutput), true);
        PrintWriter err = new PrintWriter(new TerminalText(standardError), true);
        int status;
        try {
            CommandLine commandLine = commandLine(out, err);
            commandLine.setExecutionStrategy(command -> {
                // Help has colours, and nothing that was given.
                requireEachOnce(command);
                StandardStreams.requireTaken(command);
                command.asCommandLineList()
                        .forEach(each -> each.setOut(
                                each.isUsageHelpRequested()
                                        ? new PrintWriter(new UnbrokenHelp.Marks(standardOutput), true)
                                        : out));
                warnOfThreads(command);
                ModelFile.tellWhichIsMeant(command);
                return new CommandLine.RunLast().execute(command);
            });
            status = execute(commandLine, asOptions(arguments));
        } catch (OutOfMemoryError e) {
            // What did not fit is no longer held by anything, and everything that was open is closed.
            err.println("dae-gpu: this needs more memory than Java may use, "
                    + (Runtime.getRuntime().maxMemory() >> 20)
                    + " MiB: "
                    + (arguments.length > 0 && arguments[0].equals("train")
                            ? "take a smaller --batch-size, network or --limit, or raise it with java -Xmx"
                            : "raise it with java -Xmx"));
            return ExitStatus.BAD_INPUT;
        }
        out.flush();
        if (standardOutput.checkError() && status == ExitStatus.DONE && !hasLostItsReader()) {
            err.println("dae-gpu: the standard output could not be written: is its disk full?");
            return ExitStatus.BAD_INPUT;
        }
        return status;
    }

    /** Whether what read the standard output has ended, as {@code head} does: that is no fault. */
    private static boolean hasLostItsReader() {
        // System.out knows only that it failed; another try, the last thing that is written, says why.
        try (OutputStream out = new FileOutputStream(FileDescriptor.out)) {
            out.write('\n');
            return false;
        } catch (IOException e) {
            return String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("pipe");
        }
    }

    /**
     * The arguments, in which {@code help}, {@code help train}, {@code version} and the like have become the options
     * that other programs have for them.
     */
    private static String[] asOptions(String... arguments) {
        String option = arguments.length == 0 ? null : WORDS.get(arguments[0]);
        if (option == null) {
            return arguments;
        }
        List<String> options = new ArrayList<>(List.of(arguments).subList(1, arguments.length));
        options.add(option);
        return options.toArray(new String[0]);
    }

    /** Runs it with what the file of {@code train --config} adds to the arguments. */
    private static int execute(CommandLine commandLine, String... arguments) {
        List<String> given = List.of(arguments);
        Optional<String> path = configuration(given);
        if (path.isEmpty()) {
            return commandLine.execute(arguments);
        }
        CommandLine train = commandLine.getSubcommands().get("train");
        List<String> merged = new ArrayList<>(List.of("train"));
        ConfigurationFile file;
        try {
            file = ConfigurationFile.read(path(path.get()));
            merged.addAll(file.mergedWith(given.subList(1, given.size())));
        } catch (TypeConversionException e) {
            train.getErr().println("dae-gpu train: " + oneLine(e.getMessage()));
            return ExitStatus.BAD_INPUT;
        } catch (InvalidInputException e) {
            train.getErr().println("dae-gpu train: " + oneLine(Remedies.message(e, train.getCommandSpec())));
            return ExitStatus.BAD_INPUT;
        }
        IParameterExceptionHandler wrongUsage = commandLine.getParameterExceptionHandler();
        commandLine.setParameterExceptionHandler((problem, all) -> wrongUsage.handleParseException(
                problem instanceof UnmatchedArgumentException
                        ? problem
                        : new ParameterException(problem.getCommandLine(), file.blame(problem.getMessage()), problem),
                all));
        commandLine.setExecutionExceptionHandler(
                (failure, command, all) -> reportFailure(failure, command, file::blame));
        return commandLine.execute(merged.toArray(new String[0]));
    }

    /**
     * The file of {@code train --config}; none where it is not to be read, because help is asked for or a run resumed.
     */
    private static Optional<String> configuration(List<String> arguments) {
        if (arguments.isEmpty() || !arguments.get(0).equals("train")) {
            return Optional.empty();
        }
        int end = arguments.indexOf("--");
        List<String> options = end < 0 ? arguments : arguments.subList(0, end);
        String file = null;
        for (int i = 1; i < options.size(); i++) {
            String option = options.get(i);
            if (option.matches("-h|--help|-V|--version|--resume(=.*)?")) {
                return Optional.empty();
            }
            if (option.startsWith("--config=")) {
                file = option.substring("--config=".length());
            } else if (option.equals("--config")
                    && i + 1 < options.size()
                    && !options.get(i + 1).startsWith("--")) {
                file = options.get(i + 1);
            }
        }
        return Optional.ofNullable(file);
    }

    /** All commands, ready to parse arguments. */
    static CommandLine commandLine(PrintWriter out, PrintWriter err) {
        CommandLine commandLine = new CommandLine(new DaeGpu());
        commandLine.setOut(out);
        commandLine.setErr(err);
        // A file whose name begins with @ is an input like any other.
        commandLine.setExpandAtFiles(false);
        // Or --output --limt 10 would take --limt for the folder.
        commandLine.setUnmatchedOptionsAllowedAsOptionParameters(false);
        commandLine.registerConverter(Path.class, DaeGpu::path);
        commandLine.registerConverter(Schedule.class, named(Schedule::of));
        commandLine.registerConverter(Loss.class, named(Loss::of));
        commandLine.registerConverter(NetworkOptions.Choice.class, named(NetworkOptions.Choice::of));
        commandLine.registerConverter(EngineName.class, named(EngineName::of));
        commandLine.registerConverter(Precision.class, named(Precision::of));
        commandLine.registerConverter(Convolutions.class, named(Convolutions::of));
        commandLine.getSubcommands().values().forEach(command -> command.getCommandSpec()
                .versionProvider(new Version()));
        commandLine.setUsageHelpAutoWidth(true);
        commandLine.setHelpFactory(UnbrokenHelp::new);
        commandLine.setParameterExceptionHandler(DaeGpu::reportWrongUsage);
        commandLine.setExecutionExceptionHandler(
                (failure, command, all) -> reportFailure(failure, command, UnaryOperator.identity()));
        return commandLine;
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "a command is missing: one of "
                        + String.join(", ", spec.subcommands().keySet()));
    }

    static Path path(String text) {
        if (text.isEmpty()) {
            throw new TypeConversionException("a path cannot be empty");
        }
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new TypeConversionException("'" + text + "' is not a path here: " + e.getReason()
                    + "; if it has accents, does the locale (LC_ALL) know them?");
        }
    }

    /** Picocli's own message would have the names of the constants, in capitals. */
    private static <E extends Enum<E>> ITypeConverter<E> named(Function<String, E> of) {
        return text -> {
            try {
                return of.apply(text.toLowerCase(Locale.ROOT));
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        };
    }

    /**
     * More threads than processors wait for each other; training says so itself, as a resumed run may have them, too.
     */
    private static void warnOfThreads(ParseResult arguments) {
        ParseResult command = arguments.hasSubcommand() ? arguments.subcommand() : arguments;
        Integer threads = command.matchedOptionValue("--threads", 0);
        int processors = Runtime.getRuntime().availableProcessors();
        CommandSpec spec = command.commandSpec();
        if (threads > processors
                && threads <= SessionOptions.MOST_THREADS
                && !spec.name().equals("train")) {
            spec.commandLine()
                    .getErr()
                    .println(spec.qualifiedName() + ": warning: " + threads + " threads on " + processors
                            + (processors == 1 ? " processor" : " processors") + " only take longer");
        }
    }

    /**
     * When an option is given again, picocli begins its group anew: the last value would count, but the other options
     * be forgotten.
     */
    private static void requireEachOnce(ParseResult arguments) {
        ParseResult command = arguments.hasSubcommand() ? arguments.subcommand() : arguments;
        Set<OptionSpec> seen = new HashSet<>();
        for (String argument : arguments.originalArgs()) {
            if (argument.equals("--")) {
                return;
            }
            String name = argument.replaceFirst("=.*", "").replaceFirst("^--no-", "--");
            OptionSpec option = command.commandSpec().findOption(name);
            if (argument.startsWith("--") && option != null && !seen.add(option)) {
                throw new ParameterException(
                        command.commandSpec().commandLine(),
                        option.longestName()
                                + " can be given only once"
                                + (option.splitRegex().isEmpty() ? "" : ", with commas between its values"));
            }
        }
    }

    /** What to add where arguments too many are sizes: train has them after --resize, --crop and --tiles. */
    static String remarkOnSizes(List<String> arguments) {
        return arguments.stream().anyMatch(text -> text.matches("\\d+x\\d+"))
                ? "; pictures are given the size of the model's images"
                : "";
    }

    private static int reportWrongUsage(ParameterException problem, String[] arguments) {
        CommandLine command = problem.getCommandLine();
        String message = ValueNames.withOption(oneLine(problem.getMessage()), command.getCommandSpec())
                .replaceFirst("' is not an? (int|long)$", "' is not a whole number that can be used here")
                .replaceFirst("' is not an? (float|double)$", "' is not a number such as 0.5");
        if (problem instanceof UnmatchedArgumentException unmatched) {
            List<String> suggestions = unmatched.getUnmatched().stream().anyMatch(WORDS::containsKey)
                    ? unmatched.getUnmatched().stream()
                            .map(WORDS::get)
                            .filter(Objects::nonNull)
                            .toList()
                    : unmatched.getSuggestions();
            if (!suggestions.isEmpty()) {
                message += "; did you mean "
                        + String.join(" or ", suggestions.subList(0, Math.min(3, suggestions.size()))) + "?";
            } else {
                message += remarkOnSizes(unmatched.getUnmatched());
            }
        }
        String name = command.getCommandSpec().qualifiedName();
        command.getErr().println(name + ": " + message + " (see " + name + " --help)");
        return ExitStatus.BAD_INPUT;
    }

    /** @param blame adds to the message of a user's mistake where it was made */
    private static int reportFailure(Exception failure, CommandLine command, UnaryOperator<String> blame) {
        PrintWriter err = command.getErr();
        String name = command.getCommandSpec().qualifiedName();
        String mistake = failure instanceof InvalidInputException input
                ? ValueNames.withOption(Remedies.message(input, command.getCommandSpec()), command.getCommandSpec())
                : failure instanceof EngineUnavailableException engine
                        ? Remedies.message(engine, command.getCommandSpec())
                        : null;
        if (mistake != null) {
            err.println(name + ": " + oneLine(blame.apply(mistake)));
            return ExitStatus.BAD_INPUT;
        }
        IOException problem = failure instanceof UncheckedIOException unchecked
                ? unchecked.getCause()
                : failure instanceof IOException checked ? checked : null;
        if (problem != null) {
            err.println(name + ": " + oneLine(describe(problem)));
            return ExitStatus.BAD_INPUT;
        }
        if (failure instanceof IllegalStateException && "Shutdown in progress".equals(failure.getMessage())) {
            return ExitStatus.INTERRUPTED; // The system ends the program before it had begun.
        }
        err.println(name + ": this is a fault of the program, not of yours; please report it with these lines:");
        failure.printStackTrace(err);
        return ExitStatus.INTERNAL_ERROR;
    }

    /** What went wrong with a file; the messages of the JDK's own exceptions often are the mere name of it. */
    static String describe(IOException problem) {
        if (problem instanceof FileSystemException file && file.getReason() == null) {
            String kind = problem instanceof NoSuchFileException
                    ? "does not exist"
                    : problem instanceof AccessDeniedException
                            ? "may not be read or written: permission denied"
                            : problem instanceof FileAlreadyExistsException
                                    ? "is not a folder, and a folder is needed there"
                                    : "cannot be used ("
                                            + problem.getClass().getSimpleName().replace("Exception", "") + ")";
            return file.getFile() + " " + kind;
        }
        return problem.getMessage() == null ? problem.getClass().getSimpleName() : problem.getMessage();
    }

    /** A message as one line that a terminal can show. */
    static String oneLine(String message) {
        return TerminalText.oneLine(message);
    }
}
