package daegpu.denoise;

import daegpu.data.ImageSet;
import daegpu.engine.InferenceEngine;
import daegpu.noise.Noise;
import daegpu.noise.Philox;

/** Denoises images of one size, a few hundred at a time. */
public final class ImageDenoiser {

    /** Number of images that are held as floats at a time. */
    private static final int CHUNK = 500;

    private ImageDenoiser() {}

    /** Fills {@code noisy} with {@code count} images from {@code first} on. */
    private interface NoisyImages {
        void read(int first, int count, float[] noisy);
    }

    /**
     * Denoises every image.
     *
     * @param images images of the size of the engine's network
     * @return the denoised images, each value rounded to the nearest value of their depth
     * @throws IllegalArgumentException if the images are of another size
     */
    public static ImageSet denoise(InferenceEngine engine, ImageSet images) {
        return denoise(engine, images, Strength.FULL, null);
    }

    /**
     * The same with a strength.
     *
     * @param check is told of all images; null for none
     * @throws IllegalArgumentException if the images are of another size
     */
    public static ImageSet denoise(InferenceEngine engine, ImageSet images, Strength strength, NoiseCheck check) {
        return denoise(engine, images, strength, check, (first, count, noisy) -> {
            for (int i = 0; i < count; i++) {
                images.scale(first + i, noisy, i * images.imageSize());
            }
        });
    }

    /**
     * Corrupts every image, as validation does, and denoises it.
     *
     * @param images images of the size of the engine's network
     * @param seed key of the random number generator
     * @param base index for which the noise of the first image is drawn
     * @return the denoised images, each value rounded to the nearest value of their depth
     * @throws IllegalArgumentException if the images are of another size
     */
    public static ImageSet denoise(InferenceEngine engine, ImageSet images, Noise noise, long seed, long base) {
        return denoise(engine, images, Strength.FULL, null, noise, seed, base);
    }

    /**
     * The same with a strength, which mixes the corrupted images with the denoised ones.
     *
     * @param check is told of all images; null for none
     * @throws IllegalArgumentException if the images are of another size
     */
    public static ImageSet denoise(
            InferenceEngine engine,
            ImageSet images,
            Strength strength,
            NoiseCheck check,
            Noise noise,
            long seed,
            long base) {
        float[] clean = new float[Math.min(CHUNK, images.count()) * images.imageSize()];
        return denoise(
                engine,
                images,
                strength,
                check,
                (first, count, noisy) ->
                        engine.corrupt(images, noise, seed, Philox.VALIDATION + base, 0, first, count, clean, noisy));
    }

    private static ImageSet denoise(
            InferenceEngine engine, ImageSet images, Strength strength, NoiseCheck check, NoisyImages input) {
        int size = engine.network().input().size();
        if (images.imageSize() != size) {
            throw new IllegalArgumentException(
                    "the network has " + size + " values an image, these have " + images.imageSize());
        }
        byte[] pixels = new byte[images.pixels().length];
        float[] noisy = new float[Math.min(CHUNK, images.count()) * size];
        float[] denoised = new float[noisy.length];
        for (int first = 0; first < images.count(); first += CHUNK) {
            int count = Math.min(CHUNK, images.count() - first);
            input.read(first, count, noisy);
            engine.denoise(noisy, count, denoised);
            strength.apply(noisy, count * size, denoised);
            for (int i = 0; check != null && i < count; i++) {
                check.add(images.height(), images.width(), images.channels(), noisy, denoised, i * size);
            }
            images.depth().unscale(denoised, count * size, pixels, first * size);
        }
        return new ImageSet(images.height(), images.width(), images.channels(), images.depth(), pixels);
    }
}
