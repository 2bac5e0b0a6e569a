package daegpu.data;

import daegpu.noise.BlindSpots;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Images of one size, as integers of 8 or 16 bits. An engine scales them to [0, 1] by {@link Depth#scale}. A set is
 * immutable as long as nobody writes to {@link #pixels()}.
 */
public final class ImageSet implements TrainingImages {

    private final int height;
    private final int width;
    private final int channels;
    private final Depth depth;
    private final byte[] pixels;
    private String identity;

    /**
     * Wraps {@code pixels}, values of one byte each, without copying.
     *
     * @param pixels {@code [count, height, width, channels]}, where the last index varies fastest
     * @throws IllegalArgumentException if the sizes are not positive or the bytes do not make whole images
     */
    public ImageSet(int height, int width, int channels, byte[] pixels) {
        this(height, width, channels, Depth.BITS_8, pixels);
    }

    /**
     * Wraps {@code pixels} without copying.
     *
     * @param depth the depth of a value
     * @param pixels values, {@code [count, height, width, channels]}, where the last index varies fastest
     * @throws IllegalArgumentException if the sizes are not positive or the bytes do not make whole images
     */
    public ImageSet(int height, int width, int channels, Depth depth, byte[] pixels) {
        if (height <= 0 || width <= 0 || channels <= 0) {
            throw new IllegalArgumentException("images must have a size, not " + height + "x" + width + "x" + channels);
        }
        long imageBytes = (long) height * width * channels * depth.bytes();
        if (imageBytes > Integer.MAX_VALUE || pixels.length % imageBytes != 0) {
            throw new IllegalArgumentException(pixels.length + " bytes are not a whole number of " + height + "x"
                    + width + "x" + channels + " images of " + depth);
        }
        this.height = height;
        this.width = width;
        this.channels = channels;
        this.depth = depth;
        this.pixels = pixels;
    }

    @Override
    public int height() {
        return height;
    }

    @Override
    public int width() {
        return width;
    }

    @Override
    public int channels() {
        return channels;
    }

    @Override
    public Depth depth() {
        return depth;
    }

    @Override
    public List<ImageSet> pictures() {
        return List.of(this);
    }

    @Override
    public boolean hasInputs() {
        return false;
    }

    @Override
    public Optional<BlindSpots> blindSpots() {
        return Optional.empty();
    }

    /** The same in every epoch. */
    @Override
    public Cut target(long seed, int epoch, int index) {
        return new Cut(0, index * imageSize(), width * channels, channels);
    }

    /** The same in every epoch. */
    @Override
    public Cut input(long seed, int epoch, int index) {
        return target(seed, epoch, index);
    }

    /** Without an object for where it lies: a training step allocates nothing. */
    @Override
    public void scaleTarget(long seed, int epoch, int index, float[] values, int at) {
        scale(index, values, at);
    }

    /** The same. */
    @Override
    public void scaleInput(long seed, int epoch, int index, float[] values, int at) {
        scale(index, values, at);
    }

    /** Number of images. */
    @Override
    public int count() {
        return pixels.length / imageBytes();
    }

    /** The values of all images, {@code [count, height, width, channels]}; the array itself, not a copy. */
    public byte[] pixels() {
        return pixels;
    }

    /** Describes a size in words, with height before width, as everywhere in this program. */
    public static String describeSize(int height, int width, int channels) {
        String kind =
                switch (channels) {
                    case 1 -> "grey";
                    case 3 -> "colour";
                    default -> channels + " channels";
                };
        return height + "x" + width + " " + kind;
    }

    /** Images {@code from} (inclusive) to {@code to} (exclusive), copied. */
    public ImageSet range(int from, int to) {
        return new ImageSet(
                height, width, channels, depth, Arrays.copyOfRange(pixels, from * imageBytes(), to * imageBytes()));
    }

    /** The first image and those that are {@code step}, 2·{@code step}… after it, {@code count} in all, copied. */
    public ImageSet spread(int step, int count) {
        byte[] copies = new byte[count * imageBytes()];
        for (int i = 0; i < count; i++) {
            System.arraycopy(pixels, i * step * imageBytes(), copies, i * imageBytes(), imageBytes());
        }
        return new ImageSet(height, width, channels, depth, copies);
    }

    /** Writes image {@code index} as floats in [0, 1] to {@code values}, from {@code at} on. */
    public void scale(int index, float[] values, int at) {
        depth.scale(pixels, index * imageSize(), imageSize(), values, at);
    }

    /** Identifies this set of images: their number and size, and the SHA-256 of their bytes. It is computed once. */
    @Override
    public synchronized String identity() {
        if (identity == null) {
            identity = count() + "x" + height + "x" + width + "x" + channels + " sha256:"
                    + HexFormat.of().formatHex(Sha256.digest().digest(pixels));
        }
        return identity;
    }
}
