package daegpu.train;

import daegpu.noise.Philox;
import java.util.Arrays;

/** The order in which an epoch takes the images: a pure function of the seed and the epoch. */
final class Shuffle {

    private Shuffle() {}

    /**
     * A random permutation of 0 … count − 1: the images sorted by a 32-bit key that each draws for the epoch, the first
     * of its four integers at offset 4·epoch of {@link Philox#PURPOSE_SHUFFLE}. Equal keys keep the order of the data
     * set.
     *
     * @param epoch counted from 0
     */
    static int[] order(long seed, int epoch, int count) {
        long[] keysAndImages = new long[count];
        int[] integers = new int[4];
        for (int i = 0; i < count; i++) {
            Philox.integers4(seed, Philox.subsequence(Philox.PURPOSE_SHUFFLE, i), 4L * epoch, integers);
            keysAndImages[i] = (long) integers[0] << 32 | i;
        }
        Arrays.sort(keysAndImages);
        return Arrays.stream(keysAndImages).mapToInt(entry -> (int) entry).toArray();
    }
}
