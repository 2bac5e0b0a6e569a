package daegpu.engine.cuda.batch;

import daegpu.data.ImageSet;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.noise.Noise;

/** Corrupts images, in the program's own order, outside training steps, a limited number at a time. */
public final class CorruptedBatch {

    /** Number of images at a time. */
    public static final int IMAGES = 512;

    private final Device device;
    private final BatchSource source;
    private final DeviceArray clean;
    private final DeviceArray noisy;
    /** An integer that stays zero: such a batch begins at the beginning of what was copied. */
    private final DeviceArray start;

    /**
     * Allocates memory on the device for {@link #IMAGES} images of {@code imageSize} values; {@code owner} frees it.
     */
    public CorruptedBatch(Device device, KernelLibrary kernels, DeviceScope owner, int imageSize) {
        this.device = device;
        source = new BatchSource(device, kernels, owner, IMAGES);
        clean = device.allocateFloats(owner, (long) IMAGES * imageSize, "a batch of " + IMAGES);
        noisy = device.allocateFloats(owner, (long) IMAGES * imageSize, "a batch of " + IMAGES);
        start = device.allocate(owner, 4, "a place");
    }

    /** Does what {@link daegpu.engine.InferenceEngine#corrupt} describes. */
    public void run(
            Corruption corruption,
            ImageSet images,
            Noise noise,
            long seed,
            long base,
            int epoch,
            int first,
            int count,
            float[] cleanValues,
            float[] noisyValues) {
        int size = images.imageSize();
        for (int done = 0; done < count; done += IMAGES) {
            int part = Math.min(IMAGES, count - done);
            run(corruption, images, noise, seed, base, epoch, first + done, part);
            device.download(clean, cleanValues, done * size, part * size);
            device.download(noisy, noisyValues, done * size, part * size);
        }
    }

    /** The same for at most {@link #IMAGES} images, which stay on the device, in {@link #clean} and {@link #noisy}. */
    public void run(
            Corruption corruption,
            ImageSet images,
            Noise noise,
            long seed,
            long base,
            int epoch,
            int first,
            int count) {
        source.setRange(images, noise, seed, base, epoch, first, count);
        corruption.run(source, start, count, images.imageSize(), clean, noisy);
    }

    /** Memory for {@link #IMAGES} corrupted images. */
    public DeviceArray noisy() {
        return noisy;
    }

    /** Memory for {@link #IMAGES} images. */
    public DeviceArray clean() {
        return clean;
    }
}
