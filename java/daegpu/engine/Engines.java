package daegpu.engine;

import daegpu.engine.cpu.CpuEngine;
import daegpu.engine.cpu.CpuTrainingEngine;
import daegpu.engine.cuda.CudaEngine;
import daegpu.engine.cuda.CudaTrainingEngine;
import daegpu.engine.reference.ReferenceEngine;
import daegpu.engine.reference.ReferenceTrainingEngine;
import daegpu.model.Network;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.function.Function;
import java.util.function.Supplier;

/** Opens engines by name. */
public final class Engines {

    private static final String FASTEST = "the fastest engine that runs here";

    private Engines() {}

    /**
     * Opens an engine that trains.
     *
     * @throws EngineUnavailableException if this engine cannot run here, or does not offer what the options ask for
     */
    public static OpenedEngine<InspectableEngine> openToTrain(
            EngineName name, Network network, LearningRule rule, EngineOptions options) {
        return open(name, options, chosen -> switch (chosen) {
            case REFERENCE -> new ReferenceTrainingEngine(network, rule, options);
            case CPU -> new CpuTrainingEngine(network, rule, options);
            case CUDA -> new CudaTrainingEngine(network, rule, options);
            case AUTO -> throw new AssertionError(chosen);
        });
    }

    /**
     * Opens an engine that runs a network, without memory for training.
     *
     * @throws EngineUnavailableException if this engine cannot run here, or does not offer what the options ask for
     */
    public static OpenedEngine<InferenceEngine> open(EngineName name, Network network, EngineOptions options) {
        return open(name, options, chosen -> switch (chosen) {
            case REFERENCE -> new ReferenceEngine(network, options);
            case CPU -> new CpuEngine(network, options);
            case CUDA -> new CudaEngine(network, options);
            case AUTO -> throw new AssertionError(chosen);
        });
    }

    private static <E extends InferenceEngine> OpenedEngine<E> open(
            EngineName name, EngineOptions options, Function<EngineName, E> opener) {
        Choice<EngineName> choice = choose(name, options);
        return new OpenedEngine<>(choice.taken(), opener.apply(choice.taken()), choice.reason());
    }

    /** Names the native libraries that engines load here, with their versions, or says why they cannot be loaded. */
    public static String nativeLibraries() {
        return versionsOr("oneDNN", CpuEngine::nativeLibraries) + "; "
                + versionsOr("CUDA", CudaEngine::nativeLibraries);
    }

    private static String versionsOr(String libraries, Supplier<String> versions) {
        try {
            return versions.get();
        } catch (EngineUnavailableException e) {
            return "no " + libraries + ": " + e.getMessage();
        }
    }

    /** Which engine {@code name} stands for here, and why: itself, unless it is {@code auto}. Opens no engine. */
    public static Choice<EngineName> choose(EngineName name, EngineOptions options) {
        return name == EngineName.AUTO ? automatic(options) : new Choice<>(name, "it was asked for");
    }

    /**
     * About how many bytes of main memory an image takes on its way through a network, without the input and the output
     * themselves; 0 for an engine that uses the memory of a GPU.
     *
     * @param engine any but {@link EngineName#AUTO}
     */
    public static long memory(EngineName engine, Network network) {
        Plan plan = Plan.inference(network, network.input(), network.output());
        return switch (engine) {
            case REFERENCE -> ReferenceEngine.memory(plan);
            case CPU -> CpuEngine.memory(plan);
            case CUDA -> 0;
            case AUTO -> throw new AssertionError(engine);
        };
    }

    /**
     * Which engine {@code auto} stands for here, and why. Opens no engine. A GPU is taken if it can be used at all: if
     * a network is too large for its memory, that is an error, and no reason to take a slower engine without being
     * asked.
     */
    public static Choice<EngineName> automatic(EngineOptions options) {
        StringJoiner reason = new StringJoiner("; ");
        try {
            CudaEngine.requireDevice(options);
            return new Choice<>(EngineName.CUDA, FASTEST);
        } catch (EngineUnavailableException e) {
            // On a computer without an NVIDIA GPU nobody wants to read that each time.
            if (CudaEngine.isExpected(options)) {
                reason.add("cuda does not: " + e.getMessage());
            }
        }
        try {
            CpuEngine.nativeLibraries();
            return new Choice<>(EngineName.CPU, FASTEST + (reason.length() == 0 ? "" : "; " + reason));
        } catch (EngineUnavailableException e) {
            reason.add("cpu does not: " + e.getMessage());
        }
        return new Choice<>(EngineName.REFERENCE, "the only engine that runs here; " + reason);
    }

    /**
     * Chooses what computes the convolutions of a run on a GPU, if {@code options} leave that open: times cuDNN and
     * this program's own kernels on the device over a few training steps.
     *
     * @return {@link Convolutions#CUDNN} or {@link Convolutions#NATIVE}, and why; empty if there is nothing to choose
     * @throws EngineUnavailableException if this engine cannot run here
     */
    public static Optional<Choice<Convolutions>> chooseConvolutions(
            EngineName name, Network network, EngineOptions options) {
        if (options.convolutions() != Convolutions.AUTO) {
            return Optional.empty();
        }
        EngineName engine = name == EngineName.AUTO ? automatic(options).taken() : name;
        return engine == EngineName.CUDA
                ? Optional.of(CudaEngine.chooseConvolutions(network, options))
                : Optional.empty();
    }

    /**
     * What {@code auto} stands for.
     *
     * @param taken an engine or convolutions, never {@code AUTO}
     * @param reason why it is this one and not a faster one, in words
     */
    public record Choice<T>(T taken, String reason) {}

    /**
     * An engine, and why it was chosen.
     *
     * @param name the engine's own name, never {@link EngineName#AUTO}
     * @param engine the engine itself
     * @param reason why it was chosen, in words
     */
    public record OpenedEngine<E extends InferenceEngine>(EngineName name, E engine, String reason)
            implements AutoCloseable {

        /** Closes the engine. */
        @Override
        public void close() {
            engine.close();
        }
    }
}
