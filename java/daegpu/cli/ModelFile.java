package daegpu.cli;

import daegpu.train.Checkpoint;
import daegpu.train.RunRecord;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Parameters;

/** The parameter that names a trained model. */
final class ModelFile {

    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description = "A checkpoint (*.safetensors), or the folder of a run, whose best.safetensors is taken.")
    private Path path;

    /** The checkpoint file itself. */
    Path file() {
        return Checkpoint.fileOf(path);
    }

    /**
     * Reads it.
     *
     * @throws daegpu.data.InvalidInputException if it is damaged or no model
     */
    Checkpoint read() {
        return Checkpoint.read(file());
    }

    /**
     * The record of the run that made it, if it lies where the run left it.
     *
     * @throws daegpu.data.InvalidInputException if that is damaged
     */
    Optional<RunRecord> run() {
        return RunRecord.ofModel(file());
    }
}
