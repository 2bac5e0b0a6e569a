package daegpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.preview.Lettering;
import java.awt.image.BufferedImage;
import org.junit.jupiter.api.Test;

class PeersChartTest {

    @Test
    void barsAreAsHighAsTheFigures() throws Exception {
        assumeTrue(Lettering.missing().isEmpty(), () -> Lettering.missing().get());
        BufferedImage chart = PeersChart.draw(new ObjectMapper().readTree("""
                [{"program": "one", "batch": 32, "median": 1000, "least": 1000, "most": 1000},
                 {"program": "one", "batch": 128, "median": 2000, "least": 2000, "most": 2000},
                 {"program": "two", "batch": 32, "median": 500, "least": 500, "most": 500}]
                """));
        int left = height(chart, 0, chart.getWidth() * 3 / 5, 0x1F77B4);
        int right = height(chart, chart.getWidth() * 3 / 5, chart.getWidth() * 4 / 5, 0x1F77B4);
        int larger = height(chart, 0, chart.getWidth() * 3 / 5, 0xE6770B);
        assertEquals(2, (double) left / right, 0.1);
        assertEquals(2, (double) larger / left, 0.1);
        assertEquals(0, height(chart, chart.getWidth() * 3 / 5, chart.getWidth() * 4 / 5, 0xE6770B));
        assertTrue(right > 50);
    }

    /** Height of the highest column of pixels of a colour, without the figure's edges, which are blended. */
    private static int height(BufferedImage picture, int from, int to, int colour) {
        int highest = 0;
        for (int x = from; x < to; x++) {
            int height = 0;
            for (int y = 0; y < picture.getHeight(); y++) {
                height += (picture.getRGB(x, y) & 0xFFFFFF) == colour ? 1 : 0;
            }
            highest = Math.max(highest, height);
        }
        return highest;
    }
}
