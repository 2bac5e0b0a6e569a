package daegpu.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import daegpu.noise.Philox;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShuffleTest {

    @Test
    void takesEachImageOnce() {
        for (int count : new int[] {0, 1, 2, 1000, 60_000}) {
            assertArrayEquals(
                    IntStream.range(0, count).toArray(),
                    Arrays.stream(Shuffle.order(5, 3, count)).sorted().toArray());
        }
    }

    @Test
    void isDecidedBySeedAndEpochAlone() {
        int[] order = Shuffle.order(5, 3, 100);
        assertArrayEquals(order, Shuffle.order(5, 3, 100));
        assertFalse(Arrays.equals(order, Shuffle.order(5, 4, 100)));
        assertFalse(Arrays.equals(order, Shuffle.order(6, 3, 100)));
        assertFalse(Arrays.equals(order, Shuffle.order(1L << 32 | 5, 3, 100)));
    }

    @Test
    void sortsImagesByTheKeysThatTheyDraw() {
        int[] order = IntStream.range(0, 1000)
                .boxed()
                .sorted(Comparator.comparingInt(image -> key(-7, 12, image)))
                .mapToInt(Integer::intValue)
                .toArray();
        assertArrayEquals(order, Shuffle.order(-7, 12, 1000));
    }

    private static int key(long seed, int epoch, int image) {
        int[] integers = new int[4];
        Philox.integers4(seed, (2L << 41) + image, 4L * epoch, integers);
        return integers[0];
    }

    /** The mean place of each image, within four standard errors of the middle. */
    @Test
    void favoursNoImage() {
        int count = 20;
        int epochs = 3000;
        int[] sumOfPlaces = new int[count];
        for (int epoch = 0; epoch < epochs; epoch++) {
            int[] order = Shuffle.order(2, epoch, count);
            for (int place = 0; place < count; place++) {
                sumOfPlaces[order[place]] += place;
            }
        }
        double standardError = Math.sqrt((count * count - 1) / 12.0 / epochs);
        for (int sum : sumOfPlaces) {
            assertEquals((count - 1) / 2.0, (double) sum / epochs, 4 * standardError);
        }
    }

    /**
     * Over 2,000 epochs each of five places sees each of five images about 400 times: five standard deviations are 90.
     */
    @Test
    void favoursNoOrder() {
        int[][] seen = new int[5][5];
        for (int epoch = 0; epoch < 2000; epoch++) {
            int[] order = Shuffle.order(1, epoch, 5);
            for (int place = 0; place < 5; place++) {
                seen[place][order[place]]++;
            }
        }
        for (int[] images : seen) {
            for (int count : images) {
                assertEquals(400, count, 90);
            }
        }
    }
}
