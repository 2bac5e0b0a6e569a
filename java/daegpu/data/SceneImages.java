package daegpu.data;

import daegpu.noise.BlindSpots;
import daegpu.noise.Philox;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** Images that are made of scenes, whose pictures are all in one list. */
abstract sealed class SceneImages implements TrainingImages permits Patches, WholeScenes {

    private final List<Scene> scenes;
    private final List<ImageSet> pictures = new ArrayList<>();
    /** Index of the first picture of each scene. */
    private final int[] first;

    private final Optional<BlindSpots> blindSpots;
    private String digest;

    /**
     * Collects the pictures.
     *
     * @throws IllegalArgumentException if there are none, if they differ in channels or depth, or if some scenes have
     *     pictures of their own for what goes in, and others have not
     */
    SceneImages(List<Scene> scenes, Optional<BlindSpots> blindSpots) {
        this.scenes = List.copyOf(scenes);
        this.blindSpots = blindSpots;
        if (scenes.isEmpty()) {
            throw new IllegalArgumentException("images are made of at least one picture");
        }
        first = new int[scenes.size()];
        for (int i = 0; i < first.length; i++) {
            Scene scene = scenes.get(i);
            first[i] = pictures.size();
            pictures.addAll(scene.pictures());
            if (scene.first().channels() != channels() || scene.first().depth() != depth()) {
                throw new IllegalArgumentException("all pictures have channels and depth of the first");
            }
            if (scene.hasInputs() != hasInputs()) {
                throw new IllegalArgumentException("either all scenes have noisy pictures, or none");
            }
        }
    }

    @Override
    public final int channels() {
        return pictures.get(0).channels();
    }

    @Override
    public final Depth depth() {
        return pictures.get(0).depth();
    }

    @Override
    public final List<ImageSet> pictures() {
        return pictures;
    }

    @Override
    public final boolean hasInputs() {
        return scenes.get(0).hasInputs();
    }

    @Override
    public final Optional<BlindSpots> blindSpots() {
        return blindSpots;
    }

    final List<Scene> scenes() {
        return scenes;
    }

    /**
     * Index of the picture of a scene that should come out.
     *
     * @param index of the image in the epoch; decides, with seed and epoch, if there is a choice
     */
    final int targetOf(int scene, long seed, int epoch, int index) {
        return first[scene] + scenes.get(scene).target(draws(seed, epoch, index));
    }

    /** Index of the picture of a scene that goes in; likewise. */
    final int inputOf(int scene, long seed, int epoch, int index) {
        return first[scene] + scenes.get(scene).input(draws(seed, epoch, index));
    }

    /** The integers of Philox at subsequence {@link Philox#PURPOSE_SCENES} and offset 4·epoch. */
    private int[] draws(long seed, int epoch, int index) {
        int[] draws = new int[4];
        if (hasInputs()) {
            Philox.integers4(seed, Philox.subsequence(Philox.PURPOSE_SCENES, index), 4L * epoch, draws);
        }
        return draws;
    }

    /**
     * What tells the images from any others, after how they are made of the scenes: the SHA-256 of all pictures with
     * their sizes and, if there are pairs, of which belong together; and the blind spots.
     */
    final String identityOfScenes() {
        return " sha256:" + digest()
                + blindSpots.map(spots -> ", blind spots " + spots).orElse("");
    }

    private synchronized String digest() {
        if (digest == null) {
            MessageDigest bytes = Sha256.digest();
            for (Scene scene : scenes) {
                if (scene.hasInputs()) {
                    bytes.update(ByteBuffer.allocate(8)
                            .putInt(scene.clean().isPresent() ? 1 : 0)
                            .putInt(scene.noisy().size())
                            .flip());
                }
                for (ImageSet picture : scene.pictures()) {
                    bytes.update(ByteBuffer.allocate(8)
                            .putInt(picture.height())
                            .putInt(picture.width())
                            .flip());
                    bytes.update(picture.pixels());
                }
            }
            digest = HexFormat.of().formatHex(bytes.digest());
        }
        return digest;
    }
}
