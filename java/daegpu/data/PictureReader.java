package daegpu.data;

import com.twelvemonkeys.imageio.plugins.bmp.BMPImageReaderSpi;
import com.twelvemonkeys.imageio.plugins.tiff.BigTIFFImageReaderSpi;
import com.twelvemonkeys.imageio.plugins.tiff.TIFFImageMetadata;
import com.twelvemonkeys.imageio.plugins.tiff.TIFFImageReaderSpi;
import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import daegpu.data.ImageFile.Header;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.SampleModel;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;

/** Reads the pictures in a file (one, or the pages of a TIFF file), and what the file says about them. */
public final class PictureReader implements AutoCloseable {

    /** What a decoder says when it fills in what the file lacks; other warnings concern metadata. */
    private static final Pattern DAMAGE =
            Pattern.compile("corrupt|premature|truncated|unexpected end|eof", Pattern.CASE_INSENSITIVE);

    /** The same of bytes between the last pixels and the end. */
    private static final Pattern REST = Pattern.compile("(\\d{1,8}) extraneous bytes before marker 0xd9");

    private static final int LARGEST_FILE = 1 << 28;
    /** Bytes of a JPEG file, where it mostly has said by then how large its picture is. */
    private static final int JPEG_HEADER = 1 << 16;

    private static final int TIFF_KIND = 254;
    private static final int TIFF_REDUCED = 1;

    private final Path file;
    private final PictureFormat format;
    private final ImageReader reader;
    private final long fileMemory;
    /** Those of a JPEG or PNG file; null for others. */
    private final JpegContent jpeg;

    private final PngContent png;
    /** What is said of the picture; null for a TIFF file, where each page has its own. */
    private final PictureDescription.Builder description;

    /** Which images of the file these are; others are small copies of them. */
    private final List<Integer> pages = new ArrayList<>();

    private final String[] damage = new String[1];
    private final int frames;

    /**
     * Opens a file of any of the {@link PictureFormat formats}.
     *
     * @throws InvalidInputException if the file cannot be read, is damaged, or is not a picture that can be read; the
     *     message names it and says what is wrong
     */
    public static PictureReader open(Path file) {
        byte[] content = content(file);
        PictureFormat format = PictureFormat.ofContent(
                        Arrays.copyOf(content, Math.min(content.length, PictureFormat.START)))
                .orElseThrow(() -> unknown(file, content));
        try {
            return new PictureReader(file, format, content);
        } catch (IOException | RuntimeException e) {
            throw damaged(file, e);
        }
    }

    private PictureReader(Path file, PictureFormat format, byte[] content) throws IOException {
        this.file = file;
        this.format = format;
        fileMemory = content.length;
        jpeg = format == PictureFormat.JPEG ? new JpegContent(file, content) : null;
        png = format == PictureFormat.PNG ? new PngContent(file, content) : null;
        description = switch (format) {
            case PNG -> png.description();
            case JPEG -> jpeg.description();
            case WEBP -> PictureDescription.ofWebP(content);
            case BMP -> PictureDescription.ofBmp(content);
            case GIF -> new PictureDescription.Builder();
            case TIFF -> null;
        };
        if (format == PictureFormat.WEBP && PictureDescription.lengthOfWebP(content) > content.length) {
            throw new InvalidInputException(file + " is truncated"); // The decoder would take zeros for the rest.
        }
        int length = jpeg != null ? jpeg.length() : png != null ? png.length() : content.length;
        reader = reader(format, content);
        boolean opened = false;
        try {
            // Without metadata: they are of no use here, and compressed ones can be made to fill any memory.
            reader.setInput(new ByteArrayImageInputStream(content, 0, length), false, format != PictureFormat.TIFF);
            reader.addIIOReadWarningListener((source, warning) -> {
                if (isDamage(warning)) {
                    damage[0] = warning;
                }
            });
            frames = findPages();
            opened = true;
        } finally {
            if (!opened) {
                reader.dispose();
            }
        }
    }

    private boolean isDamage(String warning) {
        Matcher rest = REST.matcher(warning);
        return DAMAGE.matcher(warning).find()
                && !(jpeg != null && rest.find() && jpeg.isFilledUp(Integer.parseInt(rest.group(1))));
    }

