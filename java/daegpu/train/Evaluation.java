package daegpu.train;

import daegpu.data.ImageSet;
import daegpu.data.Pixels;
import daegpu.data.ValidationSet;
import daegpu.denoise.PictureNoise;
import daegpu.denoise.WholePictureDenoiser;
import daegpu.engine.InferenceEngine;
import daegpu.metrics.ImageComparison;
import daegpu.metrics.ImageMetrics;
import daegpu.noise.BlindSpots;
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
     * @param mse mean squared error; where images are judged by their blind spots, that at these
     * @param psnr peak signal-to-noise ratio in dB; no number where there are no targets
     * @param ssim structural similarity; likewise
     */
    public record Scores(double mse, double psnr, double ssim) {

        /** Whether there were targets to compare with: psnr and ssim are numbers. */
        public boolean hasTargets() {
            return !Double.isNaN(psnr);
        }
    }

    /**
     * The images before and after.
     *
     * @param noisy scores of the corrupted images
     * @param denoised scores of the images that the network denoised
     * @param noisyClippedMse mean squared error of the corrupted images clipped to [0, 1], as those denoised are; lower
     *     than that of {@code noisy} where the noise is not clipped
     */
    public record Result(Scores noisy, Scores denoised, double noisyClippedMse) {

        /** The same with another mean squared error of what was denoised. */
        private Result withError(double mse) {
            return new Result(noisy, new Scores(mse, denoised.psnr, denoised.ssim), noisyClippedMse);
        }
    }

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
    public static Baseline baseline(InferenceEngine engine, ValidationSet images, Noise noise, long seed) {
        if (images.blindSpots().isPresent()) { // neither has an error at blind spots
            return new Baseline(Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
        }
        int size = images.imageSize();
        int count = Math.min(CHUNK, images.count());
        float[] clean = new float[count * size];
        float[] noisy = new float[count * size];
        inputs(engine, images, noise, seed, 0, count, clean, noisy);
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
    public static Result of(InferenceEngine engine, ValidationSet images, Noise noise, long seed) {
        return of(engine, images, noise, seed, () -> false).orElseThrow();
    }

    /**
     * The same, unless it is to stop.
     *
     * @param stop is asked now and then; what was computed is given up when it says so
     */
    static Optional<Result> of(
            InferenceEngine engine, ValidationSet images, Noise noise, long seed, BooleanSupplier stop) {
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
            if (images.isJudgedBySpotsAlone()) {
                Arrays.fill(results, first, first + count, UNKNOWN);
            } else {
                inputs(engine, images, noise, seed, first, count, clean, noisy);
                engine.denoise(noisy, count, denoised);
                clip(denoised, count * size);
                IntStream.range(0, count).parallel().forEach(i -> {
                    Image image = new Image(clean, i * size, images.height(), images.width(), images.channels());
                    results[first + i] =
                            new Result(image.scores(noisy), image.scores(denoised), image.clippedMse(noisy));
                });
            }
            if (images.blindSpots().isPresent()) {
                double[] errors = errorsAtSpots(engine, images, seed, first, count);
                for (int i = 0; i < count; i++) {
                    results[first + i] = results[first + i].withError(errors[i]);
                }
            }
        }
        return Optional.of(average(Arrays.asList(results)));
    }

    private static final Scores NO_SCORES = new Scores(Double.NaN, Double.NaN, Double.NaN);
    private static final Result UNKNOWN = new Result(NO_SCORES, NO_SCORES, Double.NaN);

    /**
     * Makes what goes into the network: the noisy images or, where there are none, the targets, with noise.
     *
     * @param first the first image to take
     * @param count number of images
     * @param target receives what should come out
     * @param noisy receives what goes in
     */
    static void inputs(
            InferenceEngine engine,
            ValidationSet images,
            Noise noise,
            long seed,
            int first,
            int count,
            float[] target,
            float[] noisy) {
        engine.corrupt(
                images.noisy().orElse(images.target()), noise, seed, Philox.VALIDATION, 0, first, count, target, noisy);
        if (images.noisy().isPresent()) {
            for (int i = 0; i < count; i++) {
                images.target().scale(first + i, target, i * images.imageSize());
            }
        }
    }

    /** Of each image, the mean squared error at its blind spots, from what is there in the noisy image. */
    private static double[] errorsAtSpots(
            InferenceEngine engine, ValidationSet images, long seed, int first, int count) {
        ImageSet noisy = images.noisy().orElse(images.target());
        BlindSpots spots = images.blindSpots().orElseThrow();
        int size = images.imageSize();
        float[] values = new float[count * size];
        float[] replaced = new float[count * size];
        float[] mask = new float[count * size];
        IntStream.range(0, count).parallel().forEach(i -> {
            noisy.scale(first + i, values, i * size);
            spots.apply(
                    seed,
                    Philox.VALIDATION + first + i,
                    0,
                    images.height(),
                    images.width(),
                    images.channels(),
                    values,
                    replaced,
                    mask,
                    i * size);
        });
        float[] denoised = new float[count * size];
        engine.denoise(replaced, count, denoised);
        double[] errors = new double[count];
        for (int i = 0; i < count; i++) {
            double sum = 0;
            for (int j = i * size; j < (i + 1) * size; j++) {
                double difference = denoised[j] - values[j];
                sum += mask[j] * difference * difference;
            }
            errors[i] = sum / (spots.count(images.height(), images.width()) * images.channels());
        }
        return errors;
    }

    /**
     * Compares one noisy picture with what it should be, and what comes out with that, row by row, like
     * {@link #of(WholePictureDenoiser, Pixels, Noise, long)}.
     *
     * @param noisy what goes in, with the channels of the network
     * @param target what should come out, of the same size
     */
    public static Result of(WholePictureDenoiser denoiser, Pixels noisy, Pixels target) {
        return compare(denoiser, noisy, target);
    }

    /**
     * Corrupts one picture of any size and denoises it, row by row, so that it is never there as floats. What comes out
     * is clipped to [0, 1] before it is compared, as the literature on photographs does; what goes in is compared as it
     * is. The noise is a function of the seed and of the picture.
     *
     * @param clean with the channels of the network
     */
    public static Result of(WholePictureDenoiser denoiser, Pixels clean, Noise noise, long seed) {
        return compare(denoiser, PictureNoise.add(noise, seed, clean), clean);
    }

    private static Result compare(WholePictureDenoiser denoiser, Pixels noisy, Pixels clean) {
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
