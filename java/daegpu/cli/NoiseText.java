package daegpu.cli;

import daegpu.noise.Noise;

/** Noise in words. */
final class NoiseText {

    private NoiseText() {}

    /** Noise of one level in a few words: {@code Gaussian noise of standard deviation 0.5, not clipped}. */
    static String title(Noise noise) {
        String kind = noise.kind().toString();
        return Character.toUpperCase(kind.charAt(0)) + kind.substring(1) + " noise "
                + switch (noise.kind().measure()) {
                    case STD ->
                        "of standard deviation " + noise.lowest()
                                + (noise.kind().hasGain() ? " and gain " + noise.lowestGain() : "");
                    case AMOUNT -> "in a share of " + noise.lowest();
                    case PEAK -> "at " + noise.lowest() + " photons for white";
                }
                + clipping(noise);
    }

    /** Kind and level or range of levels: {@code gaussian 0.25..1.0}. */
    static String kindAndLevels(Noise noise) {
        if (noise.isNone()) {
            return "none";
        }
        String gain = noise.kind().hasGain() ? ", gain " + noise.gains() : "";
        return noise.kind() + " " + noise.levels() + gain + clipping(noise);
    }

    /** {@code , not clipped} if it is not; of noise that is, as by default, nothing is said. */
    static String clipping(Noise noise) {
        return noise.clipped() ? "" : ", not clipped";
    }

    /** The noise in a line, and how often it is drawn. */
    static String describe(Noise noise) {
        if (noise.isNone()) {
            return "none is added: what goes in is noisy already";
        }
        return formula(noise) + ", " + (noise.once() ? "drawn once" : "drawn afresh in each epoch");
    }

    /** What a network is given, as a formula where it has one. */
    static String formula(Noise noise) {
        String level = range(noise.lowest(), noise.highest());
        return switch (noise.kind()) {
            case GAUSSIAN -> clipped(noise, "image + N(" + noise.mean() + ", " + level + ")");
            case UNIFORM -> clipped(noise, "image + U(mean " + noise.mean() + ", std " + level + ")");
            case SALT_PEPPER -> level + " of the values set to 0 or 1";
            case MASKING -> level + " of the values set to 0";
            case SPECKLE -> clipped(noise, "image + image * N(" + noise.mean() + ", " + level + ")");
            case POISSON -> clipped(noise, "Poisson(image * peak) / peak") + ", peak " + level;
            case POISSON_GAUSSIAN -> {
                String gain = range(noise.lowestGain(), noise.highestGain());
                String std = noise.lowest() == noise.highest() ? level : "(" + level + ")";
                yield clipped(noise, "image + N(0, sqrt(" + gain + " * image + " + std + "^2))");
            }
        };
    }

    private static String range(float least, float greatest) {
        return least == greatest ? level(least) : level(least) + ".." + level(greatest);
    }

    /** As users write it: {@code 25/255} for what is no short decimal number but a whole number of 255ths. */
    private static String level(float level) {
        String decimal = String.valueOf(level);
        int steps = Math.round(level * 255);
        return decimal.length() > 6 && Float.compare(steps / 255f, level) == 0 ? steps + "/255" : decimal;
    }

    private static String clipped(Noise noise, String formula) {
        return noise.clipped() ? "clip(" + formula + ", 0, 1)" : formula + clipping(noise);
    }
}
