package daegpu.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.metrics.PairComparison.Shift;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeds.class)
class PairComparisonTest {

    private static final int HEIGHT = 60;
    private static final int WIDTH = 72;

    /** Detail of every size: random values, smoothed less and less, added up. */
    private static float[] scene(Random random, int height, int width, float fine) {
        float[] scene = new float[height * width];
        for (int size : new int[] {1, 4, 12}) {
            float[][] grid = new float[height / size + 2][width / size + 2];
            for (float[] line : grid) {
                for (int i = 0; i < line.length; i++) {
                    line[i] = random.nextFloat() - 0.5f;
                }
            }
            for (int i = 0; i < scene.length; i++) {
                scene[i] += (size == 1 ? fine : 0.3f) * grid[i / width / size][i % width / size];
            }
        }
        for (int i = 0; i < scene.length; i++) {
            scene[i] += 0.5f;
        }
        return scene;
    }

    private static float[] noise(Random random, float[] scene, double std) {
        float[] noisy = scene.clone();
        for (int i = 0; i < noisy.length; i++) {
            noisy[i] += (float) (random.nextGaussian() * std);
        }
        return noisy;
    }

    /** Whatever detail the scenes have, also where it is more than the noise. */
    @ParameterizedTest
    @CsvSource({
        "0.1, 0, false",
        "0.1, 0.1, true",
        "0.1, 0.07, true",
        "0.05, 0.08, true",
        "0.02, 0.02, true",
        "0.02, 0, false",
        "0.2, 0.02, false",
        "0, 0, false"
    })
    void tellsNoisyTargetsFromCleanOnes(double ofInput, double ofTarget, boolean expected) {
        for (float fine : new float[] {0, 0.05f, 0.4f}) {
            Random random = Seeds.random(3);
            PairComparison comparison = new PairComparison();
            for (int i = 0; i < 8; i++) {
                float[] scene = scene(random, HEIGHT, WIDTH, fine);
                comparison.add(HEIGHT, WIDTH, 1, noise(random, scene, ofInput), noise(random, scene, ofTarget), 0);
            }
            assertEquals(expected, comparison.hasNoisyTargets(), "detail " + fine);
            assertEquals(Optional.empty(), comparison.shift());
        }
    }

    /** Inputs that are worse in other ways do not make the targets noisy. */
    @Test
    void blurAndContrastAreNoNoise() {
        Random random = Seeds.random(4);
        PairComparison blurred = new PairComparison();
        PairComparison faded = new PairComparison();
        for (int i = 0; i < 8; i++) {
            float[] scene = scene(random, HEIGHT, WIDTH, 0.2f);
            float[] blur = scene.clone();
            float[] fade = scene.clone();
            for (int j = WIDTH + 1; j < scene.length - WIDTH - 1; j++) {
                blur[j] = (scene[j - 1] + scene[j + 1] + scene[j - WIDTH] + scene[j + WIDTH] + scene[j]) / 5;
                fade[j] = 0.6f * scene[j] + 0.3f;
            }
            blurred.add(HEIGHT, WIDTH, 1, blur, scene, 0);
            faded.add(HEIGHT, WIDTH, 1, fade, scene, 0);
        }
        assertFalse(blurred.hasNoisyTargets());
        assertFalse(faded.hasNoisyTargets());
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "0, -3", "8, -8", "-2, 5"})
    void findsShifts(int rows, int columns) {
        Random random = Seeds.random(5);
        PairComparison comparison = new PairComparison();
        int border = PairComparison.MOST_SHIFT;
        for (int i = 0; i < 6; i++) {
            int across = WIDTH + 2 * border;
            float[] large = scene(random, HEIGHT + 2 * border, across, 0.1f);
            float[] target = new float[HEIGHT * WIDTH];
            float[] input = new float[HEIGHT * WIDTH];
            for (int j = 0; j < target.length; j++) {
                int row = border + j / WIDTH;
                int column = border + j % WIDTH;
                target[j] = large[row * across + column];
                input[j] = large[(row - rows) * across + column - columns];
            }
            comparison.add(HEIGHT, WIDTH, 1, noise(random, input, 0.1), target, 0);
        }
        assertEquals(Optional.of(new Shift(rows, columns, 6, 6)), comparison.shift());
        assertFalse(comparison.hasNoisyTargets());
    }

    /** Flat pictures, colours, tiny ones and an offset in an array. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 40})
    void anyImagesMayBeCompared(int side) {
        Random random = Seeds.random(6);
        PairComparison comparison = new PairComparison();
        float[] flat = new float[3 + side * side * 3];
        for (int i = 0; i < 2 * PairComparison.MOST_PAIRS; i++) {
            comparison.add(side, side, 3, noise(random, flat, 0.1), flat, 3);
        }
        assertTrue(comparison.isFull());
        assertEquals(Optional.empty(), comparison.shift());
        assertFalse(comparison.hasNoisyTargets());
    }
}
