package daegpu.data;

import java.awt.image.BufferedImage;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Single images in PNG and JPEG files. Grey values and colours are taken as they are in the file, without regard to
 * gamma or colour profiles: pixels are numbers here, and a grey PNG that is read and written again has the same ones. A
 * JPEG file whose EXIF data say how the camera was held is turned upright.
 */
public final class ImageFile {

    /**
     * An image from a file.
     *
     * @param image one image
     * @param format {@code png} or {@code jpeg}
     */
    public record Picture(ImageSet image, String format) {}

    /**
     * What a file says of its picture before pixels are decoded.
     *
     * @param height in pixels, when the picture is upright
     * @param width likewise
     * @param channels 1 for grey, 3 for colour, which a picture of greys may say it has, too
     * @param depth of its samples; fewer than 8 bits count as 8
     */
    public record Header(int height, int width, int channels, Depth depth) {}

    private static final String PNG = "png";
    private static final String JPEG = "jpeg";
    private static final float JPEG_QUALITY = 0.95f;
    private static final byte[] PNG_SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    /** Where the header, which is always the first chunk, has the bits of a sample. */
    private static final int PNG_DEPTH = 24;
    /** Where it says what the samples are. */
    private static final int PNG_COLOUR_TYPE = 25;

    private static final int PNG_PALETTE = 3;
    private static final byte[] JPEG_SIGNATURE = {(byte) 0xFF, (byte) 0xD8, (byte) 0xFF};
    private static final int LARGEST_FILE = 1 << 28;
    /** What the JPEG decoder says when it fills in what the file lacks; other warnings concern metadata. */
    private static final Pattern DAMAGE = Pattern.compile("corrupt|premature|truncated", Pattern.CASE_INSENSITIVE);

    private ImageFile() {}

    /**
     * Reads a picture that is to go through a network for images of the given size.
     *
     * <p>Greys become colours with three equal channels where the network wants colour; colours become grey only if
     * each has three equal channels. An alpha channel is dropped if it is opaque everywhere. The size is checked before
     * pixels are decoded.
     *
     * @param height wanted height in pixels
     * @param width wanted width in pixels
     * @param channels 1 for grey, 3 for colour
     * @throws InvalidInputException if the file cannot be read, is damaged, is neither PNG nor JPEG or does not fit;
     *     the message names it and what is wrong
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
     * Reads a picture of any size, upright, with the depth of its samples; alpha is kept aside.
     *
     * @throws InvalidInputException if the file cannot be read, is damaged, is neither PNG nor JPEG, has a colour model
     *     other than grey, palette and RGB, or is too large for the memory that Java may use; the message names it and
     *     what is wrong
     */
    public static Photo open(Path file) {
        return photo(file, header -> {});
    }

    private static Photo photo(Path file, Consumer<Header> check) {
        return decode(file, content(file), header -> {
                    check.accept(header);
                    requireMemory(file, header, Photo.memory(header.height(), header.width(), header.channels()));
                })
                .photo();
    }

    /**
     * The same, but its samples stay what they are in the file, of a byte or two each, and become floats when they are
     * read.
     *
     * @throws InvalidInputException likewise
     */
    public static Pixels openPixels(Path file) {
        return decode(file, content(file), header -> {});
    }

