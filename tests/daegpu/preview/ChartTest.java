package daegpu.preview;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import daegpu.preview.Chart.Curve;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ChartTest {

    private static final double[] EPOCHS = {1, 2, 3};
    private static final int BLUE = 0xFF1F77B4;
    private static final int ORANGE = 0xFFE6770B;

    @BeforeAll
    static void requireFonts() {
        assumeTrue(Lettering.missing().isEmpty(), () -> Lettering.missing().orElseThrow());
    }

    /** Height of a colour's pixels within columns of the plot, averaged, in pixels from the top. */
    private static double height(BufferedImage chart, int colour, int from, int to) {
        long sum = 0;
        int count = 0;
        for (int y = 30; y < chart.getHeight() - 80; y++) {
            for (int x = from; x < to; x++) {
                if (chart.getRGB(x, y) == colour) {
                    sum += y;
                    count++;
                }
            }
        }
        assertTrue(count > 0, count + " pixels of " + Integer.toHexString(colour));
        return (double) sum / count;
    }

    @Test
    void curvesGoWhereTheirValuesDo() {
        BufferedImage chart = Chart.loss(
                800,
                450,
                "loss",
                List.of(
                        new Curve("training", EPOCHS, new double[] {0.09, 0.05, 0.04}),
                        new Curve("validation", EPOCHS, new double[] {0.03, 0.03, 0.03})));
        assertEquals(800, chart.getWidth());
        double left = height(chart, BLUE, 80, 200);
        double right = height(chart, BLUE, 600, 780);
        assertTrue(left + 50 < right, "the loss falls from " + left + " to " + right);
        assertEquals(height(chart, ORANGE, 80, 200), height(chart, ORANGE, 600, 780), 3, "and here it stays");
        assertTrue(height(chart, ORANGE, 600, 780) > right, "the smaller loss lies lower");
    }

    /** There is no line to be seen, and an axis of one value says little. */
    @Test
    void aSinglePointIsLargeAndHasItsValue() {
        List<Curve> one = List.of(
                new Curve("training", new double[] {1}, new double[] {0.03}),
                new Curve("validation", new double[] {1}, new double[] {0.02}));
        BufferedImage chart = Chart.loss(800, 450, "loss", one);
        BufferedImage robustness = Chart.robustness(800, 450, "standard deviation", one);
        for (BufferedImage picture : List.of(chart, robustness)) {
            for (int colour : new int[] {BLUE, ORANGE}) {
                long pixels = IntStream.range(0, 800)
                        .mapToLong(x -> IntStream.range(30, 370)
                                .filter(y -> picture.getRGB(x, y) == colour)
                                .count())
                        .sum();
                assertTrue(pixels > 150, pixels + " pixels");
            }
        }
        // The legend is as wide as it is with these names.
        Curve both = new Curve("training: 0.03", new double[] {1, 2}, new double[] {0.03, 0.03});
        assertEquals(
                legendWidth(Chart.loss(800, 450, "loss", List.of(both))),
                legendWidth(Chart.loss(800, 450, "loss", one.subList(0, 1))));
    }

    private static long legendWidth(BufferedImage chart) {
        return IntStream.range(0, chart.getWidth())
                .filter(x -> IntStream.range(400, chart.getHeight()).anyMatch(y -> chart.getRGB(x, y) != 0xFFFFFFFF))
                .count();
    }

    @Test
    void logarithmicAxisGivesEqualFactorsEqualDistances() {
        double[] falling = {1, 0.1, 0.01};
        BufferedImage chart = Chart.loss(800, 450, "loss", List.of(new Curve("training", EPOCHS, falling)));
        int[] columns = IntStream.range(0, 800)
                .filter(x -> IntStream.range(30, 370).anyMatch(y -> chart.getRGB(x, y) == BLUE))
                .toArray();
        int left = columns[0] + 3;
        int right = columns[columns.length - 1] - 3;
        int middle = (left + right) / 2;
        double[] marks = {
            height(chart, BLUE, left, left + 1),
            height(chart, BLUE, middle, middle + 1),
            height(chart, BLUE, right, right + 1)
        };
        assertEquals(marks[1] - marks[0], marks[2] - marks[1], 8);
    }

    @Test
    void axisIsLogarithmicWhereItHelps() {
        assertTrue(Chart.spansDecades(List.of(new Curve("a", EPOCHS, new double[] {1, 0.5, 0.1}))));
        assertFalse(Chart.spansDecades(List.of(new Curve("a", EPOCHS, new double[] {1, 0.9, 0.8}))));
        assertFalse(
                Chart.spansDecades(List.of(new Curve("a", EPOCHS, new double[] {1, 0.1, 0}))), "zero has no logarithm");
        assertFalse(Chart.spansDecades(List.of(new Curve("a", EPOCHS, new double[] {1, Double.NaN, Double.NaN}))));
    }

    /** Numbers of an axis are short, whatever its values, and neighbours differ. */
    @Test
    void labelsAreShortAndDiffer() {
        double[][] ranges = {
            {26.75001250118234},
            {26.75, 26.7501},
            {20, 30},
            {0, 1},
            {0.015625},
            {1e-5, 2e-5},
            {-3, 45},
            {1000, 1e6},
            {0},
            {}
        };
        for (double[] values : ranges) {
            Function<Double, String> labels = Chart.labels(List.of(new Curve("a", values, values)), Curve::y);
            double least = Arrays.stream(values).min().orElse(0);
            double range = Arrays.stream(values).max().orElse(0) - least;
            Set<String> seen = new HashSet<>();
            for (int i = 0; i <= 10; i++) {
                String label = labels.apply(least + range * i / 10);
                assertTrue(label.length() <= 9, label);
                seen.add(label);
            }
            assertEquals(range == 0 ? 1 : 11, seen.size(), seen::toString);
        }
        Function<Double, String> one =
                Chart.labels(List.of(new Curve("a", new double[1], new double[] {26.75})), Curve::y);
        assertEquals("26.75", one.apply(26.75001250118234));
        assertEquals(
                "0.1",
                Chart.labels(List.of(new Curve("a", new double[] {0.1}, new double[1])), Curve::x)
                        .apply((double) 0.1f));
        assertEquals("", one.apply(Double.NaN));
    }

    @Test
    void drawsWhatThereIs() {
        Chart.loss(800, 450, "loss", List.of(new Curve("one", new double[] {1}, new double[] {0.5})));
        Chart.loss(800, 450, "loss", List.of(new Curve("zero", EPOCHS, new double[] {0, 0, 0})));
        Chart.robustness(
                800,
                450,
                "standard deviation",
                List.of(
                        new Curve("denoised", EPOCHS, new double[] {20, Double.POSITIVE_INFINITY, 10}),
                        new Curve("noisy", EPOCHS, new double[] {Double.NaN, Double.NaN, Double.NaN})));
    }
}
