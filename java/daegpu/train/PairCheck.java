package daegpu.train;

import daegpu.data.DataSets;
import daegpu.data.ValidationSet;
import daegpu.metrics.PairComparison;
import daegpu.metrics.PairComparison.Shift;
import java.util.Locale;
import java.util.Optional;

/** Looks at the pairs of a validation set: whether the targets are noisy as well, and whether they lie shifted. */
public final class PairCheck {

    private PairCheck() {}

    /** Compares pairs that are spread over the set; none, if it has none. */
    public static PairComparison of(ValidationSet images) {
        PairComparison comparison = new PairComparison();
        if (images.noisy().isPresent()) {
            int size = images.imageSize();
            float[] input = new float[size];
            float[] target = new float[size];
            int step = SampleBlock.step(images.count(), PairComparison.MOST_PAIRS);
            for (int i = 0; i < images.count() && !comparison.isFull(); i += step) {
                images.noisy().get().scale(i, input, 0);
                images.target().scale(i, target, 0);
                comparison.add(images.height(), images.width(), images.channels(), input, target, 0);
            }
        }
        return comparison;
    }

    /** The same images, and whether their targets are noisy. */
    public static ValidationSet judged(ValidationSet images, PairComparison comparison) {
        return new ValidationSet(
                images.target(),
                images.noisy(),
                images.hasNoisyTargets() || comparison.hasNoisyTargets(),
                images.blindSpots());
    }

    /**
     * Images that were looked at.
     *
     * @param images with what was found of them in their description
     * @param warning what is to be said of pairs that lie shifted
     */
    record Judged(DataSets images, Optional<String> warning) {}

    static Judged judged(DataSets images) {
        PairComparison comparison = of(images.validation());
        ValidationSet validation = judged(images.validation(), comparison);
        boolean isNews = validation.hasNoisyTargets() && !images.validation().hasNoisyTargets();
        return new Judged(
                new DataSets(
                        images.training(),
                        validation,
                        images.description()
                                + (isNews
                                        ? "\nThe targets are noisy as well, so the PSNR is too low by their noise."
                                        : ""),
                        images.unusable()),
                warning(comparison));
    }

    /** What is to be said of pairs that lie shifted. */
    public static Optional<String> warning(PairComparison comparison) {
        return comparison.shift().map(PairCheck::describe);
    }

    private static String describe(Shift shift) {
        return String.format(
                Locale.ROOT,
                "the noisy pictures lie %s and %s of where their targets are (in %d of %d pairs that were looked at): a"
                        + " network learns blur from such pairs, so align them first",
                distance(shift.rows(), "row", "below", "above"),
                distance(shift.columns(), "column", "right", "left"),
                shift.pairs(),
                shift.of());
    }

    private static String distance(int number, String unit, String positive, String negative) {
        int count = Math.abs(number);
        return count + " " + unit + (count == 1 ? "" : "s") + " " + (number < 0 ? negative : positive);
    }
}