    /** @return images that are shown one after the other in place of one; 1 for none */
    private int findPages() throws IOException {
        if (format != PictureFormat.TIFF) {
            pages.add(0);
            return png != null ? png.frames() : jpeg != null ? 1 : reader.getNumImages(true);
        }
        int count = reader.getNumImages(true);
        if (count == 0) {
            throw new InvalidInputException(file + " is truncated or damaged: it has no pages");
        }
        for (int page = 0; page < count; page++) {
            if (((int) TiffTags.number(metadata(page), TIFF_KIND, 0) & TIFF_REDUCED) == 0) {
                pages.add(page);
            }
        }
        if (pages.isEmpty()) {
            throw new InvalidInputException(
                    file + " holds nothing but a small preview of a picture that cannot be read:"
                            + " if it comes from a camera, develop it first");
        }
        return 1;
    }

    private TIFFImageMetadata metadata(int page) throws IOException {
        return (TIFFImageMetadata) reader.getImageMetadata(page);
    }

    /** The plug-ins are named, and none is looked for: looking takes time, and finds whatever a class path has. */
    private static ImageReader reader(PictureFormat format, byte[] start) throws IOException {
        return switch (format) {
            case TIFF ->
                start[2] == '+' || start[3] == '+'
                        ? new BigTIFFImageReaderSpi().createReaderInstance(null)
                        : new TIFFImageReaderSpi().createReaderInstance(null);
            case BMP -> new BMPImageReaderSpi().createReaderInstance(null);
            case WEBP -> new WebPImageReaderSpi().createReaderInstance(null);
            case PNG, JPEG, GIF -> ofThePlatform(ImageIO.getImageReadersByFormatName(format.id()), ImageReader.class);
        };
    }

    /** The first that is Java's own. */
    static <T> T ofThePlatform(Iterator<T> plugins, Class<T> kind) {
        while (plugins.hasNext()) {
            T plugin = plugins.next();
            if (plugin.getClass().getModule() == kind.getModule()) {
                return plugin;
            }
        }
        throw new IllegalStateException("this Java platform has no " + kind.getSimpleName());
    }

    /** The format of the file, whatever its name says. */
    public PictureFormat format() {
        return format;
    }

    /** Number of pages: 1, or more for a TIFF file. */
    public int pages() {
        return pages.size();
    }

    /** A remark about the file for the user, if there is one: that it has frames which are not read. */
    public Optional<String> remark() {
        return frames <= 1
                ? Optional.empty()
                : Optional.of(file + " is animated: the first of its " + frames + " frames is taken, as a picture");
    }

    /** What is to be told where the first page alone is taken, if there are others, or other frames. */
    public Optional<String> remarkOfFirst() {
        return pages() > 1 ? Optional.of(file + " has " + pages() + " pages: the first is taken") : remark();
    }

    /**
     * Reads a page, upright. Its samples are kept as in the file, with one or two bytes each, and become floats when
     * they are read.
     *
     * @param page 0 for the first
     * @throws InvalidInputException if it is damaged, has a colour model other than grey, palette and RGB, or is too
     *     large for the memory that Java may use; the message names the file and what is wrong
     */
    public Pixels read(int page) {
        return stored(page, header -> {});
    }

    /**
     * The same with all of its pixels as floats.
     *
     * @throws InvalidInputException as {@link #read}
     */
    public Photo photo(int page) {
        return photo(page, header -> {});
    }

    /** @param check sees size and kind before pixels are decoded, and throws what is to be thrown then */
    Photo photo(int page, Consumer<Header> check) {
        try {
            return Photo.of(stored(page, header -> {
                check.accept(header);
                requireMemory(file, header, Photo.memory(header.height(), header.width(), header.channels()));
            }));
        } catch (OutOfMemoryError e) {
            throw outOfMemory(file, e);
        }
    }

    /** @param check sees size and kind before pixels are decoded, and throws what is to be thrown then */
    StoredPicture stored(int page, Consumer<Header> check) {
        try {
            return decode(pages.get(page), check);
        } catch (IOException | RuntimeException e) {
            throw damaged(file, e);
        } catch (OutOfMemoryError e) {
            throw outOfMemory(file, e);
        }
    }

    /** A batch of pictures goes on after one that was too large. */
    private static InvalidInputException outOfMemory(Path file, OutOfMemoryError problem) {
        return new InvalidInputException(
                file + " takes more memory than Java may use, which is "
                        + (Runtime.getRuntime().maxMemory() >> 20)
                        + " MiB: cut it into smaller pictures, or raise that with java -Xmx",
                problem);
    }

