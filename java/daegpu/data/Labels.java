package daegpu.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What validation images show, as far as that is known. Labels take no part in training, and are only displayed. */
public final class Labels {

    private Labels() {}

    /**
     * The labels of the validation images that {@link DataSets#open} has with the same arguments: MNIST's, or those of
     * the IDX file of labels beside theirs, which is called {@code t10k-labels-idx1-ubyte}, or like the images' file
     * with labels and idx1 in place of images and idx3. Images that are split off have none, nor have pictures.
     *
     * @return a label for each image, including those after a limit; empty where there are none
     * @throws InvalidInputException if the file of labels cannot be read
     */
    public static Optional<byte[]> ofValidation(Path data, Path validationData, double validationSplit) {
        if (validationSplit > 0) {
            return Optional.empty();
        }
        if (validationData == null && data == null) {
            return Optional.of(EmbeddedMnist.testLabels());
        }
        return Optional.ofNullable(
                        validationData != null ? beside(validationData) : Files.isDirectory(data) ? beside(data) : null)
                .map(IdxFile::readLabels);
    }

    private static Path beside(Path images) {
        if (Files.isDirectory(images)) {
            return DataSets.validationFile(images) == null
                    ? null
                    : DataSets.find(
                            images,
                            DataSets.VALIDATION_NAMES.stream()
                                    .map(Labels::nameFor)
                                    .toList());
        }
        String name = images.getFileName().toString();
        Path labels = images.resolveSibling(nameFor(name));
        return name.contains("images") && Files.exists(labels) ? labels : null;
    }

    /** The name of the file that has the labels of images in a file of this name. */
    private static String nameFor(String images) {
        return images.replace("images", "labels").replace("idx3", "idx1");
    }
}
