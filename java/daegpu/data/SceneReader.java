package daegpu.data;

import daegpu.data.ImageFile.Header;
import daegpu.data.Preparation.Colour;
import daegpu.data.Preparation.Fit;
import daegpu.noise.BlindSpots;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads the pictures of scenes as images of one size, or to cut patches from them. Headers are read first, so that
 * pairs whose sizes differ, and pictures that do not fit into memory, are known before pixels are decoded.
 */
final class SceneReader {

    /** About what the program takes besides. */
    private static final long ROOM = 32 << 20;

    private final Preparation preparation;
    private final Depth depth;
    private final Map<Path, Header> headers;
    private final List<SceneFiles> scenes;
    private final ReadingListener listener;
    private final List<InvalidInputException> unusable;
    private final Set<String> remarks = new LinkedHashSet<>();

    private SceneReader(
            Preparation preparation,
            Depth depth,
            Map<Path, Header> headers,
            List<SceneFiles> scenes,
            ReadingListener listener,
            List<InvalidInputException> unusable) {
        this.preparation = preparation;
        this.depth = depth;
        this.headers = headers;
        this.scenes = scenes;
        this.listener = listener;
        this.unusable = unusable;
    }

    /**
     * Reads headers.
     *
     * @param scenes at least one
     * @param preparation how pictures become images; what it leaves open, the pictures decide
     * @param unusable gets what is wrong with each picture that is left out
     * @throws InvalidInputException if no scene can be used, or if the pictures have different sizes and nothing is
     *     done about it
     */
    static SceneReader open(
            List<SceneFiles> scenes,
            Preparation preparation,
            ReadingListener listener,
            List<InvalidInputException> unusable) {
        Map<Path, Header> headers = new HashMap<>();
        List<SceneFiles> usable = new ArrayList<>();
        int done = 0;
        for (SceneFiles scene : scenes) {
            usable(scene, headers, unusable).ifPresent(usable::add);
            listener.progressed("looking at pictures", ++done, scenes.size());
        }
        if (usable.isEmpty()) {
            throw unusable.get(0)
                    .saying("no picture can be used: " + unusable.get(0).getMessage());
        }
        Header first = headers.get(usable.get(0).files().get(0));
        boolean given = preparation.height() > 0;
        for (SceneFiles scene : usable) {
            Path file = scene.files().get(0);
            Header header = headers.get(file);
            if (!given && (header.height() != first.height() || header.width() != first.width())) {
                throw new InvalidInputException(
                        "the pictures have different sizes, such as " + first.height() + "x" + first.width() + " ("
                                + usable.get(0).files().get(0) + ") and " + header.height() + "x" + header.width()
                                + " ("
                                + file + ")",
                        Remedy.FITTING);
            }
        }
        boolean colour = preparation.colour() == Colour.COLOUR
                || preparation.colour() == Colour.AUTO
                        && headers.values().stream().anyMatch(header -> header.channels() == 3);
        Preparation resolved = new Preparation(
                preparation.fit(),
                given ? preparation.height() : first.height(),
                given ? preparation.width() : first.width(),
                preparation.overlap(),
                colour ? Colour.COLOUR : Colour.GREY,
                preparation.patchesPerEpoch());
        Depth depth = headers.values().stream()
                .map(header -> preparation.depth(header.depth()))
                .reduce(Depth.BITS_8, Depth::or);
        return new SceneReader(resolved, depth, headers, usable, listener, unusable);
    }

    /** What is left of a scene without pictures that cannot be read or have another size than its first one. */
    private static Optional<SceneFiles> usable(
            SceneFiles scene, Map<Path, Header> headers, List<InvalidInputException> unusable) {
        List<Path> left = new ArrayList<>();
        for (Path file : scene.files()) {
            try {
                Header header = ImageFile.header(file);
                Path first = left.isEmpty() ? file : left.get(0);
                Header expected = headers.getOrDefault(first, header);
                if (header.height() != expected.height() || header.width() != expected.width()) {
                    throw new InvalidInputException(
                            file + " is " + header.height() + "x" + header.width() + " and " + first
                                    + " is " + expected.height() + "x" + expected.width()
                                    + ", but pictures that belong together have one size");
                }
                headers.put(file, header);
                left.add(file);
            } catch (InvalidInputException e) {
                unusable.add(e);
                if (scene.clean().equals(Optional.of(file))) {
                    return Optional.empty();
                }
            }
        }
        return scene.clean().isPresent()
                ? ofLeft(scene, left)
                : left.size() < 2 ? Optional.empty() : ofLeft(scene, left);
    }

