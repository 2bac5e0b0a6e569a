package daegpu.noise;

import java.util.Arrays;

/**
 * Poisson distributions as integers, so that every engine draws the same photons from the same 32 bits: the number of
 * photons for a draw is the number of thresholds that are at or below it, all compared as unsigned. The threshold of
 * {@code k} photons, counted from 0, is the probability of {@code k} or fewer, as a multiple of 2<sup>−32</sup>
 * (inversion: Devroye, "Non-Uniform Random Variate Generation", 1986, chapter III.2). There is a distribution for each
 * value of a byte.
 *
 * <p>As no table can be made for every peak in a range, an image draws one of {@value #LEVELS} evenly spaced peaks if
 * there is a range.
 */
public final class PhotonTable {

    /** Number of levels of a range of peaks, including its ends. */
    static final int LEVELS = 17;
    /** Values of a byte. */
    private static final int INTENSITIES = 256;
    /** Probabilities below this part of the largest lie far below the resolution of a threshold. */
    private static final double NEGLIGIBLE = 0x1p-60;
    /** The table that was used last, as usually many images are corrupted with the same table. */
    private static volatile PhotonTable last;

    private final float lowest;
    private final float highest;
    private final int[] words;

    private PhotonTable(float lowest, float highest) {
        this.lowest = lowest;
        this.highest = highest;
        int cells = (lowest == highest ? 1 : LEVELS) * INTENSITIES;
        int[] certain = new int[cells];
        int[][] thresholds = new int[cells][];
        int size = 2 * cells + 1;
        for (int cell = 0; cell < cells; cell++) {
            double mean = cell % INTENSITIES / 255.0 * peak(lowest, highest, cell / INTENSITIES);
            double[] weights = new double[(int) (40 * Math.sqrt(mean)) + 80];
            int first = fillWeights(mean, weights);
            long[] cumulative = cumulative(weights);
            int zeros = (int) Arrays.stream(cumulative)
                    .takeWhile(threshold -> threshold == 0)
                    .count();
            certain[cell] = first + zeros;
            thresholds[cell] = Arrays.stream(cumulative)
                    .skip(zeros)
                    .takeWhile(threshold -> threshold < 1L << 32)
                    .mapToInt(threshold -> (int) threshold)
                    .toArray();
            size += thresholds[cell].length;
        }
        words = new int[size];
        int at = 2 * cells + 1;
        for (int cell = 0; cell < cells; cell++) {
            words[2 * cell] = at;
            words[2 * cell + 1] = certain[cell];
            System.arraycopy(thresholds[cell], 0, words, at, thresholds[cell].length);
            at += thresholds[cell].length;
        }
        words[2 * cells] = at;
    }

    /**
     * The table for peaks from {@code lowest} to {@code highest}; it is made again unless it is the one that was used
     * last.
     */
    static PhotonTable of(float lowest, float highest) {
        PhotonTable table = last;
        if (table == null || table.lowest != lowest || table.highest != highest) {
            table = new PhotonTable(lowest, highest);
            last = table;
        }
        return table;
    }

    /** The level that an image takes for its uniform draw in (0, 1]. */
    static int level(float uniform) {
        return Math.min((int) (uniform * LEVELS), LEVELS - 1);
    }

    /** The mean number of photons at white in level {@code level}, in float32 with each operation rounded. */
    static float peak(float lowest, float highest, int level) {
        return lowest + (highest - lowest) * (level / (LEVELS - 1f));
    }

    /**
     * Poisson probabilities up to a factor, from the most likely number outwards, so that nothing overflows.
     *
     * @param weights receives them, ascending
     * @return the number of photons that the first of them is for
     */
    private static int fillWeights(double mean, double[] weights) {
        int mode = (int) mean;
        int first = mode;
        for (double weight = 1; first > 0 && weight > NEGLIGIBLE; first--) {
            weight *= first / mean;
        }
        weights[mode - first] = 1;
        for (int k = mode; k > first; k--) {
            weights[k - 1 - first] = weights[k - first] * (k / mean);
        }
        for (int k = mode + 1; weights[k - 1 - first] > NEGLIGIBLE; k++) {
            weights[k - first] = weights[k - 1 - first] * (mean / k);
        }
        return first;
    }

    /** Sums from the left over the whole sum, as multiples of 2⁻³². */
    private static long[] cumulative(double[] weights) {
        double total = Arrays.stream(weights).reduce(0, Double::sum);
        long[] thresholds = new long[weights.length];
        double sum = 0;
        for (int k = 0; k < weights.length; k++) {
            sum += weights[k];
            thresholds[k] = Math.round(sum / total * 0x1p32);
        }
        return thresholds;
    }

    /**
     * The table in the layout for a device. For cell {@code c}, which is 256 · level + byte, {@code words[2c]} is where
     * its thresholds begin, {@code words[2c + 2]} where they end, and {@code words[2c + 1]} the number of photons that
     * are certain, whose thresholds are zero. After all cells come the thresholds, ascending. The array is shared and
     * must not be changed.
     */
    public int[] words() {
        return words;
    }

    /**
     * The number of photons for a draw.
     *
     * @param level 0 … {@value #LEVELS} − 1, or 0 if there is only one level
     * @param intensity value of the byte, 0 … 255
     * @param draw 32 bits
     */
    int photons(int level, int intensity, int draw) {
        int cell = 2 * (INTENSITIES * level + intensity);
        int low = words[cell];
        int high = words[cell + 2];
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Integer.compareUnsigned(words[middle], draw) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return words[cell + 1] + low - words[cell];
    }
}
