package daegpu.denoise;

import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.Engines.Choice;
import daegpu.engine.Engines.OpenedEngine;
import daegpu.engine.InferenceEngine;
import daegpu.model.Network;
import daegpu.model.Parameters;

/** Opens engines of one kind with the weights of a model, for images of several sizes. */
public final class ModelEngines implements TileEngines {

    private final Choice<EngineName> engine;
    private final EngineOptions options;
    private final Parameters weights;
    private String description;

    /**
     * Opens no engine yet.
     *
     * @param engine the engine, never {@link EngineName#AUTO}, and why it is this one
     * @param options of each engine; it uses no more threads than tiles go through it together
     * @param weights of the model's network for images of any size
     */
    public ModelEngines(Choice<EngineName> engine, EngineOptions options, Parameters weights) {
        this.engine = engine;
        this.options = options;
        this.weights = weights;
    }

    /** @throws daegpu.engine.EngineUnavailableException if the engine cannot run here */
    @Override
    public InferenceEngine open(Network network, int together) {
        OpenedEngine<InferenceEngine> opened =
                Engines.open(engine.taken(), network, options.withThreads(Math.min(together, options.threadCount())));
        try {
            opened.engine().load(weights.on(network));
            description = opened.engine().description() + ": " + engine.reason();
            return opened.engine();
        } catch (RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    /** As many as there are threads; one on a GPU, all of which works on a single tile. */
    @Override
    public int together() {
        return engine.taken() == EngineName.CUDA ? 1 : options.threadCount();
    }

    @Override
    public long memory(Network network) {
        return Engines.memory(engine.taken(), network);
    }

    /** Describes the engine that was opened last, and says why it is this one. */
    public String description() {
        return description;
    }
}
