package daegpu.cli;

import daegpu.data.ImageFiles;
import daegpu.data.ImageSource;
import daegpu.data.NoisyFiles;
import daegpu.data.Preparation;
import daegpu.data.Preparation.Colour;
import daegpu.data.Preparation.Fit;
import daegpu.data.ValueRange;
import daegpu.noise.BlindSpots;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** The options that say which images to train on. */
final class ImageOptions {

    /** Their names. */
    static final Set<String> NAMES = Set.of(
            "--data",
            "--validation-data",
            "--validation-split",
            "--limit",
            "--validation-limit",
            "--noisy",
            "--clean",
            "--pairs",
            "--validation-noisy",
            "--validation-clean",
            "--blind-spot",
            "--blind-spot-share",
            "--structure",
            "--resize",
            "--crop",
            "--tiles",
            "--overlap",
            "--patches",
            "--patches-per-epoch",
            "--color",
            "--range");

    /** Of pictures that are noisy already. */
    private static final ImageSize DEFAULT_PATCHES = new ImageSize(64, 64);

    @Option(
            names = "--data",
            paramLabel = "PATH",
            description =
                    "The training images: an IDX file, a folder of IDX files with MNIST's names, raw or .gz, or a "
                            + "folder of pictures and of such folders, which are taken in the order of their names "
                            + "(default: MNIST, which is inside the program).")
    Path data;

    @Option(
            names = "--validation-data",
            paramLabel = "PATH",
            description =
                    "The validation images, in the same form (default: the file t10k-images... beside the training "
                            + "images, or else the last tenth of the training images).")
    Path validation;

    @Option(
            names = "--validation-split",
            paramLabel = "X",
            defaultValue = "0",
            description = "Take this share of the training images, such as 0.05, for validation: the last ones.")
    private double validationSplit;

    @Option(
            names = "--limit",
            paramLabel = "N",
            defaultValue = "0",
            description = "Take the first N training images only; with --patches, the first N pictures.")
    private int limit;

    @Option(
            names = "--validation-limit",
            paramLabel = "N",
            description = "Take the first N validation images only (default: as many as --limit says; with --patches, "
                    + "all).")
    private Integer validationLimit;

    @Option(
            names = "--noisy",
            paramLabel = "DIR",
            description =
                    "Pictures that are noisy already, in place of --data: no noise is added, unless a --noise option "
                            + "says so. Without --clean, each scene has several of them (in a folder of its own, or "
                            + "called scene_1.png, scene_2.png ...), and one is made of another, as in Noise2Noise.")
    Path noisy;

    @Option(
            names = "--clean",
            paramLabel = "DIR",
            description = "The clean picture of each in --noisy, by the same name, or for several noisy ones a.png for "
                    + "a_1.png, a_2.png ... or for a/1.png, a/2.png ...; or a second noisy picture of each scene.")
    Path clean;

    @Option(
            names = "--pairs",
            paramLabel = "FILE.csv",
            description = "A table that names a noisy picture and its clean one in each line, instead of both.")
    Path pairs;

    @Option(
            names = "--validation-noisy",
            paramLabel = "DIR",
            description = "Noisy pictures to validate on (default: the last tenth of the scenes).")
    Path validationNoisy;

    @Option(
            names = "--validation-clean",
            paramLabel = "DIR",
            description = "The clean pictures that belong to them. With --blind-spot, those of pictures in "
                    + "--validation-data or --data, from which the PSNR is computed.")
    Path validationClean;

    @Option(
            names = "--blind-spot",
            description = "Learn from noisy pictures in --data alone, as Noise2Void does: some pixels are hidden from "
                    + "the network, which has to guess them.")
    private boolean blindSpot;

    @Option(
            names = "--blind-spot-share",
            paramLabel = "X",
            description = "Share of the pixels that are hidden, 0.0005 to 0.05 (default: 0.02).")
    private Double blindSpotShare;

    @Option(
            names = "--structure",
            paramLabel = "HxW",
            converter = ImageSize.SizeConverter.class,
            description = "Hide the pixels around each as well whose noise is correlated with its own: 1x9 for noise "
                    + "along rows (default: 1x1, none).")
    private ImageSize structure;

    @Option(
            names = "--resize",
            paramLabel = "HxW",
            converter = ImageSize.SizeConverter.class,
            description = "Scale each picture of a folder to this size, height before width as in all options.")
    private ImageSize resize;

    @Option(
            names = "--crop",
            paramLabel = "HxW",
            converter = ImageSize.SizeConverter.class,
            description =
                    "Take the largest part around the middle of each picture that has these proportions, and scale "
                            + "it to this size.")
    private ImageSize crop;

    @Option(
            names = "--tiles",
            paramLabel = "HxW",
            converter = ImageSize.SizeConverter.class,
            description =
                    "Cut each picture into tiles of this size; smaller pictures are continued by their reflection.")
    private ImageSize tiles;

    @Option(
            names = "--overlap",
            paramLabel = "N",
            defaultValue = "0",
            description = "The least number of pixels that neighbouring tiles share (default: ${DEFAULT-VALUE}).")
    private int overlap;

    @Option(
            names = "--patches",
            paramLabel = "HxW",
            converter = ImageSize.SizeConverter.class,
            description =
                    "In each epoch, cut patches of this size anywhere from the pictures of a folder, and flip and "
                            + "turn them. The validation pictures are cut into tiles of this size (default for "
                            + "pictures that are noisy already: 64x64).")
    private ImageSize patches;

