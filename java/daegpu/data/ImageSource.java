package daegpu.data;

import java.util.Optional;

/** Where a training takes its images from. */
public sealed interface ImageSource permits ImageFiles, ImagesInMemory, NoisyFiles {

    /**
     * Reads them.
     *
     * @param listener hears how far reading pictures is
     * @throws InvalidInputException if they cannot be used
     */
    DataSets open(ReadingListener listener);

    /** Whether they are pictures, such as photographs, and not digits or the like: a folder of them, or in colour. */
    boolean arePictures();

    /**
     * The labels of the validation images, including those after a limit; empty where they are not known.
     *
     * @throws InvalidInputException if a file of labels cannot be read
     */
    Optional<byte[]> validationLabels();
}
