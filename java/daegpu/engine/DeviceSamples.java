package daegpu.engine;

import daegpu.data.DeviceImages;
import daegpu.data.ImageSet;
import daegpu.noise.Noise;

/**
 * What a network does to some validation images, left on the engine's device: rows of originals, of these corrupted,
 * and of these denoised, then the same of the next images; each {@code [height, width, channels]}.
 */
public interface DeviceSamples extends DeviceImages {

    /**
     * Corrupts and denoises the first images of a set, as {@link InferenceEngine#corrupt} and
     * {@link InferenceEngine#denoise} do it for validation. For the thread that uses the engine; returns before the
     * work is done. Where the images of the last time but one are just being shown, it leaves it at those of the last
     * time.
     */
    void take(ImageSet validation, Noise noise, long seed);
}
