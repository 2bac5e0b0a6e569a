package daegpu.denoise;

import daegpu.data.ChangedPixels;
import daegpu.data.Photo;
import daegpu.data.Pixels;
import daegpu.noise.Noise;
import java.util.List;

/**
 * Tells of pictures that went through a model whether the results can be what they should be: clean pictures that
 * become what went in by noise as in the model's training, or what went in itself, if that had no noise. If they are
 * neither, the model was not trained on such pictures, and spoils them: one for digits, which are drowned in noise of
 * mean 0.5, makes photographs black.
 *
 * <p>Noise and details average out over an area, so that means of areas are compared. Where the noise changes the mean,
 * there must be noise, too: black would explain a grey picture by its mean alone.
 */
public final class NoiseCheck {

    /** Areas that a side is cut into, at most. */
    private static final int AREAS = 8;
    /** Rows and columns of an area, at least, as long as the picture has so many. */
    private static final int LEAST_SIDE = 16;
    /** Rows that are compared of a picture, at most. */
    private static final int MOST_ROWS = 512;
    /** Nothing can be told of fewer pixels in all channels than these. */
    private static final int LEAST_VALUES = 1000;
    /** How far the means of areas may be off, of values from 0 to 1, as the root of the mean square. */
    private static final double TOLERANCE = 0.1;
    /** The part of the noise's variance that must be there. */
    private static final double LEAST_NOISE = 0.25;

    private final List<NoiseResponse> levels;
    private final float strength;

    /** Pixels in all channels. */
    private long values;

    private double before;
    private double after;
    /** Of the means of what went in from those of the results, squared and summed over the values. */
    private double departure;

    private final double[] departures;
    /** Of neighbours in a row from each other, without what the results explain; squared and summed. */
    private final double[] roughness;

    private long neighbours;
    private final double[] variances;

    /**
     * A check of one file.
     *
     * @param noise what the pictures are to have: that of the model's training, or that which was added to them
     * @param strength how much of what the network does is in the results
     */
    public NoiseCheck(Noise noise, Strength strength) {
        this(noise.isNone() ? List.of() : NoiseResponse.of(noise), strength.value());
    }

    private NoiseCheck(List<NoiseResponse> levels, float strength) {
        this.levels = levels;
        this.strength = strength;
        departures = new double[levels.size()];
        roughness = new double[levels.size()];
        variances = new double[levels.size()];
    }

    /** The same check of another file. */
    public NoiseCheck ofAnotherFile() {
        return new NoiseCheck(levels, strength);
    }

    /** Adds a picture. */
    public void add(Photo noisy, Photo denoised) {
        add(
                new Areas(noisy.height(), noisy.width(), noisy.channels(), noisy.range() != null),
                noisy.values(),
                denoised.values(),
                0);
    }

    /**
     * Adds an image.
     *
     * @param noisy what went in, {@code [height, width, channels]} from {@code at} on
     * @param denoised what came out, likewise
     */
    void add(int height, int width, int channels, float[] noisy, float[] denoised, int at) {
        add(new Areas(height, width, channels, false), noisy, denoised, at);
    }

    private static void add(Areas areas, float[] noisy, float[] denoised, int at) {
        for (int row = 0; row < areas.height; row += areas.step) {
            int place = at + row * areas.width * areas.channels;
            areas.add(row, noisy, place, denoised, place);
        }
        areas.finish();
    }

    /**
     * Adds a picture whose result is computed when its rows are read.
     *
     * @return the result, whose rows are to be read in order
     */
    public Pixels watch(Pixels noisy, Pixels denoised) {
        return new Watched(noisy, denoised);
    }

    private final class Watched extends ChangedPixels {
        private final Pixels noisy;
        private final Areas areas;
        private final float[] before;
        private int next;

        Watched(Pixels noisy, Pixels denoised) {
            super(denoised);
            this.noisy = noisy;
            areas = new Areas(height(), width(), channels(), noisy.range() != null);
            before = new float[width() * channels()];
        }

