package daegpu.data;

import daegpu.data.ImageFile.Header;
import daegpu.data.Preparation.Fit;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads a folder of pictures as images of one size. Their headers are read first, so that their sizes, and whether they
 * fit into memory, are known before pixels are decoded.
 */
public final class PictureFolder implements DataSets.FoundImages {

    /** Java's arrays end there. */
    private static final long MOST_BYTES = Integer.MAX_VALUE - 8;
    /** Kinds of files that a message names. */
    private static final int MOST_KINDS = 5;
    /** Characters of the end of a name that says what a file is. */
    private static final int LONGEST_KIND = 6;
    /** About what the program takes besides. */
    private static final long ROOM = 32 << 20;

    /**
     * Folders with thumbnails, deleted files and parts of files: of Synology, QNAP, macOS, Windows and Linux. Others of
     * theirs begin with a dot.
     */
    private static final Set<String> LITTER = Set.of(
            "@eadir",
            "@tmp",
            "@thumb",
            "@__thumb",
            "#recycle",
            "@recycle",
            "#snapshot",
            "@recently-snapshot",
            "__macosx",
            "$recycle.bin",
            "recycler",
            "system volume information",
            "lost+found");

    private final Path folder;
    private final List<Entry> entries;
    private final Preparation preparation;
    /** Of the values of all images: 16 bits, if one of the pictures has as many. */
    private final Depth depth;

    private final ReadingListener listener;
    private final List<InvalidInputException> unusable;
    /** What was told of files of which the first frame was taken. */
    private final Set<String> animations = new LinkedHashSet<>();

    private record Entry(PicturePage picture, Header header) {}

    private PictureFolder(
            Path folder,
            List<Entry> entries,
            Preparation preparation,
            ReadingListener listener,
            List<InvalidInputException> unusable) {
        this.folder = folder;
        this.entries = entries;
        this.preparation = preparation;
        depth = entries.stream().map(entry -> entry.header.depth()).reduce(Depth.BITS_8, Depth::or);
        this.listener = listener;
        this.unusable = unusable;
    }

    /**
     * What was found in a folder.
     *
     * @param files sorted by their path inside the folder, which gives the same order on every system
     * @param unusable a problem for each folder that cannot be read, for each entry that has the name of a picture but
     *     does not lead to a file and, if there are pictures, for each picture of a format that is not read
     */
    public record Found(List<Path> files, List<InvalidInputException> unusable) {

        /** The result if no folder was searched. */
        public static final Found NOTHING = new Found(List.of(), List.of());
    }

