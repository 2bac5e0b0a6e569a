package daegpu.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.Seeds;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(Seeds.class)
class ImageMetricsTest {

    /** TensorFlow computes in float32, where variances of flat regions are differences of nearly equal numbers. */
    private static final double TENSORFLOW_TOLERANCE = 1e-4;

    @Test
    void meanSquaredErrorLooksAtOneImageOnly() {
        float[] expected = {9, 0.5f, 0.25f, 1, 0, 9};
        float[] actual = {-9, 0.5f, 0.75f, 0, 0, -9};
        assertEquals((0.25 + 1) / 4, ImageMetrics.mse(expected, actual, 1, 4), 1e-15);
    }

    @Test
    void peakSignalToNoiseRatioIsInDecibels() {
        assertEquals(0, ImageMetrics.psnr(1), 1e-12);
        assertEquals(20, ImageMetrics.psnr(0.01), 1e-12);
        assertEquals(18.0410034759, ImageMetrics.psnr(0.0157), 1e-9);
        assertEquals(Double.POSITIVE_INFINITY, ImageMetrics.psnr(0));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tensorflowCases")
    void structuralSimilarityIsThatOfTensorFlow(String name, JsonNode recorded) {
        float[] expected = pixels(recorded.get("expected"));
        float[] actual = pixels(recorded.get("actual"));
        JsonNode shape = recorded.get("shape");
        double similarity = ImageMetrics.ssim(
                expected,
                actual,
                0,
                shape.get(0).intValue(),
                shape.get(1).intValue(),
                shape.get(2).intValue());
        assertEquals(recorded.get("ssim").doubleValue(), similarity, TENSORFLOW_TOLERANCE);
    }

    static Stream<Arguments> tensorflowCases() throws IOException {
        JsonNode cases = new ObjectMapper()
                .readTree(Path.of("tests/golden/ssim.json").toFile())
                .get("cases");
        return StreamSupport.stream(cases.spliterator(), false)
                .map(recorded -> Arguments.of(recorded.get("name").textValue(), recorded));
    }

    private static float[] pixels(JsonNode values) {
        float[] pixels = new float[values.size()];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = values.get(i).intValue() / 255f;
        }
        return pixels;
    }

    @ParameterizedTest
    @CsvSource({"28, 28, 1", "11, 11, 1", "12, 31, 3", "40, 13, 2", "8, 8, 1", "8, 40, 3", "2, 2, 1", "1, 5, 1"})
    void structuralSimilarityIsThatOfItsDefinition(int height, int width, int channels) {
        Random random = Seeds.random(height * 100 + width);
        int at = 5;
        float[] expected = new float[at + height * width * channels + 3];
        float[] actual = new float[expected.length];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = random.nextFloat();
            actual[i] = Math.min(Math.max(expected[i] + (float) random.nextGaussian() * 0.3f, 0), 1);
        }
        assertEquals(
                definition(expected, actual, at, height, width, channels),
                ImageMetrics.ssim(expected, actual, at, height, width, channels),
                1e-12);
    }

    /** Of two images whose rows lie in arrays of their own. */
    @Test
    void rowsAreComparedOneByOne() {
        Random random = Seeds.random(3);
        float[] expected = new float[14 * 9 * 3];
        float[] actual = new float[expected.length];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = random.nextFloat();
            actual[i] = random.nextFloat();
        }
        ImageComparison comparison = new ImageComparison(14, 9, 3);
        for (int row = 0; row < 14; row++) {
            assertThrows(IllegalStateException.class, comparison::mse);
            assertThrows(IllegalStateException.class, comparison::ssim);
            comparison.add(
                    Arrays.copyOfRange(expected, 27 * row, 27 * row + 27),
                    Arrays.copyOfRange(actual, 27 * row, 27 * row + 27),
                    0);
        }
        assertEquals(ImageMetrics.mse(expected, actual, 0, expected.length), comparison.mse());
        assertEquals(definition(expected, actual, 0, 14, 9, 3), comparison.ssim(), 1e-12);
        assertThrows(IllegalStateException.class, () -> comparison.add(expected, actual, 0));
    }

    @Test
    void anImageIsEntirelySimilarToItself() {
        float[] image = new float[20 * 20];
        for (int i = 0; i < image.length; i++) {
            image[i] = i % 7 / 7f;
        }
        assertEquals(1, ImageMetrics.ssim(image, image, 0, 20, 20, 1), 1e-12);
        float[] inverted = new float[image.length];
        for (int i = 0; i < image.length; i++) {
            inverted[i] = 1 - image[i];
        }
        assertTrue(ImageMetrics.ssim(image, inverted, 0, 20, 20, 1) < 0);
    }

    /** Window by window, in two dimensions, deviations from the mean squared: as the paper writes it. */
    private static double definition(float[] x, float[] y, int at, int height, int width, int channels) {
        int size = 11;
        while (size > height || size > width) {
            size -= 2;
        }
        double[][] weights = new double[size][size];
        double total = 0;
        for (int i = 0; i < size; i++) {
            for (int j = 0; j < size; j++) {
                double down = i - size / 2;
                double across = j - size / 2;
                weights[i][j] = Math.exp(-(down * down + across * across) / (2 * 1.5 * 1.5));
                total += weights[i][j];
            }
        }
        double sum = 0;
        int windows = 0;
        for (int channel = 0; channel < channels; channel++) {
            for (int top = 0; top + size <= height; top++) {
                for (int left = 0; left + size <= width; left++) {
                    double meanX = 0;
                    double meanY = 0;
                    for (int i = 0; i < size; i++) {
                        for (int j = 0; j < size; j++) {
                            int place = at + ((top + i) * width + left + j) * channels + channel;
                            meanX += weights[i][j] / total * x[place];
                            meanY += weights[i][j] / total * y[place];
                        }
                    }
                    double varianceX = 0;
                    double varianceY = 0;
                    double covariance = 0;
                    for (int i = 0; i < size; i++) {
                        for (int j = 0; j < size; j++) {
                            int place = at + ((top + i) * width + left + j) * channels + channel;
                            varianceX += weights[i][j] / total * (x[place] - meanX) * (x[place] - meanX);
                            varianceY += weights[i][j] / total * (y[place] - meanY) * (y[place] - meanY);
                            covariance += weights[i][j] / total * (x[place] - meanX) * (y[place] - meanY);
                        }
                    }
                    sum += (2 * meanX * meanY + 0.0001)
                            * (2 * covariance + 0.0009)
                            / ((meanX * meanX + meanY * meanY + 0.0001) * (varianceX + varianceY + 0.0009));
                    windows++;
                }
            }
        }
        return sum / windows;
    }
}
