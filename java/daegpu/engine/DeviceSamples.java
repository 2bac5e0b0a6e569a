package daegpu.engine;

import daegpu.data.DeviceImages;
import daegpu.data.ImageSet;
import daegpu.noise.Noise;

/**
 * Validation images and what a network makes of them, in the memory of the engine's device: a row of originals, a row
 * of the same images corrupted, a row of these denoised, then three such rows for the next images. Each image is
 * {@code [height, width, channels]}.
 */
public interface DeviceSamples extends DeviceImages {

    /**
     * Corrupts and denoises the first images of a set, as {@link InferenceEngine#corrupt} and
     * {@link InferenceEngine#denoise} do for validation. Only the thread that uses the engine may call this; it returns
     * before the work is done. If the images of the call before the last are being shown at this moment, nothing is
     * done, and the images of the last call remain.
     */
    void take(ImageSet validation, Noise noise, long seed);
}
