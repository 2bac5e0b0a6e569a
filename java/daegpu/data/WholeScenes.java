package daegpu.data;

import daegpu.noise.BlindSpots;
import java.util.List;
import java.util.Optional;

/** Images of one size, each of a scene of its own: pairs, or images that are denoised by blind spots. */
public final class WholeScenes extends SceneImages {

    /**
     * Takes each scene as one image.
     *
     * @param scenes at least one, all of the same size, channels and depth
     * @param blindSpots the pixels that alone count, if not all do
     * @throws IllegalArgumentException if there are none, or if they differ
     */
    public WholeScenes(List<Scene> scenes, Optional<BlindSpots> blindSpots) {
        super(scenes, blindSpots);
        for (Scene scene : scenes) {
            if (!scene.first().hasSize(height(), width(), channels())) {
                throw new IllegalArgumentException("images of one size are wanted, not " + describeSize() + " and "
                        + scene.first().describeSize());
            }
        }
    }

    @Override
    public int height() {
        return pictures().get(0).height();
    }

    @Override
    public int width() {
        return pictures().get(0).width();
    }

    @Override
    public int count() {
        return scenes().size();
    }

    @Override
    public Cut target(long seed, int epoch, int index) {
        return whole(targetOf(index, seed, epoch, index));
    }

    @Override
    public Cut input(long seed, int epoch, int index) {
        return whole(inputOf(index, seed, epoch, index));
    }

    private Cut whole(int picture) {
        return new Cut(picture, 0, width() * channels(), channels());
    }

    @Override
    public String identity() {
        return count() + " scenes of " + height() + "x" + width() + "x" + channels() + identityOfScenes();
    }
}