    private StoredPicture decode(int index, Consumer<Header> check) throws IOException {
        int height = reader.getHeight(index);
        int width = reader.getWidth(index);
        int channels = png != null ? (png.isGrey() ? 1 : 3) : channels(file, format, reader, index);
        Orientation orientation = described(index).orientation();
        Header header =
                new Header(orientation.height(height, width), orientation.width(height, width), channels, depth(index));
        check.accept(header);
        requireMemory(file, header, (long) height * width * bytes(index, channels) + fileMemory);
        BufferedImage picture = reader.read(index);
        if (damage[0] != null) {
            throw new InvalidInputException(
                    file + " is damaged: " + damage[0].toLowerCase(Locale.ROOT).replaceFirst("\\.$", ""));
        }
        if (picture.isAlphaPremultiplied()) {
            picture.coerceData(false);
        }
        return new StoredPicture(picture, orientation, channels, format.id());
    }

    private Depth depth(int index) throws IOException {
        if (png != null) {
            return png.isDeep() ? Depth.BITS_16 : Depth.BITS_8;
        }
        return jpeg != null ? Depth.BITS_8 : depth(reader, index);
    }

    private static Depth depth(ImageReader reader, int index) throws IOException {
        return type(reader, index).getSampleModel().getSampleSize(0) == 16 ? Depth.BITS_16 : Depth.BITS_8;
    }

    /** Bytes of a pixel when it is decoded. */
    private int bytes(int index, int channels) throws IOException {
        if (png != null) {
            // The decoder adds alpha where a colour is declared transparent.
            return (channels + 1) * (png.isDeep() ? 2 : 1);
        }
        if (jpeg != null) {
            return channels;
        }
        // Decoders of other formats have a picture as it is stored beside what they make of it.
        SampleModel samples = type(reader, index).getSampleModel();
        return 2 * samples.getNumBands() * Math.max(1, DataBuffer.getDataTypeSize(samples.getDataType()) / 8);
    }

    private static ImageTypeSpecifier type(ImageReader reader, int index) throws IOException {
        return reader.getImageTypes(index).next();
    }

    /** 1 for grey, 3 for colour, if the picture is either, of samples that can be taken as they are. */
    private static int channels(Path file, PictureFormat format, ImageReader reader, int index) throws IOException {
        if (format == PictureFormat.JPEG) {
            if (reader.getRawImageType(index) == null) {
                throw printed(file);
            }
            return reader.getRawImageType(index).getNumBands() == 1 ? 1 : 3;
        }
        ImageTypeSpecifier type = type(reader, index);
        ColorModel model = type.getColorModel();
        if (model instanceof IndexColorModel palette) {
            return isGrey(palette) ? 1 : 3;
        }
        SampleModel samples = type.getSampleModel();
        boolean deep = samples.getDataType() == DataBuffer.TYPE_FLOAT
                || samples.getDataType() == DataBuffer.TYPE_DOUBLE
                || samples.getDataType() == DataBuffer.TYPE_SHORT;
        for (int band = 0; band < samples.getNumBands(); band++) {
            deep |= samples.getSampleSize(band) > 16;
        }
        if (deep) {
            throw new InvalidInputException(
                    file + " is a " + format.title() + " file of samples that are not whole numbers"
                            + " of 8 or 16 bits, which cannot be read; convert it to 16 bits");
        }
        int colours = model.getColorSpace().getType();
        if (colours != ColorSpace.TYPE_GRAY && colours != ColorSpace.TYPE_RGB) {
            throw printed(file);
        }
        return colours == ColorSpace.TYPE_GRAY ? 1 : 3;
    }

    private static boolean isGrey(IndexColorModel palette) {
        for (int i = 0; i < palette.getMapSize(); i++) {
            if (palette.getAlpha(i) > 0
                    && (palette.getRed(i) != palette.getGreen(i) || palette.getRed(i) != palette.getBlue(i))) {
                return false;
            }
        }
        return true;
    }

    private static InvalidInputException printed(Path file) {
        return new InvalidInputException(
                file + " is in CMYK or another colour model that cannot be read; convert it to RGB");
    }

