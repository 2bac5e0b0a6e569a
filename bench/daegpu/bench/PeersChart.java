package daegpu.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.preview.Lettering;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;

/**
 * Draws what {@code bench/compare-with-peers} measured into the PNG file that is named: from standard input, an array
 * of objects with program, batch, and median in images per second. Ranges are in the table: a chart's bars for them
 * would be symmetric, which ranges about a median are not.
 */
public final class PeersChart {

    private PeersChart() {}

    public static void main(String[] arguments) throws IOException {
        if (Lettering.missing().isPresent()) {
            System.err.println(Lettering.missing().get());
            System.exit(1);
        }
        Path file = Path.of(arguments[0]);
        if (!ImageIO.write(draw(new ObjectMapper().readTree(System.in)), "png", file.toFile())) {
            throw new IOException("no PNG could be written");
        }
    }

    /** A group of bars for each program, a bar of medians for each batch. */
    static BufferedImage draw(JsonNode measured) {
        Set<String> programs = new LinkedHashSet<>();
        Set<Integer> batches = new TreeSet<>();
        for (JsonNode entry : measured) {
            programs.add(entry.get("program").asText());
            batches.add(entry.get("batch").asInt());
        }
        CategoryChart chart = new CategoryChartBuilder()
                .width(1000)
                .height(560)
                .title("Training steps: more is better")
                .yAxisTitle("images per second")
                .build();
        chart.getStyler().setChartBackgroundColor(Color.WHITE).setLegendPosition(LegendPosition.InsideNE);
        chart.getStyler().setPlotGridVerticalLinesVisible(false).setXAxisLabelRotation(25);
        chart.getStyler().setSeriesColors(new Color[] {new Color(0x1F77B4), new Color(0xE6770B), new Color(0x777777)});
        for (int batch : batches) {
            List<Double> medians = new ArrayList<>();
            for (String program : programs) {
                // No bar where it has no figure at this batch.
                double median = 0;
                for (JsonNode entry : measured) {
                    if (entry.get("program").asText().equals(program)
                            && entry.get("batch").asInt() == batch) {
                        median = entry.get("median").asDouble();
                    }
                }
                medians.add(median);
            }
            chart.addSeries("batch " + batch, new ArrayList<>(programs), medians);
        }
        return BitmapEncoder.getBufferedImage(chart);
    }
}
