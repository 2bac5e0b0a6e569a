package daegpu.engine;

import daegpu.engine.cpu.CpuEngine;
import daegpu.engine.reference.ReferenceEngine;
import daegpu.model.Architecture;
import java.util.List;

/** Opens engines by name. */
public final class Engines {

    /** What {@code --engine} accepts: {@code auto} takes the fastest engine that runs here. */
    public static final List<String> NAMES = List.of("auto", "cuda", "cpu", "reference");

    private Engines() {
    }

    /**
     * Opens an engine.
     *
     * @param name one of {@link #NAMES}
     * @throws EngineUnavailableException if this engine cannot run here, or the name or an option is not known to it
     */
    public static OpenedEngine open(String name, Architecture architecture, EngineOptions options) {
        return switch (name) {
            case "reference" -> new OpenedEngine("reference", new ReferenceEngine(architecture, options), "it was asked for");
            case "cpu" -> new OpenedEngine("cpu", new CpuEngine(architecture, options), "it was asked for");
            case "auto" -> openFastest(architecture, options);
            case "cuda" -> throw new EngineUnavailableException("this version has no cuda engine yet; use --engine cpu");
            default -> throw new EngineUnavailableException("there is no engine called " + name + "; there are " + String.join(", ", NAMES));
        };
    }

    /** The native libraries that engines load here, with their versions, or why they do not. */
    public static String nativeLibraries() {
        try {
            return CpuEngine.nativeLibraries();
        } catch (EngineUnavailableException e) {
            return "none: " + e.getMessage();
        }
    }

    private static OpenedEngine openFastest(Architecture architecture, EngineOptions options) {
        try {
            return new OpenedEngine("cpu", new CpuEngine(architecture, options), "the fastest engine that runs here");
        } catch (EngineUnavailableException e) {
            return new OpenedEngine("reference", new ReferenceEngine(architecture, options), e.getMessage());
        }
    }

    /**
     * An engine and how it came to be chosen.
     *
     * @param name   the engine's own name, never {@code auto}
     * @param engine the engine itself
     * @param reason why it was this one, for people
     */
    public record OpenedEngine(String name, Engine engine, String reason) implements AutoCloseable {

        /** Closes the engine. */
        @Override
        public void close() {
            engine.close();
        }
    }
}
