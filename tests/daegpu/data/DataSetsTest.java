package daegpu.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.data.Preparation.Colour;
import daegpu.data.Preparation.Fit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeds.class)
class DataSetsTest {

    @TempDir
    private Path folder;

    @Test
    void withoutAPathItIsMnist() {
        DataSets sets = DataSets.open(null, null, 0, 0, 100);
        assertEquals(60_000, sets.training().count());
        assertArrayEquals(
                EmbeddedMnist.test(100).pixels(), sets.validation().target().pixels());
        assertEquals(
                "training: 60,000 images of 28x28 grey from the embedded MNIST\n"
                        + "validation: 100 images of 28x28 grey from the embedded MNIST's test set",
                sets.description());
    }

    @Test
    void mnistCanBeSplitAndValidatedOnOtherFiles() throws IOException {
        ImageSet all = EmbeddedMnist.training(0);
        DataSets split = DataSets.open(null, null, 0.25, 50, 20);
        assertArrayEquals(all.range(0, 50).pixels(), pixels(split));
        assertArrayEquals(
                all.range(45_000, 45_020).pixels(), split.validation().target().pixels());
        Path other = write("other", 5, 28, 28, 1);
        DataSets separate = DataSets.open(null, other, 0, 10, 0);
        assertEquals(10, separate.training().count());
        assertEquals(5, separate.validation().target().count());
    }

    @ParameterizedTest
    @CsvSource({
        "train-images-idx3-ubyte, t10k-images-idx3-ubyte",
        "train-images-idx3-ubyte.gz, t10k-images.idx3-ubyte",
        "train-images.idx3-ubyte, t10k-images.idx3-ubyte.gz",
        "train-images.idx3-ubyte.gz, t10k-images-idx3-ubyte.gz"
    })
    void aFolderIsSearchedForTheUsualNames(String trainingName, String validationName) throws IOException {
        write(trainingName, 30, 4, 6, 1);
        write(validationName, 7, 4, 6, 1);
        DataSets sets = DataSets.open(folder, null, 0, 0, 0);
        assertEquals(30, sets.training().count());
        assertEquals(7, sets.validation().target().count());
        assertEquals(
                "training: 30 images of 4x6 grey from " + folder.resolve(trainingName) + "\n"
                        + "validation: 7 images of 4x6 grey from " + folder.resolve(validationName),
                sets.description());
    }

    /** As archives have them that hold a folder for each file, and as others unpack and rename them. */
    @ParameterizedTest
    @CsvSource({
        "train-images-idx3-ubyte/train-images-idx3-ubyte, t10k-images-idx3-ubyte/t10k-images-idx3-ubyte",
        "train-images.idx3-ubyte/train-images-idx3-ubyte.gz, t10k-images-idx3-ubyte/t10k-images.idx3-ubyte",
        "train-images-idx3.ubyte, t10k-images.idx3.ubyte.gz"
    })
    void filesInFoldersOfTheirNamesAreFound(String training, String validation) throws IOException {
        for (String name : List.of(training, validation)) {
            Files.createDirectories(folder.resolve(name).getParent());
        }
        write(training, 30, 4, 6, 1);
        write(validation, 7, 4, 6, 1);
        Path labels = folder.resolve(validation.replace("images", "labels").replace("idx3", "idx1"));
        Files.createDirectories(labels.getParent());
        Files.write(labels, new byte[] {0, 0, 8, 1, 0, 0, 0, 7, 1, 2, 3, 4, 5, 6, 7});
        DataSets sets = DataSets.open(folder, null, 0, 0, 0);
        assertEquals(
                "training: 30 images of 4x6 grey from " + folder.resolve(training) + "\n"
                        + "validation: 7 images of 4x6 grey from " + folder.resolve(validation),
                sets.description());
        assertArrayEquals(
                new byte[] {1, 2, 3, 4, 5, 6, 7},
                Labels.ofValidation(folder, null, 0).orElseThrow());
    }

    /** A folder of that name beside the file, as Kaggle has both. */
    @Test
    void foldersBesideTheFileAreNotInTheWay() throws IOException {
        write("train-images.idx3-ubyte", 30, 4, 6, 1);
        Files.createDirectory(folder.resolve("train-images-idx3-ubyte"));
        assertEquals(27, DataSets.open(folder, null, 0, 0, 0).training().count());
    }

