package daegpu.cli;

import daegpu.data.InvalidInputException;
import daegpu.denoise.ModelEngines;
import daegpu.engine.Convolutions;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.Engines.Choice;
import daegpu.engine.Engines.OpenedEngine;
import daegpu.engine.InferenceEngine;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Precision;
import daegpu.model.Network;
import daegpu.train.Checkpoint;
import daegpu.train.SessionOptions;
import picocli.CommandLine.Option;

/** The options that say what computes. */
final class EngineChoice {

    @Option(
            names = "--engine",
            paramLabel = "NAME",
            defaultValue = "auto",
            description =
                    "What computes: ${COMPLETION-CANDIDATES}; auto takes the fastest that runs here, and says which "
                            + "(default: ${DEFAULT-VALUE}).")
    EngineName engine;

    @Option(
            names = "--precision",
            paramLabel = "FORMAT",
            defaultValue = "fp32",
            description = "Number format of the matrix products: fp32, on GPUs of compute capability 8.0 also "
                    + "tf32, and with native convolutions bf16, on processors with AVX-512 bf16 or AMX also "
                    + "bf16 (default: ${DEFAULT-VALUE}).")
    Precision precision;

    @Option(
            names = "--threads",
            paramLabel = "N",
            defaultValue = "0",
            description = "Processors to use; 0 takes all (default: ${DEFAULT-VALUE}).")
    int threads;

    @Option(
            names = "--device",
            paramLabel = "N",
            defaultValue = "0",
            description = "GPU to use, by its number in the list of the command devices (default: ${DEFAULT-VALUE}).")
    int device;

    @Option(
            names = "--convolutions",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "What computes convolutions and dense layers on a GPU: ${COMPLETION-CANDIDATES}; cudnn "
                    + "is cuDNN and cuBLAS, native this program's own kernels, which need nothing but the "
                    + "driver. With auto, train times both and keeps the faster one for the run; where a "
                    + "library is missing it is native (default: ${DEFAULT-VALUE}).")
    Convolutions convolutions;

    /** What {@link #engine} stands for here; null until it is needed. */
    private Choice<EngineName> chosen;

    /** Decides once which engine it is. */
    private Choice<EngineName> chosen() {
        if (chosen == null) {
            chosen = Engines.choose(engine, options(1));
        }
        return chosen;
    }

    /**
     * Opens the engine.
     *
     * @throws daegpu.engine.EngineUnavailableException if it cannot run here
     */
    OpenedEngine<InferenceEngine> open(Network network, int batchSize) {
        Choice<EngineName> choice = chosen();
        return new OpenedEngine<>(
                choice.taken(),
                Engines.open(choice.taken(), network, options(batchSize)).engine(),
                choice.reason());
    }

    /** What opens engines for a model in several sizes. */
    ModelEngines of(Checkpoint checkpoint) {
        return new ModelEngines(chosen(), options(1), checkpoint.state().weights());
    }

    /**
     * Opens the engine to train with.
     *
     * @throws daegpu.engine.EngineUnavailableException if it cannot run here
     */
    OpenedEngine<InspectableEngine> openToTrain(Network network, LearningRule rule, int batchSize) {
        return Engines.openToTrain(engine, network, rule, options(batchSize));
    }

    /** @throws InvalidInputException if the number of threads, or of the GPU, is out of range */
    void requireSensible() {
        if (device < 0) {
            throw new InvalidInputException("--device must be 0 or more, not " + device);
        }
        if (threads < 0 || threads > SessionOptions.MOST_THREADS) {
            throw new InvalidInputException(
                    "--threads must be 0 to " + SessionOptions.MOST_THREADS + ", not " + threads);
        }
    }

    /**
     * The options by themselves.
     *
     * @throws InvalidInputException if the number of threads is out of range
     */
    EngineOptions options(int batchSize) {
        requireSensible();
        return new EngineOptions(batchSize, precision, threads, device, convolutions);
    }
}
