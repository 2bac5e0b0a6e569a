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
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

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
     * Whether this names a model: what is no picture, no IDX file, and no folder but that of a run. What is not there
     * is one unless it has the name of a picture.
     */
    static boolean isModel(Path first) {
        if (Files.isDirectory(first)) {
            return isRun(first);
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
            return isRun(path);
        }
        if (!Files.exists(path)) {
            return BuiltInModel.of(path).isPresent() || hasExtension(path);
        }
        return Files.isRegularFile(path) && (hasExtension(path) || Safetensors.isOne(path));
    }

    private static boolean hasExtension(Path path) {
        return path.toString().toLowerCase(Locale.ROOT).endsWith(".safetensors");
    }

    /** Whether a folder is that of a run. */
    static boolean isRun(Path folder) {
        return Files.exists(Checkpoint.fileOf(folder))
                || RunRecord.ofModel(Checkpoint.fileOf(folder)).isPresent();
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
