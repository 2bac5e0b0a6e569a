package daegpu.engine.cpu;

import daegpu.engine.Adam;

/** Adam on some of the parameters, for one thread: sums the shares of the gradient and updates, block by block in the cache. */
final class AdamSlice {

    private static final int BLOCK = 4096;
    /**
     * Added and taken away again, this makes numbers too small to matter zero. The moments of a unit that is never active decay
     * otherwise into denormal numbers, on which a processor is many times slower.
     */
    private static final float FLUSH = 1e-20f;

    private final int from;
    private final int to;
    private final float[] share = new float[BLOCK];

    /** Takes parameters {@code from} (inclusive) to {@code to} (exclusive). */
    AdamSlice(int from, int to) {
        this.from = from;
        this.to = to;
    }

    /** {@code gradients} becomes the sum of {@code shares}, in their order. */
    void sum(NativeArray[] shares, float[] gradients) {
        for (int at = from; at < to; at += BLOCK) {
            int length = Math.min(BLOCK, to - at);
            shares[0].read(at, gradients, at, length);
            for (int i = 1; i < shares.length; i++) {
                shares[i].read(at, share, 0, length);
                add(share, gradients, at, length);
            }
        }
    }

    private static void add(float[] terms, float[] sums, int at, int length) {
        for (int i = 0; i < length; i++) {
            sums[at + i] += terms[i];
        }
    }

    /**
     * One update; see {@link Adam}.
     *
     * @param alpha  {@link Adam#alpha}
     * @param target receives the updated parameters
     */
    void update(float[] parameters, float[] firstMoment, float[] secondMoment, float[] gradients, float alpha, NativeArray target) {
        float weight1 = (float) (1 - Adam.BETA_1);
        float weight2 = (float) (1 - Adam.BETA_2);
        for (int i = from; i < to; i++) {
            float gradient = gradients[i];
            float m = firstMoment[i] + (gradient - firstMoment[i]) * weight1;
            float v = secondMoment[i] + (gradient * gradient - secondMoment[i]) * weight2;
            m = (m + FLUSH) - FLUSH;
            v = (v + FLUSH) - FLUSH;
            firstMoment[i] = m;
            secondMoment[i] = v;
            parameters[i] -= alpha * m / ((float) Math.sqrt(v) + Adam.EPSILON);
        }
        target.write(from, parameters, from, to - from);
    }
}
