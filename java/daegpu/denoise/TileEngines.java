package daegpu.denoise;

import daegpu.engine.InferenceEngine;
import daegpu.model.Network;

/** Opens engines for one network with images of several sizes. */
public interface TileEngines {

    /**
     * Opens an engine and loads the weights.
     *
     * @param network the network for images of the wanted size
     * @param together the largest number of images that will go through it at the same time
     */
    InferenceEngine open(Network network, int together);

    /** The number of images that keep an engine busy, such as one for each thread. */
    int together();

    /** Bytes of main memory that an image takes on its way through the network. */
    long memory(Network network);
}
