package daegpu.train;

import daegpu.data.ValidationSet;
import daegpu.engine.InferenceEngine;
import daegpu.noise.Noise;
import daegpu.preview.ContactSheet.Block;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Rows of a contact sheet that show what a network does to validation images. */
public final class SampleBlock {

    private SampleBlock() {}

    /** Originals over noisy over denoised, captioned: images {@code first} to {@code first + count − 1} of a set. */
    public static Block of(
            InferenceEngine engine, ValidationSet validation, Noise noise, long seed, int first, int count) {
        return of(engine, validation, noise, seed, first, count, 1);
    }

    /** The same of images that are {@code step} apart, such as tiles of several pictures. */
    public static Block of(
            InferenceEngine engine, ValidationSet validation, Noise noise, long seed, int first, int count, int step) {
        int size = validation.imageSize();
        float[] clean = new float[count * size];
        float[] noisy = new float[count * size];
        float[] denoised = new float[count * size];
        if (step == 1) {
            Evaluation.inputs(engine, validation, noise, seed, first, count, clean, noisy);
        } else {
            float[] before = new float[size];
            float[] after = new float[size];
            for (int i = 0; i < count; i++) {
                Evaluation.inputs(engine, validation, noise, seed, first + i * step, 1, before, after);
                System.arraycopy(before, 0, clean, i * size, size);
                System.arraycopy(after, 0, noisy, i * size, size);
            }
        }
        engine.denoise(noisy, count, denoised);
        List<float[][]> rows = validation.isJudgedBySpotsAlone()
                ? List.of(row(noisy, size), row(denoised, size))
                : List.of(row(clean, size), row(noisy, size), row(denoised, size));
        return new Block(caption(validation, first, count, step), rows);
    }

    /**
     * How far apart {@code count} images are that are spread over a set: from each picture of a set of tiles there are
     * then some, where its first ones are neighbours in one picture.
     */
    public static int step(int images, int count) {
        return Math.max(1, images / count);
    }

    /** Such rows with places for the images, which are elsewhere, and without a caption. */
    static Block places(int count) {
        return new Block(List.of(new float[count][], new float[count][], new float[count][]));
    }

    /** What is said of images that are {@code step} apart in a set. */
    static String caption(ValidationSet validation, int first, int count, int step) {
        return "Validation images " + (first + 1) + " to " + (first + (count - 1) * step + 1)
                + (step == 1 ? "" : ", one of " + step) + ": " + rows(validation);
    }

    /** What the rows of a block show, from top to bottom. */
    public static String rows(ValidationSet validation) {
        return validation.isJudgedBySpotsAlone() ? "noisy, denoised" : rows(validation.hasNoisyTargets());
    }

    /** The same where there are targets. */
    public static String rows(boolean hasNoisyTargets) {
        return hasNoisyTargets ? "noisy target, noisy, denoised" : "original, noisy, denoised";
    }

    private static float[][] row(float[] images, int size) {
        return IntStream.range(0, images.length / size)
                .mapToObj(i -> Arrays.copyOfRange(images, i * size, (i + 1) * size))
                .toArray(float[][]::new);
    }
}
