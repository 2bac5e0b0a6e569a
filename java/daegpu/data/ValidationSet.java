package daegpu.data;

import daegpu.noise.BlindSpots;
import java.util.Optional;

/**
 * Images that a network is judged by.
 *
 * @param target the images that it should put out or, where it is judged by its blind spots alone, the noisy images
 *     themselves
 * @param noisy what goes in, if these are images of their own; if empty, the targets go in, with noise
 * @param hasNoisyTargets whether the targets are noisy as well, so that the error of what is put out is too large by
 *     their noise
 * @param blindSpots if present, the error is that at blind spots, from what is there in what goes in
 */
public record ValidationSet(
        ImageSet target, Optional<ImageSet> noisy, boolean hasNoisyTargets, Optional<BlindSpots> blindSpots) {

    /** @throws IllegalArgumentException if the noisy images differ from the targets in number, size or depth */
    public ValidationSet {
        noisy.ifPresent(images -> {
            if (images.count() != target.count()
                    || !images.hasSize(target.height(), target.width(), target.channels())) {
                throw new IllegalArgumentException("noisy images and targets belong together");
            }
        });
    }

    /** Images to which noise is added. */
    public static ValidationSet of(ImageSet clean) {
        return new ValidationSet(clean, Optional.empty(), false, Optional.empty());
    }

    /** Whether there is nothing to compare with what the network puts out, but what it did not see. */
    public boolean isJudgedBySpotsAlone() {
        return blindSpots.isPresent() && noisy.isEmpty();
    }

    /** Whether noise is added to the targets. */
    public boolean isSynthetic() {
        return noisy.isEmpty() && blindSpots.isEmpty();
    }

    /** Number of images. */
    public int count() {
        return target.count();
    }

    /** Rows of an image. */
    public int height() {
        return target.height();
    }

    /** Columns of an image. */
    public int width() {
        return target.width();
    }

    /** Values of a pixel. */
    public int channels() {
        return target.channels();
    }

    /** Values of an image. */
    public int imageSize() {
        return target.imageSize();
    }

    /** Images {@code from} (inclusive) to {@code to} (exclusive), copied. */
    public ValidationSet range(int from, int to) {
        return new ValidationSet(
                target.range(from, to), noisy.map(images -> images.range(from, to)), hasNoisyTargets, blindSpots);
    }

    /** {@code count} images that are {@code step} apart, copied. */
    public ValidationSet spread(int step, int count) {
        return new ValidationSet(
                target.spread(step, count),
                noisy.map(images -> images.spread(step, count)),
                hasNoisyTargets,
                blindSpots);
    }

    /** Tells them from any other: {@link ImageSet#identity} of both, and what is done to them. */
    public String identity() {
        return target.identity()
                + noisy.map(images -> " from " + images.identity()).orElse("")
                + blindSpots.map(spots -> ", blind spots " + spots).orElse("");
    }
}
