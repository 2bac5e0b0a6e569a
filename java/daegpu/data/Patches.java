package daegpu.data;

import daegpu.noise.BlindSpots;
import daegpu.noise.Philox;
import java.util.List;
import java.util.Optional;

/**
 * Patches that each epoch cuts at random places from pictures of any sizes, flipped and turned at random. The picture,
 * the place, the flip and the turn are a pure function of the seed, the epoch and the number of the patch in the epoch:
 * the four integers of Philox at subsequence {@link Philox#PURPOSE_PATCHES} and offset 4·epoch. Each integer, times the
 * number of possibilities and divided by 2³², chooses one of them.
 *
 * <p>Only the pictures are in memory. A patch is cut when it is needed. Of a scene with several pictures, the same
 * patch is cut from two of them: what goes in, and what should come out.
 */
public final class Patches extends SceneImages {

    /** Of a square patch: rows reversed or not, columns reversed or not, rows and columns exchanged or not. */
    private static final int ORIENTATIONS = 8;
    /** Of any other: without the exchange. */
    private static final int ORIENTATIONS_IN_PLACE = 4;

    private final int height;
    private final int width;
    private final int count;

    /**
     * Prepares to cut from pictures to which noise is added.
     *
     * @param pictures sets of one picture each, at least one, all with the same number of channels and the same depth,
     *     and none smaller than a patch
     * @param height rows of a patch
     * @param width columns of a patch
     * @param count number of patches in an epoch
     * @throws IllegalArgumentException as the other constructor
     */
    public Patches(List<ImageSet> pictures, int height, int width, int count) {
        this(pictures.stream().map(Scene::of).toList(), height, width, count, Optional.empty());
    }

    /**
     * Prepares to cut.
     *
     * @param scenes at least one, all with the same number of channels and the same depth, and none smaller than a
     *     patch
     * @param height rows of a patch
     * @param width columns of a patch
     * @param count number of patches in an epoch
     * @param blindSpots the pixels that alone count, if not all do
     * @throws IllegalArgumentException if a picture is too small, if the scenes differ in channels, in depth or in
     *     whether they are pairs, if there are none, or if the count is not positive
     */
    public Patches(List<Scene> scenes, int height, int width, int count, Optional<BlindSpots> blindSpots) {
        super(scenes, blindSpots);
        this.height = height;
        this.width = width;
        this.count = count;
        for (Scene scene : scenes) {
            ImageSet picture = scene.first();
            if (picture.height() < height || picture.width() < width) {
                throw new IllegalArgumentException("a picture of " + picture.describeSize()
                        + " is smaller than a patch of " + height + "x" + width);
            }
        }
        if (count < 1) {
            throw new IllegalArgumentException("an epoch has at least one patch, not " + count);
        }
    }

    /**
     * Prepares to cut as a preparation says.
     *
     * @param preparation with a size; without a number of patches, they have as many pixels together as the scenes
     */
    static Patches of(List<Scene> scenes, Preparation preparation, Optional<BlindSpots> blindSpots) {
        long pixels = scenes.stream()
                .map(Scene::first)
                .mapToLong(picture -> (long) picture.height() * picture.width())
                .sum();
        int count = preparation.patchesPerEpoch() > 0
                ? preparation.patchesPerEpoch()
                : defaultCount(pixels, preparation.height(), preparation.width());
        return new Patches(scenes, preparation.height(), preparation.width(), count, blindSpots);
    }

    /**
     * The number of patches that have as many pixels together as the pictures, so that each pixel is seen once an epoch
     * on average.
     */
    public static int defaultCount(long picturePixels, int height, int width) {
        return (int) Math.max(1, Math.min(Integer.MAX_VALUE, picturePixels / ((long) height * width)));
    }

    @Override
    public int height() {
        return height;
    }

    @Override
    public int width() {
        return width;
    }

    @Override
    public int count() {
        return count;
    }

    @Override
    public Cut target(long seed, int epoch, int index) {
        Cut cut = cut(seed, epoch, index);
        return from(cut, targetOf(cut.picture(), seed, epoch, index));
    }

    @Override
    public Cut input(long seed, int epoch, int index) {
        Cut cut = cut(seed, epoch, index);
        return from(cut, inputOf(cut.picture(), seed, epoch, index));
    }

    private static Cut from(Cut cut, int picture) {
        return new Cut(picture, cut.first(), cut.rowStep(), cut.columnStep());
    }

    /** Where a patch is cut from any picture of a scene, and how it is turned; its picture is the scene. */
    private Cut cut(long seed, int epoch, int index) {
        int[] draws = new int[4];
        Philox.integers4(seed, Philox.subsequence(Philox.PURPOSE_PATCHES, index), 4L * epoch, draws);
        int scene = Philox.oneOf(scenes().size(), draws[0]);
        ImageSet picture = scenes().get(scene).first();
        int top = Philox.oneOf(picture.height() - height + 1, draws[1]);
        int left = Philox.oneOf(picture.width() - width + 1, draws[2]);
        int orientation = Philox.oneOf(height == width ? ORIENTATIONS : ORIENTATIONS_IN_PLACE, draws[3]);
        boolean hasRowsReversed = (orientation & 1) != 0;
        boolean hasColumnsReversed = (orientation & 2) != 0;
        int across = channels();
        int down = picture.width() * across;
        int first = (hasRowsReversed ? top + height - 1 : top) * down
                + (hasColumnsReversed ? left + width - 1 : left) * across;
        down = hasRowsReversed ? -down : down;
        across = hasColumnsReversed ? -across : across;
        boolean isExchanged = (orientation & 4) != 0;
        return new Cut(scene, first, isExchanged ? across : down, isExchanged ? down : across);
    }

    @Override
    public String identity() {
        return count + " patches of " + height + "x" + width + "x" + channels() + " from " + scenes().size()
                + (hasInputs() ? " scenes" : " pictures") + identityOfScenes();
    }
}
