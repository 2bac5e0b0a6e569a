package daegpu.cli;

import daegpu.cli.NoiseLevels.Range;
import daegpu.data.InvalidInputException;
import daegpu.data.ReadingListener;
import daegpu.noise.Noise;
import daegpu.noise.Noise.Kind;
import daegpu.noise.Noise.Measure;
import daegpu.train.DefaultNoise;
import daegpu.train.TrainingOptions;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** The options that say what corrupts images. Each command names its defaults in the heading. */
class NoiseOptions {

    /** Their names. */
    static final List<String> NAMES = List.of(
            "--noise", "--noise-mean", "--noise-std", "--noise-amount", "--noise-peak", "--noise-gain", "--clip");

    /** Pictures whose noise is estimated, at most. */
    private static final int MOST_ESTIMATED = 100;

    /** A mean or standard deviation above this was meant in another unit: a few times the range from black to white. */
    private static final float LARGEST = 4;

    @Option(
            names = "--noise",
            paramLabel = "KIND",
            converter = NoiseChoice.Converter.class,
            completionCandidates = NoiseChoice.Candidates.class,
            description =
                    "What corrupts the images: ${COMPLETION-CANDIDATES}. Colours are corrupted each by itself. The "
                            + "last is noise as it is estimated from a noisy picture, or from those in a folder, up to "
                            + MOST_ESTIMATED + " of them.")
    private NoiseChoice choice;

    @Option(
            names = "--noise-mean",
            paramLabel = "X",
            converter = Fraction.Converter.class,
            description = "Mean of gaussian, uniform or speckle noise, on pixels from 0 to 1.")
    private Float mean;

    @Option(
            names = "--noise-std",
            paramLabel = "LEVEL",
            converter = NoiseLevels.LevelsConverter.class,
            description = "Its standard deviation, as 0.1 or 25/255; or a range, as 0.25..1.0 or 0..55/255, from which "
                    + "each image draws its own.")
    private NoiseLevels std;

    @Option(
            names = "--noise-amount",
            paramLabel = "LEVEL",
            converter = NoiseLevels.LevelsConverter.class,
            description = "Share of the pixels that salt-pepper or masking noise replaces, or a range.")
    private NoiseLevels amount;

    @Option(
            names = "--noise-peak",
            paramLabel = "LEVEL",
            converter = NoiseLevels.LevelsConverter.class,
            description =
                    "Photons that white stands for in poisson noise, or a range, of which each image draws one of 17 "
                            + "levels.")
    private NoiseLevels peak;

    @Option(
            names = "--noise-gain",
            paramLabel = "LEVEL",
            converter = NoiseLevels.LevelsConverter.class,
            description =
                    "Variance that poisson-gaussian noise adds to white, beside the square of --noise-std, and to "
                            + "grey in proportion; or a range.")
    private NoiseLevels gain;

    @Option(
            names = "--clip",
            negatable = true,
            description = "Whether noisy values are clipped to 0 to 1. --no-clip leaves them as they are, as in the "
                    + "literature's tables of denoised photographs.")
    private Boolean clip;

    /** What was found in the pictures that were named in place of a kind; null until it is needed. */
    private SeenNoise seen;

    /**
     * The noise that was given, of one level or range. What was not given is the default.
     *
     * @throws IllegalArgumentException if options do not go together, or a value is out of range
     */
    Noise noise(DefaultNoise defaults) {
        return noise(defaults.of(Kind.GAUSSIAN), defaults);
    }

    /**
     * The noise that was given, of one level or range. What was not given is as a model was trained or, if that was
     * with noise of another kind, the default of the kind.
     *
     * @throws IllegalArgumentException if options do not go together, or a value is out of range
     */
    Noise noise(TrainingOptions model) {
        return noise(model.noise().drawnOnce(false), DefaultNoise.of(model));
    }

