package daegpu.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A picture that goes into a network.
 *
 * @param input its file
 * @param target the file of what should come out; empty if that is the picture itself, to which noise is added
 */
public record PicturePair(Path input, Optional<Path> target) {

    /**
     * What was found.
     *
     * @param pairs at least one
     * @param hasNoisyTargets whether the targets are noisy as well
     * @param unusable what is wrong with each of the files that belong to no pair
     */
    public record Found(List<PicturePair> pairs, boolean hasNoisyTargets, List<InvalidInputException> unusable) {

        /** Pictures that noise is added to. */
        public static Found of(PictureFolder.Found pictures) {
            return new Found(
                    pictures.files().stream()
                            .map(file -> new PicturePair(file, Optional.empty()))
                            .toList(),
                    false,
                    pictures.unusable());
        }
    }

    /**
     * Noisy pictures and what should come out: the clean one that belongs to each or, without a folder of these,
     * another noisy picture of the scene. The names say which belong together, as {@link NoisyFiles} has it.
     *
     * @param clean null if there are no clean pictures
     * @throws InvalidInputException if there are no pairs
     */
    public static Found find(Path noisy, Path clean) {
        SceneFiles.Found found = clean != null ? SceneFiles.pairs(noisy, clean) : SceneFiles.noisyAlone(noisy);
        List<PicturePair> pairs = found.scenes().stream()
                .flatMap(scene -> scene.clean().isPresent()
                        ? scene.noisy().stream().map(file -> new PicturePair(file, scene.clean()))
                        : Stream.of(new PicturePair(
                                scene.noisy().get(0), Optional.of(scene.noisy().get(1)))))
                .toList();
        return new Found(pairs, clean == null, found.unusable());
    }

    /**
     * Checks two pictures that belong together.
     *
     * @throws InvalidInputException if they differ in size
     */
    public static void requireOneSize(
            PicturePage one, int height, int width, PicturePage other, int otherHeight, int otherWidth) {
        if (height != otherHeight || width != otherWidth) {
            throw new InvalidInputException(one + " is " + height + "x" + width + " and " + other + " is " + otherHeight
                    + "x" + otherWidth + ", but pictures that belong together have one size");
        }
    }

    /**
     * Checks two files that belong together.
     *
     * @param one its pages, at least one
     * @param other the same
     * @throws InvalidInputException if one has more of them
     */
    public static void requireAsManyPages(List<PicturePage> one, List<PicturePage> other) {
        if (one.size() != other.size()) {
            throw new InvalidInputException(one.get(0).file() + " has " + one.size() + " pages and "
                    + other.get(0).file() + " has " + other.size());
        }
    }
}
