package daegpu.data;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
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
     */
    public record Header(int height, int width, int channels) {}

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
     * each has three equal channels. 16-bit values are rounded to 8 bits. An alpha channel is dropped if it is opaque
     * everywhere. The size is checked before pixels are decoded.
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
        Photo photo = decode(file, content(file), header -> {
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
        return new Picture(photo.withChannels(channels).toImageSet(), photo.format());
    }

    /**
     * Reads a picture of any size, upright, with the depth of its samples; alpha is kept aside.
     *
     * @throws InvalidInputException if the file cannot be read, is damaged, is neither PNG nor JPEG, has a colour model
     *     other than grey, palette and RGB, or is too large for the memory that Java may use; the message names it and
     *     what is wrong
     */
    public static Photo open(Path file) {
        return decode(file, content(file), header -> {});
    }

    /**
     * Reads the size of a picture and whether it is grey, without decoding or even reading its pixels.
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
                return new Header(header.getInt(20), header.getInt(16), isGreyPng(start) ? 1 : 3);
            }
            reader.setInput(new MemoryCacheImageInputStream(in), true, true);
            boolean grey = isGreyJpeg(file, reader);
            int height = reader.getHeight(0);
            int width = reader.getWidth(0);
            Orientation orientation = Orientation.of(file);
            return new Header(orientation.height(height, width), orientation.width(height, width), grey ? 1 : 3);
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
    private static Photo decode(Path file, byte[] content, Consumer<Header> check) {
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
     * @param images of 1 or 3 channels
     * @param index which of them
     * @param format {@code png} or {@code jpeg}
     * @throws IllegalArgumentException if there is no such format or the images have another number of channels
     */
    public static byte[] encode(ImageSet images, int index, String format) {
        if (!format.equals(PNG) && !format.equals(JPEG)) {
            throw new IllegalArgumentException("no such format: " + format);
        }
        if (images.channels() != 1 && images.channels() != 3) {
            throw new IllegalArgumentException("a picture cannot have " + images.channels() + " channels");
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
    public static byte[] encode(Photo photo) {
        boolean png = photo.format().equals(PNG);
        boolean alpha = png && photo.alpha() != null;
        int type = png && photo.depth() == 16 ? DataBuffer.TYPE_USHORT : DataBuffer.TYPE_BYTE;
        int bands = photo.channels() + (alpha ? 1 : 0);
        WritableRaster raster = Raster.createInterleavedRaster(type, photo.width(), photo.height(), bands, null);
        int largest = type == DataBuffer.TYPE_USHORT ? 65535 : 255;
        int[] row = new int[photo.width() * bands];
        for (int y = 0; y < photo.height(); y++) {
            for (int x = 0; x < photo.width(); x++) {
                int at = y * photo.width() + x;
                for (int channel = 0; channel < photo.channels(); channel++) {
                    float value = photo.values()[at * photo.channels() + channel];
                    row[x * bands + channel] = Math.round(Math.min(Math.max(value, 0), 1) * largest);
                }
                if (alpha) {
                    row[x * bands + bands - 1] = Math.round(photo.alpha()[at] * largest);
                }
            }
            raster.setPixels(0, y, photo.width(), 1, row);
        }
        ColorSpace colours = ColorSpace.getInstance(photo.channels() == 1 ? ColorSpace.CS_GRAY : ColorSpace.CS_sRGB);
        ColorModel model = new ComponentColorModel(
                colours, alpha, false, alpha ? Transparency.TRANSLUCENT : Transparency.OPAQUE, type);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            encode(new BufferedImage(model, raster, false, null), photo.format(), bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
        return bytes.toByteArray();
    }

    /**
     * Writes {@code picture} as a PNG file.
     *
     * @throws IOException if that fails; see {@link AtomicFile}
     */
    public static void write(Path file, BufferedImage picture) throws IOException {
        // Not straight into the file: ImageIO would say that there was an error, and not that the disk is full.
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        encode(picture, PNG, bytes);
        AtomicFile.write(file, bytes.toByteArray());
    }

    private static void encode(BufferedImage picture, String format, OutputStream out) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName(format).next();
        // A stream of this kind keeps what it must in memory, where ImageIO's own choice is a temporary file.
        try (ImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
            writer.setOutput(stream);
            ImageWriteParam parameters = writer.getDefaultWriteParam();
            if (format.equals(JPEG)) {
                parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
                parameters.setCompressionQuality(JPEG_QUALITY);
            }
            writer.write(null, new IIOImage(picture, null, null), parameters);
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

    private static Photo decode(Path file, byte[] content, String format, ImageReader reader, Consumer<Header> check)
            throws IOException {
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
        int channels = (format.equals(PNG) ? isGreyPng(content) : isGreyJpeg(file, reader)) ? 1 : 3;
        Orientation orientation = format.equals(JPEG) ? Orientation.of(content) : Orientation.UPRIGHT;
        check.accept(new Header(orientation.height(height, width), orientation.width(height, width), channels));
        requireMemory(file, height, width, channels);
        BufferedImage picture = reader.read(0);
        if (damage[0] != null) {
            throw new InvalidInputException(file + " is damaged: " + damage[0].toLowerCase(Locale.ROOT));
        }
        boolean opaque = true;
        float[] values = new float[height * width * channels];
        float[] alpha = picture.getColorModel().hasAlpha() ? new float[height * width] : null;
        int largest = sampleSize(picture) == 16 ? 65535 : 255;
        int[] colour = new int[4];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                readColour(picture.getColorModel(), picture.getRaster(), x, y, largest, colour);
                int at = orientation.place(y, x, height, width);
                for (int channel = 0; channel < channels; channel++) {
                    values[at * channels + channel] = colour[channel] / (float) largest;
                }
                if (alpha != null) {
                    alpha[at] = colour[3] / (float) largest;
                    opaque &= colour[3] == largest;
                }
            }
        }
        return new Photo(
                orientation.height(height, width),
                orientation.width(height, width),
                channels,
                values,
                opaque ? null : alpha,
                largest == 65535 ? 16 : 8,
                format);
    }

    /** The largest pictures are refused before they fill the memory. */
    private static void requireMemory(Path file, int height, int width, int channels) {
        long bytes = Photo.memory(height, width, channels);
        long most = Runtime.getRuntime().maxMemory();
        if (bytes > most || (long) height * width * channels > Integer.MAX_VALUE - 8) {
            throw new InvalidInputException(
                    file + " is " + ImageSet.describeSize(height, width, channels) + ", which takes "
                            + (bytes >> 20) + " MiB, and Java may use " + (most >> 20)
                            + " MiB: cut it into smaller pictures, or raise"
                            + " that with java -Xmx");
        }
    }

    private static int sampleSize(BufferedImage picture) {
        return picture.getColorModel() instanceof IndexColorModel
                ? 8
                : picture.getSampleModel().getSampleSize(0);
    }

    /** The colour type in the header says so: bit 1 is colour. */
    private static boolean isGreyPng(byte[] content) {
        return (content[PNG_COLOUR_TYPE] & 2) == 0;
    }

    private static boolean isGreyJpeg(Path file, ImageReader reader) throws IOException {
        if (reader.getRawImageType(0) == null) {
            throw new InvalidInputException(file
                    + " is a JPEG file in CMYK or another colour model that cannot be read;" + " convert it to RGB");
        }
        return reader.getRawImageType(0).getNumBands() == 1;
    }

    /**
     * Red, green, blue and alpha, 0 to {@code largest} each. Looks at the samples themselves: colour models bend grey
     * by a gamma curve.
     */
    private static void readColour(ColorModel model, Raster raster, int x, int y, int largest, int[] colour) {
        if (model instanceof IndexColorModel palette) {
            int entry = palette.getRGB(raster.getSample(x, y, 0));
            colour[0] = entry >> 16 & 0xFF;
            colour[1] = entry >> 8 & 0xFF;
            colour[2] = entry & 0xFF;
            colour[3] = entry >>> 24;
            return;
        }
        int bands = raster.getNumBands();
        boolean grey = bands < 3;
        for (int channel = 0; channel < 3; channel++) {
            colour[channel] = readSample(raster, x, y, grey ? 0 : channel, largest);
        }
        colour[3] = bands == 2 || bands == 4 ? readSample(raster, x, y, bands - 1, largest) : largest;
    }

    private static int readSample(Raster raster, int x, int y, int band, int wanted) {
        int largest = (1 << raster.getSampleModel().getSampleSize(band)) - 1;
        return (int) (((long) raster.getSample(x, y, band) * wanted + largest / 2) / largest);
    }
}
