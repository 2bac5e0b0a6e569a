package daegpu.engine.cpu;

import daegpu.engine.Adam;

/**
 * Adam on some of the parameters, for one thread: sums the shares of the gradient and updates, block by block in the
 * cache.
 */
final class AdamSlice {

    private static final int BLOCK = 4096;
    /**
     * Added and taken away again, this makes numbers too small to matter zero. The moments of a unit that is never
     * active decay otherwise into denormal numbers, on which a processor is many times slower.
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

    /**
     * Sums gradients, and updates by them; see {@link Adam}.
     *
     * @param shares each a part of the gradient, summed in this order; if there are none, {@code gradients} stays as it
     *     is
     * @param gradients receives the sum
     * @param alpha {@link Adam#alpha}
     * @param target receives the updated parameters
     */
    void update(
            NativeArray[] shares,
            float[] gradients,
            float[] parameters,
            float[] firstMoment,
            float[] secondMoment,
            float alpha,
            NativeArray target) {
        for (int at = from; at < to; at += BLOCK) {
            int end = Math.min(at + BLOCK, to);
            sum(shares, gradients, at, end);
            update(gradients, parameters, firstMoment, secondMoment, alpha, at, end);
            target.write(at, parameters, at, end - at);
        }
    }

    private void sum(NativeArray[] shares, float[] gradients, int at, int end) {
        for (int i = 0; i < shares.length; i++) {
            if (i == 0) {
                shares[0].read(at, gradients, at, end - at);
            } else {
                shares[i].read(at, share, 0, end - at);
                add(share, gradients, at, end - at);
            }
        }
    }

    private static void add(float[] terms, float[] sums, int at, int length) {
        for (int i = 0; i < length; i++) {
            sums[at + i] += terms[i];
        }
    }

    private static void update(
            float[] gradients,
            float[] parameters,
            float[] firstMoment,
            float[] secondMoment,
            float alpha,
            int at,
            int end) {
        float weight1 = (float) (1 - Adam.BETA_1);
        float weight2 = (float) (1 - Adam.BETA_2);
        for (int i = at; i < end; i++) {
            float gradient = gradients[i];
            float m = firstMoment[i] + (gradient - firstMoment[i]) * weight1;
            float v = secondMoment[i] + (gradient * gradient - secondMoment[i]) * weight2;
            m = (m + FLUSH) - FLUSH;
            v = (v + FLUSH) - FLUSH;
            firstMoment[i] = m;
            secondMoment[i] = v;
            parameters[i] -= alpha * m / ((float) Math.sqrt(v) + Adam.EPSILON);
        }
    }
}
