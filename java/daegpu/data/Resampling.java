package daegpu.data;

/**
 * Scales one side of pictures. A new pixel is a mean of old ones, whose weights fall linearly with their distance from
 * its middle, to zero at a distance of one pixel of the smaller picture: so every pixel counts, and none has a negative
 * weight. Pillow calls this filter BILINEAR.
 */
final class Resampling {

    private final int from;
    private final int[] firsts;
    private final float[][] weights;

    /**
     * @param from pixels of the side before
     * @param to pixels of it afterwards
     */
    Resampling(int from, int to) {
        this.from = from;
        firsts = new int[to];
        weights = new float[to][];
        double scale = (double) from / to;
        double reach = Math.max(1, scale);
        for (int i = 0; i < to; i++) {
            double middle = (i + 0.5) * scale - 0.5;
            int first = Math.max(0, (int) Math.ceil(middle - reach));
            int last = Math.min(from - 1, (int) Math.floor(middle + reach));
            double[] own = new double[last - first + 1];
            double sum = 0;
            for (int j = 0; j < own.length; j++) {
                own[j] = Math.max(0, 1 - Math.abs(first + j - middle) / reach);
                sum += own[j];
            }
            firsts[i] = first;
            weights[i] = new float[own.length];
            for (int j = 0; j < own.length; j++) {
                weights[i][j] = (float) (own[j] / sum);
            }
        }
    }

    /**
     * Scales.
     *
     * @param values {@code [count, from, samples]}
     * @return {@code [count, to, samples]}
     */
    float[] apply(float[] values, int count, int samples) {
        int to = weights.length;
        float[] result = new float[count * to * samples];
        for (int n = 0; n < count; n++) {
            for (int i = 0; i < to; i++) {
                int at = (n * to + i) * samples;
                for (int j = 0; j < weights[i].length; j++) {
                    int old = (n * from + firsts[i] + j) * samples;
                    for (int s = 0; s < samples; s++) {
                        result[at + s] += weights[i][j] * values[old + s];
                    }
                }
            }
        }
        return result;
    }
}
