package daegpu.cli;

import daegpu.data.DataSets;
import daegpu.data.DataSets.Validation;
import daegpu.data.ImageFiles;
import daegpu.data.ImageSet;
import daegpu.data.ImageSource;
import daegpu.data.InvalidInputException;
import daegpu.data.NoisyFiles;
import daegpu.data.PictureFolder;
import daegpu.data.Preparation;
import daegpu.data.ReadingListener;
import daegpu.data.Remedy;
import daegpu.data.ValidationSet;
import daegpu.model.Tensor;
import daegpu.train.Checkpoint;
import daegpu.train.RunRecord;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The option that names the images that a model is tried on, by default those that its training was validated on. */
final class ValidationImages {

    @Option(
            names = "--data",
            paramLabel = "PATH",
            description = "Images to try the model on: an IDX file, a folder with a t10k-images... file, or a "
                    + "folder with pictures in it and in the folders inside it (default: the validation "
                    + "images of the model's training; where its config.json is not beside the model, the "
                    + "test images of the MNIST inside the program).")
    private Path data;

    /**
     * Reads them.
     *
     * @param limit how many images to take, the first ones; 0 takes all; null takes the number of the model's training,
     *     or all
     * @throws InvalidInputException if they cannot be used, or have another size than the model wants
     */
    Validation read(ModelFile model, Tensor image, PictureFitting fitting, Integer limit, ReadingListener listener) {
        Optional<RunRecord> run = model.run();
        Preparation preparation = fitting.preparation(image, run);
        Validation validation = data != null || run.isEmpty()
                ? DataSets.validation(null, data, 0, limit == null ? 0 : limit, preparation, listener)
                : ofRun(run.get(), limit, preparation, listener);
        ImageSet images = validation.images().target();
        if (!images.hasSize(image.height(), image.width(), image.channels())) {
            throw new InvalidInputException(
                    model.name() + " is for images of "
                            + ImageSet.describeSize(image.height(), image.width(), image.channels())
                            + ", and those of " + validation.origin() + " are " + images.describeSize(),
                    Remedy.OTHER_IMAGES);
        }
        return validation;
    }

    private static Validation ofRun(RunRecord run, Integer limit, Preparation preparation, ReadingListener listener) {
        if (run.hasImagesInMemory()) {
            throw new InvalidInputException(
                    "the validation images of the model's training were given by a program, from its memory",
                    Remedy.NAMED_IMAGES);
        }
        try {
            ImageSource source = run.images();
            if (source instanceof NoisyFiles noisy) {
                return noisy.prepared(preparation, limit != null ? limit : noisy.validationLimit())
                        .openValidation(listener);
            }
            ImageFiles files = ((ImageFiles) source).prepared(preparation);
            return files.first(files.limit(), limit != null ? limit : files.validationLimit())
                    .openValidation(listener);
        } catch (InvalidInputException e) {
            throw e.saying(
                    "the validation images of the model's training cannot be used: " + e.getMessage(),
                    Remedy.OTHER_IMAGES);
        }
    }

    /** The pictures of a folder that was named; empty where other images were, or none. */
    PictureFolder.Found pictures() {
        return data == null || !Files.isDirectory(data) || DataSets.hasImages(data)
                ? PictureFolder.Found.NOTHING
                : PictureFolder.filesIn(data);
    }

    /** Where they are. */
    Path data() {
        return data;
    }

    /**
     * Whether these should be the images that the training was validated on but are not: then the model may have been
     * trained on some of them.
     *
     * @param images what {@link #read} gave, with a limit of null and nothing else said on how to prepare pictures
     */
    boolean changedSince(Checkpoint checkpoint, ModelFile model, ValidationSet images) {
        return data == null && model.run().isPresent() && !images.identity().equals(checkpoint.validationData());
    }
}
