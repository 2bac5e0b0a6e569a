package daegpu.engine.cpu;

import daegpu.noise.Noise;
import daegpu.noise.Philox;

/**
 * Corrupts an image, as {@link Noise#corrupt} specifies. Normals are computed in loops that the Java compiler turns
 * into vector instructions. The integers are the same as in {@link Noise}; logarithm, sine and cosine are polynomials
 * in float32, which differ by some units in the last place. Noise without normals is fast anyway, and is computed by
 * {@link Noise} itself. Only one thread may use a kernel. It allocates nothing large after it was made.
 */
// The coefficients of polynomials are written as they were published.
@SuppressWarnings("FloatingPointLiteralPrecision")
final class NoiseKernel {

    private static final int MULTIPLIER_0 = 0xD2511F53;
    private static final int MULTIPLIER_1 = 0xCD9E8D57;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;
    private static final float TWO_POW_MINUS_32 = 0x1p-32f;
    private static final float TWO_PI_TWO_POW_MINUS_32 = 2.3283064e-10f * 6.2831855f;
    private static final int SQRT_HALF_BITS = 0x3f3504f3;
    /** If this is added to a float below 2²² and subtracted again, the float is rounded to a whole number. */
    private static final float ROUND = 12582912f;

    private final int size;
    /** Number of Box–Muller pairs: two for each group of four values. */
    private final int pairs;

    private final float[] mantissa;
    private final float[] exponent;
    private final float[] angle;
    private final float[] quarter;
    private final float[] radius;
    private final float[] first;
    private final float[] second;
    private final float[] normal;

    /** @param size number of values of an image: height × width × channels */
    NoiseKernel(int size) {
        this.size = size;
        pairs = (size + 3) / 4 * 2;
        mantissa = new float[pairs];
        exponent = new float[pairs];
        angle = new float[pairs];
        quarter = new float[pairs];
        radius = new float[pairs];
        first = new float[pairs];
        second = new float[pairs];
        normal = new float[2 * pairs];
    }

    /**
     * Corrupts one image.
     *
     * @param seed as in {@link Noise#corrupt}
     * @param index as in {@link Noise#corrupt}
     * @param clean has the image from index {@code at} on
     * @param noisy receives the corrupted image at the same place
     */
    void corrupt(Noise noise, long seed, long index, int epoch, float[] clean, float[] noisy, int at) {
        switch (noise.kind()) {
            case GAUSSIAN -> {
                drawNormals(noise, seed, index, epoch);
                addGaussian(noise, noise.level(seed, index, epoch), clean, noisy, at);
            }
            case SPECKLE -> {
                drawNormals(noise, seed, index, epoch);
                addSpeckle(noise, noise.level(seed, index, epoch), clean, noisy, at);
            }
            case POISSON_GAUSSIAN -> {
                drawNormals(noise, seed, index, epoch);
                float gain = noise.gain(seed, index, epoch);
                addPoissonGaussian(noise, noise.level(seed, index, epoch), gain, clean, noisy, at);
            }
            case UNIFORM, SALT_PEPPER, MASKING, POISSON -> noise.corrupt(seed, index, epoch, clean, noisy, at, size);
        }
    }

    private void drawNormals(Noise noise, long seed, long index, int epoch) {
        draw(seed, Philox.subsequence(Philox.PURPOSE_PIXELS, index), (long) noise.epochOfDraws(epoch) * (2L * pairs));
        transform();
        interleave();
    }

    private void addGaussian(Noise noise, float std, float[] clean, float[] noisy, int at) {
        float mean = noise.mean();
        float least = noise.least();
        float greatest = noise.greatest();
        for (int i = 0; i < size; i++) {
            noisy[at + i] = Math.min(Math.max(clean[at + i] + (mean + std * normal[i]), least), greatest);
        }
    }

    private void addSpeckle(Noise noise, float std, float[] clean, float[] noisy, int at) {
        float mean = noise.mean();
        float least = noise.least();
        float greatest = noise.greatest();
        for (int i = 0; i < size; i++) {
            float x = clean[at + i];
            noisy[at + i] = Math.min(Math.max(x + (x * mean + x * std * normal[i]), least), greatest);
        }
    }

    private void addPoissonGaussian(Noise noise, float std, float gain, float[] clean, float[] noisy, int at) {
        float variance = std * std;
        float least = noise.least();
        float greatest = noise.greatest();
        for (int i = 0; i < size; i++) {
            float x = clean[at + i];
            float deviation = (float) Math.sqrt(Math.max(0, gain * x + variance));
            noisy[at + i] = Math.min(Math.max(x + deviation * normal[i], least), greatest);
        }
    }

    /**
     * Draws by Philox4x32-10 for every group of four values, and splits each pair of integers into what
     * {@link #transform} needs.
     */
    private void draw(long seed, long subsequence, long start) {
        long low = start >>> 2;
        for (int pair = 0; pair < pairs; pair += 2, low++) {
            int c0 = (int) low;
            int c1 = (int) (low >>> 32);
            int c2 = (int) subsequence;
            int c3 = (int) (subsequence >>> 32);
            int k0 = (int) seed;
            int k1 = (int) (seed >>> 32);
            for (int round = 0; round < 10; round++) {
                long product0 = (MULTIPLIER_0 & 0xFFFFFFFFL) * (c0 & 0xFFFFFFFFL);
                long product1 = (MULTIPLIER_1 & 0xFFFFFFFFL) * (c2 & 0xFFFFFFFFL);
                c0 = (int) (product1 >>> 32) ^ c1 ^ k0;
                c1 = (int) product1;
                c2 = (int) (product0 >>> 32) ^ c3 ^ k1;
                c3 = (int) product0;
                k0 += WEYL_0;
                k1 += WEYL_1;
            }
            split(c0, c1, pair);
            split(c2, c3, pair + 1);
        }
    }

