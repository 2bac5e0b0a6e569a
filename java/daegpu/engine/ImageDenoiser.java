package daegpu.engine;

import daegpu.data.ImageSet;
import daegpu.noise.Noise;
import daegpu.noise.Philox;

/** Denoises images that are bytes, a few hundred at a time. */
public final class ImageDenoiser {

    /** Images that are held as floats at a time. */
    private static final int CHUNK = 500;

    private ImageDenoiser() {}

    /**
     * Denoises every image.
     *
     * @param images of the size that the engine's network is for
     * @param noise corrupts the images first, as validation does; null to take them as they are
     * @param base index of the first image for the noise
     * @return as many images, each value rounded to the nearest byte
     * @throws IllegalArgumentException if the images are of another size
     */
    public static ImageSet denoise(InferenceEngine engine, ImageSet images, Noise noise, long base) {
        int size = engine.network().input().size();
        if (images.imageSize() != size) {
            throw new IllegalArgumentException(
                    "the network has " + size + " values an image, these have " + images.imageSize());
        }
        byte[] pixels = new byte[images.pixels().length];
        float[] clean = new float[Math.min(CHUNK, images.count()) * size];
        float[] noisy = new float[clean.length];
        float[] denoised = new float[clean.length];
        for (int first = 0; first < images.count(); first += CHUNK) {
            int count = Math.min(CHUNK, images.count() - first);
            if (noise == null) {
                for (int i = 0; i < count; i++) {
                    images.scale(first + i, noisy, i * size);
                }
            } else {
                engine.corrupt(images, noise, Philox.VALIDATION + base, 0, first, count, clean, noisy);
            }
            engine.denoise(noisy, count, denoised);
            ImageSet.unscale(denoised, count * size, pixels, first * size);
        }
        return new ImageSet(images.height(), images.width(), images.channels(), pixels);
    }
}
