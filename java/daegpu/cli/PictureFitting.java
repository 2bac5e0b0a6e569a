package daegpu.cli;

import daegpu.data.InvalidInputException;
import daegpu.data.Preparation;
import daegpu.data.Preparation.Colour;
import daegpu.data.Preparation.Fit;
import daegpu.data.ValueRange;
import daegpu.model.Tensor;
import daegpu.train.RunRecord;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** The options that say how pictures of any size become images of the model's size. */
final class PictureFitting {

    static final String HEADING = "%nPictures of other sizes (default: as in the model's training, or left out):%n";

    @Option(names = "--resize", description = "Scale each picture to the model's size.")
    private boolean resize;

    @Option(
            names = "--crop",
            description = "Take the largest part around the middle of each picture that has the model's "
                    + "proportions, and scale it to the model's size.")
    private boolean crop;

    @Option(
            names = "--tiles",
            description = "Cut each picture into tiles of the model's size; smaller pictures are "
                    + "continued by their reflection.")
    private boolean tiles;

    @Option(
            names = "--overlap",
            paramLabel = "N",
            description =
                    "The least number of pixels that neighbouring tiles share (default: 0, or as in the model's training).")
    private Integer overlap;

    @Option(
            names = "--range",
            paramLabel = "LOW..HIGH",
            parameterConsumer = RangeParameter.class,
            description = RangeParameter.DESCRIPTION)
    private ValueRange range;

    /** The range of the values in files of floats; null for their percentiles. */
    ValueRange range(Optional<RunRecord> run) {
        return range != null
                ? range
                : run.filter(record -> record.says("range"))
                        .map(record -> ValueRange.of(record.text("range")))
                        .orElse(null);
    }

    /** Whether an option was given that says how pictures fit; if not, pictures are prepared as in the model's run. */
    boolean isGiven() {
        return resize || crop || tiles || overlap != null;
    }

    /**
     * How pictures become images for a model, which are grey or in colour as it wants.
     *
     * @param run the record of the run that made the model, if there is one
     * @throws InvalidInputException if the options contradict each other
     */
    Preparation preparation(Tensor image, Optional<RunRecord> run) {
        if (Stream.of(resize, crop, tiles).filter(given -> given).count() > 1) {
            throw new InvalidInputException("give one of --resize, --crop and --tiles");
        }
        Fit fit = resize
                ? Fit.RESIZE
                : crop
                        ? Fit.CROP
                        : tiles ? Fit.TILES : run.map(PictureFitting::fitOf).orElse(Fit.NONE);
        if (overlap != null && fit != Fit.TILES) {
            throw new InvalidInputException("--overlap goes with --tiles");
        }
        int shared = overlap != null
                ? overlap
                : fit != Fit.TILES
                        ? 0
                        : run.filter(record -> record.says("overlap"))
                                .map(record -> record.count("overlap"))
                                .orElse(0);
        try {
            return new Preparation(
                            fit,
                            image.height(),
                            image.width(),
                            shared,
                            image.channels() == 1 ? Colour.GREY : Colour.COLOUR)
                    .in(range(run));
        } catch (IllegalArgumentException e) {
            throw new InvalidInputException(e.getMessage(), e);
        }
    }

    private static Fit fitOf(RunRecord run) {
        boolean isCut = run.says("tiles") || run.says("patches");
        return run.says("resize") ? Fit.RESIZE : run.says("crop") ? Fit.CROP : isCut ? Fit.TILES : Fit.NONE;
    }
}
