package daegpu.noise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Blind spots of images in which each value says where it is. */
@ExtendWith(Seeds.class)
class BlindSpotsTest {

    private static float[] numbers(int height, int width, int channels) {
        float[] image = new float[height * width * channels];
        for (int i = 0; i < image.length; i++) {
            image[i] = i;
        }
        return image;
    }

    @ParameterizedTest
    @CsvSource({
        "64, 64, 1, 0.002, 1, 1",
        "64, 64, 3, 0.02, 1, 1",
        "17, 40, 1, 0.05, 1, 1",
        "5, 3, 2, 0.05, 1, 1",
        "64, 48, 1, 0.005, 1, 9",
        "32, 64, 2, 0.02, 5, 1",
        "40, 40, 1, 0.05, 3, 7",
        "9, 200, 1, 0.0005, 1, 21"
    })
    void eachCellHasASpotThatAnotherPixelStandsInFor(
            int height, int width, int channels, double share, int structureHeight, int structureWidth) {
        Random random = Seeds.random(height + width);
        BlindSpots spots = new BlindSpots(share, structureHeight, structureWidth);
        float[] image = numbers(height, width, channels);
        int down = spots.cellsDown(height);
        int across = spots.cellsAcross(width);
        for (int trial = 0; trial < 50; trial++) {
            float[] replaced = new float[image.length];
            float[] mask = new float[image.length];
            long seed = random.nextLong();
            spots.apply(
                    seed, random.nextInt(1000), random.nextInt(9), height, width, channels, image, replaced, mask, 0);
            int[] ofCell = new int[down * across];
            for (int row = 0; row < height; row++) {
                for (int column = 0; column < width; column++) {
                    int pixel = (row * width + column) * channels;
                    for (int c = 0; c < channels; c++) {
                        assertEquals(mask[pixel], mask[pixel + c]);
                        assertEquals(replaced[pixel] + c, replaced[pixel + c], "all channels come from one pixel");
                    }
                    int from = (int) replaced[pixel] / channels;
                    if (mask[pixel] == 1) {
                        int cell = 0;
                        while (row >= (cell / across + 1) * height / down) {
                            cell += across;
                        }
                        while (column >= (cell % across + 1) * width / across) {
                            cell++;
                        }
                        ofCell[cell]++;
                        assertStandsIn(spots, row, column, from / width, from % width);
                    } else {
                        assertEquals(0, mask[pixel]);
                        if (from != row * width + column) {
                            assertTrue(isNearASpot(mask, row, column, height, width, channels, spots));
                        }
                    }
                }
            }
            for (int count : ofCell) {
                assertEquals(1, count);
            }
            assertNothingLeaks(spots, image, replaced, mask, height, width, channels);
        }
    }

    private static void assertStandsIn(BlindSpots spots, int row, int column, int fromRow, int fromColumn) {
        int down = Math.abs(fromRow - row);
        int across = Math.abs(fromColumn - column);
        assertTrue(down <= spots.radiusDown() && across <= spots.radiusAcross());
        assertTrue(down >= spots.structureHeight() || across >= spots.structureWidth());
    }

    private static boolean isNearASpot(
            float[] mask, int row, int column, int height, int width, int channels, BlindSpots spots) {
        for (int i = -(spots.structureHeight() / 2); i <= spots.structureHeight() / 2; i++) {
            for (int j = -(spots.structureWidth() / 2); j <= spots.structureWidth() / 2; j++) {
                int y = row + i;
                int x = column + j;
                if (y >= 0 && y < height && x >= 0 && x < width && mask[(y * width + x) * channels] == 1) {
                    return true;
                }
            }
        }
        return false;
    }

    /** In the structure around a spot there is no pixel whose noise is correlated with that of the spot itself. */
    private static void assertNothingLeaks(
            BlindSpots spots, float[] image, float[] replaced, float[] mask, int height, int width, int channels) {
        for (int row = 0; row < height; row++) {
            for (int column = 0; column < width; column++) {
                if (mask[(row * width + column) * channels] == 0) {
                    continue;
                }
                for (int i = -(spots.structureHeight() / 2); i <= spots.structureHeight() / 2; i++) {
                    for (int j = -(spots.structureWidth() / 2); j <= spots.structureWidth() / 2; j++) {
                        int y = row + i;
                        int x = column + j;
                        if (y < 0 || y >= height || x < 0 || x >= width) {
                            continue;
                        }
                        int at = (y * width + x) * channels;
                        int from = (int) replaced[at] / channels;
                        boolean ofTheStructure = Math.abs(from / width - row) <= spots.structureHeight() / 2
                                && Math.abs(from % width - column) <= spots.structureWidth() / 2;
                        // Where structures of several spots meet, what stands in for one may be near another.
                        if (ofTheStructure) {
                            assertFalse(replaced[at] == image[at], "a pixel around a spot was left as it is");
                        }
                    }
                }
            }
        }
    }

