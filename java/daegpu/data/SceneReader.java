package daegpu.data;

import daegpu.data.ImageFile.Header;
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
    private final Map<PicturePage, Header> headers;
    private final List<Pages> scenes;
    private final ReadingListener listener;
    private final List<InvalidInputException> unusable;
    private final Set<String> remarks = new LinkedHashSet<>();

    /**
     * The pictures of one scene: pages of as many files.
     *
     * @param pictures the clean one first, if there is one
     */
    private record Pages(boolean hasClean, List<PicturePage> pictures) {}

    /** For each of the pictures of a scene a reader of its own, so that all their files stay open from page to page. */
    private static final class Readers implements AutoCloseable {
        private final ValueRange range;
        private final List<PageReader> readers = new ArrayList<>();

        Readers(ValueRange range) {
            this.range = range;
        }

        PageReader of(int version) {
            while (readers.size() <= version) {
                readers.add(new PageReader(range));
            }
            return readers.get(version);
        }

        @Override
        public void close() {
            readers.forEach(PageReader::close);
        }
    }

    private SceneReader(
            Preparation preparation,
            Depth depth,
            Map<PicturePage, Header> headers,
            List<Pages> scenes,
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
        Map<PicturePage, Header> headers = new HashMap<>();
        List<Pages> usable = new ArrayList<>();
        int done = 0;
        try (Readers readers = new Readers(preparation.range())) {
            for (SceneFiles scene : scenes) {
                for (Pages pages : pages(scene, readers, unusable)) {
                    usable(pages, readers, headers, unusable).ifPresent(usable::add);
                }
                listener.progressed("looking at pictures", ++done, scenes.size());
            }
        }
        if (usable.isEmpty()) {
            throw unusable.get(0)
                    .saying("no picture can be used: " + unusable.get(0).getMessage());
        }
        Header first = headers.get(usable.get(0).pictures.get(0));
        boolean given = preparation.height() > 0;
        for (Pages scene : usable) {
            PicturePage file = scene.pictures.get(0);
            Header header = headers.get(file);
            if (!given && (header.height() != first.height() || header.width() != first.width())) {
                throw new InvalidInputException(
                        "the pictures have different sizes, such as " + first.height() + "x" + first.width() + " ("
                                + usable.get(0).pictures.get(0) + ") and " + header.height() + "x" + header.width()
                                + " ("
                                + file + ")",
                        Remedy.FITTING);
            }
        }
        Preparation resolved = preparation.resolved(
                given ? preparation.height() : first.height(),
                given ? preparation.width() : first.width(),
                headers.values().stream().anyMatch(header -> header.channels() == 3));
        Depth depth = headers.values().stream().map(Header::depth).reduce(Depth.BITS_8, Depth::or);
        return new SceneReader(resolved, depth, headers, usable, listener, unusable);
    }

    /** The scenes of files: page belongs to page. */
    private static List<Pages> pages(SceneFiles scene, Readers readers, List<InvalidInputException> unusable) {
        List<List<PicturePage>> files = new ArrayList<>();
        boolean hasClean = false;
        for (Path file : scene.files()) {
            try {
                List<PicturePage> pages = readers.of(files.size()).pages(file);
                if (!files.isEmpty()) {
                    PicturePair.requireAsManyPages(pages, files.get(0));
                }
                hasClean |= scene.clean().equals(Optional.of(file)) && files.isEmpty();
                files.add(pages);
            } catch (InvalidInputException e) {
                unusable.add(e);
                if (files.isEmpty() && scene.clean().equals(Optional.of(file))) {
                    return List.of();
                }
            }
        }
        List<Pages> pages = new ArrayList<>();
        for (int page = 0; !files.isEmpty() && page < files.get(0).size(); page++) {
            int number = page;
            pages.add(new Pages(
                    hasClean, files.stream().map(file -> file.get(number)).toList()));
        }
        // A pair needs both, unless the clean picture was there alone from the beginning.
        boolean isPair = !scene.noisy().isEmpty();
        return isPair && files.size() < 2 ? List.of() : pages;
    }

    /** What is left of a scene without pictures that cannot be read or have another size than its first one. */
    private static Optional<Pages> usable(
            Pages scene, Readers readers, Map<PicturePage, Header> headers, List<InvalidInputException> unusable) {
        List<PicturePage> left = new ArrayList<>();
        for (int i = 0; i < scene.pictures.size(); i++) {
            PicturePage picture = scene.pictures.get(i);
            try {
                Header header = readers.of(i).header(picture);
                PicturePage first = left.isEmpty() ? picture : left.get(0);
                Header expected = headers.getOrDefault(first, header);
                PicturePair.requireOneSize(
                        picture, header.height(), header.width(), first, expected.height(), expected.width());
                headers.put(picture, header);
                left.add(picture);
            } catch (InvalidInputException e) {
                unusable.add(e);
                if (scene.hasClean && i == 0) {
                    return Optional.empty();
                }
            }
        }
        boolean isAlone = scene.hasClean && scene.pictures.size() == 1;
        return left.size() < 2 && !isAlone
                ? Optional.empty()
                : Optional.of(new Pages(scene.hasClean, List.copyOf(left)));
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
        List<Pages> taken = scenes.subList(from, to);
        requireMemory(taken);
        List<Scene> read = new ArrayList<>();
        int done = 0;
        try (Readers readers = new Readers(preparation.range())) {
            for (Pages scene : taken) {
                try {
                    read.addAll(scenes(scene, readers));
                } catch (InvalidInputException e) {
                    unusable.add(e);
                }
                listener.progressed("reading pictures", ++done, taken.size());
            }
        }
        if (read.isEmpty()) {
            throw unusable.get(unusable.size() - 1);
        }
        if (preparation.fit() != Fit.PATCHES) {
            return new WholeScenes(read, blindSpots);
        }
        return Patches.of(read, preparation, blindSpots);
    }

    /** One scene, or those of its tiles. */
    private List<Scene> scenes(Pages pages, Readers readers) {
        List<List<ImageSet>> images = new ArrayList<>();
        for (int i = 0; i < pages.pictures.size(); i++) {
            PicturePage picture = pages.pictures.get(i);
            Photo photo = photo(picture, readers.of(i));
            if (preparation.fit() == Fit.PATCHES) {
                preparation.requireRoomForAPatch(picture, photo);
                images.add(List.of(photo.withChannels(preparation.channels()).toImageSet(depth)));
            } else {
                images.add(separate(images(photo)));
            }
        }
        List<Scene> scenes = new ArrayList<>();
        for (int i = 0; i < images.get(0).size(); i++) {
            int number = i;
            List<ImageSet> versions =
                    images.stream().map(ofPicture -> ofPicture.get(number)).toList();
            scenes.add(
                    pages.hasClean
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

    private Photo photo(PicturePage file, PageReader reader) {
        Photo photo = reader.photo(file);
        reader.remark().ifPresent(remarks::add);
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
        List<Pages> taken = scenes.subList(from, to);
        requireMemory(taken);
        List<byte[]> targets = new ArrayList<>();
        List<byte[]> inputs = new ArrayList<>();
        long room = limit == 0 ? Integer.MAX_VALUE : limit;
        int done = 0;
        try (Readers readers = new Readers(preparation.range())) {
            for (Pages scene : taken) {
                if (room <= 0) {
                    break;
                }
                try {
                    int target = scene.hasClean ? 0 : 1;
                    int input = 1 - target;
                    ImageSet images = images(photo(scene.pictures.get(target), readers.of(target)));
                    int count = (int) Math.min(room, images.count());
                    if (scene.pictures.size() > 1) {
                        inputs.add(images(photo(scene.pictures.get(input), readers.of(input)))
                                .range(0, count)
                                .pixels());
                    }
                    targets.add(images.range(0, count).pixels());
                    room -= count;
                } catch (InvalidInputException e) {
                    unusable.add(e);
                }
                listener.progressed("reading pictures", ++done, taken.size());
            }
        }
        if (targets.isEmpty()) {
            throw unusable.get(unusable.size() - 1);
        }
        return new ValidationSet(
                together(targets),
                inputs.isEmpty() ? Optional.empty() : Optional.of(together(inputs)),
                !taken.get(0).hasClean,
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
    private void requireMemory(List<Pages> taken) {
        long bytes = 0;
        long largest = 0;
        for (Pages scene : taken) {
            for (PicturePage file : scene.pictures) {
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