    /**
     * Reads the size of a picture, its depth and whether it is grey, without decoding or even reading its pixels.
     *
     * @throws InvalidInputException if the file cannot be read, or does not begin as a PNG or JPEG file that can be
     *     used
     */
    public static Header header(Path file) {
        String format = formatOf(file);
        if (format == null) {
            throw notAPicture(file);
        }
        ImageReader reader = ImageIO.getImageReadersByFormatName(format).next();
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            if (format.equals(PNG)) {
                byte[] start = in.readNBytes(PNG_COLOUR_TYPE + 1);
                if (start.length <= PNG_COLOUR_TYPE
                        || !new String(start, 12, 4, StandardCharsets.ISO_8859_1).equals("IHDR")) {
                    throw new InvalidInputException(file + " is truncated or damaged");
                }
                ByteBuffer header = ByteBuffer.wrap(start);
                if (header.getInt(16) <= 0 || header.getInt(20) <= 0) {
                    throw new InvalidInputException(file + " is damaged: it has no size");
                }
                return new Header(header.getInt(20), header.getInt(16), isGreyPng(start) ? 1 : 3, pngDepth(start));
            }
            reader.setInput(new MemoryCacheImageInputStream(in), true, true);
            boolean grey = isGreyJpeg(file, reader);
            int height = reader.getHeight(0);
            int width = reader.getWidth(0);
            Orientation orientation = Orientation.of(file);
            return new Header(
                    orientation.height(height, width), orientation.width(height, width), grey ? 1 : 3, Depth.BITS_8);
        } catch (NoSuchFileException | AccessDeniedException e) {
            throw InvalidInputException.unreadable(file, e);
        } catch (IOException | RuntimeException e) {
            throw damaged(file, e);
        } finally {
            reader.dispose();
        }
    }

    private static InvalidInputException notAPicture(Path file) {
        return new InvalidInputException(file + " is neither a PNG nor a JPEG file");
    }

    /** The decoders of the Java platform throw about anything when a file is damaged. */
    private static InvalidInputException damaged(Path file, Exception problem) {
        return problem instanceof InvalidInputException invalid
                ? invalid
                : new InvalidInputException(file + " is damaged: its pixels cannot be decoded", problem);
    }

    /** @param check sees size and kind before pixels are decoded, and throws what is to be thrown then */
    private static StoredPicture decode(Path file, byte[] content, Consumer<Header> check) {
        String format = format(content);
        if (format == null) {
            throw notAPicture(file);
        }
        if (format.equals(PNG)) {
            checkPng(file, content);
        }
        ImageReader reader = ImageIO.getImageReadersByFormatName(format).next();
        try {
            return decode(file, content, format, reader, check);
        } catch (IOException | RuntimeException e) {
            throw damaged(file, e);
        } finally {
            reader.dispose();
        }
    }

    /**
     * What a file is, judged by its first bytes: {@code png}, {@code jpeg}, or null for anything else.
     *
     * @throws InvalidInputException if the file cannot be read
     */
    public static String formatOf(Path file) {
        if (Files.isDirectory(file)) {
            throw new InvalidInputException(file + " is a folder, not a picture");
        }
        try (InputStream in = Files.newInputStream(file)) {
            return format(in.readNBytes(PNG_SIGNATURE.length));
        } catch (IOException e) {
            throw InvalidInputException.unreadable(file, e);
        }
    }

    /**
     * One image as a file: PNG without loss, or JPEG at quality 0.95.
     *
     * @param images of 1 or 3 channels, of 8 bits a value
     * @param index which of them
     * @param format {@code png} or {@code jpeg}
     * @throws IllegalArgumentException if there is no such format, or the images have other channels or another depth
     */
    public static byte[] encode(ImageSet images, int index, String format) {
        if (!format.equals(PNG) && !format.equals(JPEG)) {
            throw new IllegalArgumentException("no such format: " + format);
        }
        if (images.channels() != 1 && images.channels() != 3) {
            throw new IllegalArgumentException("a picture cannot have " + images.channels() + " channels");
        }
        if (images.depth() != Depth.BITS_8) {
            throw new IllegalArgumentException("images are written with 8 bits a value, not " + images.depth());
        }
        BufferedImage picture = new BufferedImage(
                images.width(),
                images.height(),
                images.channels() == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_3BYTE_BGR);
        int start = index * images.imageSize();
        picture.getRaster()
                .setDataElements(
                        0,
                        0,
                        images.width(),
                        images.height(),
                        Arrays.copyOfRange(images.pixels(), start, start + images.imageSize()));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            encode(picture, format, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
        return bytes.toByteArray();
    }

    /**
     * A picture as a file of its own format: PNG of its own depth without loss, with its alpha; or JPEG at quality
     * 0.95. Values below 0 are black there, those above 1 white.
     */
    public static byte[] encode(Pixels pixels) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            encode(pixels, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
        return bytes.toByteArray();
    }

    /**
     * The same, written row after row: each is read when it is its turn.
     *
     * @throws IOException if {@code out} throws it
     */
    public static void encode(Pixels pixels, OutputStream out) throws IOException {
        encode(PixelSamples.image(pixels), pixels.format(), out);
    }

    /** Keeps why writing failed: {@code ImageIO} would say that there was an error, and not that the disk is full. */
    private static final class FailureKeeper extends FilterOutputStream {
        private IOException failure;

        FailureKeeper(OutputStream out) {
            super(out);
        }

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void flush() throws IOException {
            try {
                out.flush();
            } catch (IOException e) {
                failure = e;
                throw e;
            }
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            try {
                out.write(bytes, from, length);
            } catch (IOException e) {
                failure = e;
                throw e;
            }
        }
    }

    /** A stream whose writer never goes back, so that nothing needs to be kept for it. */
    private static final class ForwardStream extends MemoryCacheImageOutputStream {

        ForwardStream(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            super.write(bytes, from, length);
            flushBefore(getStreamPosition());
        }
    }

    /**
     * Writes {@code picture} as a PNG file.
     *
     * @throws IOException if that fails; see {@link AtomicFile}
     */
    public static void write(Path file, BufferedImage picture) throws IOException {
        AtomicFile.write(file, out -> encode(picture, PNG, out));
    }

    private static void encode(BufferedImage picture, String format, OutputStream out) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName(format).next();
        FailureKeeper keeper = new FailureKeeper(out);
        // Streams of this kind keep what they must in memory, where ImageIO's own choice is a temporary file.
        try (ImageOutputStream stream =
                format.equals(JPEG) ? new ForwardStream(keeper) : new MemoryCacheImageOutputStream(keeper)) {
            writer.setOutput(stream);
            ImageWriteParam parameters = writer.getDefaultWriteParam();
            if (format.equals(JPEG)) {
                parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
                parameters.setCompressionQuality(JPEG_QUALITY);
            }
            writer.write(null, new IIOImage(picture, null, null), parameters);
        } catch (IOException e) {
            throw keeper.failure != null ? keeper.failure : e;
        } finally {
            writer.dispose();
        }
    }

    private static byte[] content(Path file) {
        if (Files.isDirectory(file)) {
            throw new InvalidInputException(file + " is a folder, not a picture");
        }
        try (InputStream in = Files.newInputStream(file)) {
            if (Files.size(file) > LARGEST_FILE) {
                throw new InvalidInputException(
                        file + " has over " + (LARGEST_FILE >> 20) + " MiB, too much for a picture");
            }
            byte[] content = in.readNBytes(LARGEST_FILE);
            if (content.length == 0) {
                throw new InvalidInputException(file + " is empty");
            }
            return content;
        } catch (IOException e) {
            throw InvalidInputException.unreadable(file, e);
        }
    }

    private static String format(byte[] content) {
        if (startsWith(content, PNG_SIGNATURE)) {
            return PNG;
        }
        return startsWith(content, JPEG_SIGNATURE) ? JPEG : null;
    }

    private static boolean startsWith(byte[] content, byte[] signature) {
        return content.length >= signature.length
                && Arrays.equals(content, 0, signature.length, signature, 0, signature.length);
    }

    /**
     * Follows the chunks of a PNG file from IHDR to IEND and compares their check sums, which the decoder of the Java
     * platform does not.
     */
    private static void checkPng(Path file, byte[] content) {
        ByteBuffer chunks = ByteBuffer.wrap(content).position(PNG_SIGNATURE.length);
        boolean first = true;
        String type;
        do {
            if (chunks.remaining() < 12) {
                throw new InvalidInputException(file + " is truncated");
            }
            int length = chunks.getInt();
            int start = chunks.position();
            type = new String(content, start, 4, StandardCharsets.ISO_8859_1);
            if (length < 0 || length > chunks.remaining() - 8) {
                throw new InvalidInputException(file + " is truncated or damaged");
            }
            CRC32 sum = new CRC32();
            sum.update(content, start, 4 + length);
            if ((int) sum.getValue() != chunks.getInt(start + 4 + length)) {
                throw new InvalidInputException(file + " is damaged: a check sum does not match");
            }
            if (first && (!type.equals("IHDR") || length != 13)) {
                throw new InvalidInputException(file + " is damaged: it does not begin with its size");
            }
            if (type.equals("tRNS") && content[PNG_DEPTH] != 8 && content[PNG_COLOUR_TYPE] != PNG_PALETTE) {
                // The decoder would show such pixels as opaque; at 8 bits it does not.
                throw new InvalidInputException(
                        file + " declares one of its colours transparent, which the model cannot"
                                + " see; flatten it first");
            }
            first = false;
            chunks.position(start + 4 + length + 4);
        } while (!type.equals("IEND"));
        if (chunks.hasRemaining()) {
            throw new InvalidInputException(file + " is too long: it goes on after its end");
        }
    }

    private static StoredPicture decode(
            Path file, byte[] content, String format, ImageReader reader, Consumer<Header> check) throws IOException {
        // Without metadata: they are of no use here, and compressed ones can be made to fill any memory.
        reader.setInput(new MemoryCacheImageInputStream(new ByteArrayInputStream(content)), true, true);
        String[] damage = new String[1];
        reader.addIIOReadWarningListener((source, warning) -> {
            if (DAMAGE.matcher(warning).find()) {
                damage[0] = warning;
            }
        });
        int height = reader.getHeight(0);
        int width = reader.getWidth(0);
        boolean png = format.equals(PNG);
        int channels = (png ? isGreyPng(content) : isGreyJpeg(file, reader)) ? 1 : 3;
        Orientation orientation = png ? Orientation.UPRIGHT : Orientation.of(content);
        Depth depth = png ? pngDepth(content) : Depth.BITS_8;
        Header header =
                new Header(orientation.height(height, width), orientation.width(height, width), channels, depth);
        check.accept(header);
        // The decoder adds alpha where a colour is declared transparent; the file is here until all is decoded.
        int bytes = png ? (channels + 1) * depth.bytes() : channels;
        requireMemory(file, header, (long) height * width * bytes + content.length);
        BufferedImage picture = reader.read(0);
        if (damage[0] != null) {
            throw new InvalidInputException(file + " is damaged: " + damage[0].toLowerCase(Locale.ROOT));
        }
        return new StoredPicture(picture, orientation, channels, format);
    }

    /** The largest pictures are refused before they fill the memory. */
    private static void requireMemory(Path file, Header header, long bytes) {
        long most = Runtime.getRuntime().maxMemory();
        if (bytes > most || (long) header.height() * header.width() * 4 > Integer.MAX_VALUE - 8) {
            throw new InvalidInputException(
                    file + " is " + ImageSet.describeSize(header.height(), header.width(), header.channels())
                            + ", which takes "
                            + (bytes >> 20) + " MiB, and Java may use " + (most >> 20)
                            + " MiB: cut it into smaller pictures, or raise"
                            + " that with java -Xmx");
        }
    }

    /** The colour type in the header says so: bit 1 is colour. */
    private static boolean isGreyPng(byte[] content) {
        return (content[PNG_COLOUR_TYPE] & 2) == 0;
    }

    /** A sample of an index has 8 bits at most. */
    private static Depth pngDepth(byte[] content) {
        return content[PNG_DEPTH] == 16 ? Depth.BITS_16 : Depth.BITS_8;
    }

    private static boolean isGreyJpeg(Path file, ImageReader reader) throws IOException {
        if (reader.getRawImageType(0) == null) {
            throw new InvalidInputException(file
                    + " is a JPEG file in CMYK or another colour model that cannot be read;" + " convert it to RGB");
        }
        return reader.getRawImageType(0).getNumBands() == 1;
    }
}