    private static Optional<SceneFiles> ofLeft(SceneFiles scene, List<Path> left) {
        List<Path> noisy = scene.clean().isPresent() ? left.subList(1, left.size()) : left;
        return noisy.isEmpty() && !scene.noisy().isEmpty()
                ? Optional.empty()
                : Optional.of(new SceneFiles(scene.clean(), List.copyOf(noisy)));
    }

    /** With nothing left open: what other pictures need to become images like these. */
    Preparation resolved() {
        return preparation;
    }

    /** Number of scenes that can be used. */
    int size() {
        return scenes.size();
    }

    /** What is to be told of files of which only the first page was taken. */
    Set<String> remarks() {
        return remarks;
    }

    /**
     * Reads what is trained on.
     *
     * @param from the first scene to take
     * @param to the one after the last
     */
    TrainingImages training(int from, int to, Optional<BlindSpots> blindSpots) {
        List<SceneFiles> taken = scenes.subList(from, to);
        requireMemory(taken);
        List<Scene> read = new ArrayList<>();
        int done = 0;
        for (SceneFiles scene : taken) {
            try {
                read.addAll(scenes(scene));
            } catch (InvalidInputException e) {
                unusable.add(e);
            }
            listener.progressed("reading pictures", ++done, taken.size());
        }
        if (read.isEmpty()) {
            throw unusable.get(unusable.size() - 1);
        }
        if (preparation.fit() != Fit.PATCHES) {
            return new WholeScenes(read, blindSpots);
        }
        long pixels = read.stream()
                .map(Scene::first)
                .mapToLong(picture -> (long) picture.height() * picture.width())
                .sum();
        int count = preparation.patchesPerEpoch() > 0
                ? preparation.patchesPerEpoch()
                : Patches.defaultCount(pixels, preparation.height(), preparation.width());
        return new Patches(read, preparation.height(), preparation.width(), count, blindSpots);
    }

    /** One scene, or those of its tiles. */
    private List<Scene> scenes(SceneFiles files) {
        List<List<ImageSet>> images = new ArrayList<>();
        for (Path file : files.files()) {
            Photo photo = photo(file);
            if (preparation.fit() == Fit.PATCHES) {
                if (photo.height() < preparation.height() || photo.width() < preparation.width()) {
                    throw new InvalidInputException(file + " is " + photo.height() + "x" + photo.width()
                            + ", smaller than the patches of " + preparation.height() + "x" + preparation.width());
                }
                images.add(List.of(photo.withChannels(preparation.channels()).toImageSet(depth)));
            } else {
                images.add(separate(images(photo)));
            }
        }
        List<Scene> scenes = new ArrayList<>();
        for (int i = 0; i < images.get(0).size(); i++) {
            int number = i;
            List<ImageSet> versions =
                    images.stream().map(ofFile -> ofFile.get(number)).toList();
            scenes.add(
                    files.clean().isPresent()
                            ? new Scene(Optional.of(versions.get(0)), versions.subList(1, versions.size()))
                            : new Scene(Optional.empty(), versions));
        }
        return scenes;
    }

    private static List<ImageSet> separate(ImageSet images) {
        List<ImageSet> separate = new ArrayList<>();
        for (int i = 0; i < images.count(); i++) {
            separate.add(images.range(i, i + 1));
        }
        return separate;
    }

    private Photo photo(Path file) {
        Photo photo = ImageFile.open(file, remarks::add);
        Header header = headers.get(file);
        if (photo.height() != header.height() || photo.width() != header.width()) {
            throw new InvalidInputException(file + " was changed while it was read");
        }
        return photo;
    }

