package daegpu.data;

import daegpu.noise.Philox;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Scenes that images are made of, and all their pictures in one list. */
final class SceneList {

    private final List<Scene> scenes;
    private final List<ImageSet> pictures = new ArrayList<>();
    /** Index of the first picture of each scene. */
    private final int[] first;

    private String digest;

    /**
     * Collects the pictures.
     *
     * @throws IllegalArgumentException if there are none, if they differ in channels or depth, or if some scenes have
     *     pictures of their own for what goes in, and others have not
     */
    SceneList(List<Scene> scenes) {
        this.scenes = List.copyOf(scenes);
        if (scenes.isEmpty()) {
            throw new IllegalArgumentException("images are made of at least one picture");
        }
        first = new int[scenes.size()];
        for (int i = 0; i < first.length; i++) {
            Scene scene = scenes.get(i);
            first[i] = pictures.size();
            pictures.addAll(scene.pictures());
            if (scene.first().channels() != any().channels() || scene.first().depth() != any().depth()) {
                throw new IllegalArgumentException("all pictures have channels and depth of the first");
            }
            if (scene.hasInputs() != hasInputs()) {
                throw new IllegalArgumentException("either all scenes have noisy pictures, or none");
            }
        }
    }

    int size() {
        return first.length;
    }

    Scene get(int scene) {
        return scenes.get(scene);
    }

    ImageSet any() {
        return pictures.get(0);
    }

    boolean hasInputs() {
        return scenes.get(0).hasInputs();
    }

    /** All pictures, scene after scene. */
    List<ImageSet> pictures() {
        return pictures;
    }

    /**
     * Index of the picture of a scene that should come out.
     *
     * @param index of the image in the epoch; decides, with seed and epoch, if there is a choice
     */
    int target(int scene, long seed, int epoch, int index) {
        return first[scene] + scenes.get(scene).target(draws(seed, epoch, index));
    }

    /** Index of the picture of a scene that goes in; likewise. */
    int input(int scene, long seed, int epoch, int index) {
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

    /** The SHA-256 of all pictures with their sizes and, if there are pairs, of which belong together. */
    synchronized String digest() {
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
