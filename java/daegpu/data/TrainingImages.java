package daegpu.data;

import daegpu.noise.BlindSpots;
import java.util.List;
import java.util.Optional;

/**
 * What a training learns from: images of one size, in each epoch the same, or patches that are cut afresh. Of each
 * image there is what should come out of the network, the target, and what goes in, to which noise may still be added.
 * Both are the same, unless there are pairs.
 */
public sealed interface TrainingImages permits ImageSet, SceneImages {

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

    /** The pictures in memory that images are cut from, all of the same channels and depth. */
    List<ImageSet> pictures();

    /** Whether what goes in are pictures of their own. */
    boolean hasInputs();

    /** The pixels of what goes in that are replaced, and that alone count in the loss; empty if all pixels count. */
    Optional<BlindSpots> blindSpots();

    /**
     * Where an image of an epoch lies that should come out.
     *
     * @param seed of the run
     * @param epoch counted from 0
     * @param index of the image, less than {@link #count}
     */
    Cut target(long seed, int epoch, int index);

    /** Where the image of an epoch lies that goes in; with the same steps as its {@link #target}. */
    Cut input(long seed, int epoch, int index);

    /** Tells them from any other: their number, their size, and the SHA-256 of the bytes that they are made of. */
    String identity();

    /** Values of one image: height × width × channels. */
    default int imageSize() {
        return height() * width() * channels();
    }

    /** Values of one image that count in the loss. */
    default int countedValues() {
        return blindSpots().isPresent() ? blindSpots().get().count(height(), width()) * channels() : imageSize();
    }

    /** Bytes of one image. */
    default int imageBytes() {
        return imageSize() * depth().bytes();
    }

    /** Bytes of all pictures. */
    default long pictureBytes() {
        return pictures().stream().mapToLong(picture -> picture.pixels().length).sum();
    }

    /**
     * Copies the values of an image as they are held. Several threads may do so at the same time.
     *
     * @param cut where it is
     * @param image receives it, {@code [height, width, channels]}, the last running fastest
     * @param at where in {@code image} its first byte goes
     */
    default void copy(Cut cut, byte[] image, int at) {
        byte[] pixels = pictures().get(cut.picture()).pixels();
        int bytes = depth().bytes();
        int run = run(cut);
        int to = at;
        for (int i = 0; i < height(); i++) {
            for (int j = 0; j < width(); j += run) {
                int from = (cut.first() + i * cut.rowStep() + j * cut.columnStep()) * bytes;
                System.arraycopy(pixels, from, image, to, run * channels() * bytes);
                to += run * channels() * bytes;
            }
        }
    }

    /**
     * Writes an image of an epoch that should come out as floats in [0, 1]. Several threads may do so at the same time.
     *
     * @param seed of the run
     * @param epoch counted from 0
     * @param index of the image, less than {@link #count}
     * @param values receives the image, {@code [height, width, channels]}, the last running fastest
     * @param at where in {@code values} it begins
     */
    default void scaleTarget(long seed, int epoch, int index, float[] values, int at) {
        scale(target(seed, epoch, index), values, at);
    }

    /** The same of the image that goes in. */
    default void scaleInput(long seed, int epoch, int index, float[] values, int at) {
        scale(input(seed, epoch, index), values, at);
    }

    private void scale(Cut cut, float[] values, int at) {
        byte[] pixels = pictures().get(cut.picture()).pixels();
        Depth depth = depth();
        int run = run(cut);
        int to = at;
        for (int i = 0; i < height(); i++) {
            for (int j = 0; j < width(); j += run) {
                int from = cut.first() + i * cut.rowStep() + j * cut.columnStep();
                depth.scale(pixels, from, run * channels(), values, to);
                to += run * channels();
            }
        }
    }

    /** How many pixels of a row lie side by side: all or one. */
    private int run(Cut cut) {
        return cut.columnStep() == channels() ? width() : 1;
    }

    /** Size of the images in words: {@code 28x28 grey}. */
    default String describeSize() {
        return ImageSet.describeSize(height(), width(), channels());
    }

    /** Whether the images have this size. */
    default boolean hasSize(int otherHeight, int otherWidth, int otherChannels) {
        return height() == otherHeight && width() == otherWidth && channels() == otherChannels;
    }
}
