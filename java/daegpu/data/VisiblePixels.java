package daegpu.data;

/**
 * A picture whose wholly transparent pixels have colours of their neighbours in place of their own, which nobody sees:
 * a network that looks at the surroundings of a pixel would let them shine through. In a row, they lie between those of
 * the nearest visible pixels on both sides; a row without any is as the nearest that has one.
 */
public final class VisiblePixels extends ChangedPixels {

    /** For each row the nearest with a pixel that can be seen, which may be itself. */
    private final int[] nearest;

    private final float[] line;
    private final float[] alpha;
    /** The row that {@link #line} is for. */
    private int current = -1;

    private VisiblePixels(Pixels source, int[] nearest) {
        super(source);
        this.nearest = nearest;
        line = new float[source.width() * source.channels()];
        alpha = new float[source.width()];
    }

    /** The picture itself where all of it, or nothing, can be seen. */
    public static Pixels of(Pixels picture) {
        if (!picture.hasAlpha()) {
            return picture;
        }
        boolean[] seen = new boolean[picture.height()];
        boolean any = false;
        boolean all = true;
        float[] alpha = new float[picture.width()];
        for (int row = 0; row < seen.length; row++) {
            picture.readAlpha(row, alpha);
            for (float value : alpha) {
                seen[row] |= value > 0;
                all &= value > 0;
            }
            any |= seen[row];
        }
        return all || !any ? picture : new VisiblePixels(picture, nearest(seen));
    }

    private static int[] nearest(boolean[] seen) {
        int[] nearest = new int[seen.length];
        int above = -1;
        for (int row = 0; row < seen.length; row++) {
            above = seen[row] ? row : above;
            nearest[row] = above;
        }
        int below = -1;
        for (int row = seen.length - 1; row >= 0; row--) {
            below = seen[row] ? row : below;
            if (below >= 0 && (nearest[row] < 0 || below - row < row - nearest[row])) {
                nearest[row] = below;
            }
        }
        return nearest;
    }

    @Override
    public void read(int row, int column, int count, float[] values, int at) {
        if (nearest[row] != current) {
            current = -1; // in case reading fails
            fill(nearest[row]);
            current = nearest[row];
        }
        System.arraycopy(line, column * channels(), values, at, count * channels());
    }

    private void fill(int row) {
        source().read(row, 0, width(), line, 0);
        source().readAlpha(row, alpha);
        int last = -1;
        for (int x = 0; x <= width(); x++) {
            if (x == width() || alpha[x] > 0) {
                fill(last, x);
                last = x;
            }
        }
    }

    /** Fills what lies between two visible pixels, of which one may be outside. */
    private void fill(int left, int right) {
        for (int x = left + 1; x < right; x++) {
            float part = left < 0 ? 1 : right == width() ? 0 : (x - left) / (float) (right - left);
            for (int channel = 0; channel < channels(); channel++) {
                float from = left < 0 ? 0 : line[left * channels() + channel];
                float to = right == width() ? 0 : line[right * channels() + channel];
                line[x * channels() + channel] = part == 1 ? to : part == 0 ? from : from + part * (to - from);
            }
        }
    }
}
