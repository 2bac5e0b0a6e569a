package daegpu.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a network is trained on and what it is judged by.
 *
 * @param training at least one image
 * @param validation at least one image, of the size of the training images and none of them
 * @param description for people, two lines without a line break at the end: what was read from where, how many images
 *     of which size, and what was asked for but not there
 * @param unusable what is wrong with each of the pictures that were left out
 */
public record DataSets(
        TrainingImages training, ValidationSet validation, String description, List<InvalidInputException> unusable) {

    private static final List<String> TRAINING_NAMES = names("train-images");
    static final List<String> VALIDATION_NAMES = names("t10k-images");
    private static final double DEFAULT_SPLIT = 0.1;

    /** What MNIST's files are called, by those who have unpacked and renamed them. */
    private static List<String> names(String beginning) {
        return Stream.of("-idx3-ubyte", ".idx3-ubyte", "-idx3.ubyte", ".idx3.ubyte")
                .flatMap(end -> Stream.of(beginning + end, beginning + end + ".gz"))
                .toList();
    }

    /** Finds and reads both sets; a folder of pictures must hold pictures of one size. */
    public static DataSets open(
            Path data, Path validationData, double validationSplit, int limit, int validationLimit) {
        return open(
                data,
                validationData,
                validationSplit,
                limit,
                validationLimit,
                Preparation.NONE,
                ReadingListener.SILENT);
    }

    /**
     * Finds and reads both sets.
     *
     * <p>Training images are the embedded MNIST's, or those of the IDX file {@code data}, or those of the file in the
     * folder {@code data} that has MNIST's name ({@code train-images-idx3-ubyte}, perhaps with a dot for a dash before
     * or after {@code idx3}, perhaps with {@code .gz}), itself or in a folder of such a name, or else the pictures in
     * the folder {@code data} and the folders in it, sorted by name.
     *
     * <p>Validation images are those of {@code validationData}; or the last {@code validationSplit} of the training
     * images, counted as Keras counts them: of n images the first ⌊n·(1 − split)⌋ stay training images; or MNIST's test
     * images; or those of {@code t10k-images…} beside the training file in the folder {@code data}; and where there are
     * none of these, the last tenth of the training images. Of pictures that are cut into tiles, whole ones are split
     * off, unless there is only one.
     *
     * <p>The limits are applied last. Pictures that cannot be read are left out, in the set where they would have been.
     *
     * @param data folder or file, or null for the embedded MNIST
     * @param validationData folder (with a {@code t10k-images…} file) or file, or null
     * @param validationSplit between 0 and 1, or 0 for none
     * @param limit how many training images to take, the first ones; 0 takes all
     * @param validationLimit how many validation images to take, the first ones; 0 takes all
     * @param preparation how pictures in folders become images of one size
     * @param listener hears how far reading pictures is
     * @throws InvalidInputException if files are missing, unusable or of different image sizes, if both a split and
     *     validation data are asked for, or if a split or limit is out of range or leaves nothing, or if the pictures
     *     would not fit into memory
     */
    public static DataSets open(
            Path data,
            Path validationData,
            double validationSplit,
            int limit,
            int validationLimit,
            Preparation preparation,
            ReadingListener listener) {
        requireSensible(validationData, validationSplit, Math.min(limit, validationLimit));
        FoundImages training = data == null ? new EmbeddedTraining() : trainingSource(data, preparation, listener);
        if (!(training instanceof PictureFolder) && !preparation.equals(Preparation.NONE)) {
            throw new InvalidInputException("only folders of pictures can be resized, cropped, cut into tiles or turned"
                    + " grey or to colour, or have a range of values, and " + training.name() + " is none");
        }
        Preparation alike = training instanceof PictureFolder folder ? folder.resolved() : preparation;
        FoundImages validation = validationSplit > 0 ? null : validationSource(data, validationData, alike, listener);
        return validation == null
                ? split(training, validationSplit, limit, validationLimit)
                : separate(training, validation, limit, validationLimit);
    }

    private static void requireSensible(Path validationData, double validationSplit, int limit) {
        if (!(validationSplit >= 0 && validationSplit < 1)) {
            throw new InvalidInputException(
                    "the validation split must be at least 0 and less than 1, not " + validationSplit);
        }
        if (limit < 0) {
            throw new InvalidInputException("a limit on images must be 0 or more, not " + limit);
        }
        if (validationSplit > 0 && validationData != null) {
            throw new InvalidInputException("validation images can be split off the training images or come from "
                    + validationData + ", not both");
        }
    }

    /**
     * Validation images alone.
     *
     * @param images at least one
     * @param origin where they are from, for people
     * @param unusable what is wrong with each of the pictures that were left out
     */
    public record Validation(ValidationSet images, String origin, List<InvalidInputException> unusable) {}

    /**
     * Reads the validation images alone that {@code open} has with the same arguments: those of {@code validationData}
     * where {@code data} is null and nothing is split off, and MNIST's test images where both are null.
     *
     * @param preparation how pictures in folders become images of one size; all other images are taken as they are
     * @throws InvalidInputException as open does
     */
    public static Validation validation(
            Path data,
            Path validationData,
            double validationSplit,
            int limit,
            Preparation preparation,
            ReadingListener listener) {
        requireSensible(validationData, validationSplit, limit);
        FoundImages named = validationSplit > 0 ? null : validationSource(data, validationData, preparation, listener);
        if (named != null) {
            return new Validation(ValidationSet.of(named.read(limit)), named.name(), named.unusable());
        }
        FoundImages training = data == null ? new EmbeddedTraining() : trainingSource(data, preparation, listener);
        ImageSet images = splitsWholePictures(training) && training instanceof PictureFolder folder
                ? folder.others(kept(folder, validationSplit), limit)
                : rest(training, training.read(0), validationSplit, limit);
        return new Validation(ValidationSet.of(images), training.name() + ", split off its end", training.unusable());
    }

    /** Images that were found, but not read yet: an IDX file, a folder of pictures, or an embedded set. */
    interface FoundImages {

        /**
         * Reads the first images.
         *
         * @param limit number of images, or 0 for all; fewer are no error
         */
        ImageSet read(int limit);

        /**
         * Reads what is trained on: the first images, or the first pictures, where patches are cut from them.
         *
         * @param limit number of images or pictures, or 0 for all; fewer are no error
         */
        default TrainingImages readToTrain(int limit) {
            return read(limit);
        }

        String name();

        /** What is to be told of files that were read by the calls so far: that only a part of one was taken. */
        default Set<String> remarks() {
            return Set.of();
        }

        /** What was left out by the calls so far, and why. */
        default List<InvalidInputException> unusable() {
            return List.of();
        }
    }

    private record EmbeddedTraining() implements FoundImages {

        @Override
        public ImageSet read(int limit) {
            return EmbeddedMnist.training(limit);
        }

        @Override
        public String name() {
            return "the embedded MNIST";
        }
    }

    private record EmbeddedTest() implements FoundImages {

        @Override
        public ImageSet read(int limit) {
            return EmbeddedMnist.test(limit);
        }

        @Override
        public String name() {
            return "the embedded MNIST's test set";
        }
    }

    private record Idx(Path file) implements FoundImages {

        @Override
        public ImageSet read(int limit) {
            return IdxFile.read(file, limit);
        }

        @Override
        public String name() {
            return file.toString();
        }
    }

    private static FoundImages trainingSource(Path data, Preparation preparation, ReadingListener listener) {
        return source(data, TRAINING_NAMES, "training", preparation, listener);
    }

    /** Null if nobody named validation images and there are none beside the training images. */
    private static FoundImages validationSource(
            Path data, Path validationData, Preparation preparation, ReadingListener listener) {
        if (validationData == null) {
            if (data == null) {
                return new EmbeddedTest();
            }
            Path file = Files.isDirectory(data) ? validationFile(data) : null;
            return file == null || find(data, TRAINING_NAMES) == null ? null : new Idx(file);
        }
        return source(validationData, VALIDATION_NAMES, "validation", preparation, listener);
    }

    private static FoundImages source(
            Path data, List<String> names, String purpose, Preparation preparation, ReadingListener listener) {
        if (!Files.isDirectory(data)) {
            return new Idx(data);
        }
        Path file = find(data, names);
        if (file != null) {
            return new Idx(file);
        }
        PictureFolder.Found pictures = PictureFolder.filesIn(data);
        if (pictures.files().isEmpty()) {
            throw new InvalidInputException(data + " holds no " + purpose
                    + " images: looked for " + PictureFormat.titles() + " files and for " + names.get(0)
                    + " (or with a dot for a dash, and with .gz or without); it " + PictureFolder.contents(data));
        }
        return PictureFolder.open(data, pictures, preparation, listener);
    }

    /** Whether training images are taken from the pictures in a folder, and from no IDX file. */
    static boolean arePictures(Path data) {
        return Files.isDirectory(data) && find(data, TRAINING_NAMES) == null;
    }

    /** Whether a folder has an IDX file of validation images. */
    public static boolean hasImages(Path folder) {
        return validationFile(folder) != null;
    }

    /** The IDX file of validation images in a folder; null if there is none. */
    static Path validationFile(Path folder) {
        return find(folder, VALIDATION_NAMES);
    }

    /**
     * The file of one of these names in a folder, or in a folder of one of these names inside it, as archives have them
     * in which each file is in a folder of its own; null if there is none.
     */
    static Path find(Path folder, List<String> names) {
        return Stream.concat(
                        names.stream().map(folder::resolve),
                        names.stream()
                                .map(folder::resolve)
                                .filter(Files::isDirectory)
                                .flatMap(inner -> names.stream().map(inner::resolve)))
                .filter(file -> Files.exists(file) && !Files.isDirectory(file))
                .findFirst()
                .orElse(null);
    }

    private static DataSets separate(
            FoundImages trainingSource, FoundImages validationSource, int limit, int validationLimit) {
        TrainingImages training = trainingSource.readToTrain(limit);
        ImageSet validation = validationSource.read(validationLimit);
        if (!training.hasSize(validation.height(), validation.width(), validation.channels())) {
            throw new InvalidInputException(
                    "validation images must be like the training images: " + validationSource.name() + " holds "
                            + validation.describeSize() + ", " + trainingSource.name() + " " + training.describeSize());
        }
        return new DataSets(
                training,
                ValidationSet.of(validation),
                describe("training", training, limit) + " from " + trainingSource.name()
                        + remarks(trainingSource) + "\n"
                        + describe("validation", validation, validationLimit) + " from " + validationSource.name()
                        + remarks(validationSource),
                unusable(trainingSource, validationSource));
    }

    private static DataSets split(FoundImages source, double validationSplit, int limit, int validationLimit) {
        TrainingImages training;
        ImageSet validation;
        if (splitsWholePictures(source) && source instanceof PictureFolder folder) {
            int kept = kept(folder, validationSplit);
            folder.requireMemoryForSplit(kept, limit, validationLimit);
            training = folder.firstToTrain(kept, limit);
            validation = folder.others(kept, validationLimit);
        } else {
            ImageSet all = source.read(0);
            int kept = kept(source, all, validationSplit);
            training = all.range(0, limit == 0 ? kept : Math.min(limit, kept));
            validation = rest(source, all, validationSplit, validationLimit);
        }
        return new DataSets(
                training,
                ValidationSet.of(validation),
                describe("training", training, limit) + " from " + source.name() + remarks(source) + "\n"
                        + describe("validation", validation, validationLimit)
                        + ", split off the end of the training images"
                        + (validationSplit > 0 ? "" : " (the last tenth, since there is no validation set)"),
                unusable(source));
    }

    /**
     * Whether whole pictures are split: then no tile of one set overlaps a tile of the other, and no picture is read
     * that the limits leave out.
     */
    private static boolean splitsWholePictures(FoundImages source) {
        return source instanceof PictureFolder folder && (folder.size() > 1 || !folder.cutsIntoTiles());
    }

    private static ImageSet rest(FoundImages source, ImageSet all, double validationSplit, int limit) {
        int kept = kept(source, all, validationSplit);
        int left = all.count() - kept;
        return all.range(kept, kept + (limit == 0 ? left : Math.min(limit, left)));
    }

    private static int kept(PictureFolder folder, double validationSplit) {
        return kept(
                folder,
                folder.size(),
                folder.size() == 1 ? "1 picture" : number(folder.size()) + " pictures",
                validationSplit);
    }

    private static int kept(FoundImages source, ImageSet all, double validationSplit) {
        return kept(source, all.count(), count(all), validationSplit);
    }

    private static int kept(FoundImages source, int count, String counted, double validationSplit) {
        boolean asked = validationSplit > 0;
        int kept = kept(count, validationSplit);
        if (kept == 0 || kept == count) {
            throw new InvalidInputException(
                    source.name() + " holds " + counted + ", which cannot be split into training"
                            + " and validation images" + (asked ? " at " + validationSplit : ""));
        }
        return kept;
    }

    /** How many of {@code count} images, the first ones, stay training images; 0 splits a tenth off. */
    static int kept(int count, double validationSplit) {
        return (int) Math.floor(count * (1 - (validationSplit > 0 ? validationSplit : DEFAULT_SPLIT)));
    }

    private static List<InvalidInputException> unusable(FoundImages... sources) {
        List<InvalidInputException> unusable = new ArrayList<>();
        for (FoundImages source : sources) {
            unusable.addAll(source.unusable());
        }
        return List.copyOf(unusable);
    }

    /** One of them, and how many there are. */
    private static String remarks(FoundImages source) {
        Set<String> remarks = source.remarks();
        return remarks.isEmpty()
                ? ""
                : " (" + remarks.iterator().next()
                        + (remarks.size() == 1 ? "" : ", and so are those of " + (remarks.size() - 1) + " more") + ")";
    }

    private static String describe(String purpose, TrainingImages images, int limit) {
        if (images instanceof Patches patches) {
            return String.format(
                    Locale.ROOT,
                    "%s: %,d patches of %s an epoch, cut anywhere, flipped and turned, from %,d pictures%s",
                    purpose,
                    patches.count(),
                    patches.describeSize(),
                    patches.pictures().size(),
                    patches.depth().mention());
        }
        return purpose + ": " + count(images) + " of " + images.describeSize()
                + images.depth().mention()
                + (images.count() < limit ? " (there are no more; the limit was " + number(limit) + ")" : "");
    }

    private static String count(TrainingImages images) {
        return number(images.count()) + (images.count() == 1 ? " image" : " images");
    }

    private static String number(int number) {
        return String.format(Locale.ROOT, "%,d", number);
    }
}
