package daegpu.data;

import daegpu.noise.Philox;
import java.util.Arrays;
import java.util.List;

/** The patches of an epoch, cut into one array as the contract has it written down, to compare with. */
public final class CutBeforehand {

    private CutBeforehand() {}

    /** Purpose 4, the patch's number, four times the epoch. */
    public static ImageSet epoch(List<ImageSet> pictures, int height, int width, int count, long seed, int epoch) {
        int size = height * width * pixelBytes(pictures.get(0));
        byte[] pixels = new byte[count * size];
        int[] draws = new int[4];
        for (int i = 0; i < count; i++) {
            Philox.integers4(seed, 4 * (1L << 41) + i, 4L * epoch, draws);
            double[] parts = Arrays.stream(draws)
                    .mapToDouble(draw -> Integer.toUnsignedLong(draw) / 4294967296.0)
                    .toArray();
            ImageSet picture = pictures.get((int) (pictures.size() * parts[0]));
            int top = (int) ((picture.height() - height + 1) * parts[1]);
            int left = (int) ((picture.width() - width + 1) * parts[2]);
            int orientation = (int) ((height == width ? 8 : 4) * parts[3]);
            System.arraycopy(cut(picture, top, left, height, width, orientation), 0, pixels, i * size, size);
        }
        return new ImageSet(
                height, width, pictures.get(0).channels(), pictures.get(0).depth(), pixels);
    }

    private static int pixelBytes(ImageSet picture) {
        return picture.channels() * (picture.depth() == Depth.BITS_16 ? 2 : 1);
    }

    /**
     * Cuts first, then reverses, and then exchanges: three steps, where the program takes one.
     *
     * @param orientation 1 reverses the rows, 2 the columns, 4 exchanges rows and columns after that
     */
    static byte[] cut(ImageSet picture, int top, int left, int height, int width, int orientation) {
        int bytes = pixelBytes(picture);
        byte[] cut = new byte[height * width * bytes];
        for (int i = 0; i < height; i++) {
            for (int j = 0; j < width; j++) {
                int row = (orientation & 1) != 0 ? height - 1 - i : i;
                int column = (orientation & 2) != 0 ? width - 1 - j : j;
                for (int b = 0; b < bytes; b++) {
                    cut[(i * width + j) * bytes + b] =
                            picture.pixels()[((top + row) * picture.width() + left + column) * bytes + b];
                }
            }
        }
        if ((orientation & 4) == 0) {
            return cut;
        }
        byte[] exchanged = new byte[cut.length];
        for (int i = 0; i < height; i++) {
            for (int j = 0; j < width; j++) {
                System.arraycopy(cut, (j * width + i) * bytes, exchanged, (i * width + j) * bytes, bytes);
            }
        }
        return exchanged;
    }
}
