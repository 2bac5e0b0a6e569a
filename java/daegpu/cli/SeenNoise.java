package daegpu.cli;

import daegpu.data.InvalidInputException;
import daegpu.data.PictureFolder;
import daegpu.data.PictureReader;
import daegpu.data.Pixels;
import daegpu.data.ReadingListener;
import daegpu.data.VisiblePixels;
import daegpu.metrics.NoiseEstimate;
import daegpu.noise.Noise;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The noise that pictures seem to have.
 *
 * @param pictures those whose noise was estimated
 * @param unusable what is wrong with each of the others
 */
record SeenNoise(List<Picture> pictures, List<InvalidInputException> unusable) {

    /** Files that are named one by one. */
    private static final int MOST_NAMED = 5;

    /** A picture and the noise that it seems to have. */
    record Picture(Path file, int height, int width, int channels, NoiseEstimate noise) {}

    /**
     * Estimates the noise of pictures, and of those in folders.
     *
     * @param most the number of files that are read at most; of more, some from all parts of the list
     * @throws InvalidInputException if there is none whose noise can be estimated
     */
    static SeenNoise of(List<Path> inputs, int most, ReadingListener listener) {
        List<Path> files = new ArrayList<>();
        List<InvalidInputException> unusable = new ArrayList<>();
        for (Path input : inputs) {
            if (Files.isDirectory(input)) {
                PictureFolder.Found found = PictureFolder.filesIn(input);
                files.addAll(found.files());
                unusable.addAll(found.unusable());
                if (found.files().isEmpty() && found.unusable().isEmpty()) {
                    throw PictureFolder.noneIn(input);
                }
            } else {
                files.add(input);
            }
        }
        List<Picture> pictures = new ArrayList<>();
        int count = Math.min(most, files.size());
        for (int i = 0; i < count; i++) {
            try {
                pictures.add(of(files.get((int) ((long) i * files.size() / count))));
            } catch (InvalidInputException e) {
                unusable.add(e);
            }
            listener.progressed("estimating noise", i + 1, count);
        }
        if (pictures.isEmpty()) {
            throw unusable.get(0);
        }
        return new SeenNoise(pictures, unusable);
    }

    private static Picture of(Path file) {
        if (InputFiles.formatOf(file) == null) {
            throw new InvalidInputException(file + " is no picture, whose noise could be estimated");
        }
        try (PictureReader reader = PictureReader.open(file)) {
            return of(file, VisiblePixels.of(reader.read(0)));
        }
    }

    private static Picture of(Path file, Pixels picture) {
        NoiseEstimate noise = NoiseEstimate.of(picture)
                .orElseThrow(() -> new InvalidInputException(String.format(
                        Locale.ROOT,
                        "%s, of %dx%d pixels, %s to tell its noise",
                        file,
                        picture.height(),
                        picture.width(),
                        NoiseEstimate.isLargeEnough(picture)
                                ? "has too few values between black and white"
                                : "is too small")));
        return new Picture(file, picture.height(), picture.width(), picture.channels(), noise);
    }

    /** Noise to train with for such pictures. */
    Noise range() {
        return NoiseEstimate.range(pictures.stream().map(Picture::noise).toList());
    }

    /** What noise a picture has in a few words: {@code std 0.0392 (10.0/255)}. */
    static String describe(NoiseEstimate noise) {
        return String.format(Locale.ROOT, "std %s (%s)%s", number(noise.std()), of255(noise.std()), remark(noise));
    }

    /** What there is to say of noise but its deviation; begins with a comma, if it is not empty. */
    static String remark(NoiseEstimate noise) {
        return (noise.isSignalDependent()
                        ? ", signal-dependent: gain " + number(noise.gain()) + ", std " + number(noise.blackStd())
                        : "")
                + (noise.isReliable() ? "" : ", uncertain");
    }

    /** A level as options have it. */
    static String number(double level) {
        return plain(NoiseEstimate.rounded(level));
    }

    /** Without an exponent. */
    private static String plain(float level) {
        return new BigDecimal(String.valueOf(level)).toPlainString();
    }

    private static String range(float least, float greatest) {
        return least == greatest ? plain(least) : plain(least) + ".." + plain(greatest);
    }

    /** A level as many write it. */
    static String of255(double level) {
        return String.format(Locale.ROOT, "%.1f/255", 255 * level);
    }

    /** The options by which {@code train} makes such noise. */
    static String options(Noise noise) {
        return "--noise " + noise.kind()
                + (noise.kind().hasGain() ? " --noise-gain " + range(noise.lowestGain(), noise.highestGain()) : "")
                + " --noise-std " + range(noise.lowest(), noise.highest());
    }

    /** A line for each picture, or one for all if they are many. */
    List<String> lines() {
        if (pictures.size() <= MOST_NAMED) {
            return pictures.stream()
                    .map(picture -> "Noise seen in " + picture.file() + ": " + describe(picture.noise()))
                    .toList();
        }
        double[] levels = pictures.stream()
                .mapToDouble(picture -> picture.noise().std())
                .sorted()
                .toArray();
        double least = levels[0];
        double greatest = levels[levels.length - 1];
        double median = levels[levels.length / 2];
        return List.of(String.format(
                Locale.ROOT,
                "Noise seen in %,d files: std %s..%s (%.1f..%s), median %s (%s)",
                levels.length,
                number(least),
                number(greatest),
                255 * least,
                of255(greatest),
                number(median),
                of255(median)));
    }

    /** If there is a single picture, this. */
    Optional<Picture> single() {
        return pictures.size() == 1 ? Optional.of(pictures.get(0)) : Optional.empty();
    }
}
