package daegpu.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PrincipalComponentsTest {

    /**
     * Numbers from {@code numpy.linalg.eigh(numpy.cov(x.T))} for {@code x = [[2, 0, 1], [4, 1, 0], [6, 1, 5], [9, 4,
     * 2]]}.
     */
    @Test
    void agreesWithNumpy() {
        float[] values = {2, 0, 1, 4, 1, 0, 6, 1, 5, 9, 4, 2};
        PrincipalComponents components = PrincipalComponents.of(values, 4, 3);
        assertArrayEquals(new double[] {12.431900713706, 4.110665588764, 0.040767030864}, components.variance(), 1e-9);
        assertArrayEquals(
                new double[] {0.842166168536, 0.442456297363, 0.308202156868},
                components.directions()[0],
                1e-9);
        assertArrayEquals(
                new double[] {-0.146680210098, -0.362039022104, 0.920550195503},
                components.directions()[1],
                1e-9);
    }

    @Test
    void pointsOnALineHaveOneDirection() {
        float[] values = new float[30];
        for (int i = 0; i < 10; i++) {
            values[3 * i] = 1 - 2 * i;
            values[3 * i + 1] = 5 + 3 * i;
            values[3 * i + 2] = -6 * i;
        }
        PrincipalComponents components = PrincipalComponents.of(values, 10, 3);
        assertArrayEquals(new double[] {2 / 7.0, -3 / 7.0, 6 / 7.0}, components.directions()[0], 1e-6);
        assertEquals(1, components.share(0), 1e-6);
        // 49 times the variance of 0 to 9
        assertEquals(49 * 82.5 / 9, components.variance()[0], 1e-3);
        assertEquals(
                4.5 * 7,
                components.project(values, 0, 0),
                1e-4,
                "the first lies farthest up, where the third entry is 0");
    }

    /**
     * What makes them principal: no direction has more variance, and coordinates along two of them are uncorrelated.
     */
    @Test
    void haveTheMostVariance() {
        Seeds.check(8, PrincipalComponentsTest::assertMostVariance);
    }

    private static void assertMostVariance(Random random) {
        int dimension = 2 + random.nextInt(15);
        int count = 2 + random.nextInt(60);
        float[] values = new float[count * dimension];
        for (int i = 0; i < values.length; i++) {
            values[i] =
                    (float) (random.nextGaussian() * (1 + i % dimension) + (i > dimension ? 0.7 * values[i - 1] : 0));
        }
        PrincipalComponents components = PrincipalComponents.of(values, count, dimension);
        double[][] coordinates = new double[dimension][];
        for (int component = 0; component < dimension; component++) {
            int which = component;
            coordinates[component] = IntStream.range(0, count)
                    .mapToDouble(i -> components.project(values, i * dimension, which))
                    .toArray();
        }
        double largest = components.variance()[0];
        for (int i = 0; i < dimension; i++) {
            for (int j = 0; j < dimension; j++) {
                assertEquals(
                        i == j ? components.variance()[i] : 0,
                        covariance(coordinates[i], coordinates[j]),
                        1e-6 * largest);
            }
            assertTrue(i == 0 || components.variance()[i] <= components.variance()[i - 1] + 1e-9 * largest);
        }
        for (int trial = 0; trial < 50; trial++) {
            double[] direction = random.doubles(dimension, -1, 1).toArray();
            double length = Math.sqrt(IntStream.range(0, dimension)
                    .mapToDouble(i -> direction[i] * direction[i])
                    .sum());
            double[] along = IntStream.range(0, count)
                    .mapToDouble(i -> IntStream.range(0, dimension)
                            .mapToDouble(j -> values[i * dimension + j] * direction[j] / length)
                            .sum())
                    .toArray();
            assertTrue(covariance(along, along) <= largest * (1 + 1e-6));
        }
        assertEquals(
                1, IntStream.range(0, dimension).mapToDouble(components::share).sum(), 1e-9);
    }

    private static double covariance(double[] a, double[] b) {
        double meanOfA =
                IntStream.range(0, a.length).mapToDouble(i -> a[i]).average().orElseThrow();
        double meanOfB =
                IntStream.range(0, b.length).mapToDouble(i -> b[i]).average().orElseThrow();
        return IntStream.range(0, a.length)
                        .mapToDouble(i -> (a[i] - meanOfA) * (b[i] - meanOfB))
                        .sum()
                / (a.length - 1);
    }

    @Test
    void whatHasNoneIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> PrincipalComponents.of(new float[] {1, 2}, 1, 2));
        assertThrows(
                IllegalArgumentException.class, () -> PrincipalComponents.of(new float[] {1, 2, Float.NaN, 3}, 2, 2));
    }
}