    private Noise noise(Noise otherwise, DefaultNoise defaults) {
        Noise chosen = ofKind(otherwise, defaults);
        List<Range> ranges = ranges(chosen.kind());
        List<Range> gains = gains(chosen.kind());
        requireOne(ranges, chosen.kind().measure().toString());
        requireOne(gains, "gain");
        Noise noise = ranges.isEmpty() ? chosen : at(chosen, ranges.get(0));
        return gains.isEmpty() ? noise : withGain(noise, gains.get(0));
    }

    private static void requireOne(List<Range> ranges, String name) {
        if (ranges.size() > 1) {
            throw new IllegalArgumentException(
                    "--noise-" + name + " takes one level or range here, not " + ranges.size());
        }
    }

    /**
     * The noises of the levels that were given or, where none was, of what a model was trained with: its level, half
     * and double of it; of a range its ends, its middle, half of the least and double of the greatest. Levels that are
     * zero, or that this noise cannot have, are left out. The rest likewise. Levels and gains go in pairs, if several
     * of both were given.
     *
     * @throws IllegalArgumentException likewise
     */
    List<Noise> noises(TrainingOptions model) {
        Noise chosen = ofKind(model.noise().drawnOnce(false), DefaultNoise.of(model));
        List<Range> ranges = ranges(chosen.kind());
        List<Range> gains = gains(chosen.kind());
        requireSingle(ranges, chosen.kind().measure().toString());
        requireSingle(gains, "gain");
        if (ranges.isEmpty() && gains.isEmpty()) {
            return aroundItsLevels(chosen);
        }
        if (ranges.size() > 1 && gains.size() > 1 && ranges.size() != gains.size()) {
            throw new IllegalArgumentException(
                    "--noise-std and --noise-gain go in pairs, so they take as many levels, not " + ranges.size()
                            + " and " + gains.size());
        }
        return IntStream.range(0, Math.max(ranges.size(), gains.size()))
                .mapToObj(i -> {
                    Noise noise = ranges.isEmpty() ? chosen : at(chosen, ranges.get(Math.min(i, ranges.size() - 1)));
                    return gains.isEmpty() ? noise : withGain(noise, gains.get(Math.min(i, gains.size() - 1)));
                })
                .toList();
    }

    private static void requireSingle(List<Range> ranges, String name) {
        if (!ranges.stream().allMatch(Range::isSingle)) {
            throw new IllegalArgumentException("--noise-" + name + " takes levels here, with commas, and no range");
        }
    }

    private static List<Noise> aroundItsLevels(Noise noise) {
        return Stream.of(
                        times(noise.at(0), 0.5f),
                        Optional.of(noise.at(0)),
                        Optional.of(noise.at(0.5f)),
                        Optional.of(noise.at(1)),
                        times(noise.at(1), 2))
                .flatMap(Optional::stream)
                .filter(each -> each.lowest() > 0 || each.lowestGain() > 0)
                .distinct()
                .toList();
    }

    /** Noise of another level; of another deviation at each value, if it has a gain. Empty if it cannot have it. */
    private static Optional<Noise> times(Noise noise, float factor) {
        float level = factor * noise.lowest();
        float gain = factor * factor * noise.lowestGain();
        return level > 0 && noise.kind().measure().allows(level) || gain > 0
                ? Optional.of(noise.withLevel(level).withGains(gain, gain))
                : Optional.empty();
    }

    /** Whether one of them was given. */
    boolean areGiven() {
        return choice != null
                || mean != null
                || std != null
                || amount != null
                || peak != null
                || gain != null
                || clip != null;
    }