    /** The same for the same seed, image and epoch; elsewhere for another; anywhere in an array. */
    @Test
    void spotsAreAFunctionOfSeedImageAndEpoch() {
        BlindSpots spots = new BlindSpots(0.01, 1, 3);
        float[] image = numbers(32, 32, 1);
        float[] twice = new float[2 * image.length];
        System.arraycopy(image, 0, twice, image.length, image.length);
        float[] first = replaced(spots, 5, 7, 2, image);
        assertArrayEquals(first, replaced(spots, 5, 7, 2, image));
        assertFalse(Arrays.equals(first, replaced(spots, 6, 7, 2, image)));
        assertFalse(Arrays.equals(first, replaced(spots, 5, 8, 2, image)));
        assertFalse(Arrays.equals(first, replaced(spots, 5, 7, 3, image)));
        float[] second = new float[twice.length];
        float[] mask = new float[twice.length];
        spots.apply(5, 7, 2, 32, 32, 1, twice, second, mask, image.length);
        assertArrayEquals(first, Arrays.copyOfRange(second, image.length, second.length));
    }

    private static float[] replaced(BlindSpots spots, long seed, long index, int epoch, float[] image) {
        float[] replaced = new float[image.length];
        spots.apply(seed, index, epoch, 32, 32, 1, image, replaced, new float[image.length], 0);
        return replaced;
    }

    /** Every pixel of a cell becomes a spot equally often, and every neighbour stands in equally often. */
    @Test
    void spotsAndNeighboursAreEquallyProbable() {
        BlindSpots spots = new BlindSpots(0.05, 1, 1);
        int side = 22; // 5 cells a side
        float[] image = numbers(side, side, 1);
        int trials = 20_000;
        int[] ofPixel = new int[side * side];
        int[] ofNeighbour = new int[11 * 11];
        for (int trial = 0; trial < trials; trial++) {
            float[] replaced = new float[image.length];
            float[] mask = new float[image.length];
            spots.apply(3, trial, 0, side, side, 1, image, replaced, mask, 0);
            for (int i = 0; i < mask.length; i++) {
                if (mask[i] == 1) {
                    ofPixel[i]++;
                    if (i == 11 * side + 11) { // far from the edges
                        int from = (int) replaced[i];
                        ofNeighbour[(from / side - 6) * 11 + from % side - 6]++;
                    }
                }
            }
        }
        for (int i = 0; i < ofPixel.length; i++) {
            int rows = cellSide(i / side, side);
            int columns = cellSide(i % side, side);
            double expected = (double) trials / rows / columns;
            assertEquals(expected, ofPixel[i], 6 * Math.sqrt(expected), "pixel " + i);
        }
        double expected = ofPixel[11 * side + 11] / 120.0;
        for (int i = 0; i < ofNeighbour.length; i++) {
            assertEquals(i == 60 ? 0 : expected, ofNeighbour[i], i == 60 ? 0 : 6 * Math.sqrt(expected));
        }
    }

    private static int cellSide(int place, int side) {
        int cell = 0;
        while (place >= (cell + 1) * side / 5) {
            cell++;
        }
        return (cell + 1) * side / 5 - cell * side / 5;
    }

    @Test
    void anImageOfOnePixelIsItsOwnNeighbour() {
        float[] mask = new float[1];
        float[] replaced = new float[1];
        new BlindSpots(0.002, 1, 1).apply(1, 2, 3, 1, 1, 1, new float[] {0.5f}, replaced, mask, 0);
        assertEquals(0.5f, replaced[0]);
        assertEquals(1, mask[0]);
    }

    @ParameterizedTest
    @CsvSource({"0, 1, 1", "0.06, 1, 1", "NaN, 1, 1", "0.002, 2, 1", "0.002, 1, 0", "0.002, 1, 65", "0.002, -1, 1"})
    void refusesWhatMakesNoSense(double share, int height, int width) {
        assertThrows(IllegalArgumentException.class, () -> new BlindSpots(share, height, width));
    }
}
