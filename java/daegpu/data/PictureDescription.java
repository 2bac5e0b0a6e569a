package daegpu.data;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.Inflater;

/**
 * What the file of a picture says about it besides its pixels, adapted to the upright picture, so that it can be
 * written to the file of a result. Each format takes what it can hold.
 */
public final class PictureDescription {

    /** An empty description. */
    public static final PictureDescription NONE = new Builder().build();

    /** Words about a picture by a name such as Title or Comment. */
    record Text(String keyword, String value) {}

    /** A chunk that goes from one PNG file to another as it is. */
    record Chunk(String type, byte[] data) {}

    static final String COMMENT = "Comment";
    private static final byte[] EXIF_WORD = {'E', 'x', 'i', 'f', 0, 0};
    private static final byte[] XMP_WORD = "http://ns.adobe.com/xap/1.0/\0".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ICC_WORD = "ICC_PROFILE\0".getBytes(StandardCharsets.US_ASCII);
    private static final String XMP_KEYWORD = "XML:com.adobe.xmp";
    private static final int LARGEST_SEGMENT = 65_533;
    /** Bytes of a colour profile at most. */
    private static final int LARGEST_PROFILE = 1 << 24;
    /** Bytes that a text may have when it is no longer compressed. */
    private static final int LARGEST_TEXT = 1 << 20;
    /** Where a colour profile says for what colours it is. */
    private static final int COLOUR_SPACE = 16;

    private final byte[] profile;
    private final Resolution resolution;
    private final byte[] exif;
    private final byte[] xmp;
    private final byte[] photoshop;
    private final List<Chunk> chunks;
    private final List<Text> texts;
    private final TiffForm form;

    private PictureDescription(Builder builder) {
        profile = builder.profile;
        resolution = builder.resolution;
        exif = builder.exif;
        xmp = builder.xmp;
        photoshop = builder.photoshop;
        chunks = List.copyOf(builder.chunks);
        texts = List.copyOf(builder.texts);
        form = builder.form;
    }

    /** Gathers what a file says. What cannot be understood is left out. */
    static final class Builder {
        private byte[] profile;
        private Resolution resolution;
        private Exif data;
        private Orientation turn;
        private PictureDescription upright;
        private byte[] exif;
        private byte[] xmp;
        private byte[] photoshop;
        private final List<Chunk> chunks = new ArrayList<>();
        private final List<Text> texts = new ArrayList<>();
        private TiffForm form = TiffForm.DEFAULT;

        /** The first counts, as of everything that there should be one of. */
        void profile(byte[] bytes) {
            if (profile == null
                    && bytes.length >= 128
                    && new String(bytes, 36, 4, StandardCharsets.ISO_8859_1).equals("acsp")) {
                profile = bytes;
            }
        }

        void resolution(Resolution found) {
            resolution = resolution == null ? found : resolution;
        }

        void exif(byte[] bytes) {
            if (data == null) {
                data = Exif.of(bytes);
                turn = turn == null && data != null ? data.orientation() : turn;
            }
        }

        void xmp(byte[] bytes) {
            xmp = xmp == null ? bytes : xmp;
        }

        void photoshop(byte[] bytes) {
            photoshop = photoshop == null ? bytes : photoshop;
        }

        void chunk(String type, byte[] bytes) {
            chunks.add(new Chunk(type, bytes));
        }

        void text(String keyword, String value) {
            texts.add(new Text(keyword, value));
        }

        /** Says how the page of a TIFF file is stored. */
        void form(TiffForm said) {
            form = said;
        }

        /** Says how the picture is to be turned, whatever EXIF data say. */
        void turn(Orientation said) {
            turn = said;
        }

        /** How the picture is to be turned. */
        Orientation orientation() {
            return turn != null ? turn : Orientation.UPRIGHT;
        }

        /** The description of the picture when it has been turned upright, and has this size. */
        PictureDescription upright(int height, int width) {
            if (upright != null) {
                return upright; // All of it has been turned.
            }
            boolean turned = orientation().turned();
            if (data != null) {
                resolution(data.resolution());
                exif = data.upright(height, width);
            }
            resolution = resolution != null && turned ? resolution.turned() : resolution;
            if (xmp != null) {
                xmp = new String(xmp, StandardCharsets.ISO_8859_1)
                        .replaceAll("(tiff:Orientation(?:=[\"']|>))[1-8]", "$11")
                        .getBytes(StandardCharsets.ISO_8859_1);
            }
            upright = build();
            return upright;
        }

