package daegpu.model;

/** The kind of a network and all values that decide its layers, for images of one size. */
public sealed interface Architecture permits Autoencoder, UNet {

    /**
     * The largest number of parameters that a network may have, so that they fit into a Java array with room to spare.
     */
    int MAXIMUM_PARAMETERS = 1 << 29;

    /** Image height in pixels. */
    int height();

    /** Image width in pixels. */
    int width();

    /** Image channels: 1 for grey, 3 for colour. */
    int channels();

    /** The network. */
    Network network();

    /** The parameters that training starts from. They are a pure function of the seed. */
    Parameters initialParameters(long seed);

    /**
     * The same architecture for images of another size.
     *
     * @throws IllegalArgumentException if there is no such network for that size; the message says which sizes will do
     */
    Architecture sizedFor(int height, int width, int channels);

    /** Number of trainable values. */
    default int parameterCount() {
        return network().parameterCount();
    }

    /** Number of values of one image: height × width × channels. */
    default int imageSize() {
        return height() * width() * channels();
    }
}
