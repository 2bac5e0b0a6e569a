package daegpu.cli;

import daegpu.data.InvalidInputException;
import daegpu.engine.EngineUnavailableException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The program's command line: all commands, and what a mistake looks like. */
@Command(name = "dae-gpu", mixinStandardHelpOptions = true, versionProvider = Version.class,
        description = "Trains convolutional autoencoders to take noise out of images, and runs them.",
        subcommands = {TrainCommand.class, DenoiseCommand.class, EvaluateCommand.class, ParityCommand.class, GenerateCompletion.class},
        synopsisSubcommandLabel = "COMMAND",
        footerHeading = "%nFirst steps:%n",
        footer = {
            "  dae-gpu train --limit 2000 --epochs 2 --output first-run",
            "  dae-gpu evaluate first-run",
            "",
            "Exit status: 0 done, 1 parity failed, 2 usage or bad input, 3 done in part,",
            "4 training diverged, 130 interrupted."})
public final class DaeGpu implements Runnable {

    @Spec
    private CommandSpec spec;

    /**
     * Runs the command that {@code arguments} ask for.
     *
     * @return the exit status for the caller of the program
     */
    public static int run(String... arguments) {
        try {
            return run(new PrintWriter(System.out, true), new PrintWriter(System.err, true), arguments);
        } finally {
            Interruption.commandEnded();
        }
    }

    /** Runs a command that prints to {@code out} and {@code err}. */
    static int run(PrintWriter out, PrintWriter err, String... arguments) {
        return commandLine(out, err).execute(arguments);
    }

    private static CommandLine commandLine(PrintWriter out, PrintWriter err) {
        CommandLine commandLine = new CommandLine(new DaeGpu());
        commandLine.setOut(out);
        commandLine.setErr(err);
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        commandLine.setUsageHelpAutoWidth(true);
        commandLine.setParameterExceptionHandler(DaeGpu::reportWrongUsage);
        commandLine.setExecutionExceptionHandler(DaeGpu::reportFailure);
        return commandLine;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing: train, denoise, evaluate or parity");
    }

    private static int reportWrongUsage(ParameterException problem, String[] arguments) {
        CommandLine command = problem.getCommandLine();
        String message = oneLine(problem.getMessage());
        if (problem instanceof UnmatchedArgumentException unmatched) {
            List<String> suggestions = unmatched.getSuggestions();
            if (!suggestions.isEmpty()) {
                message += "; did you mean " + String.join(" or ", suggestions.subList(0, Math.min(3, suggestions.size()))) + "?";
            }
        }
        String name = command.getCommandSpec().qualifiedName();
        command.getErr().println(name + ": " + message + " (see " + name + " --help)");
        return ExitStatus.BAD_INPUT;
    }

    private static int reportFailure(Exception failure, CommandLine command, ParseResult arguments) throws Exception {
        PrintWriter err = command.getErr();
        String name = command.getCommandSpec().qualifiedName();
        if (failure instanceof InvalidInputException || failure instanceof EngineUnavailableException) {
            err.println(name + ": " + oneLine(failure.getMessage()));
            return ExitStatus.BAD_INPUT;
        }
        IOException problem = failure instanceof UncheckedIOException unchecked ? unchecked.getCause()
                : failure instanceof IOException checked ? checked : null;
        if (problem != null) {
            err.println(name + ": " + oneLine(describe(problem)));
            return ExitStatus.BAD_INPUT;
        }
        err.println(name + ": this is a fault of the program, not of yours; please report it with these lines:");
        failure.printStackTrace(err);
        return ExitStatus.INTERNAL_ERROR;
    }

    /** What went wrong with a file; the messages of the JDK's own exceptions often are the mere name of it. */
    static String describe(IOException problem) {
        if (problem instanceof FileSystemException file && file.getReason() == null) {
            String kind = problem instanceof NoSuchFileException ? "does not exist"
                    : problem instanceof AccessDeniedException ? "may not be read or written: permission denied"
                    : "cannot be used (" + problem.getClass().getSimpleName().replace("Exception", "") + ")";
            return file.getFile() + " " + kind;
        }
        return problem.getMessage() == null ? problem.getClass().getSimpleName() : problem.getMessage();
    }

    private static String oneLine(String message) {
        return message.strip().replaceAll("\\s*\\R\\s*", " ");
    }
}
