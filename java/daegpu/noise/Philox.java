package daegpu.noise;

/**
 * Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011), as cuRAND's
 * device API computes it after {@code curand_init(seed, subsequence, offset)}: the same integers, and floats by the
 * same formulas. A counter-based generator has no state: four values are a pure function of seed, subsequence and
 * offset, so every engine draws the same numbers for the same image in any order.
 *
 * <p>The draws of this program differ in their subsequence: image index, plus 2<sup>40</sup> for validation images,
 * plus 2<sup>41</sup> × purpose. The seed is the seed of the run.
 */
public final class Philox {

    /** Draws for each pixel. */
    public static final int PURPOSE_PIXELS = 0;
    /** Draws for an image as a whole, such as its noise level. */
    public static final int PURPOSE_IMAGE = 1;
    /** The order of the images in an epoch. */
    public static final int PURPOSE_SHUFFLE = 2;
    /** The weights that training starts from. */
    public static final int PURPOSE_INITIAL_WEIGHTS = 3;
    /** Where patches are cut: subsequences of patches by their number in an epoch. */
    public static final int PURPOSE_PATCHES = 4;
    /** Which pixels are blind spots, and which neighbours stand in for them. */
    public static final int PURPOSE_BLIND_SPOTS = 5;
    /** Which of several noisy pictures of a scene goes in, and which should come out. */
    public static final int PURPOSE_SCENES = 6;

    /** Added to the index of a validation image. */
    public static final long VALIDATION = 1L << 40;

    private static final int MULTIPLIER_0 = 0xD2511F53;
    private static final int MULTIPLIER_1 = 0xCD9E8D57;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;
    private static final int ROUNDS = 10;
    /** CURAND_2POW32_INV. */
    private static final float TWO_POW_MINUS_32 = 0x1p-32f;
    /** CURAND_2POW32_INV_2PI. */
    private static final float TWO_PI_TWO_POW_MINUS_32 = 2.3283064e-10f * 6.2831855f;

    private Philox() {}

    /** The subsequence for {@code purpose} and {@code index}, by the rule in the description of this class. */
    public static long subsequence(int purpose, long index) {
        return ((long) purpose << 41) + index;
    }

    /**
     * Four 32-bit integers, as {@code curand4} returns them.
     *
     * @param offset number of values to skip, a multiple of 4
     * @param integers receives the four values
     */
    public static void integers4(long seed, long subsequence, long offset, int[] integers) {
        // skipahead(offset) counts in groups of four in the low half of the counter, and carries into the high half,
        // to which skipahead_sequence(subsequence) was added; no offset of this program is large enough to carry.
        long low = offset >>> 2;
        int c0 = (int) low;
        int c1 = (int) (low >>> 32);
        int c2 = (int) subsequence;
        int c3 = (int) (subsequence >>> 32);
        int k0 = (int) seed;
        int k1 = (int) (seed >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            long product0 = (MULTIPLIER_0 & 0xFFFFFFFFL) * (c0 & 0xFFFFFFFFL);
            long product1 = (MULTIPLIER_1 & 0xFFFFFFFFL) * (c2 & 0xFFFFFFFFL);
            int n0 = (int) (product1 >>> 32) ^ c1 ^ k0;
            int n2 = (int) (product0 >>> 32) ^ c3 ^ k1;
            c0 = n0;
            c1 = (int) product1;
            c2 = n2;
            c3 = (int) product0;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        integers[0] = c0;
        integers[1] = c1;
        integers[2] = c2;
        integers[3] = c3;
    }

    /** Four floats in (0, 1], as {@code curand_uniform4} returns them: x·2⁻³² + 2⁻³³. */
    public static void uniform4(long seed, long subsequence, long offset, float[] uniforms) {
        int[] integers = new int[4];
        integers4(seed, subsequence, offset, integers);
        for (int i = 0; i < 4; i++) {
            uniforms[i] = uniform(integers[i]);
        }
    }

    /** Four standard normal floats, as {@code curand_normal4} returns them: two Box–Muller pairs. */
    public static void normal4(long seed, long subsequence, long offset, float[] normals) {
        int[] integers = new int[4];
        integers4(seed, subsequence, offset, integers);
        boxMuller(integers[0], integers[1], normals, 0);
        boxMuller(integers[2], integers[3], normals, 2);
    }

    /** One of {@code possibilities} numbers from 0 on, which are all equally probable: draw · possibilities / 2³². */
    public static int oneOf(int possibilities, int draw) {
        return (int) (Integer.toUnsignedLong(draw) * possibilities >>> 32);
    }

    /** The float in (0, 1] that {@link #uniform4} makes from an integer. */
    static float uniform(int integer) {
        return (integer & 0xFFFFFFFFL) * TWO_POW_MINUS_32 + TWO_POW_MINUS_32 / 2;
    }

    /**
     * {@code _curand_box_muller}: (sin v, cos v) · sqrt(−2 ln u), in float32, u from the first integer and v from the
     * second.
     */
    private static void boxMuller(int x, int y, float[] normals, int at) {
        float u = uniform(x);
        float v = (y & 0xFFFFFFFFL) * TWO_PI_TWO_POW_MINUS_32 + TWO_PI_TWO_POW_MINUS_32 / 2;
        float radius = (float) Math.sqrt(-2.0f * (float) Math.log(u));
        normals[at] = (float) Math.sin(v) * radius;
        normals[at + 1] = (float) Math.cos(v) * radius;
    }
}
