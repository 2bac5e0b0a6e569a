package daegpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import daegpu.bench.Scaling.Series;
import daegpu.bench.Scaling.Setting;
import daegpu.preview.Lettering;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScalingTest {

    @TempDir
    private Path folder;

    private static Setting setting(double value, double work, Double... costs) {
        return new Setting(value, work, () -> 0, new ArrayList<>(List.of(costs)));
    }

    /** Twice the work at twice the cost is no news; at three times it is, unless the ranges overlap. */
    @Test
    void marksWhatGrowsFasterThanItsWork() {
        String table = Scaling.tables(List.of(new Series(
                "side",
                "Side",
                "multiply-adds",
                List.of(
                        setting(1, 1e6, 1000.0, 1100.0, 1200.0), setting(2, 2e6, 2100.0, 2200.0, 2300.0),
                        setting(3, 4e6, 6500.0, 6600.0, 6700.0), setting(4, 8e6, 9000.0, 17_000.0, 30_000.0)))));
        List<String> rows =
                table.lines().filter(line -> line.matches("\\| \\d.*")).toList();
        assertEquals(
                List.of(
                        "| 1 | 1.0 | 1.1 (1.0-1.2) | 1818.18 | 1.00 |  |",
                        "| 2 | 2.0 | 2.2 (2.1-2.3) | 1818.18 | 1.00 |  |",
                        "| 3 | 4.0 | 6.6 (6.5-6.7) | 1212.12 | 1.50 | grew faster than its work |",
                        "| 4 | 8.0 | 17.0 (9.0-30.0) | 941.18 | 1.93 |  |"),
                rows);
    }

    @Test
    void drawsAnyNumberOfSeries() throws IOException {
        assumeTrue(Lettering.missing().isEmpty(), () -> Lettering.missing().get());
        Path file = folder.resolve("chart.png");
        for (int count = 1; count <= 3; count++) {
            List<Series> series = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                series.add(
                        new Series("s" + i, "Series " + i, "images", List.of(setting(1, 1, 1.0), setting(10, 1, 2.0))));
            }
            Scaling.draw(series, file);
            BufferedImage picture = ImageIO.read(file.toFile());
            assertEquals((count + 1) / 2 * 330, picture.getHeight());
            for (int i = 0; i < 2 * ((count + 1) / 2); i++) {
                BufferedImage place = picture.getSubimage(i % 2 * 520, i / 2 * 330, 520, 330);
                int[] pixels = place.getRGB(0, 0, 520, 330, null, 0, 520);
                assertEquals(
                        i < count,
                        Arrays.stream(pixels).anyMatch(pixel -> (pixel & 0xFFFFFF) == 0x1F77B4),
                        "place " + i);
            }
        }
        assertTrue(file.toFile().length() > 0);
    }
}
