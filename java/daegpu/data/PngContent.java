package daegpu.data;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;

/**
 * A PNG file, chunk by chunk: those that its decoder needs, with their check sums compared, which the decoder of the
 * Java platform does not, and without those on which no pixel depends, at which it stumbles.
 */
final class PngContent {

    private static final int SIGNATURE = 8;
    /** Where the header, which is always the first chunk, has the bits of a sample. */
    private static final int DEPTH = 24;
    /** Where it says what the samples are. */
    private static final int COLOUR_TYPE = 25;

    private static final int PALETTE = 3;
    private static final List<String> CRITICAL = List.of("IHDR", "PLTE", "IDAT", "IEND");
    private static final int LARGEST_EXIF = 1 << 20;

    private final Path file;
    private final byte[] content;
    private final PictureDescription.Builder description = new PictureDescription.Builder();
    private int length = SIGNATURE;
    private int frames = 1;

    /**
     * Takes the file apart.
     *
     * @param content of which as much is overwritten as there is for the decoder
     * @throws InvalidInputException if the file is damaged
     */
    PngContent(Path file, byte[] content) {
        this.file = file;
        this.content = content;
        takeApart();
    }

    private void takeApart() {
        ByteBuffer chunks = ByteBuffer.wrap(content).position(SIGNATURE);
        boolean first = true;
        String type;
        String last = "";
        boolean damagedAfterPixels = false;
        do {
            if (chunks.remaining() < 12) {
                throw new InvalidInputException(file + " is truncated");
            }
            int size = chunks.getInt();
            int start = chunks.position();
            type = new String(content, start, 4, StandardCharsets.ISO_8859_1);
            if (size < 0 || size > chunks.remaining() - 8) {
                throw new InvalidInputException(file + " is truncated or damaged");
            }
            CRC32 sum = new CRC32();
            sum.update(content, start, 4 + size);
            boolean intact = (int) sum.getValue() == chunks.getInt(start + 4 + size);
            chunks.position(start + 4 + size + 4);
            // A chunk that is none of the pixels', but stands between them, was one of them before it was damaged.
            if (!intact && (isNeeded(type) && !type.equals("IEND")) || damagedAfterPixels && type.equals("IDAT")) {
                throw new InvalidInputException(file + " is damaged: a check sum does not match");
            }
            damagedAfterPixels = last.equals("IDAT") && (!intact || damagedAfterPixels);
            last = intact ? type : last;
            if (first && (!type.equals("IHDR") || size != 13)) {
                throw new InvalidInputException(file + " is damaged: it does not begin with its size");
            }
            first = false;
            if (intact || type.equals("IEND")) {
                chunk(type, start, size);
            }
        } while (!type.equals("IEND"));
    }

    /** Whether pixels depend on a chunk, or may have before its name was damaged. */
    private static boolean isNeeded(String type) {
        return Character.isUpperCase(type.charAt(0))
                || type.equals("tRNS")
                || CRITICAL.stream().anyMatch(type::equalsIgnoreCase);
    }

    private void chunk(String type, int start, int size) {
        switch (type) {
            case "IHDR", "IDAT", "IEND" -> put(start, size);
            case "PLTE" -> {
                if (colourType() == PALETTE) {
                    put(start, size);
                }
            }
            case "tRNS" -> {
                if (colourType() != PALETTE && content[DEPTH] != 8 && (colourType() & 4) == 0) {
                    // The decoder would show such pixels as opaque; at 8 bits it does not.
                    throw new InvalidInputException(file + " declares one of its colours transparent, which the model"
                            + " cannot see; flatten it first");
                }
                if ((colourType() & 4) == 0) {
                    put(start, size);
                }
            }
            case "acTL" -> frames = size == 8 ? ByteBuffer.wrap(content).getInt(start + 4) : 1;
            default -> {
                if (Character.isUpperCase(type.charAt(0))) {
                    throw new InvalidInputException(
                            file + " has a chunk " + type + ", without which it cannot be read, and which is unknown");
                }
                PictureDescription.readPngChunk(
                        description, type, Arrays.copyOfRange(content, start + 4, start + 4 + size));
            }
        }
    }

    private void put(int start, int size) {
        System.arraycopy(content, start - 4, content, length, size + 12);
        length += size + 12;
    }

    private int colourType() {
        return content[COLOUR_TYPE];
    }

    /** Bytes at the beginning of the content that are for the decoder. */
    int length() {
        return length;
    }

    /** The colour type in the header says so: bit 1 is colour. */
    boolean isGrey() {
        return (colourType() & 2) == 0;
    }

    boolean isDeep() {
        return content[DEPTH] == 16;
    }

    /** 1, or more where they move. */
    int frames() {
        return frames;
    }

    PictureDescription.Builder description() {
        return description;
    }

    /**
     * Size and kind of a PNG file's picture, without reading its pixels.
     *
     * @throws InvalidInputException if it does not begin as such a file
     * @throws IOException if {@code in} throws it
     */
    static ImageFile.Header header(Path file, InputStream in) throws IOException {
        byte[] start = in.readNBytes(SIGNATURE + 25);
        if (start.length < SIGNATURE + 25 || !new String(start, 12, 4, StandardCharsets.ISO_8859_1).equals("IHDR")) {
            throw new InvalidInputException(file + " is truncated or damaged");
        }
        int height = ByteBuffer.wrap(start).getInt(20);
        int width = ByteBuffer.wrap(start).getInt(16);
        if (height <= 0 || width <= 0) {
            throw new InvalidInputException(file + " is damaged: it has no size");
        }
        Orientation orientation = orientation(in);
        return new ImageFile.Header(
                orientation.height(height, width),
                orientation.width(height, width),
                (start[COLOUR_TYPE] & 2) == 0 ? 1 : 3,
                start[COLOUR_TYPE - 1] == 16 ? Depth.BITS_16 : Depth.BITS_8);
    }

    /** Damage is found when the picture is read. */
    private static Orientation orientation(InputStream in) throws IOException {
        try {
            while (true) {
                byte[] head = in.readNBytes(8);
                String type = new String(head, StandardCharsets.ISO_8859_1);
                int size = head.length < 8 ? -1 : ByteBuffer.wrap(head).getInt();
                if (size < 0 || type.endsWith("IEND")) {
                    return Orientation.UPRIGHT;
                }
                if (type.endsWith("eXIf") && size <= LARGEST_EXIF) {
                    byte[] data = in.readNBytes(size);
                    CRC32 sum = new CRC32();
                    sum.update(head, 4, 4);
                    sum.update(data);
                    byte[] expected = in.readNBytes(4);
                    if (expected.length == 4 && ByteBuffer.wrap(expected).getInt() == (int) sum.getValue()) {
                        PictureDescription.Builder found = new PictureDescription.Builder();
                        found.exif(data);
                        return found.orientation();
                    }
                } else {
                    in.skipNBytes(size + 4L);
                }
            }
        } catch (EOFException e) {
            return Orientation.UPRIGHT;
        }
    }
}
