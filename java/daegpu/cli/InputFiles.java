package daegpu.cli;

import daegpu.data.IdxFile;
import daegpu.data.ImageFile;
import daegpu.data.ImageSet;
import daegpu.data.InvalidInputException;
import daegpu.data.PictureFolder;
import daegpu.model.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;

/** Files with images that a command runs a model on. */
final class InputFiles {

    private InputFiles() {}

    /**
     * The pictures in a folder and in the folders inside it that are wanted.
     *
     * @param problems a message is added for each folder inside that cannot be looked into, and the like
     * @throws InvalidInputException if there is neither a picture nor a problem
     */
    static List<Path> picturesIn(Path folder, Predicate<Path> wanted, List<String> problems) {
        PictureFolder.Found found = PictureFolder.filesIn(folder);
        List<Path> pictures = found.files().stream().filter(wanted).toList();
        if (pictures.isEmpty() && found.unusable().isEmpty()) {
            throw PictureFolder.noneIn(folder);
        }
        found.unusable().forEach(problem -> problems.add(problem.getMessage()));
        return pictures;
    }

    /**
     * The format of a picture, as {@link ImageFile#formatOf} has it; null for an IDX file, or what may be one.
     *
     * @throws InvalidInputException if the file cannot be read, or has the name of a picture but is none that can be
     *     read
     */
    static String formatOf(Path file) {
        String format = ImageFile.formatOf(file);
        if (format == null
                && (PictureFolder.isNamedAsPicture(file)
                        || !IdxFile.isIdx(file) && ImageFile.foreignTitle(file).isPresent())) {
            throw ImageFile.notAPicture(file);
        }
        return format;
    }

    /**
     * Reads the images of an IDX file.
     *
     * @throws InvalidInputException if that fails, or they have another size than the model's
     */
    static ImageSet readIdx(Path file, Tensor image) {
        ImageSet images = IdxFile.read(file, 0);
        if (!images.hasSize(image.height(), image.width(), image.channels())) {
            throw new InvalidInputException(
                    file + " holds images of " + images.describeSize() + "; the model wants " + describe(image));
        }
        return images;
    }

    /** @throws InvalidInputException if the model's images have a number of channels that no picture can have */
    static void requirePicturesFit(Path picture, Tensor image) {
        if (image.channels() != 1 && image.channels() != 3) {
            throw new InvalidInputException(
                    picture + " is a picture, in grey or colour; the model wants " + describe(image));
        }
    }

    private static String describe(Tensor image) {
        return ImageSet.describeSize(image.height(), image.width(), image.channels());
    }
}
