package daegpu.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What files are that come under the name of others: what a browser saved, what was not unpacked. */
public final class FileKind {

    /** Bytes from the beginning of a file that tell it. */
    public static final int START = 512;

    /** How such a file begins, after how many bytes, what it is called, and what to do. */
    private record Kind(int at, String start, String title, String advice) {}

    private static final String UNPACK = "unpack it first";

    private static final List<Kind> KINDS = List.of(
            new Kind(0, "PK\u0003\u0004", "a zip archive", UNPACK),
            new Kind(0, "PK\u0005\u0006", "a zip archive", "and it is empty"),
            new Kind(257, "ustar", "a tar archive", UNPACK),
            new Kind(0, "7z\u00BC\u00AF'\u001C", "a 7-Zip archive", UNPACK),
            new Kind(0, "Rar!\u001A\u0007", "a RAR archive", UNPACK),
            new Kind(0, "\u00FD7zXZ\0", "a file compressed with xz", UNPACK),
            new Kind(0, "BZh", "a file compressed with bzip2", UNPACK),
            new Kind(0, "(\u00B5/\u00FD", "a file compressed with zstd", UNPACK),
            new Kind(0, "\u0004\"M\u0018", "a file compressed with lz4", UNPACK),
            new Kind(0, "\u001F\u008B", "a file compressed with gzip", UNPACK),
            new Kind(0, "\u0089HDF\r\n\u001A\n", "an HDF5 file", ""),
            new Kind(0, "\u0093NUMPY", "a NumPy file", ""),
            new Kind(0, "PAR1", "a Parquet file", ""),
            new Kind(0, "SQLite format 3\0", "a database", ""),
            new Kind(0, "\u007FELF", "a program", ""),
            new Kind(0, "MZ", "a program", ""),
            new Kind(0, "version https://git-lfs", "a pointer of Git LFS", "fetch the file itself with git lfs pull"));

    private FileKind() {}

    /**
     * What a file is, if it is of a kind that is known and not what was wanted.
     *
     * @param start its first bytes, up to {@value #START}
     * @param wanted what it was taken for: "an IDX file"
     * @return a part of a sentence with the file as its subject: "is a zip archive, not an IDX file: unpack it first"
     */
    public static Optional<String> instead(byte[] start, String wanted) {
        String text = new String(start, StandardCharsets.ISO_8859_1);
        return KINDS.stream()
                .filter(kind -> text.startsWith(kind.start, kind.at))
                .findFirst()
                .or(() -> picture(start))
                .or(() -> text(start))
                .map(kind ->
                        "is " + kind.title + ", not " + wanted + (kind.advice.isEmpty() ? "" : ": " + kind.advice));
    }

    /** The first bytes of a file, as many as {@link #instead} needs. */
    public static byte[] start(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(START);
        }
    }

    private static Optional<Kind> picture(byte[] start) {
        return PictureFormat.ofContent(start)
                .map(format -> "a " + format.title() + " picture")
                .or(() -> PictureFormat.foreignTitle(start))
                .map(title -> new Kind(0, "", title, ""));
    }

    private static Optional<Kind> text(byte[] start) {
        String text = new String(start, StandardCharsets.UTF_8);
        String begin = (text.startsWith("\uFEFF") ? text.substring(1) : text)
                .stripLeading()
                .toLowerCase(Locale.ROOT);
        if (begin.matches("(?s)(<!--.*)?(<\\?xml[^>]*>\\s*)?<(!doctype html|html|head|body|script|meta|title)\\b.*")) {
            return Optional.of(new Kind(
                    0,
                    "",
                    "a web page (HTML)",
                    "the download failed, or it was a page that the link led to; open it in a browser to see what it"
                            + " says"));
        }
        if (begin.startsWith("<?xml") || begin.startsWith("<error>")) {
            return Optional.of(new Kind(0, "", "an XML text", "did the download fail?"));
        }
        if (begin.startsWith("{\"") || begin.startsWith("{\n") || begin.startsWith("[{")) {
            return Optional.of(new Kind(0, "", "a JSON text", "did the download fail?"));
        }
        return !text.isEmpty() && text.length() >= 4 && text.chars().allMatch(FileKind::isText)
                ? Optional.of(new Kind(0, "", "a text", ""))
                : Optional.empty();
    }

    private static boolean isText(int character) {
        return character >= ' ' && character < 0x7F || character == '\n' || character == '\r' || character == '\t';
    }
}
