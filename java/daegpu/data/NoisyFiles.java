package daegpu.data;

import daegpu.noise.BlindSpots;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Pictures that are noisy already, and what a network can learn from besides: clean pictures of the same scenes, other
 * noisy pictures of them, or nothing but blind spots.
 *
 * @param noisy folder of the noisy pictures; null where a table names them
 * @param clean folder of the pictures that belong to them; null where a table names them, or there are none
 * @param table CSV file with pairs; null where there are folders
 * @param validationNoisy folder of other noisy pictures to validate on; null if some of the scenes are taken
 * @param validationClean folder of the clean pictures that belong to these or, with blind spots, to those that are
 *     taken from {@code noisy}; null for none
 * @param validationSplit part of the scenes, the last ones, that are for validation, from 0 to 1; 0 for a tenth
 * @param limit how many scenes to train on, the first ones; 0 takes all
 * @param validationLimit how many validation images to take, the first ones; 0 takes all
 * @param preparation how pictures become images of one size
 * @param blindSpots if present, it is learned from the noisy pictures alone
 */
public record NoisyFiles(
        Path noisy,
        Path clean,
        Path table,
        Path validationNoisy,
        Path validationClean,
        double validationSplit,
        int limit,
        int validationLimit,
        Preparation preparation,
        Optional<BlindSpots> blindSpots)
        implements ImageSource {

    /** @throws IllegalArgumentException if these do not go together */
    public NoisyFiles {
        if ((noisy == null) == (table == null) || clean != null && noisy == null) {
            throw new IllegalArgumentException("noisy pictures are in a folder, or in a table with the clean ones");
        }
        if (blindSpots.isPresent() && (clean != null || table != null)) {
            throw new IllegalArgumentException("blind spots are for noisy pictures alone, without clean ones");
        }
        if (!(validationSplit >= 0 && validationSplit < 1)) {
            throw new IllegalArgumentException(
                    "the validation split must be at least 0 and less than 1, not " + validationSplit);
        }
        if (validationSplit > 0 && validationNoisy != null) {
            throw new IllegalArgumentException(
                    "validation images can be split off or come from " + validationNoisy + ", not both");
        }
        if (limit < 0 || validationLimit < 0) {
            throw new IllegalArgumentException("a limit on images must be 0 or more");
        }
    }

    /** Pairs in two folders. */
    public static NoisyFiles pairs(Path noisy, Path clean, Preparation preparation) {
        return new NoisyFiles(noisy, clean, null, null, null, 0, 0, 0, preparation, Optional.empty());
    }

    /** Noisy pictures alone, several of each scene. */
    public static NoisyFiles alone(Path noisy, Preparation preparation) {
        return new NoisyFiles(noisy, null, null, null, null, 0, 0, 0, preparation, Optional.empty());
    }

    /** Noisy pictures alone, one of each scene. */
    public static NoisyFiles blind(Path noisy, Preparation preparation, BlindSpots blindSpots) {
        return new NoisyFiles(noisy, null, null, null, null, 0, 0, 0, preparation, Optional.of(blindSpots));
    }

    /** The folders and files that are named. */
    public List<Path> places() {
        return Stream.of(noisy, clean, table, validationNoisy, validationClean)
                .filter(place -> place != null)
                .toList();
    }

    /** The same in other places; null for each that did not move. */
    public NoisyFiles movedTo(
            Path newNoisy, Path newClean, Path newTable, Path newValidationNoisy, Path newValidationClean) {
        return new NoisyFiles(
                newNoisy != null ? newNoisy : noisy,
                newClean != null ? newClean : clean,
                newTable != null ? newTable : table,
                newValidationNoisy != null ? newValidationNoisy : validationNoisy,
                newValidationClean != null ? newValidationClean : validationClean,
                validationSplit,
                limit,
                validationLimit,
                preparation,
                blindSpots);
    }

    /** The same with other limits and another preparation. */
    public NoisyFiles prepared(Preparation newPreparation, int newValidationLimit) {
        return new NoisyFiles(
                noisy,
                clean,
                table,
                validationNoisy,
                validationClean,
                validationSplit,
                limit,
                newValidationLimit,
                newPreparation,
                blindSpots);
    }

    @Override
    public boolean arePictures() {
        return true;
    }

    @Override
    public Optional<byte[]> validationLabels() {
        return Optional.empty();
    }

    @Override
    public DataSets open(ReadingListener listener) {
        List<InvalidInputException> unusable = new ArrayList<>();
        SceneReader scenes = reader(find(), preparation, listener, unusable);
        int kept = validationNoisy != null ? scenes.size() : kept(scenes);
        int trained = limit == 0 ? kept : Math.min(limit, kept);
        TrainingImages training = scenes.training(0, trained, blindSpots);
        ValidationSet validation = validation(scenes, kept, listener, unusable);
        if (!training.hasSize(validation.height(), validation.width(), validation.channels())) {
            throw new InvalidInputException("validation images must be like the training images: "
                    + validation.target().describeSize() + ", not " + training.describeSize());
        }
        return new DataSets(
                training, validation, describe(training, trained, scenes) + "\n" + describe(validation), unusable);
    }

    /**
     * The validation images alone.
     *
     * @throws InvalidInputException if they cannot be used
     */
    public DataSets.Validation openValidation(ReadingListener listener) {
        List<InvalidInputException> unusable = new ArrayList<>();
        SceneReader scenes = reader(find(), preparation, listener, unusable);
        ValidationSet validation =
                validation(scenes, validationNoisy != null ? scenes.size() : kept(scenes), listener, unusable);
        return new DataSets.Validation(validation, origin(), unusable);
    }

    private ValidationSet validation(
            SceneReader scenes, int kept, ReadingListener listener, List<InvalidInputException> unusable) {
        if (validationNoisy == null && validationClean == null) {
            return scenes.validation(kept, scenes.size(), validationLimit, blindSpots);
        }
        SceneFiles.Found found = validationClean != null
                ? SceneFiles.pairs(validationNoisy != null ? validationNoisy : noisy, validationClean)
                : blindSpots.isPresent() ? SceneFiles.alone(validationNoisy) : SceneFiles.noisyAlone(validationNoisy);
        SceneReader others = reader(found, scenes.resolved(), listener, unusable);
        return others.validation(0, others.size(), validationLimit, blindSpots);
    }

    private SceneFiles.Found find() {
        if (table != null) {
            return SceneFiles.table(table);
        }
        return clean != null
                ? SceneFiles.pairs(noisy, clean)
                : blindSpots.isPresent() ? SceneFiles.alone(noisy) : SceneFiles.noisyAlone(noisy);
    }

    private static SceneReader reader(
            SceneFiles.Found found,
            Preparation preparation,
            ReadingListener listener,
            List<InvalidInputException> unusable) {
        unusable.addAll(found.unusable());
        return SceneReader.open(found.scenes(), preparation, listener, unusable);
    }

    /** How many scenes are trained on, where the others validate. */
    private int kept(SceneReader scenes) {
        int count = scenes.size();
        if (count == 1) {
            throw new InvalidInputException(
                    place() + " has 1 scene, and at least one more is needed to validate", Remedy.VALIDATION_PAIRS);
        }
        int kept = DataSets.kept(count, validationSplit);
        if (kept == 0 || kept == count) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT,
                    "%s has %,d scenes, which cannot be split into training and validation at %s",
                    place(),
                    count,
                    validationSplit));
        }
        return kept;
    }

    private Path place() {
        return table != null ? table : noisy;
    }

    private String origin() {
        return validationNoisy != null ? validationNoisy.toString() : place() + ", split off its end";
    }

    private String describe(TrainingImages training, int scenes, SceneReader reader) {
        String from = clean != null
                ? noisy + " to " + clean
                : place() + (table != null ? "" : blindSpots.isPresent() ? ", with blind spots" : " alone");
        String what = blindSpots.isPresent() ? "noisy pictures" : clean == null && table == null ? "scenes" : "pairs";
        return String.format(
                Locale.ROOT,
                "training: %s, from %,d %s%s in %s%s",
                training instanceof Patches patches
                        ? String.format(
                                Locale.ROOT,
                                "%,d patches of %s an epoch, cut anywhere, flipped and turned",
                                patches.count(),
                                patches.describeSize())
                        : String.format(Locale.ROOT, "%,d images of %s", training.count(), training.describeSize()),
                scenes,
                what,
                training.depth().mention(),
                from,
                reader.remarks().isEmpty() ? "" : " (" + String.join("; ", reader.remarks()) + ")");
    }

    private String describe(ValidationSet validation) {
        return String.format(
                Locale.ROOT,
                "validation: %,d %s from %s",
                validation.count(),
                validation.isJudgedBySpotsAlone()
                        ? "noisy images, judged by their blind spots,"
                        : validation.hasNoisyTargets()
                                ? "images, judged by other noisy ones, so that the PSNR is too low,"
                                : validation.blindSpots().isPresent()
                                        ? "images, judged by their blind spots, with clean ones for the PSNR,"
                                        : "pairs",
                origin());
    }
}
