package daegpu.cli;

import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/** What a command could not use of several inputs; it did the others. */
final class Problems {

    private Problems() {}

    /**
     * Names them, a line each, on the command's standard error.
     *
     * @return the exit status that they lead to, or that there are none
     */
    static int report(CommandSpec command, List<String> problems) {
        PrintWriter err = command.commandLine().getErr();
        for (String problem : problems) {
            err.println(command.qualifiedName() + ": left out: " + DaeGpu.oneLine(problem));
        }
        return problems.isEmpty() ? ExitStatus.DONE : ExitStatus.DONE_IN_PART;
    }
}