    /** The images that a picture becomes. */
    private ImageSet images(Photo photo) {
        int count = Math.toIntExact(preparation.images(photo.height(), photo.width()));
        byte[] pixels = new byte[Math.multiplyExact(count, imageBytes())];
        preparation.write(photo, 0, count, depth, pixels, 0);
        return new ImageSet(preparation.height(), preparation.width(), preparation.channels(), depth, pixels);
    }

    private int imageBytes() {
        return preparation.height() * preparation.width() * preparation.channels() * depth.bytes();
    }

    /**
     * Reads what a network is judged by: of each scene its first noisy picture and the clean one, of noisy pictures
     * alone the first two, and cut into tiles where patches are trained on.
     *
     * @param from the first scene to take
     * @param to the one after the last
     * @param limit images to take; 0 takes all
     * @param blindSpots where to judge it, if it is trained with blind spots
     */
    ValidationSet validation(int from, int to, int limit, Optional<BlindSpots> blindSpots) {
        List<SceneFiles> taken = scenes.subList(from, to);
        requireMemory(taken);
        List<byte[]> targets = new ArrayList<>();
        List<byte[]> inputs = new ArrayList<>();
        long room = limit == 0 ? Integer.MAX_VALUE : limit;
        int done = 0;
        for (SceneFiles scene : taken) {
            if (room <= 0) {
                break;
            }
            try {
                boolean hasClean = scene.clean().isPresent();
                Path target = hasClean ? scene.clean().get() : scene.noisy().get(1);
                ImageSet images = images(photo(target));
                int count = (int) Math.min(room, images.count());
                if (!scene.noisy().isEmpty()) {
                    inputs.add(
                            images(photo(scene.noisy().get(0))).range(0, count).pixels());
                }
                targets.add(images.range(0, count).pixels());
                room -= count;
            } catch (InvalidInputException e) {
                unusable.add(e);
            }
            listener.progressed("reading pictures", ++done, taken.size());
        }
        if (targets.isEmpty()) {
            throw unusable.get(unusable.size() - 1);
        }
        return new ValidationSet(
                together(targets),
                inputs.isEmpty() ? Optional.empty() : Optional.of(together(inputs)),
                taken.get(0).clean().isEmpty(),
                blindSpots);
    }

    private ImageSet together(List<byte[]> images) {
        int length = images.stream().mapToInt(image -> image.length).reduce(0, Math::addExact);
        byte[] pixels = Arrays.copyOf(images.get(0), length);
        int at = images.get(0).length;
        for (byte[] image : images.subList(1, images.size())) {
            System.arraycopy(image, 0, pixels, at, image.length);
            at += image.length;
        }
        return new ImageSet(preparation.height(), preparation.width(), preparation.channels(), depth, pixels);
    }

    /** Checks that pictures fit into memory, with the largest of them as floats. */
    private void requireMemory(List<SceneFiles> taken) {
        long bytes = 0;
        long largest = 0;
        for (SceneFiles scene : taken) {
            for (Path file : scene.files()) {
                Header header = headers.get(file);
                long pixels = preparation.cutsTiles() || preparation.fit() == Fit.NONE
                        ? (long) header.height() * header.width()
                        : (long) preparation.height() * preparation.width();
                bytes += pixels * preparation.channels() * depth.bytes();
                largest = Math.max(largest, Photo.memory(header.height(), header.width(), header.channels()));
            }
        }
        long most = Runtime.getRuntime().maxMemory() - ROOM;
        if (bytes + largest > most) {
            throw new InvalidInputException(
                    String.format(
                            Locale.ROOT,
                            "the pictures take %,d MiB, and reading the largest of them %,d MiB more; together %,d MiB"
                                    + " fit",
                            bytes >> 20,
                            largest >> 20,
                            most >> 20),
                    Remedy.FEWER_IMAGES,
                    Remedy.MORE_MEMORY);
        }
    }
}