    /**
     * The files in a folder and the folders in it whose names end as those of a {@link PictureFormat} do. Passed over
     * are names that begin with a dot, folders in which systems keep their own pictures of a user's (such as
     * {@code @eaDir}), and folders of runs inside {@code folder}: what training draws of images is none of them.
     *
     * @throws InvalidInputException if the folder itself cannot be read
     */
    public static Found filesIn(Path folder) {
        List<Path> files = new ArrayList<>();
        List<Path> foreign = new ArrayList<>();
        List<InvalidInputException> unusable = new ArrayList<>();
        try {
            Files.walkFileTree(
                    folder, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, new SimpleFileVisitor<>() {
                        @Override
                        public FileVisitResult preVisitDirectory(Path inner, BasicFileAttributes attributes) {
                            return !inner.equals(folder) && (isHidden(inner) || isLitter(inner) || isRun(inner))
                                    ? FileVisitResult.SKIP_SUBTREE
                                    : FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                            if (isNamedAsPicture(file) && !isHidden(file)) {
                                if (attributes.isRegularFile()) {
                                    files.add(file);
                                } else {
                                    unusable.add(new InvalidInputException(file
                                            + (attributes.isSymbolicLink() ? " leads nowhere" : " is not a file")));
                                }
                            } else if (attributes.isRegularFile() && !isHidden(file) && PictureFormat.isForeign(file)) {
                                foreign.add(file);
                            }
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult visitFileFailed(Path file, IOException problem) throws IOException {
                            if (file.equals(folder)) {
                                throw problem;
                            }
                            if (isHidden(file) || isLitter(file)) {
                                return FileVisitResult.CONTINUE; // Nor would it have been looked into.
                            }
                            unusable.add(
                                    problem instanceof FileSystemLoopException
                                            ? new InvalidInputException(file + " leads back to a folder that it is in")
                                            : InvalidInputException.unreadable(file, problem));
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult postVisitDirectory(Path inner, IOException problem) {
                            if (problem != null) {
                                unusable.add(InvalidInputException.unreadable(inner, problem));
                            }
                            return FileVisitResult.CONTINUE;
                        }
                    });
        } catch (IOException e) {
            throw InvalidInputException.unreadable(folder, e);
        }
        files.sort(Comparator.comparing(file -> inside(folder, file)));
        if (!files.isEmpty()) { // Or else noneIn says what there is.
            foreign.sort(Comparator.naturalOrder());
            foreign.forEach(file -> unusable.add(ImageFile.notAPicture(file)));
        }
        return new Found(files, unusable);
    }

    /** Whether a file's name has the extension of a {@link PictureFormat}. */
    public static boolean isNamedAsPicture(Path file) {
        return PictureFormat.ofName(file).isPresent();
    }

    /**
     * The exception that says that a folder contains no pictures, and what it contains instead.
     *
     * @throws InvalidInputException if the folder cannot be read
     */
    public static InvalidInputException noneIn(Path folder) {
        return new InvalidInputException(folder + " holds no pictures that can be read, which are "
                + PictureFormat.titles() + " files: it " + contents(folder));
    }

    /** What is in a folder and the folders in it, by the ends of the names: "has 3 .heic files and 1 .txt file". */
    static String contents(Path folder) {
        Map<String, Long> kinds;
        try (Stream<Path> files = Files.walk(folder)) {
            kinds = files.filter(file -> !isPassedOver(folder.relativize(file)))
                    .filter(Files::isRegularFile)
                    .collect(Collectors.groupingBy(PictureFolder::kind, TreeMap::new, Collectors.counting()));
        } catch (IOException e) {
            throw InvalidInputException.unreadable(folder, e);
        } catch (UncheckedIOException e) {
            throw InvalidInputException.unreadable(folder, e.getCause());
        }
        if (kinds.isEmpty()) {
            return "is empty";
        }
        String all = kinds.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .limit(MOST_KINDS)
                .map(kind -> kind.getValue() + " " + kind.getKey() + (kind.getValue() == 1 ? " file" : " files"))
                .collect(Collectors.joining(", "));
        return "has " + all + (kinds.size() > MOST_KINDS ? " and others" : "");
    }

    private static String kind(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        int dot = name.lastIndexOf('.');
        return dot < 0 || name.length() - dot > LONGEST_KIND ? "other" : name.substring(dot);
    }

    private static boolean isHidden(Path path) {
        return String.valueOf(path.getFileName()).startsWith(".");
    }

    /** @param inside the path of a file inside a folder */
    private static boolean isPassedOver(Path inside) {
        for (Path part : inside) {
            if (isHidden(part) || isLitter(part)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isLitter(Path folder) {
        return LITTER.contains(String.valueOf(folder.getFileName()).toLowerCase(Locale.ROOT));
    }

    /** Whether a folder is that of a training run, which has pictures of its own. */
    private static boolean isRun(Path folder) {
        return Files.exists(folder.resolve("config.json")) && Files.exists(folder.resolve("metrics.csv"));
    }

    /** The path of a file inside a folder, with slashes on every system. */
    public static String inside(Path folder, Path file) {
        return folder.relativize(file).toString().replace(file.getFileSystem().getSeparator(), "/");
    }

    private static String inside(Path folder, PicturePage picture) {
        return new PicturePage(folder.relativize(picture.file()), picture.page(), picture.pages()).toString();
    }

    /**
     * Reads the headers of pictures.
     *
     * @param folder where they are, for messages
     * @param found at least one file; what is unusable is added to what this folder leaves out
     * @throws InvalidInputException if none can be used, or if they have different sizes and the preparation neither
     *     changes them nor names one
     */
    static PictureFolder open(Path folder, Found found, Preparation preparation, ReadingListener listener) {
        List<Entry> entries = new ArrayList<>();
        List<InvalidInputException> unusable = new ArrayList<>(found.unusable());
        int looked = 0;
        try (PageReader reader = new PageReader(preparation.range())) {
            for (Path file : found.files()) {
                try {
                    for (PicturePage picture : reader.pages(file)) {
                        look(reader, picture, preparation, entries, unusable);
                    }
                } catch (InvalidInputException e) {
                    unusable.add(e);
                }
                looked++;
                listener.progressed("looking at pictures", looked, found.files().size());
            }
        }
        if (entries.isEmpty()) {
            throw noneCanBeUsed(folder, unusable);
        }
        return new PictureFolder(folder, entries, resolve(folder, entries, preparation), listener, unusable);
    }

    /** Adds a picture to one of the lists. */
    private static void look(
            PageReader reader,
            PicturePage picture,
            Preparation preparation,
            List<Entry> entries,
            List<InvalidInputException> unusable) {
        try {
            Header header = reader.header(picture);
            preparation.requireSize(picture, header.height(), header.width());
            entries.add(new Entry(picture, header));
        } catch (InvalidInputException e) {
            unusable.add(e);
        }
    }

    private static InvalidInputException noneCanBeUsed(Path folder, List<InvalidInputException> unusable) {
        InvalidInputException first = unusable.get(0);
        return first.saying("no picture in " + folder + " can be used: " + first.getMessage()
                + (unusable.size() > 1 ? ", and " + (unusable.size() - 1) + " more" : ""));
    }

    /** Decides what the preparation leaves open. */
    private static Preparation resolve(Path folder, List<Entry> entries, Preparation preparation) {
        Header first = entries.get(0).header;
        boolean given = preparation.height() > 0;
        int height = given ? preparation.height() : first.height();
        int width = given ? preparation.width() : first.width();
        if (!given) {
            for (Entry entry : entries) {
                if (entry.header.height() != height || entry.header.width() != width) {
                    throw new InvalidInputException(
                            folder + " holds pictures of different sizes, such as " + height + "x" + width
                                    + " (" + inside(folder, entries.get(0).picture) + ") and " + entry.header.height()
                                    + "x" + entry.header.width() + " (" + inside(folder, entry.picture) + ")",
                            Remedy.FITTING);
                }
            }
        }
        return preparation.resolved(height, width, entries.stream().anyMatch(entry -> entry.header.channels() == 3));
    }

    /** The preparation with nothing left open: what other pictures need to become images like these. */
    Preparation resolved() {
        return preparation;
    }

    /** How many pictures there are whose headers could be read. */
    int size() {
        return entries.size();
    }

    boolean cutsIntoTiles() {
        return preparation.fit() == Fit.TILES;
    }

    private boolean cutsPatches() {
        return preparation.fit() == Fit.PATCHES;
    }

    @Override
    public String name() {
        return folder.toString();
    }

    @Override
    public Set<String> remarks() {
        return Collections.unmodifiableSet(animations);
    }

    @Override
    public List<InvalidInputException> unusable() {
        return unusable;
    }

    @Override
    public ImageSet read(int limit) {
        long count = limited(entries, limit);
        requireMemory(count);
        return read(entries, (int) count);
    }

    @Override
    public TrainingImages readToTrain(int limit) {
        return cutsPatches() ? patches(entries, limit) : read(limit);
    }

    /**
     * Reads what is trained on of the first pictures, where the others validate.
     *
     * @param kept how many pictures are the first, more than 0 and fewer than there are
     * @param limit images to take of the first, or pictures, where patches are cut from them; 0 takes all
     */
    TrainingImages firstToTrain(int kept, int limit) {
        List<Entry> first = entries.subList(0, kept);
        return cutsPatches() ? patches(first, limit) : read(first, (int) limited(first, limit));
    }

    /**
     * Reads the images of the other pictures.
     *
     * @param limit images to take; 0 takes all
     */
    ImageSet others(int kept, int limit) {
        List<Entry> others = entries.subList(kept, entries.size());
        long count = limited(others, limit);
        requireMemory(count);
        return read(others, (int) count);
    }

    /**
     * Checks that the images of the first pictures and those of the others fit into memory together.
     *
     * @param kept how many pictures are the first, more than 0 and fewer than there are
     * @param limit as of {@link #firstToTrain}
     * @param limitOfOthers as of {@link #others}
     */
    void requireMemoryForSplit(int kept, int limit, int limitOfOthers) {
        List<Entry> first = entries.subList(0, kept);
        long others = limited(entries.subList(kept, entries.size()), limitOfOthers);
        if (cutsPatches()) {
            requireMemoryToCut(firstOf(first, limit), others);
        } else {
            requireMemory(limited(first, limit) + others);
        }
    }

    /** @param limit pictures to take; 0 takes all */
    private Patches patches(List<Entry> pictures, int limit) {
        List<Entry> taken = firstOf(pictures, limit);
        requireMemoryToCut(taken, 0);
        List<ImageSet> read = new ArrayList<>();
        int done = 0;
        try (PageReader reader = new PageReader(preparation.range())) {
            for (Entry entry : taken) {
                try {
                    read.add(picture(reader, entry.picture));
                } catch (InvalidInputException e) {
                    unusable.add(e);
                }
                done++;
                listener.progressed("reading pictures", done, taken.size());
            }
        }
        if (read.isEmpty()) {
            throw noneCanBeUsed(folder, unusable);
        }
        return Patches.of(read.stream().map(Scene::of).toList(), preparation, Optional.empty());
    }

    private static List<Entry> firstOf(List<Entry> pictures, int limit) {
        return limit == 0 ? pictures : pictures.subList(0, Math.min(limit, pictures.size()));
    }

    private Photo photo(PageReader reader, PicturePage picture) {
        Photo photo = reader.photo(picture);
        reader.remark().ifPresent(animations::add);
        return photo;
    }

    private ImageSet picture(PageReader reader, PicturePage picture) {
        Photo photo = photo(reader, picture);
        preparation.requireRoomForAPatch(picture, photo);
        return photo.withChannels(preparation.channels()).toImageSet(depth);
    }

    private long limited(List<Entry> pictures, int limit) {
        long count = pictures.stream()
                .map(Entry::header)
                .mapToLong(header -> preparation.images(header.height(), header.width()))
                .sum();
        return limit == 0 ? count : Math.min(limit, count);
    }

    private long imageBytes() {
        return (long) preparation.height() * preparation.width() * preparation.channels() * depth.bytes();
    }

    private String makes(long count) {
        return String.format(
                Locale.ROOT,
                "makes %,d images of %s%s",
                count,
                ImageSet.describeSize(preparation.height(), preparation.width(), preparation.channels()),
                depth.mention());
    }

    /** Checks that so many images fit into memory, in one array. */
    private void requireMemory(long count) {
        requireMemory(makes(count), count * imageBytes(), MOST_BYTES);
    }

    /**
     * Checks that pictures fit into memory, each in an array of its own.
     *
     * @param others images that are in memory with them
     */
    private void requireMemoryToCut(List<Entry> pictures, long others) {
        long pixels = pictures.stream()
                .map(Entry::header)
                .mapToLong(header -> (long) header.height() * header.width())
                .sum();
        String what = String.format(
                Locale.ROOT,
                "has %,d %s%s to cut patches from",
                pictures.size(),
                pictures.size() == 1 ? "picture" : "pictures",
                depth.mention());
        requireMemory(
                others == 0 ? what : what + " and " + makes(others) + " to validate",
                pixels * preparation.channels() * depth.bytes() + others * imageBytes(),
                Long.MAX_VALUE);
    }

    /**
     * Checks that bytes fit into memory.
     *
     * @param what the folder has or makes, for the message
     * @param limit most bytes, however much memory there is
     */
    private void requireMemory(String what, long bytes, long limit) {
        long largest = entries.stream()
                .map(Entry::header)
                .mapToLong(header -> Photo.memory(header.height(), header.width(), header.channels()))
                .max()
                .orElse(0);
        Runtime runtime = Runtime.getRuntime();
        long most = runtime.maxMemory() - ROOM;
        if (bytes > Math.min(limit, most)) {
            String message = String.format(
                    Locale.ROOT,
                    "%s %s, %,d MiB, and %,d MiB fit",
                    folder,
                    what,
                    bytes >> 20,
                    Math.min(limit, most) >> 20);
            throw most < limit
                    ? new InvalidInputException(message, Remedy.SMALLER_IMAGES, Remedy.FEWER_IMAGES, Remedy.MORE_MEMORY)
                    : new InvalidInputException(message, Remedy.SMALLER_IMAGES, Remedy.FEWER_IMAGES);
        }
        if (bytes + largest > most && largest <= runtime.maxMemory()) {
            throw new InvalidInputException(
                    String.format(
                            Locale.ROOT,
                            "%s %s, %,d MiB, and reading its largest picture takes %,d MiB more; together %,d MiB fit",
                            folder,
                            what,
                            bytes >> 20,
                            largest >> 20,
                            most >> 20),
                    Remedy.SMALLER_IMAGES,
                    Remedy.FEWER_IMAGES,
                    Remedy.MORE_MEMORY);
        }
    }

    /** @param most images to take; fewer where pictures cannot be read */
    private ImageSet read(List<Entry> pictures, int most) {
        int size = (int) imageBytes();
        byte[] pixels = new byte[most * size];
        int filled = 0;
        int done = 0;
        try (PageReader reader = new PageReader(preparation.range())) {
            for (Entry entry : pictures) {
                if (filled == pixels.length) {
                    break;
                }
                try {
                    Photo photo = photo(reader, entry.picture);
                    // The file may have been replaced since its header was read.
                    preparation.requireSize(entry.picture, photo.height(), photo.width());
                    int count = (int) Math.min(preparation.images(photo.height(), photo.width()), most - filled / size);
                    preparation.write(photo, 0, count, depth, pixels, filled / depth.bytes());
                    filled += count * size;
                } catch (InvalidInputException e) {
                    unusable.add(e);
                }
                done++;
                listener.progressed("reading pictures", done, pictures.size());
            }
        }
        if (filled == 0) {
            throw noneCanBeUsed(folder, unusable);
        }
        return new ImageSet(
                preparation.height(),
                preparation.width(),
                preparation.channels(),
                depth,
                filled == pixels.length ? pixels : Arrays.copyOf(pixels, filled));
    }
}