    /** Stores u = mantissa · 2^exponent with the mantissa in [sqrt(½), sqrt(2)), and v. */
    private void split(int x, int y, int pair) {
        float u = (x & 0xFFFFFFFFL) * TWO_POW_MINUS_32 + TWO_POW_MINUS_32 / 2;
        int bits = Float.floatToRawIntBits(u);
        int power = (bits - SQRT_HALF_BITS) >> 23;
        exponent[pair] = power;
        mantissa[pair] = Float.intBitsToFloat(bits - (power << 23));
        angle[pair] = (y & 0xFFFFFFFFL) * TWO_PI_TWO_POW_MINUS_32 + TWO_PI_TWO_POW_MINUS_32 / 2;
    }

    /**
     * The Box–Muller transform: sin v and cos v times sqrt(−2 ln u). The polynomials are those of logf, sinf and cosf
     * in Cephes (Moshier). There are many short loops because the compiler does not turn long ones into vector
     * instructions.
     */
    private void transform() {
        logarithm(mantissa, exponent, radius);
        for (int i = 0; i < pairs; i++) {
            radius[i] = (float) Math.sqrt(-2 * radius[i]);
        }
        reduce(angle, quarter);
        sine(angle, first);
        cosine(angle, second);
        turn(quarter, first, second);
        for (int i = 0; i < pairs; i++) {
            first[i] *= radius[i];
            second[i] *= radius[i];
        }
    }

    private static void logarithm(float[] mantissa, float[] exponent, float[] logarithm) {
        for (int i = 0; i < logarithm.length; i++) {
            float x = mantissa[i] - 1;
            logarithm[i] =
                    ((((7.0376836292e-2f * x - 1.1514610310e-1f) * x + 1.1676998740e-1f) * x - 1.2420140846e-1f) * x
                                            + 1.4249322787e-1f)
                                    * x
                            - 1.6668057665e-1f;
        }
        for (int i = 0; i < logarithm.length; i++) {
            float x = mantissa[i] - 1;
            logarithm[i] = (((logarithm[i] * x + 2.0000714765e-1f) * x - 2.4999993993e-1f) * x + 3.3333331174e-1f)
                    * x
                    * (x * x);
        }
        for (int i = 0; i < logarithm.length; i++) {
            float x = mantissa[i] - 1;
            float e = exponent[i];
            logarithm[i] = x + (logarithm[i] - 2.12194440e-4f * e - 0.5f * (x * x)) + 0.693359375f * e;
        }
    }

    /** Subtracts the nearest multiple of π/2 from each angle; {@code quarter} receives which one it was, 0 to 4. */
    private static void reduce(float[] angle, float[] quarter) {
        for (int i = 0; i < quarter.length; i++) {
            float v = angle[i];
            float q = (v * 0.636619747f + ROUND) - ROUND;
            quarter[i] = q;
            angle[i] = ((v - q * 1.5703125f) - q * 4.837512969970703125e-4f) - q * 7.54978995489188e-8f;
        }
    }

    private static void sine(float[] angle, float[] sine) {
        for (int i = 0; i < sine.length; i++) {
            float x = angle[i];
            float square = x * x;
            sine[i] = ((-1.9515295891e-4f * square + 8.3321608736e-3f) * square - 1.6666654611e-1f) * square * x + x;
        }
    }

    private static void cosine(float[] angle, float[] cosine) {
        for (int i = 0; i < cosine.length; i++) {
            float x = angle[i];
            float square = x * x;
            cosine[i] = ((2.443315711809948e-5f * square - 1.388731625493765e-3f) * square + 4.166664568298827e-2f)
                            * square
                            * square
                    - 0.5f * square
                    + 1;
        }
    }

    /**
     * Turns the sine and cosine of what {@link #reduce} left into those of the angle. Quarters 1 and 3 exchange the
     * two.
     */
    private static void turn(float[] quarter, float[] sine, float[] cosine) {
        for (int i = 0; i < quarter.length; i++) {
            float odd = quarter[i] - 2 * (((quarter[i] * 0.5f - 0.25f) + ROUND) - ROUND);
            float difference = odd * (cosine[i] - sine[i]);
            sine[i] += difference;
            cosine[i] -= difference;
        }
        for (int i = 0; i < quarter.length; i++) { // quarters 2 and 3 change the sign of the sine
            float half = ((quarter[i] * 0.5f - 0.25f) + ROUND) - ROUND;
            sine[i] *= 1 - 2 * (half - 2 * (((half * 0.5f - 0.25f) + ROUND) - ROUND));
        }
        for (int i = 0; i < quarter.length; i++) { // quarters 1 and 2 change that of the cosine
            float half = ((quarter[i] * 0.5f + 0.25f) + ROUND) - ROUND;
            cosine[i] *= 1 - 2 * (half - 2 * (((half * 0.5f - 0.25f) + ROUND) - ROUND));
        }
    }

    private void interleave() {
        for (int i = 0; i < pairs; i++) {
            normal[2 * i] = first[i];
            normal[2 * i + 1] = second[i];
        }
    }
}
