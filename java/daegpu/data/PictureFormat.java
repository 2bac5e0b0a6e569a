package daegpu.data;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The formats of pictures that are read. The format of a file follows from its first bytes; its name only says what it
 * should be.
 */
public enum PictureFormat {
    PNG("PNG", true, "png", "apng"),
    JPEG("JPEG", true, "jpg", "jpeg", "jpe", "jfif"),
    TIFF("TIFF", true, "tif", "tiff"),
    BMP("BMP", true, "bmp", "dib"),
    GIF("GIF", false, "gif"),
    WEBP("WebP", false, "webp");

    /** Bytes from the beginning of a file that tell what it is. */
    static final int START = 64;

    private static final byte[] PNG_SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    /** Where a BMP file says how long its second header is, and how long these are. */
    private static final int BMP_HEADER = 14;

    private static final List<Integer> BMP_HEADERS = List.of(12, 16, 40, 52, 56, 64, 108, 124);

    /** Pictures that cannot be read: how such a file begins, after how many bytes, and what it is called. */
    private record Foreign(int at, String start, String title) {}

    private static final List<Foreign> FOREIGN = List.of(
            new Foreign(4, "ftyphe", "a HEIC picture"),
            new Foreign(4, "ftypmif1", "a HEIC picture"),
            new Foreign(4, "ftypmsf1", "a HEIC picture"),
            new Foreign(4, "ftypavi", "an AVIF picture"),
            new Foreign(4, "ftypcrx", "a raw picture of a Canon camera"),
            new Foreign(4, "ftyp", "a video"),
            new Foreign(4, "jP  \r\n", "a JPEG 2000 picture"),
            new Foreign(0, "\u00FFO\u00FFQ", "a JPEG 2000 picture"),
            new Foreign(4, "JXL \r\n", "a JPEG XL picture"),
            new Foreign(0, "\u00FF\n", "a JPEG XL picture"),
            new Foreign(0, "8BPS", "a Photoshop document"),
            new Foreign(0, "gimp xcf", "a GIMP document"),
            new Foreign(0, "%PDF-", "a PDF document"),
            new Foreign(0, "%!PS", "a PostScript document"),
            new Foreign(0, "<svg", "an SVG drawing"),
            new Foreign(0, "qoif", "a QOI picture"),
            new Foreign(0, "SIMPLE  =", "a FITS file"),
            new Foreign(0, "v/1\u0001", "an OpenEXR picture"),
            new Foreign(0, "#?RADIANCE", "a Radiance picture"),
            new Foreign(0, "DDS ", "a DDS texture"),
            new Foreign(0, "\n\u0005\u0001", "a PCX picture"),
            new Foreign(0, "\0\0\u0001\0", "an icon file"),
            new Foreign(0, "FUJIFILM", "a raw picture of a Fujifilm camera"),
            new Foreign(0, "IIRO", "a raw picture of an Olympus camera"),
            new Foreign(0, "IIU\0", "a raw picture of a Panasonic camera"),
            new Foreign(8, "CR\u0002\0", "a raw picture of a Canon camera"));

    /** Extensions of pictures that cannot be read. */
    private static final Set<String> FOREIGN_EXTENSIONS = Set.of(
            "heic", "heif", "avif", "jp2", "j2k", "jpx", "jxl", "psd", "xcf", "exr", "hdr", "qoi", "dds", "pcx", "tga",
            "ppm", "pgm", "pbm", "pnm", "fits", "cr2", "cr3", "nef", "arw", "dng", "raf", "orf", "rw2");

    private final String title;
    private final boolean writable;

    @SuppressWarnings("ImmutableEnumChecker") // It is one that cannot be changed.
    private final List<String> extensions;

    PictureFormat(String title, boolean writable, String... extensions) {
        this.title = title;
        this.writable = writable;
        this.extensions = List.of(extensions);
    }

    /** Its name: PNG, JPEG, TIFF, BMP, GIF or WebP. */
    public String title() {
        return title;
    }

    /** The name in lower case, as in {@link Pixels#format}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether the program also writes pictures in this format. */
    public boolean isWritable() {
        return writable;
    }

