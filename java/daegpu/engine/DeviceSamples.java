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
     * work is done. If the images of the call before the last are being shown at this moment, it keeps those of the
     * last call.
     */
    void take(ImageSet validation, Noise noise, long seed);
}
