package daegpu.train;

import daegpu.data.ImageSet;
import daegpu.engine.InferenceEngine;
import daegpu.noise.Noise;
import daegpu.noise.Philox;
import daegpu.preview.ContactSheet.Block;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Rows of a contact sheet that show what a network does to validation images. */
public final class SampleBlock {

    private SampleBlock() {}

    /** Originals over noisy over denoised, captioned: images {@code first} to {@code first + count − 1} of a set. */
    public static Block of(InferenceEngine engine, ImageSet validation, Noise noise, long seed, int first, int count) {
        int size = validation.imageSize();
        float[] clean = new float[count * size];
        float[] noisy = new float[count * size];
        float[] denoised = new float[count * size];
        engine.corrupt(validation, noise, seed, Philox.VALIDATION, 0, first, count, clean, noisy);
        engine.denoise(noisy, count, denoised);
        return new Block(caption(first, count), List.of(row(clean, size), row(noisy, size), row(denoised, size)));
    }

    /** The same with places for the images, which are elsewhere. */
    static Block places(int first, int count) {
        return new Block(caption(first, count), List.of(new float[count][], new float[count][], new float[count][]));
    }

    private static String caption(int first, int count) {
        return "Validation images " + (first + 1) + " to " + (first + count) + ": original, noisy, denoised";
    }

    private static float[][] row(float[] images, int size) {
        return IntStream.range(0, images.length / size)
                .mapToObj(i -> Arrays.copyOfRange(images, i * size, (i + 1) * size))
                .toArray(float[][]::new);
    }
}