    /** The format in which a picture of this format is written: this one, or PNG. */
    public PictureFormat asWritten() {
        return writable ? this : PNG;
    }

    /** The extension of the names of such files, without the dot. */
    public String extension() {
        return extensions.get(0);
    }

    /** All extensions of the names of such files, without the dot. */
    public List<String> extensions() {
        return extensions;
    }

    /** The titles of all formats, as a list in a sentence. */
    public static String titles() {
        String all = Arrays.stream(values()).map(PictureFormat::title).collect(Collectors.joining(", "));
        return all.replaceFirst(", (\\w+)$", " or $1");
    }

    /**
     * The format with an {@link #id}.
     *
     * @throws IllegalArgumentException if there is no such format
     */
    public static PictureFormat of(String id) {
        return Arrays.stream(values())
                .filter(format -> format.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no such format: " + id));
    }

    /** The format that the name of a file promises by its extension. */
    public static Optional<PictureFormat> ofName(Path file) {
        return ofExtension(extension(file));
    }

    /** What comes after the last dot; empty if there is none. */
    private static String extension(Path file) {
        String name = file.toString();
        int dot = name.lastIndexOf('.');
        return dot < 0 ? "" : name.substring(dot + 1);
    }

    /**
     * Whether the name of a file is that of a picture that cannot be read, such as a HEIC file or a camera's raw file.
     */
    static boolean isForeign(Path file) {
        return isForeign(extension(file));
    }

    /** Whether an extension, without the dot, is that of a picture that cannot be read. */
    public static boolean isForeign(String extension) {
        return FOREIGN_EXTENSIONS.contains(extension.toLowerCase(Locale.ROOT));
    }

    /** The format that has an extension, without the dot, in upper or lower case. */
    public static Optional<PictureFormat> ofExtension(String extension) {
        return Arrays.stream(values())
                .filter(format -> format.extensions.contains(extension.toLowerCase(Locale.ROOT)))
                .findFirst();
    }

    /** @param start the first bytes of a file, up to {@link #START} */
    static Optional<PictureFormat> ofContent(byte[] start) {
        String text = text(start);
        if (text.startsWith(text(PNG_SIGNATURE))) {
            return Optional.of(PNG);
        }
        if (isJpeg(start)) {
            return Optional.of(JPEG);
        }
        if ((text.startsWith("II*\0")
                        || text.startsWith("MM\0*")
                        || text.startsWith("II+\0")
                        || text.startsWith("MM\0+"))
                && foreignTitle(start).isEmpty()) {
            return Optional.of(TIFF);
        }
        if (text.startsWith("BM") && start.length > BMP_HEADER + 3 && isBmpHeader(start)) {
            return Optional.of(BMP);
        }
        if (text.startsWith("GIF87a") || text.startsWith("GIF89a")) {
            return Optional.of(GIF);
        }
        return text.startsWith("RIFF") && text.startsWith("WEBP", 8) ? Optional.of(WEBP) : Optional.empty();
    }

    /** The start of the image, and then a marker; decoders pass over bytes between them that are none. */
    private static boolean isJpeg(byte[] start) {
        if (start.length < 3 || start[0] != -1 || start[1] != (byte) 0xD8) {
            return false;
        }
        for (int i = 2; i < start.length; i++) {
            if (start[i] == -1) {
                return true;
            }
        }
        return false;
    }

    private static boolean isBmpHeader(byte[] start) {
        return start[BMP_HEADER + 1] == 0
                && start[BMP_HEADER + 2] == 0
                && start[BMP_HEADER + 3] == 0
                && BMP_HEADERS.contains(start[BMP_HEADER] & 0xFF);
    }

    /**
     * What a file is that looks like a picture, or a document of pictures, and cannot be read.
     *
     * @param start its first bytes, up to {@link #START}
     */
    static Optional<String> foreignTitle(byte[] start) {
        String text = text(start);
        if (text.matches("(?s)P[1-7]\\s.*")) {
            return Optional.of("a PNM picture");
        }
        return FOREIGN.stream()
                .filter(foreign -> text.startsWith(foreign.start, foreign.at))
                .map(Foreign::title)
                .findFirst();
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
