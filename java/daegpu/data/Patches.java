package daegpu.data;

import daegpu.noise.Philox;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;

/**
 * Patches that each epoch cuts anywhere from pictures of any sizes, flipped and turned. Which picture, where, and which
 * of the flips and turns is a pure function of the seed, the epoch and the number of the patch in the epoch: the four
 * integers of Philox at subsequence {@link Philox#PURPOSE_PATCHES} and offset 4·epoch. Of each integer, the product
 * with the number of possibilities, divided by 2³², chooses one.
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
     * Prepares to cut.
     *
     * @param pictures sets of one picture each, at least one, all with the same number of channels and none smaller
     *     than a patch
     * @param height rows of a patch
     * @param width columns of a patch
     * @param count patches of an epoch
     * @throws IllegalArgumentException if a picture is too small, the pictures are not alike, there is none, or the
     *     count is not positive or makes more than 2³¹ bytes
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
            if (picture.count() != 1 || picture.channels() != channels()) {
                throw new IllegalArgumentException("pictures are single ones with as many channels as the first");
            }
            if (picture.height() < height || picture.width() < width) {
                throw new IllegalArgumentException("a picture of " + picture.describeSize()
                        + " is smaller than a patch of " + height + "x" + width);
            }
        }
        if (count < 1 || (long) count * height * width * channels() > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("an epoch has at least one patch and at most 2^31 bytes of them, not "
                    + count + " patches of " + describeSize());
        }
    }

    /** Patches whose pixels are together as many as the pictures have: each pixel is seen once an epoch, on average. */
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
    public int count() {
        return count;
    }

    /** How many pictures they are cut from. */
    public int pictures() {
        return pictures.size();
    }

    @Override
    public ImageSet ofEpoch(long seed, int epoch) {
        int size = height * width * channels();
        byte[] pixels = new byte[count * size];
        int[] draws = new int[4];
        int orientations = height == width ? ORIENTATIONS : ORIENTATIONS_IN_PLACE;
        for (int patch = 0; patch < count; patch++) {
            Philox.integers4(seed, Philox.subsequence(Philox.PURPOSE_PATCHES, patch), 4L * epoch, draws);
            ImageSet picture = pictures.get(oneOf(pictures.size(), draws[0]));
            int top = oneOf(picture.height() - height + 1, draws[1]);
            int left = oneOf(picture.width() - width + 1, draws[2]);
            cut(picture, top, left, oneOf(orientations, draws[3]), pixels, patch * size);
        }
        return new ImageSet(height, width, channels(), pixels);
    }

    private static int oneOf(int possibilities, int draw) {
        return (int) (Integer.toUnsignedLong(draw) * possibilities >>> 32);
    }

    /** @param orientation 1 reverses the rows, 2 the columns, 4 exchanges rows and columns after that */
    private void cut(ImageSet picture, int top, int left, int orientation, byte[] pixels, int at) {
        int channels = channels();
        boolean isExchanged = (orientation & 4) != 0;
        for (int i = 0; i < height; i++) {
            for (int j = 0; j < width; j++) {
                int row = isExchanged ? j : i;
                int column = isExchanged ? i : j;
                row = (orientation & 1) != 0 ? height - 1 - row : row;
                column = (orientation & 2) != 0 ? width - 1 - column : column;
                int from = ((top + row) * picture.width() + left + column) * channels;
                System.arraycopy(picture.pixels(), from, pixels, at + (i * width + j) * channels, channels);
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
