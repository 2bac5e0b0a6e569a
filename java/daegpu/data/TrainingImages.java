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

    /**
     * The images of an epoch.
     *
     * @param seed of the run
     * @param epoch counted from 0
     */
    ImageSet ofEpoch(long seed, int epoch);

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
