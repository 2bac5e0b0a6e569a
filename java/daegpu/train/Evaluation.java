package daegpu.train;

import daegpu.data.ImageSet;
import daegpu.data.Pixels;
import daegpu.denoise.PictureNoise;
import daegpu.denoise.WholePictureDenoiser;
import daegpu.engine.InferenceEngine;
import daegpu.metrics.ImageComparison;
import daegpu.metrics.ImageMetrics;
import daegpu.noise.Noise;
import daegpu.noise.Philox;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/** How well a network denoises a set of validation images. */
public final class Evaluation {

    /** Images that are held as floats at a time. */
    private static final int CHUNK = 500;

    /**
     * Averages over the images.
     *
     * @param mse mean squared error
     * @param psnr peak signal-to-noise ratio in dB
     * @param ssim structural similarity
     */
    public record Scores(double mse, double psnr, double ssim) {}

    /**
     * The images before and after.
     *
     * @param noisy scores of the corrupted images
     * @param denoised scores of the images that the network denoised
     * @param noisyClippedMse mean squared error of the corrupted images clipped to [0, 1], as those denoised are; lower
     *     than that of {@code noisy} where the noise is not clipped
     */
    public record Result(Scores noisy, Scores denoised, double noisyClippedMse) {}

    /**
     * Mean squared errors that are reached without any network.
     *
     * @param noisy of the corrupted images clipped to [0, 1], as what a network puts out is
     * @param meanImage of the mean of the clean images, in place of each of them; infinite where there is only one
     */
    public record Baseline(double noisy, double meanImage) {}

    /** A model whose error is not below this part of what is reached without one has learned nothing of use. */
    private static final double USELESS = 0.9;

    private Evaluation() {}

    /** Whether a model's mean squared error is hardly below what is reached without any network. */
    public static boolean isUseless(double mse, Baseline without) {
        return mse > USELESS * Math.min(without.noisy(), without.meanImage());
    }

    /**
     * What is reached without a network, on the first 500 of the images, corrupted as validation does it.
     *
     * @param engine corrupts the images
     */
    public static Baseline baseline(InferenceEngine engine, ImageSet images, Noise noise, long seed) {
        int size = images.imageSize();
        int count = Math.min(CHUNK, images.count());
        float[] clean = new float[count * size];
        float[] noisy = new float[count * size];
        engine.corrupt(images, noise, seed, Philox.VALIDATION, 0, 0, count, clean, noisy);
        double meanImage = 0;
        for (int pixel = 0; pixel < size; pixel++) {
            double sum = 0;
            double squares = 0;
            for (int i = pixel; i < clean.length; i += size) {
                sum += clean[i];
                squares += (double) clean[i] * clean[i];
            }
            meanImage += squares / count - sum / count * (sum / count);
        }
        clip(noisy, noisy.length);
        // Divided by one image less, since the mean fits these images better than others.
        return new Baseline(
                ImageMetrics.mse(clean, noisy, 0, clean.length),
                count < 2 ? Double.POSITIVE_INFINITY : meanImage * count / (count - 1) / size);
    }

    /**
     * Corrupts all {@code images} as validation does (the noise of epoch 0) and denoises them. What comes out is
     * clipped to [0, 1] before it is compared.
     */
    public static Result of(InferenceEngine engine, ImageSet images, Noise noise, long seed) {
        return of(engine, images, noise, seed, () -> false).orElseThrow();
    }

