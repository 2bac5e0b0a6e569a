package daegpu.cli;

import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/** Inputs that a command could not use while it did the others. */
final class Problems {

    private Problems() {}

    /**
     * Prints them on the command's standard error, one line each.
     *
     * @return the exit status: done in part if there are any, else done
     */
    static int report(CommandSpec command, List<String> problems) {
        PrintWriter err = command.commandLine().getErr();
        for (String problem : problems) {
            err.println(command.qualifiedName() + ": left out: " + DaeGpu.oneLine(problem));
        }
        return problems.isEmpty() ? ExitStatus.DONE : ExitStatus.DONE_IN_PART;
    }
}
