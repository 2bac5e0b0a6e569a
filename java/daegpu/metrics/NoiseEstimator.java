package daegpu.metrics;

import daegpu.data.Depth;
import daegpu.data.Pixels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Estimates the noise of a picture by the method of Ponomarenko et al. ("An automatic approach to lossy compression of
 * AVIRIS images", IGARSS 2007), as Colom and Buades extended it to noise that depends on the signal ("Analysis and
 * extension of the Ponomarenko et al. method, estimating a noise curve from a single image", Image Processing On Line,
 * 2013): blocks are grouped by their mean; of each group those are taken that have the least energy in the lower
 * frequencies, where texture is; their energy in the highest frequencies, which that choice does not change, is the
 * noise's variance. Here a line over the mean is then fitted to the variances of all groups of all channels.
 *
 * <p>The variance of groups in which values are clipped at 0 or 1 is corrected for it as of a clipped normal variable
 * (Foi, "Clipped noisy images: heteroskedastic modeling and practical denoising", 2009), and that of 8-bit pictures for
 * the rounding (Sheppard's correction).
 */
final class NoiseEstimator {

    /** A picture with fewer rows or columns tells nothing. */
    static final int LEAST_SIDE = 32;

    /** Pixels of which the noise is estimated, at most. */
    private static final int MOST_PIXELS = 1 << 20;
    /** Rows and columns of the parts that are taken of a larger picture. */
    private static final int PART = 128;

    /** Rows and columns of a block. */
    private static final int SIDE = 5;

    private static final int BLOCK = SIDE * SIDE;
    /** Highest frequencies of a block: (3, 4), (4, 3) and (4, 4) of the cosine transform. */
    private static final int HIGH = 3;

    private static final int LOW = BLOCK - 1 - HIGH;

    /** Groups of blocks, at most, and blocks of a group at least. */
    private static final int MOST_GROUPS = 16;

    private static final int LEAST_GROUP = 8000;
    /** The part of the blocks of a group that is taken as smooth, if that is enough blocks; else as many as these. */
    private static final double SMOOTH = 0.005;

    private static final int ENOUGH = 400;
    /** The part, at most, that is taken of a small group. */
    private static final double MOST_SMOOTH = 0.05;
    /** Steps of the means by which blocks are grouped. */
    private static final int STEPS = 1024;
    /** If this part of the blocks is constant, there is no noise. */
    private static final double CONSTANT = 0.9;
    /** A group with a larger part of clipped values tells nothing. */
    private static final double MOST_CLIPPED = 0.35;
    /** Where this part of the values is clipped, a group counts less by a factor of e: the correction is not exact. */
    private static final double CLIPPED_SCALE = 0.05;
    /** A group is smooth if its lower frequencies have less than this times the energy of the higher ones. */
    private static final double SMOOTH_RATIO = 1.5;
    /** How much more noise there must be in the bright than in the dark, as a ratio of deviations. */
    private static final double CLEAR_RATIO = 1.15;
    /** The part of what a constant leaves unexplained that a line may leave, to be called better. */
    private static final double CLEAR_PART = 0.5;

    private static final int FITS = 10;
    /** Variances are no less than this: a hundredth of a step of 8 bits, squared. */
    private static final double LEAST_VARIANCE = 1e-4 / (255 * 255);

    /** A block with less than this around its mean has a single value. */
    private static final double LEAST_ENERGY = 1e-12;

    private static final double[] COSINES_3 = cosines(3);
    private static final double[] COSINES_4 = cosines(4);

    /**
     * What a group of smooth blocks has.
     *
     * @param mean of the clean values
     * @param variance of the noise
     * @param roughness energy of a lower frequency in units of the variance
     * @param clipped the part of the values that are clipped
     */
    private record Group(double mean, double variance, double roughness, double clipped) {}

    /** The blocks of a channel. */
    private static final class Blocks {
        private final float[] means;
        /** Energy of a lower frequency. */
        private final float[] low;
        /** Energy of a higher frequency. */
        private final float[] high;
        /** The numbers of values that are 0 and that are 1. */
        private final byte[] black;

        private final byte[] white;

        private int count;
        /** Blocks that are left out because they have a single value, clipped or painted. */
        private int constant;

        private Blocks(int most) {
            means = new float[most];
            low = new float[most];
            high = new float[most];
            black = new byte[most];
            white = new byte[most];
        }
    }

    private static double[] cosines(int frequency) {
        double[] cosines = new double[SIDE];
        for (int i = 0; i < SIDE; i++) {
            cosines[i] = Math.sqrt(2.0 / SIDE) * Math.cos(Math.PI * (2 * i + 1) * frequency / (2.0 * SIDE));
        }
        return cosines;
    }

    /** As {@link NoiseEstimate#of} says. */
    Optional<NoiseEstimate> estimate(Pixels picture) {
        if (!NoiseEstimate.isLargeEnough(picture)) {
            return Optional.empty();
        }
        Blocks[] channels = blocks(picture);
        long all = 0;
        long constant = 0;
        for (Blocks blocks : channels) {
            all += blocks.count + blocks.constant;
            constant += blocks.constant;
        }
        if (constant >= CONSTANT * all) {
            return Optional.of(new NoiseEstimate(0, 0, 0, true));
        }
        double rounding = picture.depth() == Depth.BITS_8 ? 1 / (12 * 255.0 * 255.0) : 0;
        List<Group> groups = new ArrayList<>();
        for (Blocks blocks : channels) {
            groups.addAll(groups(blocks, rounding));
        }
        return groups.isEmpty() ? Optional.empty() : Optional.of(fit(groups));
    }

    private static Blocks[] blocks(Pixels picture) {
        int height = picture.height();
        int width = picture.width();
        int channels = picture.channels();
        boolean all = (long) height * width <= MOST_PIXELS;
        int partHeight = all ? height : Math.min(PART, height);
        int partWidth = all ? width : Math.min(PART, width);
        int parts = all ? 1 : MOST_PIXELS / (partHeight * partWidth);
        // As many side by side as makes them about as far from each other in both directions.
        int across = (int) Math.max(1, Math.min(parts, Math.round(Math.sqrt(parts * (double) width / height))));
        int down = Math.max(1, parts / across);
        Blocks[] blocks = new Blocks[channels];
        for (int channel = 0; channel < channels; channel++) {
            blocks[channel] = new Blocks(down * across * (partHeight - SIDE + 1) * (partWidth - SIDE + 1));
        }
        float[] values = new float[partHeight * partWidth * channels];
        for (int i = 0; i < down; i++) {
            int top = down == 1 ? (height - partHeight) / 2 : (int) ((long) i * (height - partHeight) / (down - 1));
            for (int j = 0; j < across; j++) {
                int left =
                        across == 1 ? (width - partWidth) / 2 : (int) ((long) j * (width - partWidth) / (across - 1));
                for (int row = 0; row < partHeight; row++) {
                    picture.read(top + row, left, partWidth, values, row * partWidth * channels);
                }
                for (int channel = 0; channel < channels; channel++) {
                    addBlocks(values, partHeight, partWidth, channels, channel, blocks[channel]);
                }
            }
        }
        return blocks;
    }

    /** Adds the blocks at all places of a part: sums along the rows first, then down the columns. */
    private static void addBlocks(float[] values, int height, int width, int channels, int channel, Blocks blocks) {
        int across = width - SIDE + 1;
        // Of a row's runs of 5 values, for the last 5 rows: sums, sums of squares, frequencies 3 and 4, zeros and ones.
        double[][][] runs = new double[SIDE][6][across];
        for (int row = 0; row < height; row++) {
            addRuns(values, row * width * channels + channel, channels, across, runs[row % SIDE]);
            if (row >= SIDE - 1) {
                for (int x = 0; x < across; x++) {
                    addBlock(runs, row + 1, x, blocks);
                }
            }
        }
    }

    private static void addRuns(float[] values, int at, int channels, int across, double[][] runs) {
        for (int x = 0; x < across; x++) {
            double sum = 0;
            double squares = 0;
            double third = 0;
            double fourth = 0;
            int black = 0;
            int white = 0;
            for (int i = 0; i < SIDE; i++) {
                float value = values[at + (x + i) * channels];
                sum += value;
                squares += (double) value * value;
                third += COSINES_3[i] * value;
                fourth += COSINES_4[i] * value;
                black += value == 0 ? 1 : 0;
                white += value == 1 ? 1 : 0;
            }
            runs[0][x] = sum;
            runs[1][x] = squares;
            runs[2][x] = third;
            runs[3][x] = fourth;
            runs[4][x] = black;
            runs[5][x] = white;
        }
    }

    /** @param first the row of {@code runs} that is the block's first, modulo {@link #SIDE} */
    private static void addBlock(double[][][] runs, int first, int x, Blocks blocks) {
        double sum = 0;
        double squares = 0;
        double downFourThird = 0;
        double downThreeFourth = 0;
        double downFourFourth = 0;
        int black = 0;
        int white = 0;
        for (int i = 0; i < SIDE; i++) {
            double[][] row = runs[(first + i) % SIDE];
            sum += row[0][x];
            squares += row[1][x];
            downFourThird += COSINES_4[i] * row[2][x];
            downThreeFourth += COSINES_3[i] * row[3][x];
            downFourFourth += COSINES_4[i] * row[3][x];
            black += (int) row[4][x];
            white += (int) row[5][x];
        }
        double energy = squares - sum * sum / BLOCK;
        if (energy <= LEAST_ENERGY) {
            blocks.constant++;
            return;
        }
        double high =
                downFourThird * downFourThird + downThreeFourth * downThreeFourth + downFourFourth * downFourFourth;
        int at = blocks.count++;
        blocks.means[at] = (float) (sum / BLOCK);
        blocks.low[at] = (float) (Math.max(0, energy - high) / LOW);
        blocks.high[at] = (float) (high / HIGH);
        blocks.black[at] = (byte) black;
        blocks.white[at] = (byte) white;
    }

    private static int step(float mean) {
        return (int) Math.max(0, Math.min(STEPS - 1, mean * STEPS));
    }

    /** Groups the blocks by their means, about as many in each, and measures those that tell something. */
    private static List<Group> groups(Blocks blocks, double rounding) {
        int[] places = new int[STEPS + 1];
        for (int i = 0; i < blocks.count; i++) {
            places[step(blocks.means[i]) + 1]++;
        }
        for (int step = 0; step < STEPS; step++) {
            places[step + 1] += places[step];
        }
        int[] sorted = new int[blocks.count];
        int[] next = Arrays.copyOf(places, STEPS);
        for (int i = 0; i < blocks.count; i++) {
            sorted[next[step(blocks.means[i])]++] = i;
        }
        int most = Math.max(1, Math.min(MOST_GROUPS, blocks.count / LEAST_GROUP));
        int size = (blocks.count + most - 1) / most;
        List<Group> groups = new ArrayList<>();
        int first = 0;
        for (int step = 1; step <= STEPS; step++) {
            boolean last = step == STEPS;
            if (places[step] - first >= size || last && places[step] > first) {
                group(blocks, sorted, first, places[step], rounding).ifPresent(groups::add);
                first = places[step];
            }
        }
        return groups;
    }

    private static Optional<Group> group(Blocks blocks, int[] sorted, int first, int end, double rounding) {
        int count = end - first;
        int wanted = (int) Math.max(SMOOTH * count, Math.min(ENOUGH, MOST_SMOOTH * count));
        if (wanted < 20) {
            return Optional.empty();
        }
        float[] energies = new float[count];
        for (int i = 0; i < count; i++) {
            energies[i] = blocks.low[sorted[first + i]];
        }
        Arrays.sort(energies);
        float most = energies[wanted - 1];
        int taken = 0;
        double mean = 0;
        double low = 0;
        double high = 0;
        double black = 0;
        double white = 0;
        for (int i = first; i < end; i++) {
            int block = sorted[i];
            if (blocks.low[block] <= most) {
                taken++;
                mean += blocks.means[block];
                low += blocks.low[block];
                high += blocks.high[block];
                black += blocks.black[block];
                white += blocks.white[block];
            }
        }
        mean /= taken;
        double variance = Math.max(LEAST_VARIANCE, high / taken);
        double roughness = low / taken / variance;
        black /= (double) taken * BLOCK;
        white /= (double) taken * BLOCK;
        if (black + white > MOST_CLIPPED) {
            return Optional.empty();
        }
        ClippedNormal clipped = ClippedNormal.of(black, white);
        variance = Math.max(LEAST_VARIANCE, variance / clipped.variance() - rounding);
        return Optional.of(new Group(mean - clipped.mean() * Math.sqrt(variance), variance, roughness, black + white));
    }

    private static NoiseEstimate fit(List<Group> groups) {
        double[] ratios = groups.stream().mapToDouble(Group::roughness).sorted().toArray();
        double smooth = ratios[ratios.length / 4];
        double[] weights = groups.stream()
                .mapToDouble(group -> Math.pow(Math.min(1, smooth / group.roughness()), 2)
                        * Math.exp(-group.clipped() / CLIPPED_SCALE))
                .toArray();
        boolean reliable = smooth <= SMOOTH_RATIO;
        Line constant = Line.fit(groups, weights, false);
        Line line = Line.fit(groups, weights, true);
        double[] means = groups.stream().mapToDouble(Group::mean).sorted().toArray();
        double dark = line.at(means[0]);
        double bright = line.at(means[means.length - 1]);
        boolean dependent =
                reliable && bright > CLEAR_RATIO * CLEAR_RATIO * dark && line.rest < CLEAR_PART * constant.rest;
        if (!dependent) {
            double std = clean(constant.offset);
            return new NoiseEstimate(std, 0, std, reliable);
        }
        double variance = groups.stream()
                .mapToDouble(group -> line.at(group.mean()))
                .average()
                .orElseThrow();
        return new NoiseEstimate(Math.sqrt(variance), line.gain, clean(line.offset), reliable);
    }

    private static double clean(double variance) {
        return variance <= 4 * LEAST_VARIANCE ? 0 : Math.sqrt(variance);
    }

    /**
     * A variance over the value, neither part of it negative.
     *
     * @param rest what it leaves unexplained: the mean square of the relative error
     */
    private record Line(double gain, double offset, double rest) {

        private double at(double mean) {
            return Math.max(LEAST_VARIANCE, gain * mean + offset);
        }

        /**
         * Least squares of the relative errors, by reweighting; groups far above the line, which have texture, count
         * less.
         */
        private static Line fit(List<Group> groups, double[] weights, boolean hasGain) {
            double[] variances =
                    groups.stream().mapToDouble(Group::variance).sorted().toArray();
            Line line = new Line(0, variances[variances.length / 2], 0);
            for (int i = 0; i < FITS; i++) {
                line = line.refined(groups, weights, hasGain);
            }
            return line;
        }

        private Line refined(List<Group> groups, double[] weights, boolean hasGain) {
            double w = 0;
            double x = 0;
            double xx = 0;
            double v = 0;
            double xv = 0;
            for (int i = 0; i < weights.length; i++) {
                Group group = groups.get(i);
                double weight = weight(group, weights[i]);
                w += weight;
                x += weight * group.mean;
                xx += weight * group.mean * group.mean;
                v += weight * group.variance;
                xv += weight * group.mean * group.variance;
            }
            double determinant = w * xx - x * x;
            double gain = hasGain && determinant > 1e-9 * w * xx ? (w * xv - x * v) / determinant : 0;
            double offset = (v - gain * x) / w;
            if (gain < 0) {
                gain = 0;
                offset = v / w;
            } else if (offset < 0) {
                gain = xv / xx;
                offset = 0;
            }
            return new Line(gain, offset, rest(groups, weights, gain, offset));
        }

        private double weight(Group group, double weight) {
            double expected = at(group.mean);
            double above = Math.max(0, group.variance / expected - 1) / 0.3;
            return weight / (1 + above * above) / (expected * expected);
        }

        private static double rest(List<Group> groups, double[] weights, double gain, double offset) {
            Line line = new Line(gain, offset, 0);
            double sum = 0;
            double all = 0;
            for (int i = 0; i < weights.length; i++) {
                double error = Math.min(1, groups.get(i).variance / line.at(groups.get(i).mean) - 1);
                sum += weights[i] * error * error;
                all += weights[i];
            }
            return sum / all;
        }
    }
}
