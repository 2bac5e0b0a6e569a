package daegpu.engine.cpu;

import daegpu.data.TrainingImages;
import daegpu.engine.GivenBatch;
import daegpu.noise.Noise;
import java.util.Arrays;
import java.util.Optional;

/** The images of a share of a batch, {@code [images, height, width, channels]}, in Java arrays. */
final class ShareImages {

    /**
     * The images of an epoch, and what decides their order and noise.
     *
     * @param seed key of the random number generator
     * @param number number of the epoch, counted from 0
     * @param order indices of {@code images}
     */
    record Epoch(TrainingImages images, Noise noise, long seed, int number, int[] order) {}

    private final int size;
    private final float[] clean;
    private final float[] noisy;
    private Optional<float[]> mask = Optional.empty();

    /**
     * @param size number of values of an image
     * @param images number of images that there is room for
     */
    ShareImages(int size, int images) {
        this.size = size;
        clean = new float[size * images];
        noisy = new float[size * images];
    }

    /** Takes the images {@code order[first]} and following, and corrupts them. */
    void draw(Epoch epoch, int first, int count, NoiseKernel noiseKernel) {
        for (int i = 0; i < count; i++) {
            int image = epoch.order[first + i];
            epoch.images.scale(epoch.seed, epoch.number, image, clean, i * size);
            noiseKernel.corrupt(epoch.noise, epoch.seed, image, epoch.number, clean, noisy, i * size);
        }
        mask = Optional.empty();
    }

    /** Takes images of a given batch, from {@code first} on. */
    void take(GivenBatch batch, int first, int count) {
        System.arraycopy(batch.clean(), first * size, clean, 0, count * size);
        System.arraycopy(batch.noisy(), first * size, noisy, 0, count * size);
        mask = batch.mask().map(values -> Arrays.copyOfRange(values, first * size, (first + count) * size));
    }

    /** The images that should come out. */
    float[] clean() {
        return clean;
    }

    /** The images that go in. */
    float[] noisy() {
        return noisy;
    }

    /** The weight of each value in the loss; empty if all count alike. */
    Optional<float[]> mask() {
        return mask;
    }
}
