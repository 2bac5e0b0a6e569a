package daegpu.engine.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.data.ImageSet;
import daegpu.noise.Noise;
import daegpu.noise.Philox;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(Seeds.class)
class NoiseKernelTest {

    private static final Noise UNCLIPPED = Noise.gaussian(0, 1).clipped(false);

    @Test
    void agreesWithTheSpecification() {
        ImageSet images = randomImages(200, 28, 28, 1);
        float largest = largestDifference(images, Noise.gaussian(0.5f, 0.5f), 7, 0, 3);
        assertTrue(largest <= 2e-6f, "largest difference " + largest);
    }

    @Test
    void agreesWhereAnImageIsNoWholeNumberOfGroups() {
        ImageSet images = randomImages(50, 3, 5, 3);
        float largest = largestDifference(images, Noise.gaussian(0.1f, 0.3f), -1, Philox.VALIDATION, 0);
        assertTrue(largest <= 2e-6f, "largest difference " + largest);
    }

    @Test
    void drawsEachImagesOwnLevel() {
        ImageSet images = randomImages(50, 8, 8, 1);
        float largest = largestDifference(images, new Noise(0.5f, 0.25f, 1, true), 3, 0, 9);
        assertTrue(largest <= 4e-6f, "largest difference " + largest);
    }

    /** Kinds without normals are the specification's to the bit, the others but for their normals. */
    @ParameterizedTest
    @EnumSource(Noise.Kind.class)
    void everyKindAgreesOnRandomShapes(Noise.Kind kind) {
        Seeds.check(20, random -> {
            ImageSet images = randomImages(
                    1 + random.nextInt(5), 1 + random.nextInt(9), 1 + random.nextInt(9), random.nextBoolean() ? 1 : 3);
            float lowest = kind.defaultLevel() * random.nextFloat();
            float highest = random.nextBoolean() ? lowest : kind.defaultLevel() * 2;
            long seed = random.nextLong();
            Noise noise =
                    new Noise(kind, kind.hasMean() ? random.nextFloat() : 0, lowest, highest, random.nextBoolean());
            if (kind.hasGain()) {
                float gain = random.nextFloat();
                noise = noise.withGains(gain, random.nextBoolean() ? gain : 2 * gain);
            }
            if (kind.leavesRange()) {
                noise = noise.clipped(random.nextBoolean());
            }
            long base = random.nextBoolean() ? 0 : Philox.VALIDATION;
            float largest = largestDifference(images, noise, seed, base, random.nextInt(9));
            assertTrue(largest <= (kind.isOfNormals() ? 4e-6f : 0), noise + ": largest difference " + largest);
        });
    }

    /** Clipping would hide the tails. */
    @Test
    void agreesInTheTails() {
        ImageSet images = new ImageSet(1000, 1000, 1, new byte[1000 * 1000]);
        float largest = largestDifference(images, UNCLIPPED, 42, 0, 0);
        assertTrue(largest <= 1e-5f, "largest difference in deviations " + largest);
    }

    private static float largestDifference(ImageSet images, Noise noise, long seed, long base, int epoch) {
        int size = images.imageSize();
        NoiseKernel kernel = new NoiseKernel(size);
        float[] clean = new float[size];
        float[] noisy = new float[size];
        float[] expected = new float[size];
        float largest = 0;
        for (int image = 0; image < images.count(); image++) {
            images.scale(image, clean, 0);
            kernel.corrupt(noise, seed, base + image, epoch, clean, noisy, 0);
            noise.corrupt(seed, base + image, epoch, clean, expected, 0, size);
            for (int i = 0; i < size; i++) {
                largest = Math.max(largest, Math.abs(noisy[i] - expected[i]));
            }
        }
        return largest;
    }

    private static ImageSet randomImages(int count, int height, int width, int channels) {
        byte[] pixels = new byte[count * height * width * channels];
        Seeds.random(0).nextBytes(pixels);
        return new ImageSet(height, width, channels, pixels);
    }
}