    @Option(
            names = "--patches-per-epoch",
            paramLabel = "N",
            description = "The number of patches in an epoch (default: together they have as many pixels as all "
                    + "pictures). It does not change the memory that a training takes: the pictures are in "
                    + "memory, with a byte for each value, or two if one of the pictures has 16 bits.")
    private Integer patchesPerEpoch;

    @Option(
            names = "--color",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "Train on grey or on color images; auto takes color if one picture of the folder has colours "
                    + "(default: ${DEFAULT-VALUE}).")
    private String color;

    @Option(
            names = "--range",
            paramLabel = "LOW..HIGH",
            parameterConsumer = RangeParameter.class,
            description = "Of pictures with 32-bit floats, the values that are black and white (default: the 0.1th and "
                    + "the 99.9th percentile of each file, over all of its pages). Floats become 16-bit values; those "
                    + "outside are cut off.")
    private ValueRange range;

    /**
     * All of it.
     *
     * @throws IllegalArgumentException if options do not go together, or a value is out of range
     */
    ImageSource source() {
        require(limit >= 0, "--limit must be 0 or more, not " + limit);
        int validated = validationLimit != null ? validationLimit : cutsPatches() ? 0 : limit;
        require(validated >= 0, "--validation-limit must be 0 or more, not " + validated);
        if (areNoisy()) {
            return noisyFiles(validated);
        }
        require(validationClean == null, "--validation-clean goes with --noisy, --pairs or --blind-spot");
        require(validationNoisy == null, "--validation-noisy goes with --noisy or --pairs");
        require(clean == null, "--clean goes with --noisy");
        require(blindSpotShare == null, "--blind-spot-share goes with --blind-spot");
        require(structure == null, "--structure goes with --blind-spot");
        return new ImageFiles(
                data,
                validation,
                validationSplit,
                limit,
                validated,
                preparation().in(range));
    }

    /** Whether the pictures are noisy already. */
    boolean areNoisy() {
        return noisy != null || pairs != null || blindSpot;
    }

    private NoisyFiles noisyFiles(int validated) {
        require(noisy == null || pairs == null, "give one of --noisy and --pairs");
        require(clean == null || noisy != null, "--clean goes with --noisy");
        if (blindSpot) {
            require(data != null, "--blind-spot learns from the noisy pictures in a folder: name it with --data");
            require(
                    noisy == null && pairs == null,
                    "--blind-spot is for --data; --noisy and --pairs have more to learn from");
            require(
                    validationNoisy == null,
                    "with --blind-spot, name noisy pictures to validate on with --validation-data");
        } else {
            require(data == null, "give one of --data and " + (noisy != null ? "--noisy" : "--pairs"));
            require(
                    validation == null,
                    "with --noisy or --pairs, name pictures to validate on with --validation-noisy");
            require(
                    validationClean == null || validationNoisy != null,
                    "--validation-clean goes with --validation-noisy");
            require(
                    validationNoisy == null || validationClean != null || clean == null && pairs == null,
                    "--validation-noisy needs the clean pictures in --validation-clean");
            require(blindSpotShare == null, "--blind-spot-share goes with --blind-spot");
            require(structure == null, "--structure goes with --blind-spot");
        }
        return new NoisyFiles(
                blindSpot ? data : noisy,
                clean,
                pairs,
                blindSpot ? validation : validationNoisy,
                validationClean,
                validationSplit,
                limit,
                validated,
                preparation().in(range),
                blindSpot
                        ? Optional.of(new BlindSpots(
                                blindSpotShare != null ? blindSpotShare : BlindSpots.DEFAULT_SHARE,
                                structure != null ? structure.height() : 1,
                                structure != null ? structure.width() : 1))
                        : Optional.empty());
    }

    private boolean isFitted() {
        return Stream.of(resize, crop, tiles, patches).anyMatch(Objects::nonNull);
    }

    private boolean cutsPatches() {
        return patches != null || areNoisy() && !isFitted();
    }

    private Preparation preparation() {
        require(
                Stream.of(resize, crop, tiles, patches).filter(Objects::nonNull).count() <= 1,
                "give one of --resize, --crop, --tiles and --patches");
        require(patchesPerEpoch == null || cutsPatches(), "--patches-per-epoch goes with --patches");
        require(
                patchesPerEpoch == null || patchesPerEpoch > 0,
                "--patches-per-epoch must be 1 or more, not " + patchesPerEpoch);
        require(overlap == 0 || tiles != null, "--overlap goes with --tiles");
        Colour colour =
                switch (color.toLowerCase(Locale.ROOT)) {
                    case "auto" -> Colour.AUTO;
                    case "grey", "gray" -> Colour.GREY;
                    case "color", "colour" -> Colour.COLOUR;
                    default -> throw new IllegalArgumentException("--color must be grey, color or auto, not " + color);
                };
        if (resize != null) {
            return preparation(Fit.RESIZE, resize, colour);
        }
        if (crop != null) {
            return preparation(Fit.CROP, crop, colour);
        }
        if (tiles != null) {
            return preparation(Fit.TILES, tiles, colour);
        }
        if (cutsPatches()) {
            return preparation(Fit.PATCHES, patches != null ? patches : DEFAULT_PATCHES, colour);
        }
        return new Preparation(Fit.NONE, 0, 0, overlap, colour);
    }

    private Preparation preparation(Fit fit, ImageSize size, Colour colour) {
        return new Preparation(
                fit, size.height(), size.width(), overlap, colour, patchesPerEpoch == null ? 0 : patchesPerEpoch);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
