package daegpu.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShuffleTest {

    @Test
    void takesEachImageOnce() {
        for (int count : new int[] {1, 2, 1000}) {
            assertArrayEquals(IntStream.range(0, count).toArray(), Arrays.stream(Shuffle.order(5, 3, count)).sorted().toArray());
        }
    }

    @Test
    void isDecidedBySeedAndEpochAlone() {
        int[] order = Shuffle.order(5, 3, 100);
        assertArrayEquals(order, Shuffle.order(5, 3, 100));
        assertFalse(Arrays.equals(order, Shuffle.order(5, 4, 100)));
        assertFalse(Arrays.equals(order, Shuffle.order(6, 3, 100)));
    }

    /** Over 2,000 epochs each of five places sees each of five images about 400 times: five standard deviations are 90. */
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
