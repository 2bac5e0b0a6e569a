package daegpu.cli;

import daegpu.data.ImageFile;
import daegpu.train.RunReport;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/**
 * Where the pictures of an evaluation are drawn.
 *
 * @param samples images at each level of noise
 * @param chart PSNR by level of noise
 */
record EvaluationFigures(Path samples, Path chart) {

    /** The chart goes beside the samples: {@code robustness-chart.png} for {@code robustness.png}. */
    static EvaluationFigures at(Path samples) {
        String name = samples.getFileName().toString();
        return new EvaluationFigures(
                samples, samples.resolveSibling(name.substring(0, name.length() - ".png".length()) + "-chart.png"));
    }

    /**
     * The first names in a folder that no earlier evaluation has, or those of one that drew the same.
     *
     * @param chart null if it cannot be drawn
     */
    static EvaluationFigures in(Path folder, BufferedImage samples, BufferedImage chart) {
        for (int number = 1; ; number++) {
            EvaluationFigures figures = at(folder.resolve(RunReport.robustness(number)));
            if (!Files.exists(figures.samples) && !Files.exists(figures.chart)
                    || isDrawn(figures.samples, samples) && (chart == null || isDrawn(figures.chart, chart))) {
                return figures;
            }
        }
    }

    private static boolean isDrawn(Path file, BufferedImage picture) {
        BufferedImage there;
        try {
            there = Files.isRegularFile(file) ? ImageIO.read(file.toFile()) : null;
        } catch (IOException e) {
            return false;
        }
        if (there == null || there.getWidth() != picture.getWidth() || there.getHeight() != picture.getHeight()) {
            return false;
        }
        for (int y = 0; y < there.getHeight(); y++) {
            for (int x = 0; x < there.getWidth(); x++) {
                if (there.getRGB(x, y) != picture.getRGB(x, y)) {
                    return false;
                }
            }
        }
        return true;
    }

    /**
     * @param overwrite whether files may be replaced
     * @throws daegpu.data.InvalidInputException if one is there and may not be
     */
    void requireAllowed(boolean overwrite) {
        Overwriting.requireAllowed(samples, overwrite);
        Overwriting.requireAllowed(chart, overwrite);
    }

    /**
     * Draws them.
     *
     * @param drawnChart null if it cannot be drawn
     */
    void write(BufferedImage drawnSamples, BufferedImage drawnChart) throws IOException {
        ImageFile.write(samples, drawnSamples);
        if (drawnChart != null) {
            ImageFile.write(chart, drawnChart);
        }
    }
}
