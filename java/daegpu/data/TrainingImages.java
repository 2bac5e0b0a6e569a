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

    /** Of a value. */
    Depth depth();

    /** Values of one image: height × width × channels. */
    default int imageSize() {
        return height() * width() * channels();
    }

    /** Bytes of one image. */
    default int imageBytes() {
        return imageSize() * depth().bytes();
    }

    /**
     * Copies an image of an epoch as it is held. Several threads may do so at the same time.
     *
     * @param seed of the run
     * @param epoch counted from 0
     * @param index of the image, less than {@link #count}
     * @param pixels receives the image from its first byte on, {@code [height, width, channels]}, the last running
     *     fastest
     */
    void copy(long seed, int epoch, int index, byte[] pixels);

    /**
     * Writes an image of an epoch as floats in [0, 1]. Several threads may do so at the same time.
     *
     * @param seed of the run
     * @param epoch counted from 0
     * @param index of the image, less than {@link #count}
     * @param values receives the image, {@code [height, width, channels]}, the last running fastest
     * @param at where in {@code values} it begins
     */
    void scale(long seed, int epoch, int index, float[] values, int at);

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