    /** With the kind, mean and clipping that were given, at the level of {@code otherwise} or the kind's default. */
    private Noise ofKind(Noise otherwise, DefaultNoise defaults) {
        if (choice != null && choice.pictures() != null) {
            requireNoLevels();
            return clip == null ? estimated() : estimated().clipped(clip);
        }
        Kind chosen = choice != null ? choice.kind() : otherwise.kind();
        Noise noise = chosen == otherwise.kind() ? otherwise : defaults.of(chosen);
        if (mean != null) {
            if (!chosen.hasMean()) {
                throw new IllegalArgumentException(
                        "--noise-mean goes with " + kinds(Kind::hasMean) + " noise, and this is " + chosen);
            }
            requireUnit("--noise-mean", Math.abs(mean));
            noise = noise.withMean(mean);
        }
        if (clip != null) {
            if (!clip && !chosen.leavesRange()) {
                throw new IllegalArgumentException("--no-clip goes with " + kinds(Kind::leavesRange)
                        + " noise, and this is " + chosen + ", which stays from 0 to 1");
            }
            noise = noise.clipped(clip);
        }
        return noise;
    }

    /**
     * Reads the pictures, if some were named in place of a kind of noise.
     *
     * @throws InvalidInputException if their noise cannot be estimated
     */
    Optional<SeenNoise> seen(ReadingListener listener) {
        if (seen == null && choice != null && choice.pictures() != null) {
            seen = SeenNoise.of(List.of(choice.pictures()), MOST_ESTIMATED, listener);
        }
        return Optional.ofNullable(seen);
    }

    /** The pictures whose noise is estimated, as they were given. */
    Path pictures() {
        return choice.pictures();
    }

    private Noise estimated() {
        Noise noise = seen(ReadingListener.SILENT).orElseThrow().range();
        if (noise.highest() == 0 && noise.highestGain() == 0) {
            throw new InvalidInputException("no noise is seen in " + choice.pictures() + ", which --noise names");
        }
        return noise;
    }

    private void requireNoLevels() {
        if (mean != null || std != null || amount != null || peak != null || gain != null) {
            throw new IllegalArgumentException(
                    "--noise " + choice + " takes mean and levels from the pictures, so none " + "can be given");
        }
    }

    private static void requireUnit(String option, float value) {
        if (value > LARGEST) {
            String number = value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf(value);
            throw new IllegalArgumentException(option + " is for pixels from 0, black, to 1, white, and " + number
                    + " would be that many times white; if pixels from 0 to 255 are meant, write " + number + "/255");
        }
    }

    private static Noise at(Noise noise, Range levels) {
        if (noise.kind().measure() == Measure.STD) {
            requireUnit("--noise-std", levels.highest());
        }
        try {
            return noise.withLevels(levels.lowest(), levels.highest());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("--noise-" + noise.kind().measure() + ": " + e.getMessage(), e);
        }
    }

    private static Noise withGain(Noise noise, Range gains) {
        requireUnit("--noise-gain", gains.highest());
        try {
            return noise.withGains(gains.lowest(), gains.highest());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("--noise-gain: " + e.getMessage(), e);
        }
    }

    private List<Range> gains(Kind chosen) {
        if (gain == null) {
            return List.of();
        }
        if (!chosen.hasGain()) {
            throw new IllegalArgumentException(
                    "--noise-gain goes with " + kinds(Kind::hasGain) + " noise, and this is " + chosen);
        }
        return gain.ranges();
    }

    private List<Range> ranges(Kind chosen) {
        for (Measure measure : Measure.values()) {
            if (measure != chosen.measure() && levels(measure) != null) {
                throw new IllegalArgumentException("--noise-" + measure + " goes with "
                        + kinds(other -> other.measure() == measure) + " noise, and this is " + chosen
                        + ", which takes --noise-" + chosen.measure());
            }
        }
        NoiseLevels said = levels(chosen.measure());
        return said == null ? List.of() : said.ranges();
    }

    private NoiseLevels levels(Measure measure) {
        return switch (measure) {
            case STD -> std;
            case AMOUNT -> amount;
            case PEAK -> peak;
        };
    }

    private static String kinds(Predicate<Kind> predicate) {
        List<String> names = Arrays.stream(Kind.values())
                .filter(predicate)
                .map(Kind::toString)
                .toList();
        return names.size() == 1
                ? names.get(0)
                : names.stream().limit(names.size() - 1L).collect(Collectors.joining(", ")) + " and "
                        + names.get(names.size() - 1);
    }
}
