package daegpu.train;

import daegpu.format.Safetensors;
import daegpu.format.WeightsFile;
import daegpu.format.WeightsFile.Convention;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The trained models that come with the program, in the form in which {@code export --to safetensors} writes weights.
 * {@code docs/models.md} says how each was trained and measured, and {@code NOTICE.md} on which pictures.
 */
public enum BuiltInModel {
    /** Digits like MNIST's, 28×28 pixels in grey. */
    DIGITS(
            "digits",
            "digits like MNIST's, light on dark",
            "20.1, 18.7, 17.0 and 15.5 dB on MNIST's test images at 0.25, 0.5, 0.75 and 1.0"),
    /** Grey photographs and scans of any size. */
    PHOTO_GREY(
            "photo-grey",
            "grey photographs of any size",
            "31.2, 28.8, 26.0 and 24.5 dB on BSD68 at 15, 25, 50 and 75 of 255"),
    /** Colour photographs of any size. */
    PHOTO_COLOR(
            "photo-color",
            "colour photographs of any size",
            "33.5, 31.1, 27.7 and 25.5 dB on six photographs of its kind at 15, 25, 50 and 75 of 255");

    private final String text;
    private final String images;
    private final String figures;

    BuiltInModel(String text, String images, String figures) {
        this.text = text;
        this.images = images;
        this.figures = figures;
    }

    /** How well it denoises, in words; {@code docs/models.md} has the commands that measured it. */
    public String figures() {
        return figures;
    }

    /** The images that it is for, in words. */
    public String images() {
        return images;
    }

    /** All names, with commas. */
    static String names() {
        return Arrays.stream(values()).map(BuiltInModel::toString).collect(Collectors.joining(", "));
    }

    /**
     * The model that a path names; empty if there is no such model, or if there is a file or the folder of a run of
     * that name, which comes first.
     */
    public static Optional<BuiltInModel> of(Path path) {
        return (Files.isDirectory(path) ? Checkpoint.isRun(path) : Files.exists(path))
                ? Optional.empty()
                : named(path.toString());
    }

    /** The model that has a name, whatever else has it. */
    public static Optional<BuiltInModel> named(String name) {
        return Arrays.stream(values()).filter(model -> model.text.equals(name)).findFirst();
    }

    /**
     * The model for pictures with this number of channels.
     *
     * @param channels 1 for grey, 3 for colour
     */
    public static BuiltInModel forPictures(int channels) {
        return channels == 1 ? PHOTO_GREY : PHOTO_COLOR;
    }

    /** Reads it, with the options of the training that made it. */
    public Checkpoint read() {
        String resource = "/daegpu/models/" + text + ".safetensors";
        Safetensors content;
        try (InputStream in = BuiltInModel.class.getResourceAsStream(resource)) {
            content = Safetensors.read(text, in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(resource + " in the program's jar cannot be read", e);
        }
        TrainingOptions options = Checkpoint.readOptions(content);
        return Checkpoint.untrained(options, WeightsFile.parameters(content, Convention.KERAS, options.network()));
    }

    /** The name as users write it. */
    @Override
    public String toString() {
        return text;
    }
}
