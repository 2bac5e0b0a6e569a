package daegpu.cli;

import daegpu.data.ImageFiles;
import daegpu.data.Preparation;
import daegpu.data.Preparation.Colour;
import daegpu.data.Preparation.Fit;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
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
            "--resize",
            "--crop",
            "--tiles",
            "--overlap",
            "--patches",
            "--patches-per-epoch",
            "--color");

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
            names = "--resize",
            paramLabel = "HxW",
            converter = ImageSize.SizeConverter.class,
            description = "Scale each picture of a folder to this size, height before width as in all options. Scaled "
                    + "pictures have 8 bits a value.")
    private ImageSize resize;

    @Option(
            names = "--crop",
            paramLabel = "HxW",
            converter = ImageSize.SizeConverter.class,
            description =
                    "Take the largest part around the middle of each picture that has these proportions, and scale "
                            + "it to this size, with 8 bits a value.")
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
                            + "turn them. The validation pictures are cut into tiles of this size.")
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

    /**
     * All of it.
     *
     * @throws IllegalArgumentException if options do not go together, or a value is out of range
     */
    ImageFiles files() {
        require(limit >= 0, "--limit must be 0 or more, not " + limit);
        int validated = validationLimit != null ? validationLimit : patches == null ? limit : 0;
        require(validated >= 0, "--validation-limit must be 0 or more, not " + validated);
        return new ImageFiles(data, validation, validationSplit, limit, validated, preparation());
    }

    private Preparation preparation() {
        require(
                Stream.of(resize, crop, tiles, patches).filter(Objects::nonNull).count() <= 1,
                "give one of --resize, --crop, --tiles and --patches");
        require(patchesPerEpoch == null || patches != null, "--patches-per-epoch goes with --patches");
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
        if (patches != null) {
            return preparation(Fit.PATCHES, patches, colour);
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