    @Test
    void validationDataThatAreNamedWin() throws IOException {
        write("train-images-idx3-ubyte", 30, 4, 6, 3);
        write("t10k-images-idx3-ubyte", 7, 4, 6, 3);
        Path other = write("other.gz", 8, 4, 6, 3);
        assertEquals(8, DataSets.open(folder, other, 0, 0, 0).validation().count());
        Path subfolder = Files.createDirectory(folder.resolve("sub"));
        Files.move(other, subfolder.resolve("t10k-images.idx3-ubyte.gz"));
        assertEquals(8, DataSets.open(folder, subfolder, 0, 0, 0).validation().count());
        assertRefused(
                "holds no validation images: looked for PNG, JPEG, TIFF, BMP, GIF or WebP files and for "
                        + "t10k-images-idx3-ubyte (or with a dot",
                folder,
                Files.createDirectory(folder.resolve("empty")),
                0);
    }

    @Test
    void aSplitTakesTheEndAndThenTheLimitsApply() throws IOException {
        Path file = write("a", 30, 4, 6, 1);
        write("t10k-images-idx3-ubyte", 7, 4, 6, 1);
        ImageSet all = IdxFile.read(file, 0);
        Files.move(file, folder.resolve("train-images-idx3-ubyte"));
        DataSets sets = DataSets.open(folder, null, 0.21, 0, 0);
        // Keras: floor(30 · 0.79) = 23
        assertArrayEquals(all.range(0, 23).pixels(), pixels(sets));
        assertArrayEquals(all.range(23, 30).pixels(), sets.validation().target().pixels());
        assertTrue(
                sets.description()
                        .endsWith("\nvalidation: 7 images of 4x6 grey, split off the end of the training images"),
                sets.description());
        DataSets limited = DataSets.open(folder, null, 0.21, 24, 3);
        assertEquals(23, limited.training().count());
        assertArrayEquals(
                all.range(23, 26).pixels(), limited.validation().target().pixels());
        assertTrue(
                limited.description()
                        .startsWith("training: 23 images of 4x6 grey (there are no more; the limit was 24) from "),
                limited.description());
    }

    @Test
    void theLastTenthIsSplitOffWhereThereIsNoOtherValidationSet() throws IOException {
        Path file = write("images.gz", 25, 4, 6, 1);
        DataSets sets = DataSets.open(file, null, 0, 0, 0);
        assertEquals(22, sets.training().count());
        assertArrayEquals(
                IdxFile.read(file, 0).range(22, 25).pixels(),
                sets.validation().target().pixels());
        assertEquals(
                "training: 22 images of 4x6 grey from " + file + "\n"
                        + "validation: 3 images of 4x6 grey, split off the end of the training images"
                        + " (the last tenth, since there is no validation set)",
                sets.description());
    }

    @Test
    void whatIsNotThereIsSaid() throws IOException {
        Path file = write("a", 3, 4, 6, 1);
        Path one = write("b", 1, 4, 6, 1);
        DataSets sets = DataSets.open(file, one, 0, 1_000_000, 2);
        assertEquals(
                "training: 3 images of 4x6 grey (there are no more; the limit was 1,000,000) from " + file + "\n"
                        + "validation: 1 image of 4x6 grey (there are no more; the limit was 2) from " + one,
                sets.description());
    }

