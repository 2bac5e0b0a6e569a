package daegpu.noise;

/**
 * What corrupts an image: Gaussian noise added to pixels in [0, 1], the sum clipped to [0, 1]. The noise of a pixel is a pure
 * function of (seed, image, epoch, pixel), the same on every engine, for any batch size, order or resume point.
 *
 * @param seed       key of the generator, the seed of the run
 * @param mean       mean of the noise, on pixels in [0, 1]
 * @param lowestStd  least standard deviation of the noise
 * @param highestStd greatest; where it differs from the least, each image draws its own level, uniform between the two
 * @param once       whether every epoch sees the noise of epoch 0
 */
public record Noise(long seed, float mean, float lowestStd, float highestStd, boolean once) {

    /** @throws IllegalArgumentException if a value is not finite, a deviation is negative or the range is reversed */
    public Noise {
        if (!Float.isFinite(mean)) {
            throw new IllegalArgumentException("the noise mean must be a finite number, not " + mean);
        }
        if (!(lowestStd >= 0) || !(highestStd >= lowestStd) || !Float.isFinite(highestStd)) {
            throw new IllegalArgumentException("the noise standard deviation must be 0 or more and its range ascend, not "
                    + lowestStd + ".." + highestStd);
        }
    }

    /** Noise of one level, drawn afresh each epoch. */
    public static Noise gaussian(long seed, float mean, float std) {
        return new Noise(seed, mean, std, std, false);
    }

    /** The same noise at another level. */
    public Noise withStd(float std) {
        return new Noise(seed, mean, std, std, once);
    }

    /** The epoch whose draws {@code epoch} uses, counted from 0: its own, or 0 for noise drawn {@link #once}. */
    public int epochOfDraws(int epoch) {
        return once ? 0 : epoch;
    }

    /** Standard deviation of the noise of one image. {@code index} has {@link Philox#VALIDATION} added for validation images. */
    public float std(long index, int epoch) {
        if (lowestStd == highestStd) {
            return lowestStd;
        }
        float[] uniform = new float[4];
        Philox.uniform4(seed, Philox.subsequence(Philox.PURPOSE_IMAGE, index), 4L * epochOfDraws(epoch), uniform);
        return lowestStd + (highestStd - lowestStd) * uniform[0];
    }

    /**
     * Corrupts one image: {@code noisy = clip(clean + N(mean, std), 0, 1)}. Group {@code q} of four consecutive values (in row,
     * column, channel order) takes the four normals at offset {@code epoch·⌈size⌉₄ + 4q}, where ⌈size⌉₄ is the size rounded up to
     * a multiple of 4.
     *
     * @param index place of the image in its data set, {@link Philox#VALIDATION} added for validation images
     * @param epoch counted from 0; validation images always take epoch 0
     * @param clean array with the image's values in [0, 1]
     * @param noisy array that receives the corrupted values; may be {@code clean} itself
     * @param at    where in both arrays the image begins
     * @param size  values of the image: height × width × channels
     */
    public void corrupt(long index, int epoch, float[] clean, float[] noisy, int at, int size) {
        float std = std(index, epoch);
        long subsequence = Philox.subsequence(Philox.PURPOSE_PIXELS, index);
        long start = (long) epochOfDraws(epoch) * ((size + 3) / 4 * 4);
        float[] normal = new float[4];
        for (int quad = 0; quad < size; quad += 4) {
            Philox.normal4(seed, subsequence, start + quad, normal);
            for (int i = quad; i < Math.min(quad + 4, size); i++) {
                float value = clean[at + i] + (mean + std * normal[i - quad]);
                noisy[at + i] = Math.min(Math.max(value, 0), 1);
            }
        }
    }
}
