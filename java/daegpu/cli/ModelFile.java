package daegpu.cli;

import daegpu.data.IdxFile;
import daegpu.data.ImageFile;
import daegpu.data.PictureFolder;
import daegpu.format.Safetensors;
import daegpu.train.BuiltInModel;
import daegpu.train.Checkpoint;
import daegpu.train.RunRecord;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParseResult;

/** The parameter that names a trained model. */
final class ModelFile {

    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description = "A checkpoint (*.safetensors); the folder of a run, whose best.safetensors is taken; or the "
                    + "name of a model that comes with the program, as the command models lists them.")
    private Path path;

    ModelFile() {}

    /** The model that a parameter names which can also be something else. */
    ModelFile(Path path) {
        this.path = path;
    }

    /**
     * Whether this names a model: what is no picture, no IDX file, and no folder but that of a run or one with the name
     * of a model in the program. What is not there is one unless it has the name of a picture.
     *
     * @param alone whether it is the only argument
     */
    static boolean isModel(Path first, boolean alone) {
        if (Files.isDirectory(first)) {
            return Checkpoint.isRun(first) || !alone && BuiltInModel.of(first).isPresent();
        }
        return !PictureFolder.isNamedAsPicture(first)
                && (!Files.exists(first)
                        || ImageFile.formatOf(first) == null
                                && !IdxFile.isIdx(first)
                                && ImageFile.foreignTitle(first).isEmpty());
    }

    /**
     * Whether a path that is no model's place leads to a model all the same, or names one: the checkpoint, the folder
     * of a run, or a model that comes with the program.
     */
    static boolean isMisplaced(Path path) {
        if (Files.isDirectory(path)) {
            return Checkpoint.isRun(path);
        }
        if (!Files.exists(path)) {
            return BuiltInModel.of(path).isPresent() || hasExtension(path);
        }
        return Files.isRegularFile(path) && (hasExtension(path) || Safetensors.isOne(path));
    }

    private static boolean hasExtension(Path path) {
        return path.toString().toLowerCase(Locale.ROOT).endsWith(".safetensors");
    }

    /**
     * Says which is meant where the name of a model that comes with the program is that of a file or folder here, too:
     * what was trained comes first, and a folder of anything else does not.
     *
     * @param arguments of a command
     */
    static void tellWhichIsMeant(ParseResult arguments) {
        ParseResult command = arguments.hasSubcommand() ? arguments.subcommand() : arguments;
        CommandSpec spec = command.commandSpec();
        for (ArgSpec argument : command.matchedArgs()) {
            if (argument.paramLabel().contains("MODEL")) {
                List<String> given = argument.originalStringValues();
                whichIsMeant(given.get(0), given.size() == 1 && argument.arity().max() > 1)
                        .ifPresent(note -> spec.commandLine()
                                .getErr()
                                .println(spec.qualifiedName() + ": note: " + DaeGpu.oneLine(note)));
            }
        }
    }

    /** @param alone whether it can only be a picture: there is nothing else that could be one */
    private static Optional<String> whichIsMeant(String name, boolean alone) {
        Path path = DaeGpu.path(name);
        if (BuiltInModel.named(name).isEmpty() || !Files.exists(path)) {
            return Optional.empty();
        }
        String kind = Files.isDirectory(path) ? "folder" : "file";
        return Optional.of(
                BuiltInModel.of(path).isPresent() && !alone
                        ? name + " is the model that comes with the program, not the folder; ./" + name
                                + " is the folder"
                        : name + " is the " + kind + " here, not the model of this name that comes with the program;"
                                + " rename the " + kind + " to use that");
    }

    /** @throws ParameterException if there is a model among the inputs that come after the model */
    static void requireNone(List<Path> inputs, CommandSpec command) {
        for (Path input : inputs) {
            if (isMisplaced(input)) {
                throw new ParameterException(
                        command.commandLine(),
                        input + " is a model: " + command.name() + " takes one, and before all other arguments");
            }
        }
    }

    private Optional<BuiltInModel> builtIn() {
        return BuiltInModel.of(path);
    }

    /** What to call it: the checkpoint file itself, or the name of a model that comes with the program. */
    String name() {
        return builtIn().map(BuiltInModel::toString).orElseGet(() -> file().toString());
    }

    private Path file() {
        return Checkpoint.fileOf(path);
    }

    /**
     * The folder for what is made of it: its own where that is a run's; else the current one.
     *
     * @throws daegpu.data.InvalidInputException if the record of the run is damaged
     */
    Path folder() {
        return run().isPresent() ? file().toAbsolutePath().getParent() : Path.of("");
    }

    /**
     * Reads it.
     *
     * @throws daegpu.data.InvalidInputException if it is damaged or no model
     */
    Checkpoint read() {
        return Checkpoint.ofModel(path);
    }

    /**
     * The record of the run that made it, if it lies where the run left it.
     *
     * @throws daegpu.data.InvalidInputException if that is damaged
     */
    Optional<RunRecord> run() {
        return builtIn().isPresent() ? Optional.empty() : RunRecord.ofModel(file());
    }
}