    @Test
    void whatCannotBeUsedIsRefused() throws IOException {
        Path file = write("a", 3, 4, 6, 1);
        Path other = write("b", 3, 6, 4, 1);
        Path colour = write("c", 3, 4, 6, 3);
        Path one = write("d", 1, 4, 6, 1);
        assertRefused(
                "validation images must be like the training images: " + other + " holds 6x4 grey, " + file
                        + " 4x6 grey",
                file,
                other,
                0);
        assertRefused(colour + " holds 4x6 colour", file, colour, 0);
        assertRefused("not both", file, file, 0.1);
        assertRefused(one + " holds 1 image, which cannot be split into training and validation images", one, null, 0);
        assertRefused(
                file + " holds 3 images, which cannot be split into training and validation images at 0.9",
                file,
                null,
                0.9);
        assertRefused("absent does not exist", folder.resolve("absent"), null, 0);
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertRefused(
                empty
                        + " holds no training images: looked for PNG, JPEG, TIFF, BMP, GIF or WebP files and for "
                        + "train-images-idx3-ubyte (or with a dot for a dash, and with .gz or without); it is empty",
                empty,
                null,
                0);
        Files.createFile(empty.resolve("digit.PNG"));
        assertRefused(
                "no picture in " + empty + " can be used: " + empty.resolve("digit.PNG") + " is empty", empty, null, 0);
        assertThrows(InvalidInputException.class, () -> DataSets.open(file, null, 0, -1, 0));
        assertThrows(InvalidInputException.class, () -> DataSets.open(file, null, 0, 0, -1));
    }

    @Test
    void validationImagesCanBeReadAlone() throws IOException {
        assertArrayEquals(
                EmbeddedMnist.test(3).pixels(),
                alone(null, null, 0, 3).images().target().pixels());
        assertArrayEquals(
                DataSets.open(null, null, 0.25, 1, 20).validation().target().pixels(),
                alone(null, null, 0.25, 20).images().target().pixels());
        write("train-images-idx3-ubyte", 30, 4, 6, 1);
        Path test = write("t10k-images-idx3-ubyte", 7, 4, 6, 1);
        Path file = write("other.gz", 25, 4, 6, 1);
        for (Path data : new Path[] {folder, file}) {
            for (Path validationData : new Path[] {null, folder, file}) {
                for (double split : validationData == null ? new double[] {0, 0.21} : new double[] {0}) {
                    for (int limit : new int[] {0, 2, 100}) {
                        assertArrayEquals(
                                DataSets.open(data, validationData, split, 1, limit)
                                        .validation()
                                        .target()
                                        .pixels(),
                                alone(data, validationData, split, limit)
                                        .images()
                                        .target()
                                        .pixels());
                    }
                }
            }
        }
        assertEquals(test.toString(), alone(folder, null, 0, 0).origin());
        assertEquals(file + ", split off its end", alone(file, null, 0, 0).origin());
        assertThrows(InvalidInputException.class, () -> alone(file, file, 0.1, 0));
        assertThrows(InvalidInputException.class, () -> alone(file, null, 0, -1));
        assertThrows(InvalidInputException.class, () -> alone(file, null, 1, 0));
    }

    private static DataSets.Validation alone(Path data, Path validationData, double split, int limit) {
        return DataSets.validation(data, validationData, split, limit, Preparation.NONE, ReadingListener.SILENT);
    }

    @Test
    void onlyPicturesAreResized() throws IOException {
        Path file = write("a", 30, 4, 6, 1);
        InvalidInputException refusal = assertThrows(
                InvalidInputException.class,
                () -> DataSets.open(
                        file,
                        null,
                        0,
                        0,
                        0,
                        new Preparation(Fit.RESIZE, 4, 6, 0, Colour.AUTO),
                        ReadingListener.SILENT));
        assertTrue(refusal.getMessage().endsWith("and " + file + " is none"), refusal.getMessage());
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 1, 1.5, Double.NaN})
    void splitsOutOfRangeAreRefused(double split) throws IOException {
        assertRefused("the validation split must be at least 0 and less than 1", write("a", 30, 4, 6, 1), null, split);
    }

    private Path write(String name, int count, int height, int width, int channels) throws IOException {
        byte[] pixels = new byte[count * height * width * channels];
        Seeds.random(name.hashCode()).nextBytes(pixels);
        Path file = folder.resolve(name);
        IdxFile.write(file, new ImageSet(height, width, channels, pixels));
        return file;
    }

    private static void assertRefused(String problem, Path data, Path validationData, double split) {
        InvalidInputException refusal =
                assertThrows(InvalidInputException.class, () -> DataSets.open(data, validationData, split, 0, 0));
        assertTrue(refusal.getMessage().contains(problem), refusal.getMessage());
    }

    private static byte[] pixels(DataSets sets) {
        return ((ImageSet) sets.training()).pixels();
    }
}