        PictureDescription build() {
            return new PictureDescription(this);
        }
    }

    /**
     * Channels of a picture that has this description: 3 where a colour profile is for them, which greys cannot have.
     */
    public int channels(Pixels picture) {
        return profile != null && profileIsFor(3) ? 3 : picture.channels();
    }

    Resolution resolution() {
        return resolution;
    }

    /** How a page of a TIFF file is stored that has this description. */
    TiffForm form() {
        return form;
    }

    byte[] xmp() {
        return xmp;
    }

    List<Text> texts() {
        return texts;
    }

    /** The colour profile for a picture of so many channels; null for none. */
    byte[] profile(int channels) {
        return profile != null && profileIsFor(channels) ? profile : null;
    }

    private boolean profileIsFor(int channels) {
        return new String(profile, COLOUR_SPACE, 4, StandardCharsets.ISO_8859_1)
                .equals(channels == 1 ? "GRAY" : "RGB ");
    }

    // ---- in a PNG file

    /** The chunks that go between the header and the pixels. */
    byte[] pngChunks(int channels) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        boolean hasText = false;
        for (Chunk chunk : chunks) {
            write(out, chunk.type, chunk.data);
            hasText |= chunk.type.endsWith("Xt");
        }
        if (profile(channels) != null) {
            write(out, "iCCP", together("ICC profile\0\0".getBytes(StandardCharsets.US_ASCII), deflated(profile)));
        }
        if (resolution != null) {
            write(
                    out,
                    "pHYs",
                    ByteBuffer.allocate(9)
                            .putInt(rounded(resolution.x(), resolution.absolute()))
                            .putInt(rounded(resolution.y(), resolution.absolute()))
                            .put((byte) (resolution.absolute() ? 1 : 0))
                            .array());
        }
        if (exif != null) {
            write(out, "eXIf", exif);
        }
        if (xmp != null) {
            write(out, "iTXt", together((XMP_KEYWORD + "\0\0\0\0\0").getBytes(StandardCharsets.US_ASCII), xmp));
        }
        for (Text text : texts) {
            if (!hasText) { // else they are among the chunks
                write(out, "iTXt", (text.keyword + "\0\0\0\0\0" + text.value).getBytes(StandardCharsets.UTF_8));
            }
        }
        return out.toByteArray();
    }

    private static int rounded(double number, boolean absolute) {
        // A proportion of pixels may be of small numbers.
        return (int) Math.max(1, Math.round(absolute ? number : number * 1000));
    }

    private static void write(ByteArrayOutputStream out, String type, byte[] data) {
        byte[] name = type.getBytes(StandardCharsets.ISO_8859_1);
        CRC32 sum = new CRC32();
        sum.update(name);
        sum.update(data);
        out.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
        out.writeBytes(name);
        out.writeBytes(data);
        out.writeBytes(ByteBuffer.allocate(4).putInt((int) sum.getValue()).array());
    }

    private static byte[] deflated(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream deflater = new DeflaterOutputStream(out)) {
            deflater.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
        return out.toByteArray();
    }

    /** What was compressed; null if it cannot be had, or has more bytes than {@code most}. */
    private static byte[] inflated(byte[] bytes, int from, int most) {
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(bytes, from, bytes.length - from);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] part = new byte[1 << 13];
            while (!inflater.finished()) {
                int count = inflater.inflate(part);
                if (count == 0 || out.size() + count > most) {
                    return null;
                }
                out.write(part, 0, count);
            }
            return out.toByteArray();
        } catch (DataFormatException e) {
            return null;
        } finally {
            inflater.end();
        }
    }

    /** Takes what a chunk of a PNG file says. */
    static void readPngChunk(Builder builder, String type, byte[] data) {
        switch (type) {
            case "iCCP" -> {
                int name = indexOf(data, 0);
                byte[] found = name < 0 || name + 2 > data.length ? null : inflated(data, name + 2, LARGEST_PROFILE);
                if (found != null) {
                    builder.profile(found);
                }
            }
            case "pHYs" -> {
                if (data.length == 9) {
                    ByteBuffer numbers = ByteBuffer.wrap(data);
                    if (numbers.getInt(0) > 0 && numbers.getInt(4) > 0) {
                        double unit = data[8] == 1 ? 1 : 0.001;
                        builder.resolution(
                                new Resolution(numbers.getInt(0) * unit, numbers.getInt(4) * unit, data[8] == 1));
                    }
                }
            }
            case "eXIf" -> builder.exif(data);
            case "gAMA", "cHRM", "sRGB", "cICP" -> builder.chunk(type, data);
            case "tEXt", "zTXt", "iTXt" -> readPngText(builder, type, data);
            default -> {
                // The pixels need it, or it says nothing of the result.
            }
        }
    }

    private static void readPngText(Builder builder, String type, byte[] data) {
        int end = indexOf(data, 0);
        if (end < 1 || end > 79) {
            return;
        }
        String keyword = new String(data, 0, end, StandardCharsets.ISO_8859_1);
        int at = end + 1;
        boolean compressed = type.equals("zTXt");
        if (type.equals("iTXt")) {
            if (at + 2 > data.length) {
                return;
            }
            compressed = data[at] == 1;
            at = indexOf(data, indexOf(data, at + 2) + 1) + 1;
            if (at <= end + 1) {
                return;
            }
        } else if (compressed) {
            at++;
        }
        if (at > data.length) {
            return;
        }
        byte[] value = compressed ? inflated(data, at, LARGEST_TEXT) : Arrays.copyOfRange(data, at, data.length);
        if (value == null) {
            return;
        }
        if (keyword.equals(XMP_KEYWORD)) {
            builder.xmp(value);
            return;
        }
        builder.chunk(type, data);
        builder.text(
                keyword, new String(value, type.equals("iTXt") ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1));
    }

    private static int indexOf(byte[] data, int from) {
        for (int i = Math.max(0, from); i < data.length; i++) {
            if (data[i] == 0) {
                return i;
            }
        }
        return -1;
    }

    // ---- in a JPEG file

    /** The segments that go after the first, which is JFIF's. */
    byte[] jpegSegments(int channels) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (exif != null) {
            write(out, 0xE1, EXIF_WORD, exif);
        }
        if (xmp != null) {
            write(out, 0xE1, XMP_WORD, xmp);
        }
        if (profile(channels) != null) {
            int part = LARGEST_SEGMENT - ICC_WORD.length - 2;
            int parts = (profile.length + part - 1) / part;
            for (int i = 0; parts < 256 && i < parts; i++) {
                write(
                        out,
                        0xE2,
                        together(ICC_WORD, new byte[] {(byte) (i + 1), (byte) parts}),
                        Arrays.copyOfRange(profile, i * part, Math.min(profile.length, (i + 1) * part)));
            }
        }
        if (photoshop != null) {
            write(out, 0xED, new byte[0], photoshop);
        }
        for (Text text : texts) {
            String words = text.keyword.equals(COMMENT) ? text.value : text.keyword + ": " + text.value;
            write(out, 0xFE, new byte[0], words.getBytes(StandardCharsets.UTF_8));
        }
        return out.toByteArray();
    }

    /** Leaves out what no segment can hold. */
    private static void write(ByteArrayOutputStream out, int marker, byte[] word, byte[] data) {
        if (word.length + data.length <= LARGEST_SEGMENT) {
            int size = 2 + word.length + data.length;
            out.writeBytes(new byte[] {(byte) 0xFF, (byte) marker, (byte) (size >> 8), (byte) size});
            out.writeBytes(word);
            out.writeBytes(data);
        }
    }

    /** The unit and the two numbers of JFIF's segment, 5 bytes; null where there is nothing to say. */
    byte[] jfifDensity() {
        if (resolution == null) {
            return null;
        }
        double x = resolution.x() * Resolution.INCH;
        double y = resolution.y() * Resolution.INCH;
        if (!resolution.absolute()) {
            double scale = 1000 / Math.max(resolution.x(), resolution.y());
            x = resolution.x() * scale;
            y = resolution.y() * scale;
        }
        return Math.max(x, y) > 65_535
                ? null
                : ByteBuffer.allocate(5)
                        .put((byte) (resolution.absolute() ? 1 : 0))
                        .putShort((short) Math.max(1, Math.round(x)))
                        .putShort((short) Math.max(1, Math.round(y)))
                        .array();
    }

    /** Takes what a segment of a JPEG file says; parts of colour profiles are for {@link JpegContent}. */
    static void readJpegSegment(Builder builder, int marker, byte[] data) {
        if (marker == 0xE0 && startsWith(data, new byte[] {'J', 'F', 'I', 'F', 0}) && data.length >= 12) {
            ByteBuffer numbers = ByteBuffer.wrap(data);
            int x = numbers.getShort(8) & 0xFFFF;
            int y = numbers.getShort(10) & 0xFFFF;
            if (data[7] != 0 || x != y) {
                builder.resolution(Resolution.ofTiff(x, y, data[7] + 1));
            }
        } else if (marker == 0xE1 && startsWith(data, EXIF_WORD)) {
            builder.exif(data);
        } else if (marker == 0xE1 && startsWith(data, XMP_WORD)) {
            builder.xmp(Arrays.copyOfRange(data, XMP_WORD.length, data.length));
        } else if (marker == 0xED) {
            builder.photoshop(data);
        } else if (marker == 0xFE) {
            builder.text(COMMENT, text(data));
        }
    }

    static boolean isPartOfProfile(int marker, byte[] data) {
        return marker == 0xE2 && startsWith(data, ICC_WORD) && data.length > ICC_WORD.length + 2;
    }

    /** The profile whose parts these are, in the order of their numbers; null if one is missing. */
    static byte[] profile(List<byte[]> parts) {
        ByteArrayOutputStream profile = new ByteArrayOutputStream();
        int at = ICC_WORD.length;
        int count = parts.isEmpty() ? 0 : parts.get(0)[at + 1] & 0xFF;
        for (int number = 1; number <= count; number++) {
            int wanted = number;
            byte[] part = parts.stream()
                    .filter(each -> (each[at] & 0xFF) == wanted && (each[at + 1] & 0xFF) == count)
                    .findFirst()
                    .orElse(null);
            if (part == null) {
                return null;
            }
            profile.write(part, at + 2, part.length - at - 2);
        }
        return profile.toByteArray();
    }

    /** Comments are in whatever their writer took for text. */
    private static String text(byte[] data) {
        String text = new String(data, StandardCharsets.UTF_8);
        return text.contains("\uFFFD") ? new String(data, StandardCharsets.ISO_8859_1) : text;
    }

    static boolean startsWith(byte[] data, byte[] word) {
        return data.length >= word.length && Arrays.equals(data, 0, word.length, word, 0, word.length);
    }

    private static byte[] together(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    // ---- in a WebP file

    /**
     * Takes what a WebP file says of its picture.
     *
     * @throws IOException if {@code in} throws it
     */
    static void readWebP(Builder builder, InputStream in) throws IOException {
        in.skipNBytes(12);
        while (true) {
            byte[] head = in.readNBytes(8);
            if (head.length < 8) {
                return;
            }
            String type = new String(head, 0, 4, StandardCharsets.ISO_8859_1);
            int length = Integer.reverseBytes(ByteBuffer.wrap(head).getInt(4));
            if (length < 0 || length > LARGEST_PROFILE) {
                return;
            }
            byte[] data = in.readNBytes(length);
            in.readNBytes(length & 1);
            if (data.length < length) {
                return;
            }
            switch (type) {
                case "ICCP" -> builder.profile(data);
                case "EXIF" -> builder.exif(data);
                case "XMP " -> builder.xmp(data);
                default -> {
                    // Pixels.
                }
            }
        }
    }

    /** Bytes that a WebP file says it has. */
    static long lengthOfWebP(byte[] content) {
        return content.length < 8
                ? Long.MAX_VALUE
                : 8 + (ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).getInt(4) & 0xFFFFFFFFL);
    }

    /** What a WebP file's bytes say. */
    static Builder ofWebP(byte[] content) {
        Builder builder = new Builder();
        try {
            readWebP(builder, new ByteArrayInputStream(content));
        } catch (IOException e) {
            // It ends early; the decoder knows what that means.
        }
        return builder;
    }

    /** What a BMP file's bytes say: its resolution, if its header is long enough for one. */
    static Builder ofBmp(byte[] content) {
        Builder builder = new Builder();
        ByteBuffer header = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        if (content.length >= 54 && header.getInt(14) >= 40 && header.getInt(38) > 0 && header.getInt(42) > 0) {
            builder.resolution(new Resolution(header.getInt(38), header.getInt(42), true));
        }
        return builder;
    }
}
