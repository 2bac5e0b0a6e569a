package daegpu.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import org.junit.jupiter.api.Test;

class TileGridTest {

    /**
     * On random sizes: every pixel is covered, neighbours share enough, and weights are positive inside and add up to
     * one.
     */
    @Test
    void weightsAddUpToOneEverywhere() {
        Seeds.check(3000, random -> {
            int tile = 1 + random.nextInt(40);
            int size = 1 + random.nextInt(200);
            int overlap = random.nextInt(tile);
            TileGrid grid = new TileGrid(size, tile, overlap);
            String what = size + " in tiles of " + tile + " overlapping by " + overlap;
            double[] sums = new double[size];
            for (int t = 0; t < grid.count(); t++) {
                if (t > 0) {
                    assertTrue(
                            grid.start(t) > grid.start(t - 1) && grid.start(t - 1) + tile - grid.start(t) >= overlap,
                            what);
                }
                for (int i = 0; i < tile; i++) {
                    int place = grid.start(t) + i;
                    if (place >= 0 && place < size) {
                        assertTrue(grid.weight(t, i) > 0, what);
                        assertEquals(place, grid.source(t, i), what);
                        sums[place] += grid.weight(t, i);
                    } else {
                        assertEquals(0, grid.weight(t, i), what);
                    }
                }
            }
            for (double sum : sums) {
                assertEquals(1, sum, 1e-6, what);
            }
            if (size >= tile) {
                assertEquals(0, grid.start(0), what);
                assertEquals(size - tile, grid.start(grid.count() - 1), what);
            }
            int fewest = size <= tile ? 1 : 1 + (int) Math.ceil((size - tile) / (double) (tile - overlap));
            assertEquals(fewest, grid.count(), what);
        });
    }

    /** Two tiles that share half of themselves: Hann's window, whose values at (k + ½)/8 of a half turn are known. */
    @Test
    void twoTilesFadeAsARaisedCosineDoes() {
        TileGrid grid = new TileGrid(12, 8, 4);
        assertEquals(2, grid.count());
        assertEquals(4, grid.start(1));
        for (int k = 0; k < 4; k++) {
            double rising = 0.5 - 0.5 * Math.cos(Math.PI * (k + 0.5) / 4);
            assertEquals(rising, grid.weight(1, k), 1e-6);
            assertEquals(1 - rising, grid.weight(0, 4 + k), 1e-6);
            assertEquals(1, grid.weight(0, k), 1e-6);
        }
    }

    /** As numpy.pad(mode="reflect") does. */
    @Test
    void smallPicturesAreReflected() {
        assertArrayEquals(new int[] {2, 1, 0, 1, 2, 1, 0, 1}, sources(3, 8));
        assertArrayEquals(new int[] {1, 0, 1, 2, 3, 4, 3, 2}, sources(5, 8));
        assertArrayEquals(new int[] {0, 0, 0, 0}, sources(1, 4));
        assertArrayEquals(new int[] {0, 1, 0, 1, 0, 1}, sources(2, 6));
    }

    /** The pixels that the only tile shows. */
    private static int[] sources(int size, int tile) {
        TileGrid grid = new TileGrid(size, tile, 0);
        int[] sources = new int[tile];
        for (int i = 0; i < tile; i++) {
            sources[i] = grid.source(0, i);
        }
        return sources;
    }

    @Test
    void whatCoversNothingIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new TileGrid(0, 4, 0));
        assertThrows(IllegalArgumentException.class, () -> new TileGrid(4, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new TileGrid(4, 4, 4));
        assertThrows(IllegalArgumentException.class, () -> new TileGrid(4, 4, -1));
    }
}
