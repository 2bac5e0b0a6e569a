package daegpu.cli;

import daegpu.train.RunRecord;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** What to type to make a run again. */
final class ReproductionCommands {

    private ReproductionCommands() {}

    /**
     * Commands for a shell, from the record of the run; none where there is no record, or its images are in no file.
     */
    static List<String> of(Path run) {
        Path config = run.resolve("config.json");
        if (!Files.exists(config)) {
            return List.of();
        }
        RunRecord record = RunRecord.read(config);
        if (record.hasImagesInMemory()) {
            return List.of();
        }
        CommandSpec spec = new CommandLine(new TrainCommand()).getCommandSpec();
        boolean fromModel = record.says("init-from");
        StringBuilder train = new StringBuilder(ProgramName.command()).append(" train");
        record.options().forEach((name, value) -> {
            OptionSpec option = spec.findOption("--" + name);
            // The run's own folder is taken, and the network of a model that is trained further is the model's.
            if (option == null || name.equals("output") || fromModel && NetworkOptions.NAMES.contains("--" + name)) {
                return;
            }
            if (option.arity().max() > 0) {
                train.append(" --").append(name).append(' ').append(ProgramName.argument(value));
            } else if (Boolean.parseBoolean(value)) {
                train.append(" --").append(name);
            } else if (option.negatable()) {
                train.append(" --no-").append(name);
            }
        });
        return List.of(train + " --output again", ProgramName.command() + " evaluate again");
    }
}
