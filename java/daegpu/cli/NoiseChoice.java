package daegpu.cli;

import daegpu.noise.Noise;
import daegpu.noise.Noise.Kind;
import daegpu.noise.Noise.Measure;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What the options of a command say about noise.
 *
 * @param <L> what they say about its level
 * @param kind {@code --noise}
 * @param mean {@code --noise-mean}, or null
 * @param std {@code --noise-std}, or null
 * @param amount {@code --noise-amount}, or null
 * @param peak {@code --noise-peak}, or null
 */
record NoiseChoice<L>(Kind kind, Float mean, L std, L amount, L peak) {

    /** @throws IllegalArgumentException if an option is there that the kind has no use for */
    NoiseChoice {
        if (mean != null && !kind.hasMean()) {
            throw new IllegalArgumentException(
                    "--noise-mean goes with " + kinds(Kind::hasMean) + " noise, and this is " + kind);
        }
        for (Measure measure : Measure.values()) {
            if (measure != kind.measure() && pick(measure, std, amount, peak) != null) {
                throw new IllegalArgumentException("--noise-" + measure + " goes with "
                        + kinds(other -> other.measure() == measure) + " noise, and this is " + kind
                        + ", which takes --noise-" + kind.measure());
            }
        }
    }

    private static <L> L pick(Measure measure, L std, L amount, L peak) {
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

    /** What the option for this kind's level says, or {@code otherwise}. */
    L level(L otherwise) {
        L said = pick(kind.measure(), std, amount, peak);
        return said != null ? said : otherwise;
    }

    /** The mean that is said, or else that of {@code other} if it is of the same kind, or else the usual one. */
    float mean(Noise other) {
        return mean != null ? mean : other.kind() == kind ? other.mean() : kind.usualMean();
    }

    /** Noise of one level in a few words: {@code Gaussian noise of standard deviation 0.5}. */
    static String title(Noise noise) {
        String kind = noise.kind().toString();
        return Character.toUpperCase(kind.charAt(0)) + kind.substring(1) + " noise "
                + switch (noise.kind().measure()) {
                    case STD -> "of standard deviation " + noise.lowest();
                    case AMOUNT -> "in a share of " + noise.lowest();
                    case PEAK -> "at " + noise.lowest() + " photons for white";
                };
    }

    /** The noise in a line, as a formula where it has one. */
    static String describe(Noise noise) {
        String level = new NoiseLevel(noise.lowest(), noise.highest()).toString();
        String what =
                switch (noise.kind()) {
                    case GAUSSIAN -> "clip(image + N(" + noise.mean() + ", " + level + "), 0, 1)";
                    case UNIFORM -> "clip(image + U(mean " + noise.mean() + ", std " + level + "), 0, 1)";
                    case SALT_PEPPER -> level + " of the values set to 0 or 1";
                    case MASKING -> level + " of the values set to 0";
                    case SPECKLE -> "clip(image + image * N(" + noise.mean() + ", " + level + "), 0, 1)";
                    case POISSON -> "clip(Poisson(image * peak) / peak, 0, 1), peak " + level;
                };
        return what + ", " + (noise.once() ? "drawn once" : "drawn afresh in each epoch");
    }
}
