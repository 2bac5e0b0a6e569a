package daegpu.model;

/** What a network is, for images of one size: all that decides its layers. */
public sealed interface Architecture permits Autoencoder, UNet {

    /** Most parameters, so that arrays of them fit into a Java array with room to spare. */
    int MAXIMUM_PARAMETERS = 1 << 29;

    /** Image height in pixels. */
    int height();

    /** Image width in pixels. */
    int width();

    /** Image channels: 1 for grey, 3 for colour. */
    int channels();

    /** The network. */
    Network network();

    /** The parameters that training starts from: a pure function of the seed. */
    Parameters initialParameters(long seed);

    /**
     * The same for images of another size.
     *
     * @throws IllegalArgumentException if there is no such network for that size; the message says which sizes will do
     */
    Architecture sizedFor(int height, int width, int channels);

    /** Trainable values in all. */
    default int parameterCount() {
        return network().parameterCount();
    }

    /** Values of one image: height × width × channels. */
    default int imageSize() {
        return height() * width() * channels();
    }
}
