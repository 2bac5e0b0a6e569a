package daegpu.data;

import java.util.Arrays;
import java.util.HexFormat;

/**
 * Images of one size, as bytes: 0 is black, 255 is white. They stay bytes until they reach an engine, which scales them
 * to [0, 1] by dividing by 255. Immutable as long as nobody writes to {@link #pixels()}.
 */
public final class ImageSet implements TrainingImages {

    private final int height;
    private final int width;
    private final int channels;
    private final byte[] pixels;
    private String identity;

    /**
     * Wraps {@code pixels} without copying.
     *
     * @param pixels {@code [count, height, width, channels]}, the last running fastest
     * @throws IllegalArgumentException if the sizes are not positive or the bytes do not make whole images
     */
    public ImageSet(int height, int width, int channels, byte[] pixels) {
        if (height <= 0 || width <= 0 || channels <= 0) {
            throw new IllegalArgumentException("images must have a size, not " + height + "x" + width + "x" + channels);
        }
        long imageSize = (long) height * width * channels;
        if (imageSize > Integer.MAX_VALUE || pixels.length % imageSize != 0) {
            throw new IllegalArgumentException(pixels.length + " bytes are no whole number of " + height + "x" + width
                    + "x" + channels + " images");
        }
        this.height = height;
        this.width = width;
        this.channels = channels;
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

    /** The same in every epoch. */
    @Override
    public void copy(long seed, int epoch, int index, byte[] copy) {
        System.arraycopy(pixels, index * imageSize(), copy, 0, imageSize());
    }

    /** How many images there are. */
    @Override
    public int count() {
        return pixels.length / imageSize();
    }

    /** The bytes of all images, {@code [count, height, width, channels]}; the array itself, not a copy. */
    public byte[] pixels() {
        return pixels;
    }

    /** A size in words, height before width as everywhere in this program. */
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
        return new ImageSet(height, width, channels, Arrays.copyOfRange(pixels, from * imageSize(), to * imageSize()));
    }

    /** Writes image {@code index} as floats in [0, 1] to {@code values}, from {@code at} on. */
    public void scale(int index, float[] values, int at) {
        scale(pixels, index * imageSize(), imageSize(), values, at);
    }

    /**
     * Writes bytes as floats in [0, 1].
     *
     * @param from the first of {@code pixels} to take
     * @param count how many to take
     * @param at where in {@code values} the first goes
     */
    public static void scale(byte[] pixels, int from, int count, float[] values, int at) {
        for (int i = 0; i < count; i++) {
            values[at + i] = (pixels[from + i] & 0xFF) / 255f;
        }
    }

    /**
     * The other way: values as bytes, each rounded to the nearest; below 0 is black, above 1 white.
     *
     * @param count how many of {@code values} to take
     * @param at where in {@code pixels} the first goes
     */
    public static void unscale(float[] values, int count, byte[] pixels, int at) {
        for (int i = 0; i < count; i++) {
            pixels[at + i] = (byte) Math.round(Math.min(Math.max(values[i], 0), 1) * 255);
        }
    }

    /**
     * Tells this set of images from any other: their number and size, and the SHA-256 of their bytes. Computed once.
     */
    @Override
    public synchronized String identity() {
        if (identity == null) {
            identity = count() + "x" + height + "x" + width + "x" + channels + " sha256:"
                    + HexFormat.of().formatHex(Sha256.digest().digest(pixels));
        }
        return identity;
    }
}
