package daegpu.data;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Single images in files of the {@link PictureFormat formats} of pictures. Grey values and colours are taken as they
 * are in the file, without regard to gamma or colour profiles, so a grey PNG that is read and written again has the
 * same values. If the file says how the camera was held, the picture is turned upright. Of a file with several pages or
 * frames, the first is read; {@link PictureReader} reads all pages.
 */
public final class ImageFile {

    /**
     * An image from a file.
     *
     * @param image one image
     * @param format the {@link PictureFormat#id} of its format
     */
    public record Picture(ImageSet image, String format) {}

    /**
     * What a file says about its picture, known without decoding pixels.
     *
     * @param height in pixels, when the picture is upright
     * @param width in pixels, when the picture is upright
     * @param channels 1 for grey, 3 for colour; a picture that is stored as colour may contain only greys
     * @param depth of its samples; fewer than 8 bits count as 8
     */
    public record Header(int height, int width, int channels, Depth depth) {}

    private ImageFile() {}

    /**
     * Reads a picture that is to go through a network for images of the given size.
     *
     * <p>Grey values become colours with three equal channels if the network is for colour; colours become grey only if
     * all of them have three equal channels. An alpha channel is dropped if it is opaque everywhere. The size is
     * checked before pixels are decoded.
     *
     * @param height wanted height in pixels
     * @param width wanted width in pixels
     * @param channels 1 for grey, 3 for colour
     * @throws InvalidInputException if the file cannot be read, is damaged, is not a picture that can be read, or does
     *     not fit; the message names it and says what is wrong
     */
    public static Picture read(Path file, int height, int width, int channels) {
        String wanted = ImageSet.describeSize(height, width, channels);
        if (channels != 1 && channels != 3) {
            throw new InvalidInputException(file + " is a picture, in grey or colour; the model wants " + wanted);
        }
        Photo photo = photo(file, header -> {
            if (header.height() != height || header.width() != width) {
                throw new InvalidInputException(
                        file + " is " + ImageSet.describeSize(header.height(), header.width(), header.channels())
                                + "; the model wants " + wanted);
            }
        });
        if (photo.alpha() != null) {
            throw new InvalidInputException(
                    file + " is transparent in places, which the model cannot see; flatten it first");
        }
        if (channels == 1 && !photo.isGrey()) {
            throw new InvalidInputException(file + " is in colour; the model wants " + wanted);
        }
        return new Picture(photo.withChannels(channels).toImageSet(photo.depth()), photo.format());
    }

    /**
     * Reads a picture of any size, upright, with the depth of its samples. Alpha is kept separately.
     *
     * @throws InvalidInputException if the file cannot be read, is damaged, is not a picture that can be read, has a
     *     colour model other than grey, palette and RGB, or is too large for the memory that Java may use; the message
     *     names it and says what is wrong
     */
    public static Photo open(Path file) {
        return photo(file, header -> {});
    }

    private static Photo photo(Path file, Consumer<Header> check) {
        try (PictureReader reader = PictureReader.open(file)) {
            return reader.photo(0, check);
        }
    }

    /**
     * Reads the size of a picture, its depth and whether it is grey, without decoding its pixels, and mostly without
     * reading them.
     *
     * @throws InvalidInputException if the file cannot be read, or does not begin like a picture that can be used
     */
    public static Header header(Path file) {
        return PictureReader.header(file);
    }

    /**
     * The {@link PictureFormat#id} of a file, judged by its first bytes; null if it is not a picture that can be read.
     *
     * @throws InvalidInputException if the file cannot be read
     */
    public static String formatOf(Path file) {
        return PictureReader.formatOf(file).map(PictureFormat::id).orElse(null);
    }

    /**
     * Names the format of a file that looks like a picture or a document of pictures, but cannot be read: "a HEIC
     * picture".
     *
     * @throws InvalidInputException if the file cannot be read
     */
    public static Optional<String> foreignTitle(Path file) {
        return PictureFormat.foreignTitle(PictureReader.start(file));
    }

    /** The exception that says that a file is not a picture that can be read, and what it is, if that is known. */
    public static InvalidInputException notAPicture(Path file) {
        return PictureReader.unknown(file, PictureReader.start(file));
    }

    /**
     * Encodes one image as a file; JPEG has the default quality.
     *
     * @param images of 1 or 3 channels, of 8 bits a value
     * @param index index of the image
     * @param format the {@link PictureFormat#id} of its format
     * @throws IllegalArgumentException if there is no such format, if it is not writable, or if the images have other
     *     channels or another depth
     */
    public static byte[] encode(ImageSet images, int index, String format) {
        if (images.channels() != 1 && images.channels() != 3) {
            throw new IllegalArgumentException("a picture cannot have " + images.channels() + " channels");
        }
        if (images.depth() != Depth.BITS_8) {
            throw new IllegalArgumentException("images are written with 8 bits a value, not " + images.depth());
        }
        float[] values = new float[images.imageSize()];
        images.scale(index, values, 0);
        PictureFormat written = PictureFormat.of(format);
        if (!written.isWritable()) {
            throw new IllegalArgumentException(written.title() + " files are not written");
        }
        return encode(new Photo(
                images.height(), images.width(), images.channels(), values, null, images.depth(), written.id()));
    }

    /** Encodes a picture as a file of its own format if that is writable, else as PNG. JPEG has the default quality. */
    public static byte[] encode(Pixels pixels) {
        return inMemory(out -> encode(pixels, out));
    }

    private static byte[] inMemory(AtomicFile.Content content) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            content.writeTo(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
        return bytes.toByteArray();
    }

    /**
     * The same, row by row: each row is read when it is written.
     *
     * @throws IOException if {@code out} throws it
     */
    public static void encode(Pixels pixels, OutputStream out) throws IOException {
        PictureFormat format = PictureFormat.of(pixels.format());
        try (PictureWriter writer = new PictureWriter(out, format.asWritten(), PictureWriter.DEFAULT_QUALITY)) {
            writer.write(pixels, PictureDescription.NONE);
        }
    }

    /**
     * Writes {@code picture} as a PNG file.
     *
     * @throws IOException if that fails; see {@link AtomicFile}
     */
    public static void write(Path file, BufferedImage picture) throws IOException {
        AtomicFile.write(file, out -> {
            try (PictureWriter writer = new PictureWriter(out, PictureFormat.PNG, PictureWriter.DEFAULT_QUALITY)) {
                writer.write(picture);
            }
        });
    }
}
