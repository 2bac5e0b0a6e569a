package daegpu.noise;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * What is done to an image, whose values are in [0, 1]. The noise of a value is a pure function of (seed of the run,
 * image, epoch, place in the image), the same on every engine, for any batch size, order or resume point. Colour images
 * draw for each channel by itself.
 *
 * @param kind what is done to a value
 * @param mean mean of the noise, on values in [0, 1]; 0 for kinds that have none
 * @param lowest least level, in the kind's own {@link Measure}
 * @param highest greatest; where it differs from the least, each image draws its own level, uniform between the two
 * @param lowestGain least gain, which says how much variance a value of 1 adds; 0 for kinds that have none
 * @param highestGain greatest; where it differs from the least, each image draws its own gain, uniform between the two
 * @param once whether every epoch sees the noise of epoch 0
 * @param clipped whether what lies outside [0, 1] is set to 0 or 1, as by a camera or in a picture of bytes; the
 *     literature's tables of denoised photographs are of noise that is not. Each {@link Kind} says what it means for it
 */
public record Noise(
        Kind kind,
        float mean,
        float lowest,
        float highest,
        float lowestGain,
        float highestGain,
        boolean once,
        boolean clipped) {

    /** What the level of a noise is measured in. */
    public enum Measure {
        /**
         * Standard deviation of what is added, on values in [0, 1]; where there is a gain, of what is added to black.
         */
        STD("std", "standard deviation", "0 or more"),
        /** Share of the values that are replaced. */
        AMOUNT("amount", "amount", "from 0 to 1"),
        /** Photons that white stands for: the fewer, the more noise. */
        PEAK("peak", "peak", "above 0 and at most " + (int) HIGHEST_PEAK);

        private final String text;
        private final String name;
        private final String range;

        Measure(String text, String name, String range) {
            this.text = text;
            this.name = name;
            this.range = range;
        }

        /** Whether noise can have this level. */
        public boolean allows(float level) {
            return switch (this) {
                case STD -> level >= 0 && Float.isFinite(level);
                case AMOUNT -> level >= 0 && level <= 1;
                case PEAK -> level > 0 && level <= HIGHEST_PEAK;
            };
        }

        /** As it is called in options: {@code std}, {@code amount} or {@code peak}. */
        @Override
        public String toString() {
            return text;
        }
    }

    /** What is done to a value {@code x}; the result is clipped to [0, 1] unless the noise is not {@link #clipped}. */
    public enum Kind {
        /** {@code x + N(mean, std)}. Not clipped, it has this mean and deviation at every x. */
        GAUSSIAN("gaussian", Measure.STD, 0.5f, 0.5f),
        /**
         * {@code x + U}, evenly distributed with this mean and standard deviation: mean ± √3·std. Not clipped, it has
         * them at every x.
         */
        UNIFORM("uniform", Measure.STD, 0.5f, 0.5f),
        /** 0 or 1, each for half of the amount. It stays in [0, 1], and is always called clipped. */
        SALT_PEPPER("salt-pepper", Measure.AMOUNT, 0, 0.5f),
        /**
         * 0 for the amount (Vincent et al., "Extracting and composing robust features with denoising autoencoders",
         * 2008). It stays in [0, 1], and is always called clipped.
         */
        MASKING("masking", Measure.AMOUNT, 0, 0.5f),
        /**
         * {@code x + x·N(mean, std)}. Not clipped, it makes white brighter or darker alike, and a large deviation makes
         * values below 0.
         */
        SPECKLE("speckle", Measure.STD, 0, 0.5f),
        /**
         * {@code Poisson(x·peak) / peak}: few photons, of the nearest x that a byte can have. It is never below 0. Not
         * clipped, it is above 1 where there are more photons than the peak, so that its mean is x, that of white, too.
         */
        POISSON("poisson", Measure.PEAK, 0, 4),
        /**
         * {@code x + √max(0, gain·x + std²)·N(0, 1)}: photons, as far as they can be taken for normal, and the noise of
         * the camera itself (Foi, Trimeche, Katkovnik and Egiazarian, "Practical Poissonian-Gaussian noise modeling and
         * fitting for single-image raw-data", 2008). The gain is one over the photons that white stands for.
         */
        POISSON_GAUSSIAN("poisson-gaussian", Measure.STD, 0, 0.1f);

        /** Of noise that has one: that of the default peak of Poisson noise. */
        private static final float DEFAULT_GAIN = 0.25f;

        private final String text;
        private final Measure measure;
        private final float defaultMean;
        private final float defaultLevel;

        Kind(String text, Measure measure, float defaultMean, float defaultLevel) {
            this.text = text;
            this.measure = measure;
            this.defaultMean = defaultMean;
            this.defaultLevel = defaultLevel;
        }

        /** What its level is measured in. */
        public Measure measure() {
            return measure;
        }

        /** Whether its mean can be chosen. */
        public boolean hasMean() {
            return measure == Measure.STD && !hasGain();
        }

        /** Whether it has a gain beside its level. */
        public boolean hasGain() {
            return this == POISSON_GAUSSIAN;
        }

        /** Whether it draws a normal for each value. */
        public boolean isOfNormals() {
            return this == GAUSSIAN || this == SPECKLE || this == POISSON_GAUSSIAN;
        }

        /** Whether it makes values outside [0, 1], so that it can be not clipped. */
        public boolean leavesRange() {
            return measure != Measure.AMOUNT;
        }

        /** The default of the mean. */
        public float defaultMean() {
            return defaultMean;
        }

        /** The default of the level. */
        public float defaultLevel() {
            return defaultLevel;
        }

        /** The default of the gain; 0 if it has none. */
        public float defaultGain() {
            return hasGain() ? DEFAULT_GAIN : 0;
        }

        /** Such noise with its defaults, drawn afresh each epoch and clipped. */
        public Noise defaultNoise() {
            return new Noise(this, defaultMean, defaultLevel, defaultLevel, false);
        }

        /**
         * Such noise with the defaults for pictures, drawn afresh each epoch: of mean 0 and not clipped, so that what
         * is denoised is as bright as it was, and of a standard deviation from 0 to {@link #STRONGEST_IN_PICTURES} and
         * a gain, if it has one, from 0 to {@link #HIGHEST_GAIN_IN_PICTURES}.
         */
        public Noise pictureNoise() {
            boolean std = measure == Measure.STD;
            return new Noise(
                    this,
                    0,
                    std ? 0 : defaultLevel,
                    std ? STRONGEST_IN_PICTURES : defaultLevel,
                    0,
                    hasGain() ? HIGHEST_GAIN_IN_PICTURES : 0,
                    false,
                    !leavesRange());
        }

        /**
         * The kind that {@link #toString} writes so.
         *
         * @throws IllegalArgumentException if there is none
         */
        public static Kind of(String text) {
            return Arrays.stream(values())
                    .filter(kind -> kind.text.equals(text))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("there is no noise called " + text
                            + "; choose one of "
                            + Arrays.stream(values()).map(Kind::toString).collect(Collectors.joining(", "))));
        }

        /** As users write it. */
        @Override
        public String toString() {
            return text;
        }
    }

    /** With more photons, white's standard deviation is less than a step of a byte. */
    public static final float HIGHEST_PEAK = 65_536;

    /**
     * The greatest standard deviation that a model for photographs is trained on by default, as blind denoisers are in
     * the literature.
     */
    public static final float STRONGEST_IN_PICTURES = 55 / 255f;

    /** The greatest gain likewise: at white it alone makes noise of nearly that deviation. */
    public static final float HIGHEST_GAIN_IN_PICTURES = 0.05f;

    /** What is done to images that are noisy already: nothing. */
    public static final Noise NONE = new Noise(Kind.GAUSSIAN, 0, 0, 0, false, false);

    private static final float SQRT_3 = 1.7320508f;

    /**
     * @throws IllegalArgumentException if the mean, a level or a gain is not one that the kind allows, a range is
     *     reversed, or noise that stays in [0, 1] is said not to be clipped
     */
    public Noise {
        if (!Float.isFinite(mean)) {
            throw new IllegalArgumentException("the noise mean must be a finite number, not " + mean);
        }
        if (mean != 0 && !kind.hasMean()) {
            throw new IllegalArgumentException(kind + " noise has no mean, so it must be 0, not " + mean);
        }
        Measure measure = kind.measure();
        if (!measure.allows(lowest) || !measure.allows(highest) || !(highest >= lowest)) {
            throw new IllegalArgumentException("the noise " + measure.name + " must be " + measure.range
                    + (Float.compare(lowest, highest) == 0
                            ? ", not " + lowest
                            : " and its range ascend, not " + lowest + ".." + highest));
        }
        if (!kind.hasGain() && (lowestGain != 0 || highestGain != 0)) {
            throw new IllegalArgumentException(
                    kind + " noise has no gain, so it must be 0, not " + lowestGain + ".." + highestGain);
        }
        if (!(lowestGain >= 0) || !(highestGain >= lowestGain) || !Float.isFinite(highestGain)) {
            throw new IllegalArgumentException(
                    "the noise gain must be 0 or more and its range ascend, not " + lowestGain + ".." + highestGain);
        }
        if (kind.hasGain() && !Float.isFinite(highest * highest + highestGain)) {
            throw new IllegalArgumentException(
                    "the variance of " + kind + " noise must be a finite number, not that of " + "standard deviation "
                            + highest + " and gain " + highestGain);
        }
        if (!clipped && !kind.leavesRange()) {
            throw new IllegalArgumentException(kind + " noise stays from 0 to 1, so it cannot be left unclipped");
        }
    }

    /** Noise of the default gain, if the kind has one. */
    public Noise(Kind kind, float mean, float lowest, float highest, boolean once, boolean clipped) {
        this(kind, mean, lowest, highest, kind.defaultGain(), kind.defaultGain(), once, clipped);
    }

    /** Noise of the default gain, if the kind has one, that is clipped. */
    public Noise(Kind kind, float mean, float lowest, float highest, boolean once) {
        this(kind, mean, lowest, highest, once, true);
    }

    /** Gaussian noise that is clipped. */
    public Noise(float mean, float lowestStd, float highestStd, boolean once) {
        this(Kind.GAUSSIAN, mean, lowestStd, highestStd, once);
    }

    /** Gaussian noise of one level, drawn afresh each epoch and clipped. */
    public static Noise gaussian(float mean, float std) {
        return new Noise(mean, std, std, false);
    }

    /** Whether it changes no image. */
    public boolean isNone() {
        return equals(NONE);
    }

    /**
     * Poisson-Gaussian noise of one level, drawn afresh each epoch and clipped.
     *
     * @param std the standard deviation on black
     * @param gain the variance that a value of 1 adds
     */
    public static Noise poissonGaussian(float std, float gain) {
        return new Noise(Kind.POISSON_GAUSSIAN, 0, std, std, gain, gain, false, true);
    }

    /** Its level or range of levels as users write it: {@code 0.5} or {@code 0.25..1.0}. */
    public String levels() {
        return lowest == highest ? String.valueOf(lowest) : lowest + ".." + highest;
    }

    /** Its gain or range of gains likewise. */
    public String gains() {
        return lowestGain == highestGain ? String.valueOf(lowestGain) : lowestGain + ".." + highestGain;
    }

    /** The same noise, drawn once and kept or afresh each epoch. */
    public Noise drawnOnce(boolean newOnce) {
        return new Noise(kind, mean, lowest, highest, lowestGain, highestGain, newOnce, clipped);
    }

    /**
     * The same noise, clipped or not.
     *
     * @throws IllegalArgumentException if it is not to be clipped, but stays in [0, 1] by itself
     */
    public Noise clipped(boolean newClipped) {
        return new Noise(kind, mean, lowest, highest, lowestGain, highestGain, once, newClipped);
    }

    /**
     * The same noise with another mean.
     *
     * @throws IllegalArgumentException if the kind does not allow it
     */
    public Noise withMean(float newMean) {
        return new Noise(kind, newMean, lowest, highest, lowestGain, highestGain, once, clipped);
    }

    /**
     * The same noise at another level.
     *
     * @throws IllegalArgumentException if the kind does not allow it
     */
    public Noise withLevel(float level) {
        return withLevels(level, level);
    }

    /**
     * The same noise at other levels, from which each image draws its own.
     *
     * @throws IllegalArgumentException if the kind does not allow them, or their range is reversed
     */
    public Noise withLevels(float newLowest, float newHighest) {
        return new Noise(kind, mean, newLowest, newHighest, lowestGain, highestGain, once, clipped);
    }

    /**
     * The same noise with other gains, from which each image draws its own.
     *
     * @throws IllegalArgumentException if the kind does not allow them, or their range is reversed
     */
    public Noise withGains(float newLowest, float newHighest) {
        return new Noise(kind, mean, lowest, highest, newLowest, newHighest, once, clipped);
    }

    /**
     * The same noise at one level, and of one gain, of its ranges.
     *
     * @param part 0 for the least of both, 1 for the greatest
     */
    public Noise at(float part) {
        float gain = between(lowestGain, highestGain, part);
        return withLevel(between(lowest, highest, part)).withGains(gain, gain);
    }

    /**
     * The standard deviation of Poisson-Gaussian noise of one level at a clean value, before it is clipped.
     *
     * @throws IllegalStateException if this is another kind, or has a range of levels or gains
     */
    public float deviation(float x) {
        if (kind != Kind.POISSON_GAUSSIAN || lowest != highest || lowestGain != highestGain) {
            throw new IllegalStateException(this + " has no single gain");
        }
        return deviation(x, lowest, lowestGain);
    }

    private static float deviation(float x, float std, float gain) {
        return (float) Math.sqrt(Math.max(0, gain * x + std * std));
    }

    /** The very ends at 0 and 1. */
    private static float between(float least, float greatest, float part) {
        return (1 - part) * least + part * greatest;
    }

    /** The least value that is left as it is: 0, or negative infinity where nothing is clipped. */
    public float least() {
        return clipped ? 0 : Float.NEGATIVE_INFINITY;
    }

    /** The greatest value that is left as it is: 1, or infinity where nothing is clipped. */
    public float greatest() {
        return clipped ? 1 : Float.POSITIVE_INFINITY;
    }

    /** The epoch whose draws {@code epoch} uses, counted from 0: its own, or 0 for noise drawn {@link #once}. */
    public int epochOfDraws(int epoch) {
        return once ? 0 : epoch;
    }

    /**
     * Level of the noise of one image.
     *
     * @param seed key of the generator
     * @param index place of the image in its data set, {@link Philox#VALIDATION} added for validation images
     * @param epoch counted from 0
     */
    public float level(long seed, long index, int epoch) {
        if (lowest == highest) {
            return lowest;
        }
        float uniform = uniformsOfImage(seed, index, epoch)[0];
        return kind == Kind.POISSON
                ? PhotonTable.peak(lowest, highest, PhotonTable.level(uniform))
                : lowest + (highest - lowest) * uniform;
    }

    /** Gain of the noise of one image, by the second of the draws of which the first decides the {@link #level}. */
    public float gain(long seed, long index, int epoch) {
        return lowestGain == highestGain
                ? lowestGain
                : lowestGain + (highestGain - lowestGain) * uniformsOfImage(seed, index, epoch)[1];
    }

    private float[] uniformsOfImage(long seed, long index, int epoch) {
        float[] uniforms = new float[4];
        Philox.uniform4(seed, Philox.subsequence(Philox.PURPOSE_IMAGE, index), 4L * epochOfDraws(epoch), uniforms);
        return uniforms;
    }

    /**
     * The distributions of Poisson noise.
     *
     * @throws IllegalStateException if this is another kind
     */
    public PhotonTable photons() {
        if (kind != Kind.POISSON) {
            throw new IllegalStateException(kind + " noise has no photons");
        }
        return PhotonTable.of(lowest, highest);
    }

    /**
     * Corrupts one image as its {@link Kind} says, to values from {@link #least} to {@link #greatest}. Group {@code q}
     * of four consecutive values (in row, column, channel order) takes the four draws at offset {@code epoch·⌈size⌉₄ +
     * 4q}, where ⌈size⌉₄ is the size rounded up to a multiple of 4.
     *
     * @param seed key of the generator, the seed of the run
     * @param index place of the image in its data set, {@link Philox#VALIDATION} added for validation images
     * @param epoch counted from 0; validation images always take epoch 0
     * @param clean array with the image's values, in [0, 1]
     * @param noisy array that receives the corrupted values; may be {@code clean} itself
     * @param at where in both arrays the image begins
     * @param size values of the image: height × width × channels
     */
    public void corrupt(long seed, long index, int epoch, float[] clean, float[] noisy, int at, int size) {
        corruptPart(seed, index, epoch, clean, noisy, at, size, 0, size);
    }

    /**
     * Corrupts a part of an image as {@link #corrupt} corrupts all of it.
     *
     * @param clean array with the values of the part
     * @param noisy array that receives the corrupted values; may be {@code clean} itself
     * @param at where in both arrays the part begins
     * @param size values of the whole image
     * @param first the part's first value, counted from the image's
     * @param count values of the part
     */
    public void corruptPart(
            long seed, long index, int epoch, float[] clean, float[] noisy, int at, int size, int first, int count) {
        float level = level(seed, index, epoch);
        float gain = gain(seed, index, epoch);
        long subsequence = Philox.subsequence(Philox.PURPOSE_PIXELS, index);
        long start = epochOfDraws(epoch) * ((size + 3L) / 4 * 4);
        int end = first + count;
        int shift = at - first;
        if (kind.isOfNormals()) {
            float[] normal = new float[4];
            for (int quad = first / 4 * 4; quad < end; quad += 4) {
                Philox.normal4(seed, subsequence, start + quad, normal);
                for (int i = Math.max(quad, first); i < Math.min(quad + 4, end); i++) {
                    noisy[shift + i] = clip(withNormal(clean[shift + i], level, gain, normal[i - quad]));
                }
            }
        } else {
            PhotonTable photons = kind == Kind.POISSON ? photons() : null;
            int photonLevel = photons == null || lowest == highest
                    ? 0
                    : PhotonTable.level(uniformsOfImage(seed, index, epoch)[0]);
            int[] draws = new int[4];
            for (int quad = first / 4 * 4; quad < end; quad += 4) {
                Philox.integers4(seed, subsequence, start + quad, draws);
                for (int i = Math.max(quad, first); i < Math.min(quad + 4, end); i++) {
                    float x = clean[shift + i];
                    int draw = draws[i - quad];
                    noisy[shift + i] = clip(
                            photons == null
                                    ? withUniform(x, level, Philox.uniform(draw))
                                    : photons.photons(photonLevel, Math.round(x * 255), draw) / level);
                }
            }
        }
    }

    private float withNormal(float x, float level, float gain, float normal) {
        return switch (kind) {
            case GAUSSIAN -> x + (mean + level * normal);
            // In this order, because 0 times a normal that was scaled to infinity would be no number.
            case SPECKLE -> x + (x * mean + x * level * normal);
            case POISSON_GAUSSIAN -> x + deviation(x, level, gain) * normal;
            case UNIFORM, SALT_PEPPER, MASKING, POISSON -> throw new AssertionError(kind);
        };
    }

    /** @param uniform in (0, 1] */
    private float withUniform(float x, float level, float uniform) {
        return switch (kind) {
            case UNIFORM -> x + (mean + level * (SQRT_3 * (2 * uniform - 1)));
            case SALT_PEPPER -> uniform <= level / 2 ? 0 : uniform > 1 - level / 2 ? 1 : x;
            case MASKING -> uniform <= level ? 0 : x;
            case GAUSSIAN, SPECKLE, POISSON, POISSON_GAUSSIAN -> throw new AssertionError(kind);
        };
    }

    private float clip(float value) {
        return Math.min(Math.max(value, least()), greatest());
    }
}
