package daegpu.data;

import com.twelvemonkeys.imageio.plugins.bmp.BMPImageReaderSpi;
import com.twelvemonkeys.imageio.plugins.tiff.BigTIFFImageReaderSpi;
import com.twelvemonkeys.imageio.plugins.tiff.TIFFImageMetadata;
import com.twelvemonkeys.imageio.plugins.tiff.TIFFImageReaderSpi;
import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import com.twelvemonkeys.imageio.stream.BufferedFileImageInputStreamSpi;
import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import daegpu.data.ImageFile.Header;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.SampleModel;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
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

    private static final Pattern UNKNOWN_COMPRESSION =
            Pattern.compile("(?:Unknown|Unsupported) TIFF Compression value: (\\d+)");

    private static final int LARGEST_FILE = 1 << 28;
    /** Bytes of a JPEG file, where it mostly has said by then how large its picture is. */
    private static final int JPEG_HEADER = 1 << 16;

    /** Bytes that the decoder of lossy WebP files takes for a pixel, as measured: it keeps blocks as objects. */
    private static final int LOSSY_WEBP = 32;

    private static final int LOSSLESS_WEBP = 14;

    private static final int TIFF_KIND = 254;
    private static final int TIFF_REDUCED = 1;
    private static final int TIFF_BITS = 258;
    private static final int TIFF_DESCRIPTION = 270;
    private static final int TIFF_STRIPS = 273;
    private static final int TIFF_STRIP_LENGTHS = 279;
    private static final int TIFF_TILES = 324;
    /** What ImageJ says in the first page of a stack. */
    private static final Pattern IMAGEJ_STACK = Pattern.compile("^ImageJ=[^\\n]*\\n(?:.*\\n)*?images=(\\d{1,9})\\n");

    private final Path file;
    private final PictureFormat format;
    private final ImageReader reader;
    private final ImageInputStream stream;
    /** Those of a TIFF file. */
    private final ByteOrder order;

    private final boolean big;
    /** What its floats are scaled by; null until it is known. */
    private ValueRange range;

    private boolean closed;
    private final long fileMemory;
    /** Those of a JPEG or PNG file; null for others. */
    private final JpegContent jpeg;

    private final PngContent png;
    /** What is said of the picture; null for a TIFF file, where each page has its own. */
    private final PictureDescription.Builder description;

    /** Which images of the file these are; others are small copies of them. */
    private final List<Integer> pages = new ArrayList<>();

    private final boolean lossyWebP;
    private final String[] damage = new String[1];
    private final int frames;

    /**
     * Opens a file of any of the {@link PictureFormat formats}. Floats are scaled so that those from the 0.1th to the
     * 99.9th percentile of all pages become 0 to 1.
     *
     * @throws InvalidInputException if the file cannot be read, is damaged, or is not a picture that can be read; the
     *     message names it and says what is wrong
     */
    public static PictureReader open(Path file) {
        return open(file, null);
    }

    /**
     * The same with a range for floats.
     *
     * @param range the values that become 0 and 1; null for the percentiles
     */
    public static PictureReader open(Path file, ValueRange range) {
        byte[] start = start(file);
        boolean tiff = PictureFormat.ofContent(start).equals(Optional.of(PictureFormat.TIFF));
        byte[] content = tiff ? start : content(file);
        PictureFormat format = PictureFormat.ofContent(
                        Arrays.copyOf(content, Math.min(content.length, PictureFormat.START)))
                .orElseThrow(() -> unknown(file, content));
        try {
            return new PictureReader(file, format, content, range);
        } catch (IOException | RuntimeException e) {
            throw damaged(file.toString(), e);
        } catch (OutOfMemoryError e) {
            throw outOfMemory(file.toString(), e);
        }
    }

    /** @param content of the file; of a TIFF file, which is read where that is necessary, the beginning */
    private PictureReader(Path file, PictureFormat format, byte[] content, ValueRange range) throws IOException {
        this.file = file;
        this.format = format;
        this.range = range;
        order = content[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
        big = isBigTiff(content);
        fileMemory = format == PictureFormat.TIFF ? 0 : content.length;
        lossyWebP = format == PictureFormat.WEBP && isLossyWebP(content);
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
        stream = format == PictureFormat.TIFF ? streamOf(file) : new ByteArrayImageInputStream(content, 0, length);
        boolean opened = false;
        try {
            // Without metadata: they are of no use here, and compressed ones can be made to fill any memory.
            reader.setInput(stream, false, format != PictureFormat.TIFF);
            reader.addIIOReadWarningListener((source, warning) -> {
                if (isDamage(warning)) {
                    damage[0] = warning;
                }
            });
            frames = findPages();
            opened = true;
        } finally {
            if (!opened) {
                close();
            }
        }
    }

    private static ImageInputStream streamOf(Path file) throws IOException {
        return new BufferedFileImageInputStreamSpi().createInputStreamInstance(file.toFile(), false, null);
    }

    private static boolean isBigTiff(byte[] start) {
        return start[2] == '+' || start[3] == '+';
    }

    /** Whether the pixels are in a chunk of the lossy kind. */
    private static boolean isLossyWebP(byte[] content) {
        ByteBuffer chunks = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        int at = 12;
        while (at + 8 <= content.length) {
            String type = new String(content, at, 4, StandardCharsets.ISO_8859_1);
            if (type.startsWith("VP8 ") || type.equals("VP8L")) {
                return type.equals("VP8 ");
            }
            long next = at + 8L + Integer.toUnsignedLong(chunks.getInt(at + 4));
            at = (int) Math.min(next + next % 2, content.length);
        }
        return false;
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
        requireAllPages();
        if (pages.isEmpty()) {
            throw new InvalidInputException(
                    file + " holds nothing but a small preview of a picture that cannot be read:"
                            + " if it comes from a camera, develop it first");
        }
        return 1;
    }

    /** The decoder leaves out pages that a truncated file has no more, and would hand out zeros for pixels. */
    private void requireAllPages() throws IOException {
        requireWholeChain();
        long length = stream.length();
        for (int page = 0; page < pages.size(); page++) {
            TIFFImageMetadata metadata = metadata(pages.get(page));
            for (int tag : new int[] {TIFF_STRIPS, TIFF_TILES}) {
                for (long place : TiffTags.numbers(metadata, tag)) {
                    if (length >= 0 && place >= length) {
                        throw new InvalidInputException(
                                label(page) + " is truncated: its pixels go on after the end of the file");
                    }
                }
            }
        }
        if (pages.size() == 1) {
            requireNoStackOfImageJ(metadata(pages.get(0)), length);
        }
    }

    /** ImageJ describes the first page only of a stack that has over 4 GiB, and the others follow it. */
    private void requireNoStackOfImageJ(TIFFImageMetadata metadata, long length) {
        Matcher said = IMAGEJ_STACK.matcher(TiffTags.text(metadata, TIFF_DESCRIPTION) + "\n");
        long[] strips = TiffTags.numbers(metadata, TIFF_STRIPS);
        long[] lengths = TiffTags.numbers(metadata, TIFF_STRIP_LENGTHS);
        if (said.find() && strips.length > 0 && lengths.length > 0) {
            long images = Long.parseLong(said.group(1));
            if (images > 1 && strips[0] + images * Arrays.stream(lengths).sum() <= length) {
                throw new InvalidInputException(
                        file + " is a stack of " + images + " images as ImageJ alone stores them"
                                + " if they have over 4 GiB: save it as BigTIFF (Bio-Formats), or as several files");
            }
        }
    }

    /** Follows the directories, of which each says where the next one is. */
    private void requireWholeChain() throws IOException {
        stream.mark();
        try {
            stream.setByteOrder(order);
            stream.seek(big ? 8 : 4);
            Set<Long> seen = new HashSet<>();
            for (long place = place(); place != 0 && seen.add(place); place = place()) {
                if (place + 2 > stream.length()) {
                    throw new InvalidInputException(file + " is truncated after page " + (seen.size() - 1));
                }
                stream.seek(place);
                long entries = big ? stream.readLong() : stream.readUnsignedShort();
                stream.seek(stream.getStreamPosition() + entries * (big ? 20 : 12));
            }
        } catch (EOFException | IndexOutOfBoundsException e) {
            throw new InvalidInputException(file + " is truncated: the list of its pages is cut off", e);
        } finally {
            stream.reset();
        }
    }

    private long place() throws IOException {
        return big ? stream.readLong() : stream.readUnsignedInt();
    }

    private TIFFImageMetadata metadata(int index) throws IOException {
        return (TIFFImageMetadata) reader.getImageMetadata(index);
    }

    /** What messages call a page. */
    private String label(int page) {
        return page(page).toString();
    }

    /** One of the pictures in the file. */
    public PicturePage page(int page) {
        return new PicturePage(file, page, pages());
    }

    /** The plug-ins are named, and none is looked for: looking takes time, and finds whatever a class path has. */
    private static ImageReader reader(PictureFormat format, byte[] start) throws IOException {
        return switch (format) {
            case TIFF ->
                isBigTiff(start)
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
     * Reads a page, upright. Its samples are kept as in the file, with one or two bytes each, or four of floats, and
     * become floats in [0, 1] when they are read; those that were floats may lie outside.
     *
     * @param page 0 for the first
     * @throws InvalidInputException if it is damaged, has a colour model other than grey, palette and RGB, has floats
     *     that are not finite, or is too large for the memory that Java may use; the message names the file, the page
     *     and what is wrong
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
                requireMemory(label(page), header, Photo.memory(header.height(), header.width(), header.channels()));
            }));
        } catch (OutOfMemoryError e) {
            throw outOfMemory(label(page), e);
        }
    }

    /** @param check sees size and kind before pixels are decoded, and throws what is to be thrown then */
    StoredPicture stored(int page, Consumer<Header> check) {
        try {
            return decode(page, check);
        } catch (IOException | RuntimeException e) {
            throw damaged(label(page), e);
        } catch (OutOfMemoryError e) {
            throw outOfMemory(label(page), e);
        }
    }

    /** A batch of pictures goes on after one that was too large. */
    private static InvalidInputException outOfMemory(String picture, OutOfMemoryError problem) {
        return new InvalidInputException(
                picture + " takes more memory than Java may use, which is "
                        + (Runtime.getRuntime().maxMemory() >> 20)
                        + " MiB: cut it into smaller pictures, or raise that with java -Xmx",
                problem);
    }

    private StoredPicture decode(int page, Consumer<Header> check) throws IOException {
        int index = pages.get(page);
        Header header = header(page);
        check.accept(header);
        requireMemory(
                label(page),
                header,
                (long) header.height() * header.width() * bytes(index, header.channels()) + fileMemory);
        Orientation orientation = described(index).orientation();
        if (isOfFloats(index)) {
            ColorModel model = type(reader, index).getColorModel();
            return StoredPicture.ofFloats(
                    floats(page), model, orientation, header.channels(), format.id(), rangeOfAll());
        }
        damage[0] = null;
        BufferedImage picture = reader.read(index);
        requireUndamaged(page);
        if (picture.isAlphaPremultiplied()) {
            picture.coerceData(false);
        }
        int bits = format == PictureFormat.TIFF ? (int) TiffTags.number(metadata(index), TIFF_BITS, 1) : 16;
        return new StoredPicture(picture, orientation, header.channels(), format.id(), bits);
    }

    private void requireUndamaged(int page) {
        if (damage[0] != null) {
            throw new InvalidInputException(label(page) + " is damaged: "
                    + damage[0].toLowerCase(Locale.ROOT).replaceFirst("\\.$", ""));
        }
    }

    /**
     * What the file says of a page before its pixels are decoded.
     *
     * @throws InvalidInputException if the page cannot be used
     */
    Header header(int page) {
        try {
            int index = pages.get(page);
            int height = reader.getHeight(index);
            int width = reader.getWidth(index);
            Orientation orientation = described(index).orientation();
            int channels = png != null ? (png.isGrey() ? 1 : 3) : channels(label(page), format, reader, index);
            return new Header(
                    orientation.height(height, width), orientation.width(height, width), channels, depth(index));
        } catch (IOException | RuntimeException e) {
            throw damaged(label(page), e);
        }
    }

    private boolean isOfFloats(int index) throws IOException {
        return format == PictureFormat.TIFF
                && type(reader, index).getSampleModel().getDataType() == DataBuffer.TYPE_FLOAT;
    }

    /** The floats of a page as they are stored: a picture of them would be cut to 0 to 1. */
    private Raster floats(int page) {
        damage[0] = null;
        Raster floats;
        try {
            floats = reader.readRaster(pages.get(page), null);
        } catch (IOException | RuntimeException e) {
            throw damaged(label(page), e); // It need not be the page that is asked for.
        }
        requireUndamaged(page);
        int bands = floats.getNumBands();
        float[] row = new float[floats.getWidth() * bands];
        for (int y = 0; y < floats.getHeight(); y++) {
            floats.getPixels(0, y, floats.getWidth(), 1, row);
            for (int i = 0; i < row.length; i++) {
                requireFinite(row[i], page, y, i / bands);
            }
        }
        return floats;
    }

    /** The range of all pages, which is looked for when it is needed first. */
    private ValueRange rangeOfAll() throws IOException {
        if (range == null) {
            Percentiles percentiles = new Percentiles();
            forEachFloat(percentiles::first);
            percentiles.endFirst();
            forEachFloat(percentiles::second);
            range = percentiles.range();
        }
        return range;
    }

    /** What is done with a value. */
    private interface FloatConsumer {
        void accept(float value);
    }

    private void forEachFloat(FloatConsumer consumer) throws IOException {
        for (int page = 0; page < pages(); page++) {
            if (isOfFloats(pages.get(page))) {
                Raster raster = floats(page);
                int bands = raster.getNumBands();
                int colours = bands < 3 ? 1 : 3;
                float[] row = new float[raster.getWidth() * bands];
                for (int y = 0; y < raster.getHeight(); y++) {
                    raster.getPixels(0, y, raster.getWidth(), 1, row);
                    for (int i = 0; i < row.length; i++) {
                        if (i % bands < colours) {
                            consumer.accept(row[i]);
                        }
                    }
                }
            }
        }
    }

    private void requireFinite(float value, int page, int row, int column) {
        if (!Float.isFinite(value)) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT,
                    "%s has a value that is no finite number, %s, in row %,d and column %,d: replace such values first",
                    label(page),
                    value,
                    row + 1,
                    column + 1));
        }
    }

    private Depth depth(int index) throws IOException {
        if (png != null) {
            return png.isDeep() ? Depth.BITS_16 : Depth.BITS_8;
        }
        return jpeg != null ? Depth.BITS_8 : depth(reader, index);
    }

    private static Depth depth(ImageReader reader, int index) throws IOException {
        return type(reader, index).getSampleModel().getSampleSize(0) >= 16 ? Depth.BITS_16 : Depth.BITS_8;
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
        if (format == PictureFormat.WEBP) {
            return lossyWebP ? LOSSY_WEBP : LOSSLESS_WEBP;
        }
        // Decoders of other formats have a picture as it is stored beside what they make of it.
        SampleModel samples = type(reader, index).getSampleModel();
        return 2 * samples.getNumBands() * Math.max(1, DataBuffer.getDataTypeSize(samples.getDataType()) / 8);
    }

    private static ImageTypeSpecifier type(ImageReader reader, int index) throws IOException {
        return reader.getImageTypes(index).next();
    }

    /** 1 for grey, 3 for colour, if the picture is either, of samples that can be taken as they are. */
    private static int channels(String picture, PictureFormat format, ImageReader reader, int index)
            throws IOException {
        if (format == PictureFormat.JPEG) {
            if (reader.getRawImageType(index) == null) {
                throw printed(picture);
            }
            return reader.getRawImageType(index).getNumBands() == 1 ? 1 : 3;
        }
        ImageTypeSpecifier type = type(reader, index);
        ColorModel model = type.getColorModel();
        if (model instanceof IndexColorModel palette) {
            return isGrey(palette) ? 1 : 3;
        }
        SampleModel samples = type.getSampleModel();
        boolean floats = samples.getDataType() == DataBuffer.TYPE_FLOAT;
        boolean other = samples.getDataType() == DataBuffer.TYPE_DOUBLE
                || samples.getDataType() == DataBuffer.TYPE_SHORT
                || floats && model.isAlphaPremultiplied();
        for (int band = 0; band < samples.getNumBands(); band++) {
            other |= !floats && samples.getSampleSize(band) > 16;
        }
        if (other) {
            throw otherSamples(picture);
        }
        int colours = model.getColorSpace().getType();
        if (colours != ColorSpace.TYPE_GRAY && colours != ColorSpace.TYPE_RGB) {
            throw printed(picture);
        }
        return colours == ColorSpace.TYPE_GRAY ? 1 : 3;
    }

    private static InvalidInputException otherSamples(String picture) {
        return new InvalidInputException(picture
                + " has samples of a kind that cannot be read: whole numbers from 0 on of up to 8, of 10, 12, 14"
                + " or 16 bits can, and floats of 32 bits; convert them to one of these");
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

    private static InvalidInputException printed(String picture) {
        return new InvalidInputException(
                picture + " is in CMYK or another colour model that cannot be read; convert it to RGB");
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
            throw damaged(label(page), e);
        }
    }

    private PictureDescription.Builder described(int index) throws IOException {
        return description != null ? description : TiffTags.description(metadata(index), order, big);
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
                case TIFF -> tiffHeader(file);
                case BMP, GIF, WEBP -> header(file, format);
            };
        } catch (IOException | RuntimeException e) {
            throw e instanceof FileSystemException problem
                    ? InvalidInputException.unreadable(file, problem)
                    : damaged(file.toString(), e);
        }
    }

    private static Header tiffHeader(Path file) {
        try (PictureReader reader = open(file)) {
            return reader.header(0);
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
            throw printed(file.toString());
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
            reader.setInput(in, false, true);
            int height = reader.getHeight(0);
            int width = reader.getWidth(0);
            Orientation orientation = Orientation.UPRIGHT;
            if (format == PictureFormat.WEBP) {
                PictureDescription.Builder found = new PictureDescription.Builder();
                try (InputStream content = new BufferedInputStream(Files.newInputStream(file))) {
                    PictureDescription.readWebP(found, content);
                }
                orientation = found.orientation();
            }
            return new Header(
                    orientation.height(height, width),
                    orientation.width(height, width),
                    channels(file.toString(), format, reader, 0),
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
            throw outOfMemory(file.toString(), e);
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
    private static InvalidInputException damaged(String picture, Exception problem) {
        Matcher compression = UNKNOWN_COMPRESSION.matcher(String.valueOf(problem.getMessage()));
        if (compression.find()) {
            return new InvalidInputException(
                    picture + " is compressed in a way that cannot be read (number " + compression.group(1)
                            + " of TIFF's): save it without compression, or with LZW or deflate",
                    problem);
        }
        if (String.valueOf(problem.getMessage()).contains("BitsPerSample")) {
            return otherSamples(picture);
        }
        return problem instanceof InvalidInputException invalid
                ? invalid
                : new InvalidInputException(picture + " is damaged: its pixels cannot be decoded", problem);
    }

    /** The largest pictures are refused before they fill the memory. */
    private static void requireMemory(String picture, Header header, long bytes) {
        long most = Runtime.getRuntime().maxMemory();
        if (bytes > most || (long) header.height() * header.width() * 4 > Integer.MAX_VALUE - 8) {
            throw new InvalidInputException(
                    picture + " is " + ImageSet.describeSize(header.height(), header.width(), header.channels())
                            + ", which takes "
                            + (bytes >> 20) + " MiB, and Java may use " + (most >> 20)
                            + " MiB: cut it into smaller pictures, or raise"
                            + " that with java -Xmx");
        }
    }

    /** Closes the file. Closing it again does nothing. */
    @Override
    public void close() {
        reader.dispose();
        if (!closed) {
            closed = true;
            try {
                stream.close();
            } catch (IOException e) {
                // Nothing was written: whatever was read is as it was.
            }
        }
    }
}
