package daegpu.data;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Images in files, and which of them to take. {@link DataSets#open} says how the files are found.
 *
 * @param data folder or file of the training images, or null for the embedded MNIST
 * @param validationData folder or file of the validation images, or null
 * @param validationSplit part of the training images, the last ones, that are for validation instead, from 0 to 1; 0
 *     for none
 * @param limit how many training images to take, the first ones; 0 takes all
 * @param validationLimit how many validation images to take, the first ones; 0 takes all
 * @param preparation how pictures in folders become images of one size
 */
public record ImageFiles(
        Path data, Path validationData, double validationSplit, int limit, int validationLimit, Preparation preparation)
        implements ImageSource {

    /** The digits inside the program: 60,000 to train on and 10,000 to validate. */
    public static final ImageFiles MNIST = new ImageFiles(null, null, 0, 0, 0, Preparation.NONE);

    /** All images of a folder or file; its validation images as {@link DataSets#open} finds them. */
    public static ImageFiles in(Path data) {
        return new ImageFiles(data, null, 0, 0, 0, Preparation.NONE);
    }

    /**
     * The same in other places.
     *
     * @param newData null if they are still where they were
     * @param newValidationData likewise
     */
    public ImageFiles movedTo(Path newData, Path newValidationData) {
        return new ImageFiles(
                newData != null ? newData : data,
                newValidationData != null ? newValidationData : validationData,
                validationSplit,
                limit,
                validationLimit,
                preparation);
    }

    /** The same, limited to the first images of each set; 0 takes all. */
    public ImageFiles first(int training, int validation) {
        return new ImageFiles(data, validationData, validationSplit, training, validation, preparation);
    }

    /** The same, with pictures in folders prepared in this way. */
    public ImageFiles prepared(Preparation newPreparation) {
        return new ImageFiles(data, validationData, validationSplit, limit, validationLimit, newPreparation);
    }

    @Override
    public DataSets open(ReadingListener listener) {
        return DataSets.open(data, validationData, validationSplit, limit, validationLimit, preparation, listener);
    }

    @Override
    public boolean arePictures() {
        return data != null && DataSets.arePictures(data);
    }

    /**
     * The validation images alone.
     *
     * @throws InvalidInputException if they cannot be used
     */
    public DataSets.Validation openValidation(ReadingListener listener) {
        return DataSets.validation(data, validationData, validationSplit, validationLimit, preparation, listener);
    }

    @Override
    public Optional<byte[]> validationLabels() {
        return Labels.ofValidation(data, validationData, validationSplit);
    }
}