    /** What the file says about a page. */
    public PictureDescription description(int page) {
        try {
            int index = pages.get(page);
            PictureDescription.Builder found = described(index);
            Orientation orientation = found.orientation();
            int height = reader.getHeight(index);
            int width = reader.getWidth(index);
            return found.upright(orientation.height(height, width), orientation.width(height, width));
        } catch (IOException | RuntimeException e) {
            throw damaged(file, e);
        }
    }

    private PictureDescription.Builder described(int index) throws IOException {
        return description != null ? description : TiffTags.description(metadata(index));
    }

    /**
     * What a file says of its (first) picture before pixels are decoded.
     *
     * @throws InvalidInputException if it cannot be read, or does not begin as a picture that can be used
     */
    static Header header(Path file) {
        PictureFormat format = formatOf(file).orElseThrow(() -> unknown(file, start(file)));
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            return switch (format) {
                case PNG -> PngContent.header(file, in);
                case JPEG -> jpegHeader(file, in);
                case TIFF, BMP, GIF, WEBP -> header(file, format);
            };
        } catch (IOException | RuntimeException e) {
            throw e instanceof FileSystemException problem
                    ? InvalidInputException.unreadable(file, problem)
                    : damaged(file, e);
        }
    }

    private static Header jpegHeader(Path file, InputStream in) throws IOException {
        JpegContent jpeg = new JpegContent(file, in.readNBytes(JPEG_HEADER));
        if (!jpeg.hasSize()) {
            jpeg = new JpegContent(file, content(file));
        }
        if (!jpeg.hasSize()) {
            throw new InvalidInputException(file + " is damaged: it has no size");
        }
        if (jpeg.components() != 1 && jpeg.components() != 3) {
            throw printed(file);
        }
        Orientation orientation = jpeg.description().orientation();
        return new Header(
                orientation.height(jpeg.height(), jpeg.width()),
                orientation.width(jpeg.height(), jpeg.width()),
                jpeg.components(),
                Depth.BITS_8);
    }

    private static Header header(Path file, PictureFormat format) throws IOException {
        ImageReader reader = reader(format, start(file));
        try (ImageInputStream in = new FileImageInputStream(file.toFile())) {
            reader.setInput(in, false, format != PictureFormat.TIFF);
            int height = reader.getHeight(0);
            int width = reader.getWidth(0);
            Orientation orientation = Orientation.UPRIGHT;
            if (format == PictureFormat.TIFF) {
                orientation = TiffTags.description((TIFFImageMetadata) reader.getImageMetadata(0))
                        .orientation();
            } else if (format == PictureFormat.WEBP) {
                PictureDescription.Builder found = new PictureDescription.Builder();
                try (InputStream content = new BufferedInputStream(Files.newInputStream(file))) {
                    PictureDescription.readWebP(found, content);
                }
                orientation = found.orientation();
            }
            return new Header(
                    orientation.height(height, width),
                    orientation.width(height, width),
                    channels(file, format, reader, 0),
                    depth(reader, 0));
        } finally {
            reader.dispose();
        }
    }

    /**
     * What a file is, judged by its first bytes; empty for anything else than pictures that can be read.
     *
     * @throws InvalidInputException if the file cannot be read
     */
    static Optional<PictureFormat> formatOf(Path file) {
        return PictureFormat.ofContent(start(file));
    }

    static byte[] start(Path file) {
        if (Files.isDirectory(file)) {
            throw new InvalidInputException(file + " is a folder, not a picture");
        }
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(PictureFormat.START);
        } catch (IOException e) {
            throw InvalidInputException.unreadable(file, e);
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
        } catch (OutOfMemoryError e) {
            throw outOfMemory(file, e);
        }
    }

    /** @param start the first bytes of the file */
    static InvalidInputException unknown(Path file, byte[] start) {
        if (start.length == 0) {
            return new InvalidInputException(file + " is empty");
        }
        return new InvalidInputException(PictureFormat.foreignTitle(start)
                .map(title -> file + " is " + title + ", which cannot be read: convert it to PNG")
                .orElseGet(() -> file + " is not a picture that can be read: those are " + PictureFormat.titles()));
    }

    /** Decoders throw about anything when a file is damaged. */
    private static InvalidInputException damaged(Path file, Exception problem) {
        return problem instanceof InvalidInputException invalid
                ? invalid
                : new InvalidInputException(file + " is damaged: its pixels cannot be decoded", problem);
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

    @Override
    public void close() {
        reader.dispose();
    }
}
