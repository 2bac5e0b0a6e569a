package daegpu.denoise;

import daegpu.engine.InferenceEngine;
import daegpu.model.Network;

/** Opens engines for one network in several sizes. */
public interface TileEngines {

    /**
     * Opens an engine and loads the weights.
     *
     * @param network in the wanted size
     * @param together images that will go through it at the same time, at most
     */
    InferenceEngine open(Network network, int together);

    /** Images that an engine can use at the same time, such as one for each thread. */
    int together();

    /** Bytes of main memory that each of them takes on its way through the network. */
    long memory(Network network);
}
