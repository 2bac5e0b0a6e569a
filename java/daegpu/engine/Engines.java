package daegpu.engine;

import daegpu.engine.cpu.CpuEngine;
import daegpu.engine.cuda.CudaEngine;
import daegpu.engine.reference.ReferenceEngine;
import daegpu.engine.reference.ReferenceTrainingEngine;
import daegpu.model.Network;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.function.Function;
import java.util.function.Supplier;

/** Opens engines by name. */
public final class Engines {

    /** What {@code --engine} accepts: {@code auto} takes the fastest engine that runs here. */
    public static final List<String> NAMES = List.of("auto", "cuda", "cpu", "reference");

    private Engines() {}

    /**
     * Opens an engine that trains.
     *
     * @param name one of {@link #NAMES}
     * @throws EngineUnavailableException if this engine cannot run here, or the name or an option is not known to it
     */
    public static OpenedEngine<InspectableEngine> openToTrain(
            String name, Network network, LearningRule rule, EngineOptions options) {
        return open(name, options, chosen -> switch (chosen) {
            case "reference" -> new ReferenceTrainingEngine(network, rule, options);
            case "cpu" -> new CpuEngine(network, rule, options);
            default -> new CudaEngine(network, rule, options);
        });
    }

    /**
     * Opens an engine that runs a network, without memory for training.
     *
     * @param name one of {@link #NAMES}
     * @throws EngineUnavailableException if this engine cannot run here, or the name or an option is not known to it
     */
    public static OpenedEngine<InferenceEngine> open(String name, Network network, EngineOptions options) {
        return open(name, options, chosen -> switch (chosen) {
            case "reference" -> new ReferenceEngine(network, options);
            case "cpu" -> new CpuEngine(network, LearningRule.DEFAULT, options);
            default -> new CudaEngine(network, LearningRule.DEFAULT, options);
        });
    }

    private static <E extends InferenceEngine> OpenedEngine<E> open(
            String name, EngineOptions options, Function<String, E> opener) {
        if (!NAMES.contains(name)) {
            throw new EngineUnavailableException(
                    "there is no engine called " + name + "; there are " + String.join(", ", NAMES));
        }
        Choice choice = name.equals("auto") ? automatic(options) : new Choice(name, "it was asked for");
        return new OpenedEngine<>(choice.name(), opener.apply(choice.name()), choice.reason());
    }

    /** The native libraries that engines load here, with their versions, or why they do not. */
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

    /**
     * Which engine {@code auto} takes here, without opening it. A GPU is taken if it can be used at all: that a network
     * is too large for its memory is then an error, and no reason to go on more slowly unasked.
     */
    public static Choice automatic(EngineOptions options) {
        StringJoiner missing = new StringJoiner("; ");
        try {
            CudaEngine.requireDevice(options);
            return new Choice("cuda", "the fastest engine that runs here");
        } catch (EngineUnavailableException e) {
            missing.add("cuda does not: " + e.getMessage());
        }
        try {
            CpuEngine.nativeLibraries();
            return new Choice("cpu", "the fastest engine that runs here; " + missing);
        } catch (EngineUnavailableException e) {
            missing.add("cpu does not: " + e.getMessage());
        }
        return new Choice("reference", "the only engine that runs here; " + missing);
    }

    /**
     * What is to compute the convolutions of a run on a GPU, where {@code options} leave that open: on the device, both
     * are timed over a few training steps.
     *
     * @param name one of {@link #NAMES}
     * @return {@code cudnn} or {@code native}, and why; empty if there is nothing to choose
     * @throws EngineUnavailableException if this engine cannot run here
     */
    public static Optional<Choice> chooseConvolutions(String name, Network network, EngineOptions options) {
        if (!options.convolutions().equals("auto")) {
            return Optional.empty();
        }
        String engine = name.equals("auto") ? automatic(options).name() : name;
        return engine.equals("cuda") ? Optional.of(CudaEngine.chooseConvolutions(network, options)) : Optional.empty();
    }

    /**
     * What {@code auto} takes.
     *
     * @param name the engine's own name
     * @param reason why it is this one and none that would be faster, for people
     */
    public record Choice(String name, String reason) {}

    /**
     * An engine and how it came to be chosen.
     *
     * @param name the engine's own name, never {@code auto}
     * @param engine the engine itself
     * @param reason why it was this one, for people
     */
    public record OpenedEngine<E extends InferenceEngine>(String name, E engine, String reason)
            implements AutoCloseable {

        /** Closes the engine. */
        @Override
        public void close() {
            engine.close();
        }
    }
}
