package daegpu.data;

import java.util.Optional;

/** Where a training has its images from. */
public sealed interface ImageSource permits ImageFiles, ImagesInMemory {

    /**
     * Reads them.
     *
     * @param listener hears how far reading pictures is
     * @throws InvalidInputException if they cannot be used
     */
    DataSets open(ReadingListener listener);

    /**
     * What the validation images are of, those after a limit included; empty where that is not known.
     *
     * @throws InvalidInputException if a file of labels cannot be read
     */
    Optional<byte[]> validationLabels();
}
