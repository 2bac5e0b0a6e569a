package daegpu.metrics;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Tells of noisy pictures and their targets whether the targets are noisy as well, and whether they lie shifted.
 *
 * <p>Of fine detail, which is what is left of a pixel without the mean of its four neighbours, an input has the
 * variance {@code T + i}, a target {@code T + t} and their difference {@code i + t}, if T is that of the scene and i
 * and t are those of noises that do not depend on each other. That gives i and t, however much detail the scene has.
 * Blur, stains or less contrast make one of them nearly zero or negative.
 *
 * <p>A shift is looked for by trying all of up to {@value #MOST_SHIFT} rows and columns: it is the one with the least
 * mean squared difference, if that is clearly less than without a shift; not in images of fewer than
 * {@value #LEAST_SIDE} rows or columns.
 */
public final class PairComparison {

    /** Rows and columns. */
    public static final int MOST_SHIFT = 8;
    /** Pairs that are looked at. */
    public static final int MOST_PAIRS = 32;

    /** The variances of two noises are of one kind if one is at most this many times the other. */
    private static final double LIKE = 4;
    /** Least standard deviation that is called noise, of values from 0 to 1. */
    private static final double LEAST_NOISE = 1.5 / 255;
    /** In images with fewer rows or columns than this, a shift cannot be told from chance. */
    private static final int LEAST_SIDE = 32;
    /** A shift must make the mean squared difference less than this part of what it was. */
    private static final double CLEARLY_LESS = 0.8;

    /** A shift that more than half of the pairs have. */
    public record Shift(int rows, int columns, int pairs, int of) {}

    private record Place(int rows, int columns) {}

    private double ofInput;
    private double ofTarget;
    private double ofDifference;
    private long count;
    private final List<Place> shifts = new ArrayList<>();

    /** Whether more pairs would be ignored. */
    public boolean isFull() {
        return shifts.size() >= MOST_PAIRS;
    }

    /**
     * Adds a pair of images.
     *
     * @param input {@code [height, width, channels]} from {@code at} on
     * @param target likewise
     */
    public void add(int height, int width, int channels, float[] input, float[] target, int at) {
        if (isFull()) {
            return;
        }
        for (int row = 1; row < height - 1; row++) {
            for (int i = (row * width + 1) * channels; i < (row * width + width - 1) * channels; i++) {
                double first = detail(input, at + i, width, channels);
                double second = detail(target, at + i, width, channels);
                ofInput += first * first;
                ofTarget += second * second;
                ofDifference += (first - second) * (first - second);
                count++;
            }
        }
        shifts.add(shift(height, width, channels, input, target, at));
    }

    private static double detail(float[] image, int i, int width, int channels) {
        return image[i]
                - (image[i - channels]
                                + image[i + channels]
                                + image[i - width * channels]
                                + image[i + width * channels])
                        / 4.0;
    }

    private static Place shift(int height, int width, int channels, float[] input, float[] target, int at) {
        int most = Math.min(height, width) < LEAST_SIDE ? 0 : MOST_SHIFT;
        double before = Double.NaN;
        double least = Double.POSITIVE_INFINITY;
        Place best = new Place(0, 0);
        for (int rows = -most; rows <= most; rows++) {
            for (int columns = -most; columns <= most; columns++) {
                double sum = 0;
                for (int row = most; row < height - most; row++) {
                    int from = at + ((row + rows) * width + most + columns) * channels;
                    int to = at + (row * width + most) * channels;
                    for (int i = 0; i < (width - 2 * most) * channels; i++) {
                        double difference = input[from + i] - target[to + i];
                        sum += difference * difference;
                    }
                }
                if (rows == 0 && columns == 0) {
                    before = sum;
                }
                if (sum < least) {
                    least = sum;
                    best = new Place(rows, columns);
                }
            }
        }
        return least < CLEARLY_LESS * before ? best : new Place(0, 0);
    }

    /** Whether the targets have noise of their own, comparable to that of the inputs. */
    public boolean hasNoisyTargets() {
        double noiseOfInput = (ofDifference + ofInput - ofTarget) / 2;
        double noiseOfTarget = (ofDifference + ofTarget - ofInput) / 2;
        // Independent noise of variance v has 1.25 v in what is left without the mean of four neighbours.
        return count > 0
                && shift().isEmpty()
                && noiseOfTarget > 1.25 * LEAST_NOISE * LEAST_NOISE * count
                && noiseOfTarget > noiseOfInput / LIKE
                && noiseOfInput > noiseOfTarget / LIKE;
    }

    /** Where the inputs lie beside their targets, if more than half of them lie at the same place beside them. */
    public Optional<Shift> shift() {
        return shifts.stream()
                .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()))
                .entrySet()
                .stream()
                .max(Comparator.comparingLong(Map.Entry::getValue))
                .filter(most -> !most.getKey().equals(new Place(0, 0)) && 2 * most.getValue() > shifts.size())
                .map(most -> new Shift(
                        most.getKey().rows(),
                        most.getKey().columns(),
                        most.getValue().intValue(),
                        shifts.size()));
    }
}
