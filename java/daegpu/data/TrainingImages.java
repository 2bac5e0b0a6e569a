package daegpu.data;

/** What a training learns from: images of one size, in each epoch the same, or patches that are cut afresh. */
public sealed interface TrainingImages permits ImageSet, Patches {

    /** Rows of an image. */
    int height();

    /** Columns of an image. */
    int width();

    /** Values of a pixel. */
    int channels();

    /** Images of an epoch. */
    int count();

    /** Bytes of one image: height × width × channels. */
    default int imageSize() {
        return height() * width() * channels();
    }

    /**
     * Copies an image of an epoch. Several threads may do so at the same time.
     *
     * @param seed of the run
     * @param epoch counted from 0
     * @param index of the image, less than {@link #count}
     * @param pixels receives the image from its first byte on, {@code [height, width, channels]}, the last running
     *     fastest
     */
    void copy(long seed, int epoch, int index, byte[] pixels);

    /** Tells them from any other: their number, their size, and the SHA-256 of the bytes that they are made of. */
    String identity();

    /** Size of the images in words: {@code 28x28 grey}. */
    default String describeSize() {
        return ImageSet.describeSize(height(), width(), channels());
    }

    /** Whether the images have this size. */
    default boolean hasSize(int otherHeight, int otherWidth, int otherChannels) {
        return height() == otherHeight && width() == otherWidth && channels() == otherChannels;
    }
}
