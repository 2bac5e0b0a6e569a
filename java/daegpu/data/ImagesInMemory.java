package daegpu.data;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Images that a program has made or read itself.
 *
 * @param training at least one
 * @param validation at least one, of the same size
 */
public record ImagesInMemory(ImageSet training, ImageSet validation) implements ImageSource {

    /** @throws IllegalArgumentException if there are none, or they are of different sizes */
    public ImagesInMemory {
        if (training.count() == 0 || validation.count() == 0) {
            throw new IllegalArgumentException("a training needs at least one image to train on and one to validate");
        }
        if (!training.hasSize(validation.height(), validation.width(), validation.channels())) {
            throw new IllegalArgumentException("validation images must be like the training images: "
                    + validation.describeSize() + ", not " + training.describeSize());
        }
    }

    @Override
    public DataSets open(ReadingListener listener) {
        return new DataSets(
                training,
                ValidationSet.of(validation),
                describe("training", training) + "\n" + describe("validation", validation),
                List.of());
    }

    @Override
    public boolean arePictures() {
        return training.channels() > 1;
    }

    private static String describe(String purpose, ImageSet images) {
        return String.format(
                Locale.ROOT,
                "%s: %,d images of %s%s, from memory",
                purpose,
                images.count(),
                images.describeSize(),
                images.depth().mention());
    }

    @Override
    public Optional<byte[]> validationLabels() {
        return Optional.empty();
    }
}