        @Override
        public void read(int row, int column, int count, float[] values, int at) {
            source().read(row, column, count, values, at);
            if (row == next && count == width()) {
                if (row % areas.step == 0) {
                    noisy.read(row, 0, count, before, 0);
                    areas.add(row, before, 0, values, at);
                }
                next++;
                if (next == height()) {
                    areas.finish();
                }
            }
        }
    }

    /** The sums of one picture over its areas. */
    private final class Areas {
        private final int height;
        private final int width;
        private final int channels;
        private final boolean floats;
        private final int step;
        private final int rows;
        private final int columns;
        private final double[] noisy;
        private final double[] clean;
        private final double[][] expected;
        private final int[] counts;

        /** @param floats whether values that lie outside of 0 to 1 by far are no noise, but in the file */
        Areas(int height, int width, int channels, boolean floats) {
            this.height = height;
            this.width = width;
            this.channels = channels;
            this.floats = floats;
            step = (height + MOST_ROWS - 1) / MOST_ROWS;
            rows = Math.max(1, Math.min(AREAS, height / LEAST_SIDE));
            columns = Math.max(1, Math.min(AREAS, width / LEAST_SIDE));
            int areas = rows * columns * channels;
            noisy = new double[areas];
            clean = new double[areas];
            expected = new double[levels.size()][areas];
            counts = new int[areas];
        }

        /**
         * Adds a row.
         *
         * @param in what went in, from {@code inAt} on
         * @param out what came out, from {@code outAt} on
         */
        void add(int row, float[] in, int inAt, float[] out, int outAt) {
            int first = (int) ((long) row * rows / height) * columns;
            float[] last = new float[levels.size() * channels];
            for (int x = 0; x < width; x++) {
                int area = (first + (int) ((long) x * columns / width)) * channels;
                for (int channel = 0; channel < channels; channel++) {
                    float before = in[inAt + x * channels + channel];
                    before = floats ? Math.max(0, Math.min(1, before)) : before;
                    float blended = out[outAt + x * channels + channel];
                    float after = strength == 1 ? blended : before + (blended - before) / strength;
                    after = Math.max(0, Math.min(1, after));
                    noisy[area + channel] += before;
                    clean[area + channel] += after;
                    counts[area + channel]++;
                    for (int i = 0; i < levels.size(); i++) {
                        float mean = levels.get(i).mean(after);
                        expected[i][area + channel] += mean;
                        variances[i] += levels.get(i).variance(after);
                        int place = i * channels + channel;
                        float rest = before - mean;
                        if (x > 0) {
                            roughness[i] += (rest - last[place]) * (rest - last[place]) / 2;
                        }
                        last[place] = rest;
                    }
                }
            }
            values += (long) width * channels;
            neighbours += (long) (width - 1) * channels;
        }

        void finish() {
            for (int area = 0; area < counts.length; area++) {
                before += noisy[area];
                after += clean[area];
                departure += square(noisy[area] - clean[area]) / counts[area];
                for (int i = 0; i < levels.size(); i++) {
                    departures[i] += square(noisy[area] - expected[i][area]) / counts[area];
                }
            }
        }
    }

    private static double square(double value) {
        return value * value;
    }

    /**
     * Whether the results can be what they should be; always, where the strength is 0, where there is next to nothing,
     * or where nobody knows the noise, because the model was trained on pictures that were noisy already.
     */
    public boolean isPassed() {
        boolean passed = levels.isEmpty() || strength == 0 || values < LEAST_VALUES || isSmall(departure);
        for (int i = 0; i < levels.size(); i++) {
            boolean noise = neighbours == 0 || roughness[i] / neighbours >= LEAST_NOISE * variances[i] / values;
            passed |= noise && isSmall(departures[i]);
        }
        return passed;
    }

    private boolean isSmall(double departed) {
        return departed <= TOLERANCE * TOLERANCE * values;
    }

    /** The mean of what went in, of values from 0, black, to 1, white. */
    public double before() {
        return before / values;
    }

    /** The mean of what came out. */
    public double after() {
        return after / values;
    }
}
