package daegpu.data;

import daegpu.noise.Philox;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What there is of one scene: its picture, or pictures of it that differ in their noise. Each is a set of one image.
 *
 * @param clean what a network should make of the noisy ones; empty if there are only noisy ones, of which each should
 *     then be made of another one (Lehtinen et al., "Noise2Noise: learning image restoration without clean data", 2018)
 * @param noisy what goes into a network; empty if the clean one does, after noise was added to it
 */
public record Scene(Optional<ImageSet> clean, List<ImageSet> noisy) {

    /**
     * @throws IllegalArgumentException if there are neither a clean picture nor two noisy ones, or if the pictures
     *     differ in size, channels or depth
     */
    public Scene {
        noisy = List.copyOf(noisy);
        if (clean.isEmpty() && noisy.size() < 2) {
            throw new IllegalArgumentException("a scene has a clean picture, or at least two noisy ones");
        }
        ImageSet first = clean.isPresent() ? clean.get() : noisy.get(0);
        for (ImageSet picture : all(clean, noisy)) {
            if (picture.count() != 1
                    || !picture.hasSize(first.height(), first.width(), first.channels())
                    || picture.depth() != first.depth()) {
                throw new IllegalArgumentException("the pictures of a scene are single ones of one size and depth");
            }
        }
    }

    /** A picture that noise is added to. */
    public static Scene of(ImageSet picture) {
        return new Scene(Optional.of(picture), List.of());
    }

    private static List<ImageSet> all(Optional<ImageSet> clean, List<ImageSet> noisy) {
        return Stream.concat(clean.stream(), noisy.stream()).toList();
    }

    /** All its pictures: the clean one first, if there is one. */
    List<ImageSet> pictures() {
        return all(clean, noisy);
    }

    /** Any of its pictures, for their size and depth. */
    ImageSet first() {
        return clean.isPresent() ? clean.get() : noisy.get(0);
    }

    /** Whether what goes in is another picture than what should come out. */
    boolean hasInputs() {
        return !noisy.isEmpty();
    }

    /**
     * Which of {@link #pictures} should come out.
     *
     * @param draws integers that decide, if there is a choice: two of a number of noisy pictures are drawn, which are
     *     never the same
     */
    int target(int[] draws) {
        if (clean.isPresent()) {
            return 0;
        }
        int another = Philox.oneOf(noisy.size() - 1, draws[1]);
        return another < input(draws) ? another : another + 1;
    }

    /** Which of {@link #pictures} goes in; likewise. */
    int input(int[] draws) {
        int before = clean.isPresent() ? 1 : 0;
        return noisy.isEmpty() ? 0 : before + Philox.oneOf(noisy.size(), draws[0]);
    }
}
