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
    /** The memory of a mask that is computed here; null until there is one. */
    private float[] spots;

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
        TrainingImages images = epoch.images;
        boolean hasSpots = images.blindSpots().isPresent();
        if (hasSpots && spots == null) {
            spots = new float[clean.length];
        }
        for (int i = 0; i < count; i++) {
            int index = epoch.order[first + i];
            int at = i * size;
            images.scaleTarget(epoch.seed, epoch.number, index, clean, at);
            if (hasSpots) {
                images.blindSpots()
                        .get()
                        .apply(
                                epoch.seed,
                                index,
                                epoch.number,
                                images.height(),
                                images.width(),
                                images.channels(),
                                clean,
                                noisy,
                                spots,
                                at);
            } else if (images.hasInputs()) {
                images.scaleInput(epoch.seed, epoch.number, index, noisy, at);
                if (!epoch.noise.isNone()) {
                    noiseKernel.corrupt(epoch.noise, epoch.seed, index, epoch.number, noisy, noisy, at);
                }
            } else {
                noiseKernel.corrupt(epoch.noise, epoch.seed, index, epoch.number, clean, noisy, at);
            }
        }
        mask = hasSpots ? Optional.of(spots) : Optional.empty();
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
