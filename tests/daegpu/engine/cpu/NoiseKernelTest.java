package daegpu.engine.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.data.ImageSet;
import daegpu.noise.Noise;
import daegpu.noise.Philox;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NoiseKernelTest {

    private static final Noise UNCLIPPED = Noise.gaussian(42, 0.5f, 0.01f);

    @Test
    void agreesWithTheSpecification() {
        ImageSet images = randomImages(200, 28, 28, 1);
        float largest = largestDifference(images, Noise.gaussian(7, 0.5f, 0.5f), 0, 3);
        assertTrue(largest <= 2e-6f, "largest difference " + largest);
    }

    @Test
    void agreesWhereAnImageIsNoWholeNumberOfGroups() {
        ImageSet images = randomImages(50, 3, 5, 3);
        float largest = largestDifference(images, Noise.gaussian(-1, 0.1f, 0.3f), Philox.VALIDATION, 0);
        assertTrue(largest <= 2e-6f, "largest difference " + largest);
    }

    @Test
    void drawsEachImagesOwnLevel() {
        ImageSet images = randomImages(50, 8, 8, 1);
        float largest = largestDifference(images, new Noise(3, 0.5f, 0.25f, 1, true), 0, 9);
        assertTrue(largest <= 4e-6f, "largest difference " + largest);
    }

    /** A small deviation around one half keeps the clipping away, which would hide the tails. */
    @Test
    void agreesInTheTails() {
        ImageSet images = new ImageSet(1000, 1000, 1, new byte[1000 * 1000]);
        float largest = largestDifference(images, UNCLIPPED, 0, 0) / UNCLIPPED.highestStd();
        assertTrue(largest <= 1e-5f, "largest difference in deviations " + largest);
    }

    @Test
    void scalesAsTheImageSetDoes() {
        ImageSet images = randomImages(1, 16, 16, 1);
        float[] clean = new float[256];
        new NoiseKernel(256).corrupt(UNCLIPPED, 0, 0, images.pixels(), 0, clean, new float[256], 0);
        float[] expected = new float[256];
        images.scale(0, expected, 0);
        assertArrayEquals(expected, clean);
    }

    private static float largestDifference(ImageSet images, Noise noise, long base, int epoch) {
        int size = images.imageSize();
        NoiseKernel kernel = new NoiseKernel(size);
        float[] clean = new float[size];
        float[] noisy = new float[size];
        float[] expected = new float[size];
        float largest = 0;
        for (int image = 0; image < images.count(); image++) {
            kernel.corrupt(noise, base + image, epoch, images.pixels(), image * size, clean, noisy, 0);
            noise.corrupt(base + image, epoch, clean, expected, 0, size);
            for (int i = 0; i < size; i++) {
                largest = Math.max(largest, Math.abs(noisy[i] - expected[i]));
            }
        }
        return largest;
    }

    private static ImageSet randomImages(int count, int height, int width, int channels) {
        byte[] pixels = new byte[count * height * width * channels];
        new Random(1).nextBytes(pixels);
        return new ImageSet(height, width, channels, pixels);
    }
}
