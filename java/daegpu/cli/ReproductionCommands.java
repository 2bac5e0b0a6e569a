package daegpu.cli;

import daegpu.train.RunRecord;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What to type to make a run again. */
final class ReproductionCommands {

    private ReproductionCommands() {}

    /** Commands for a shell, from the record of the run; none where there is no record. */
    static List<String> of(Path run) {
        Path config = run.resolve("config.json");
        if (!Files.exists(config)) {
            return List.of();
        }
        List<String> arguments = RunRecord.read(config).arguments();
        boolean fromModel = arguments.contains("--init-from");
        List<String> commands = new ArrayList<>();
        StringBuilder train = new StringBuilder(ProgramName.command()).append(" train");
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            boolean valued = i + 1 < arguments.size() && !arguments.get(i + 1).startsWith("--");
            // The run's own folder is taken, and the network of a model that is trained further is the model's.
            if (argument.equals("--output") || fromModel && TrainCommand.NETWORK_OPTIONS.contains(argument)) {
                i += valued ? 1 : 0;
            } else {
                train.append(' ').append(ProgramName.argument(argument));
            }
        }
        commands.add(train + " --output again");
        commands.add(ProgramName.command() + " evaluate again");
        return commands;
    }
}
