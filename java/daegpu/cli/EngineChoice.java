package daegpu.cli;

import daegpu.data.InvalidInputException;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.Engines.OpenedEngine;
import daegpu.model.Architecture;
import java.util.Iterator;
import picocli.CommandLine.Option;

/** The options that say what computes. */
final class EngineChoice {

    /** The names that {@code --engine} takes, for help and completion. */
    static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Engines.NAMES.iterator();
        }
    }

    private static final int MOST_THREADS = 1024;

    @Option(names = "--engine", paramLabel = "NAME", completionCandidates = Names.class, defaultValue = "auto",
            description = "What computes: ${COMPLETION-CANDIDATES}; auto takes the fastest that runs here, and says which "
                    + "(default: ${DEFAULT-VALUE}).")
    String engine;

    @Option(names = "--precision", paramLabel = "FORMAT", defaultValue = "fp32",
            description = "Number format of the matrix products: fp32, on GPUs of compute capability 8.0 also tf32, on "
                    + "processors with AVX-512 bf16 or AMX also bf16 "
                    + "(default: ${DEFAULT-VALUE}).")
    String precision;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "0",
            description = "Processors to use; 0 takes all (default: ${DEFAULT-VALUE}).")
    int threads;

    @Option(names = "--device", paramLabel = "N", defaultValue = "0",
            description = "GPU to use, by its number in the list of the command devices (default: ${DEFAULT-VALUE}).")
    int device;

    /** Opens the engine. @throws daegpu.engine.EngineUnavailableException if it cannot run here */
    OpenedEngine open(Architecture architecture, int batchSize) {
        return Engines.open(engine, architecture, options(batchSize));
    }

    /** The options by themselves. @throws InvalidInputException if the number of threads is out of range */
    EngineOptions options(int batchSize) {
        if (threads < 0 || threads > MOST_THREADS) {
            throw new InvalidInputException("--threads must be 0 to " + MOST_THREADS + ", not " + threads);
        }
        return new EngineOptions(batchSize, precision, threads, device);
    }
}
