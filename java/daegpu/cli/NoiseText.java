package daegpu.cli;

import daegpu.noise.Noise;

/** Noise in words. */
final class NoiseText {

    private NoiseText() {}

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
        String level = noise.levels();
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