    /**
     * The same, unless it is to stop.
     *
     * @param stop is asked now and then; what was computed is given up when it says so
     */
    static Optional<Result> of(InferenceEngine engine, ImageSet images, Noise noise, long seed, BooleanSupplier stop) {
        int size = images.imageSize();
        Result[] results = new Result[images.count()];
        float[] clean = new float[CHUNK * size];
        float[] noisy = new float[CHUNK * size];
        float[] denoised = new float[CHUNK * size];
        for (int start = 0; start < images.count(); start += CHUNK) {
            if (stop.getAsBoolean()) {
                return Optional.empty();
            }
            int first = start;
            int count = Math.min(CHUNK, images.count() - first);
            engine.corrupt(images, noise, seed, Philox.VALIDATION, 0, first, count, clean, noisy);
            engine.denoise(noisy, count, denoised);
            clip(denoised, count * size);
            IntStream.range(0, count).parallel().forEach(i -> {
                Image image = new Image(clean, i * size, images.height(), images.width(), images.channels());
                results[first + i] = new Result(image.scores(noisy), image.scores(denoised), image.clippedMse(noisy));
            });
        }
        return Optional.of(average(Arrays.asList(results)));
    }

    /**
     * Corrupts one picture of any size and denoises it, row by row, so that it is never there as floats. What comes out
     * is clipped to [0, 1] before it is compared, as the literature on photographs does; what goes in is compared as it
     * is. The noise is a function of the seed and of the picture.
     *
     * @param clean with the channels of the network
     */
    public static Result of(WholePictureDenoiser denoiser, Pixels clean, Noise noise, long seed) {
        Pixels noisy = PictureNoise.add(noise, seed, clean);
        Pixels denoised = denoiser.denoise(noisy, part -> {});
        ImageComparison before = new ImageComparison(clean.height(), clean.width(), clean.channels());
        ImageComparison after = new ImageComparison(clean.height(), clean.width(), clean.channels());
        float[] expected = new float[clean.width() * clean.channels()];
        float[] actual = new float[expected.length];
        double clippedSum = 0;
        for (int row = 0; row < clean.height(); row++) {
            clean.read(row, 0, clean.width(), expected, 0);
            noisy.read(row, 0, clean.width(), actual, 0);
            before.add(expected, actual, 0);
            clip(actual, actual.length);
            clippedSum += ImageMetrics.mse(expected, actual, 0, actual.length);
            denoised.read(row, 0, clean.width(), actual, 0);
            clip(actual, actual.length);
            after.add(expected, actual, 0);
        }
        return new Result(scores(before), scores(after), clippedSum / clean.height());
    }

    private static Scores scores(ImageComparison comparison) {
        double mse = comparison.mse();
        return new Scores(mse, ImageMetrics.psnr(mse), comparison.ssim());
    }

    /** To [0, 1]: a linear output may lie outside. What is no number stays so. */
    private static void clip(float[] values, int count) {
        for (int i = 0; i < count; i++) {
            values[i] = Math.max(0, Math.min(1, values[i]));
        }
    }

    /** A clean image, whose values are there from {@code at} on. */
    private record Image(float[] values, int at, int height, int width, int channels) {

        double clippedMse(float[] actual) {
            double sum = 0;
            int size = height * width * channels;
            for (int i = at; i < at + size; i++) {
                double difference = Math.max(0, Math.min(1, actual[i])) - values[i];
                sum += difference * difference;
            }
            return sum / size;
        }

        /** @param actual what is compared with it, at the same place */
        Scores scores(float[] actual) {
            double mse = ImageMetrics.mse(values, actual, at, height * width * channels);
            return new Scores(
                    mse, ImageMetrics.psnr(mse), ImageMetrics.ssim(values, actual, at, height, width, channels));
        }
    }

    /** The averages of the results of several images, summed up in their order, which gives the same every time. */
    public static Result average(List<Result> results) {
        return new Result(
                averageScores(results.stream().map(Result::noisy).toList()),
                averageScores(results.stream().map(Result::denoised).toList()),
                average(results.stream().mapToDouble(Result::noisyClippedMse).toArray()));
    }

    private static Scores averageScores(List<Scores> scores) {
        return new Scores(
                average(scores.stream().mapToDouble(Scores::mse).toArray()),
                average(scores.stream().mapToDouble(Scores::psnr).toArray()),
                average(scores.stream().mapToDouble(Scores::ssim).toArray()));
    }

    private static double average(double[] values) {
        return Arrays.stream(values).reduce(0, Double::sum) / values.length;
    }
}
