package daegpu.data;

import daegpu.noise.Philox;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;

/**
 * Patches that each epoch cuts at random places from pictures of any sizes, flipped and turned at random. The picture,
 * the place, the flip and the turn are a pure function of the seed, the epoch and the number of the patch in the epoch:
 * the four integers of Philox at subsequence {@link Philox#PURPOSE_PATCHES} and offset 4·epoch. Each integer, times the
 * number of possibilities and divided by 2³², chooses one of them.
 *
 * <p>Only the pictures are in memory. A patch is cut when it is needed: by {@link #copy}, or by an engine that has the
 * pictures, at the place that {@link #cut} returns.
 */
public final class Patches implements TrainingImages {

    /** Of a square patch: rows reversed or not, columns reversed or not, rows and columns exchanged or not. */
    private static final int ORIENTATIONS = 8;
    /** Of any other: without the exchange. */
    private static final int ORIENTATIONS_IN_PLACE = 4;

    private final List<ImageSet> pictures;
    private final int height;
    private final int width;
    private final int count;
    private String identity;

    /**
     * Where the values of a patch lie: value {@code c} of the pixel in row {@code i} and column {@code j} is value
     * {@code first + i · rowStep + j · columnStep + c} of the picture.
     *
     * @param picture index of the picture
     * @param first index of the first value of the pixel in row 0 and column 0
     * @param rowStep values from a row of the patch to the next one, negative if rows are reversed
     * @param columnStep the same from a column to the next one
     */
    public record Cut(int picture, int first, int rowStep, int columnStep) {}

    /**
     * Prepares to cut.
     *
     * @param pictures sets of one picture each, at least one, all with the same number of channels and the same depth,
     *     and none smaller than a patch
     * @param height rows of a patch
     * @param width columns of a patch
     * @param count number of patches in an epoch
     * @throws IllegalArgumentException if a picture is too small, if the pictures differ in channels or depth, if there
     *     are none, or if the count is not positive
     */
    public Patches(List<ImageSet> pictures, int height, int width, int count) {
        this.pictures = List.copyOf(pictures);
        this.height = height;
        this.width = width;
        this.count = count;
        if (pictures.isEmpty()) {
            throw new IllegalArgumentException("patches are cut from at least one picture");
        }
        for (ImageSet picture : pictures) {
            if (picture.count() != 1 || picture.channels() != channels() || picture.depth() != depth()) {
                throw new IllegalArgumentException("pictures are single ones with channels and depth of the first");
            }
            if (picture.height() < height || picture.width() < width) {
                throw new IllegalArgumentException("a picture of " + picture.describeSize()
                        + " is smaller than a patch of " + height + "x" + width);
            }
        }
        if (count < 1) {
            throw new IllegalArgumentException("an epoch has at least one patch, not " + count);
        }
    }

    /**
     * The number of patches that have as many pixels together as the pictures, so that each pixel is seen once an epoch
     * on average.
     */
    public static int defaultCount(long picturePixels, int height, int width) {
        return (int) Math.max(1, Math.min(Integer.MAX_VALUE, picturePixels / ((long) height * width)));
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
        return pictures.get(0).channels();
    }

    @Override
    public Depth depth() {
        return pictures.get(0).depth();
    }

    @Override
    public int count() {
        return count;
    }

    /** The pictures from which patches are cut, each as a set of one image. */
    public List<ImageSet> pictures() {
        return pictures;
    }

    /**
     * Where a patch is cut, and how it is turned.
     *
     * @param seed of the run
     * @param epoch counted from 0
     * @param index of the patch, less than {@link #count}
     */
    public Cut cut(long seed, int epoch, int index) {
        int[] draws = new int[4];
        Philox.integers4(seed, Philox.subsequence(Philox.PURPOSE_PATCHES, index), 4L * epoch, draws);
        int number = oneOf(pictures.size(), draws[0]);
        ImageSet picture = pictures.get(number);
        int top = oneOf(picture.height() - height + 1, draws[1]);
        int left = oneOf(picture.width() - width + 1, draws[2]);
        int orientation = oneOf(height == width ? ORIENTATIONS : ORIENTATIONS_IN_PLACE, draws[3]);
        boolean hasRowsReversed = (orientation & 1) != 0;
        boolean hasColumnsReversed = (orientation & 2) != 0;
        int across = channels();
        int down = picture.width() * across;
        int first = (hasRowsReversed ? top + height - 1 : top) * down
                + (hasColumnsReversed ? left + width - 1 : left) * across;
        down = hasRowsReversed ? -down : down;
        across = hasColumnsReversed ? -across : across;
        boolean isExchanged = (orientation & 4) != 0;
        return new Cut(number, first, isExchanged ? across : down, isExchanged ? down : across);
    }

    private static int oneOf(int possibilities, int draw) {
        return (int) (Integer.toUnsignedLong(draw) * possibilities >>> 32);
    }

    @Override
    public void copy(long seed, int epoch, int index, byte[] patch) {
        Cut cut = cut(seed, epoch, index);
        byte[] pixels = pictures.get(cut.picture).pixels();
        int bytes = depth().bytes();
        int pixelBytes = channels() * bytes;
        int at = 0;
        for (int i = 0; i < height; i++) {
            for (int j = 0; j < width; j++) {
                int from = (cut.first + i * cut.rowStep + j * cut.columnStep) * bytes;
                for (int b = 0; b < pixelBytes; b++) {
                    patch[at++] = pixels[from + b];
                }
            }
        }
    }

    @Override
    public void scale(long seed, int epoch, int index, float[] values, int at) {
        Cut cut = cut(seed, epoch, index);
        byte[] pixels = pictures.get(cut.picture).pixels();
        Depth depth = depth();
        int channels = channels();
        for (int i = 0; i < height; i++) {
            for (int j = 0; j < width; j++) {
                int from = cut.first + i * cut.rowStep + j * cut.columnStep;
                depth.scale(pixels, from, channels, values, at + (i * width + j) * channels);
            }
        }
    }

    @Override
    public synchronized String identity() {
        if (identity == null) {
            MessageDigest digest = Sha256.digest();
            for (ImageSet picture : pictures) {
                digest.update(ByteBuffer.allocate(8)
                        .putInt(picture.height())
                        .putInt(picture.width())
                        .flip());
                digest.update(picture.pixels());
            }
            identity = count + " patches of " + height + "x" + width + "x" + channels() + " from " + pictures.size()
                    + " pictures sha256:" + HexFormat.of().formatHex(digest.digest());
        }
        return identity;
    }
}
