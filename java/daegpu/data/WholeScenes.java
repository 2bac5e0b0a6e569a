package daegpu.data;

import daegpu.noise.BlindSpots;
import java.util.List;
import java.util.Optional;

/** Images of one size, each of a scene of its own: pairs, or images that are denoised by blind spots. */
public final class WholeScenes implements TrainingImages {

    private final SceneList scenes;
    private final Optional<BlindSpots> blindSpots;

    /**
     * Takes each scene as one image.
     *
     * @param scenes at least one, all of the same size, channels and depth
     * @param blindSpots the pixels that alone count, if not all do
     * @throws IllegalArgumentException if there are none, or if they differ
     */
    public WholeScenes(List<Scene> scenes, Optional<BlindSpots> blindSpots) {
        this.scenes = new SceneList(scenes);
        this.blindSpots = blindSpots;
        for (Scene scene : scenes) {
            if (!scene.first().hasSize(height(), width(), channels())) {
                throw new IllegalArgumentException("images of one size are wanted, not " + describeSize() + " and "
                        + scene.first().describeSize());
            }
        }
    }

    @Override
    public int height() {
        return scenes.any().height();
    }

    @Override
    public int width() {
        return scenes.any().width();
    }

    @Override
    public int channels() {
        return scenes.any().channels();
    }

    @Override
    public int count() {
        return scenes.size();
    }

    @Override
    public Depth depth() {
        return scenes.any().depth();
    }

    @Override
    public List<ImageSet> pictures() {
        return scenes.pictures();
    }

    @Override
    public boolean hasInputs() {
        return scenes.hasInputs();
    }

    @Override
    public Optional<BlindSpots> blindSpots() {
        return blindSpots;
    }

    @Override
    public Cut target(long seed, int epoch, int index) {
        return whole(scenes.target(index, seed, epoch, index));
    }

    @Override
    public Cut input(long seed, int epoch, int index) {
        return whole(scenes.input(index, seed, epoch, index));
    }

    private Cut whole(int picture) {
        return new Cut(picture, 0, width() * channels(), channels());
    }

    @Override
    public String identity() {
        return count() + " scenes of " + height() + "x" + width() + "x" + channels() + " sha256:" + scenes.digest()
                + blindSpots.map(spots -> ", blind spots " + spots).orElse("");
    }
}
