package daegpu.preview;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.image.BufferedImage;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.knowm.xchart.AnnotationText;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Charts of curves, by XChart. They need fonts: see {@link Lettering#missing()}. */
public final class Chart {

    /**
     * A curve.
     *
     * @param name what the legend calls it
     * @param x places of its points from left to right
     * @param y the value at each place; those that are not finite are left out
     */
    public record Curve(String name, double[] x, double[] y) {}

    /** The axis is logarithmic if the largest value is at least this multiple of the least. */
    private static final double LOGARITHMIC_FROM = 5;
    /** Blue and orange, which people who confuse red and green can tell apart. */
    private static final Color[] COLOURS = {new Color(0x1F77B4), new Color(0xE6770B)};

    private static final int[] TEN_COLOURS = {
        0x1F77B4, 0xFF7F0E, 0x2CA02C, 0xD62728, 0x9467BD, 0x8C564B, 0xE377C2, 0x7F7F7F, 0xBCBD22, 0x17BECF
    };
    /** The marks of more points than this would run into each other. */
    private static final int MOST_MARKS = 60;

    private Chart() {}

    /**
     * Loss over epochs, which is {@code measured} in something: only whole epochs where the curves have no others, and
     * logarithmic where the loss falls far.
     */
    public static BufferedImage loss(int width, int height, String measured, List<Curve> curves) {
        XYChart chart = chart(width, height, "Loss", "epoch", measured, curves);
        if (curves.stream()
                .flatMapToDouble(curve -> Arrays.stream(curve.x()))
                .allMatch(epoch -> epoch == Math.rint(epoch))) {
            chart.getStyler()
                    .setxAxisTickLabelsFormattingFunction(
                            epoch -> epoch == Math.rint(epoch) ? String.format(Locale.ROOT, "%.0f", epoch) : "");
            chart.getStyler().setXAxisTickMarkSpacingHint(40);
        } else {
            chart.getStyler().setXAxisDecimalPattern("0.##");
        }
        chart.getStyler().setYAxisLogarithmic(spansDecades(curves));
        chart.getStyler().setyAxisTickLabelsFormattingFunction(labels(curves, Curve::y));
        return BitmapEncoder.getBufferedImage(chart);
    }

    /** PSNR over the level of the noise, which is {@code measured} in something. */
    public static BufferedImage robustness(int width, int height, String measured, List<Curve> curves) {
        XYChart chart = chart(width, height, "Robustness", measured, "PSNR in dB", curves);
        chart.getStyler().setxAxisTickLabelsFormattingFunction(labels(curves, Curve::x));
        chart.getStyler().setyAxisTickLabelsFormattingFunction(labels(curves, Curve::y));
        return BitmapEncoder.getBufferedImage(chart);
    }

    /**
     * Points, each group of them in its own colour, with its name at the mean of its points.
     *
     * @param groups whose names are shown if there are several
     */
    public static BufferedImage scatter(
            int width, int height, String title, String xTitle, String yTitle, List<Curve> groups) {
        XYChart chart = chart(width, height, title, xTitle, yTitle, List.of());
        chart.getStyler()
                .setDefaultSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter)
                .setMarkerSize(4)
                .setSeriesColors(colours(groups.size()))
                .setLegendVisible(groups.size() > 1);
        chart.getStyler()
                .setAnnotationTextFont(chart.getStyler().getAnnotationTextFont().deriveFont(Font.BOLD, 18f));
        for (Curve group : groups) {
            chart.addSeries(group.name(), group.x(), group.y()).setMarker(SeriesMarkers.CIRCLE);
            if (groups.size() > 1) {
                chart.addAnnotation(new AnnotationText(
                        group.name(),
                        Arrays.stream(group.x()).average().orElseThrow(),
                        Arrays.stream(group.y()).average().orElseThrow(),
                        false));
            }
        }
        return BitmapEncoder.getBufferedImage(chart);
    }

    /** Matplotlib's ten colours if they are enough, else {@code count} hues. */
    private static Color[] colours(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> count <= TEN_COLOURS.length
                        ? new Color(TEN_COLOURS[i])
                        : Color.getHSBColor((float) i / count, 0.8f, 0.5f + 0.3f * (i % 2)))
                .toArray(Color[]::new);
    }

    private static XYChart chart(
            int width, int height, String title, String xTitle, String yTitle, List<Curve> curves) {
        XYChart chart = new XYChartBuilder()
                .width(width)
                .height(height)
                .title(title)
                .xAxisTitle(xTitle)
                .yAxisTitle(yTitle)
                .build();
        chart.getStyler()
                .setLegendPosition(LegendPosition.OutsideS)
                .setChartBackgroundColor(Color.WHITE)
                .setLegendLayout(LegendLayout.Horizontal)
                .setSeriesColors(COLOURS);
        // Without lines between them, points are all there is to be seen.
        boolean hasLines = curves.stream().anyMatch(curve -> finite(curve).length > 1);
        chart.getStyler().setPlotGridLinesColor(new Color(0xDDDDDD)).setMarkerSize(hasLines ? 6 : 16);
        for (Curve curve : curves) {
            int[] drawn = finite(curve);
            if (drawn.length > 0) {
                String value = drawn.length > 1
                        ? ""
                        : ": " + labels(List.of(curve), Curve::y).apply(curve.y()[drawn[0]]);
                XYSeries series = chart.addSeries(
                        newName(curve.name() + value, chart),
                        Arrays.stream(drawn).mapToDouble(i -> curve.x()[i]).toArray(),
                        Arrays.stream(drawn).mapToDouble(i -> curve.y()[i]).toArray());
                series.setLineStyle(new BasicStroke(2));
                series.setMarker(drawn.length <= MOST_MARKS ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE);
            }
        }
        return chart;
    }

    /** Numbers along an axis, short, but with enough digits to tell neighbours apart. */
    static Function<Double, String> labels(List<Curve> curves, Function<Curve, double[]> values) {
        double[] finite = curves.stream()
                .flatMapToDouble(curve -> Arrays.stream(values.apply(curve)))
                .filter(Double::isFinite)
                .sorted()
                .toArray();
        double range = finite.length == 0 ? 0 : finite[finite.length - 1] - finite[0];
        return value -> {
            if (!Double.isFinite(value)) {
                return "";
            }
            // Of its own size, and of a fiftieth of the range, which is less than neighbours are apart.
            int own = value == 0 ? 0 : 3 - exponent(value);
            int apart = range == 0 ? own : -exponent(range / 50);
            BigDecimal rounded = BigDecimal.valueOf(value).setScale(Math.max(own, apart), RoundingMode.HALF_EVEN);
            return rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString();
        };
    }

    private static int exponent(double value) {
        return (int) Math.floor(Math.log10(Math.abs(value)));
    }

    /** The name, with a number where the chart has a curve of that name already. */
    private static String newName(String name, XYChart chart) {
        String free = name;
        for (int i = 2; chart.getSeriesMap().containsKey(free); i++) {
            free = name + " (" + i + ")";
        }
        return free;
    }

    private static int[] finite(Curve curve) {
        return IntStream.range(0, curve.x().length)
                .filter(i -> Double.isFinite(curve.y()[i]))
                .toArray();
    }

    /** Whether the finite values of the curves are all positive and far enough apart for a logarithmic axis. */
    static boolean spansDecades(List<Curve> curves) {
        double[] values = curves.stream()
                .flatMapToDouble(curve -> Arrays.stream(curve.y()))
                .filter(Double::isFinite)
                .sorted()
                .toArray();
        return values.length > 1 && values[0] > 0 && values[values.length - 1] / values[0] >= LOGARITHMIC_FROM;
    }
}
