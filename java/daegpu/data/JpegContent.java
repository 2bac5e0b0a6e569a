package daegpu.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A JPEG file, segment by segment: what its decoder needs, without what describes the picture and without stray bytes
 * before markers, at which decoders stumble although no pixel depends on them.
 */
final class JpegContent {

    /** Scans of a picture at most. Every scan takes the time of a whole picture, and a few bytes are enough for one. */
    private static final int MOST_SCANS = 500;

    private static final int START = 0xD8;
    private static final int END = 0xD9;
    private static final int SCAN = 0xDA;
    private static final int JFIF = 0xE0;
    private static final int ADOBE = 0xEE;
    private static final int COMMENT = 0xFE;
    /** Of JFIF's segment, without a thumbnail. */
    private static final int JFIF_LENGTH = 14;

    private final byte[] content;
    private final PictureDescription.Builder description = new PictureDescription.Builder();
    private final List<byte[]> profile = new ArrayList<>();
    private int length;
    private int height;
    private int width;
    private int components;
    private boolean hasJfif;
    private boolean hasAdobe;

    /**
     * Takes the file apart.
     *
     * @param content of which as much is overwritten as there is for the decoder
     * @throws InvalidInputException if it has too many scans
     */
    JpegContent(Path file, byte[] content) {
        this.content = content;
        takeApart(file);
        byte[] whole = PictureDescription.profile(profile);
        if (whole != null) {
            description.profile(whole);
        }
    }

    private void takeApart(Path file) {
        int scans = 0;
        int at = 2;
        length = 2;
        while (true) {
            while (at < content.length && content[at] != -1) {
                at++;
            }
            while (at < content.length && content[at] == -1) {
                at++;
            }
            if (at >= content.length) {
                return;
            }
            int marker = content[at++] & 0xFF;
            if (marker == END) {
                put(marker, at, 0);
                return; // What comes after it is no part of the picture.
            }
            if (marker <= 1 || marker >= 0xD0 && marker <= START) {
                continue; // It belongs among pixels, and is as stray here as any other byte.
            }
            int size = at + 2 > content.length ? 0 : (content[at] & 0xFF) << 8 | content[at + 1] & 0xFF;
            if (size < 2 || at + size > content.length) {
                put(marker, at, content.length - at);
                return;
            }
            int next = at + size;
            if (marker == SCAN) {
                if (++scans > MOST_SCANS) {
                    throw new InvalidInputException(file + " has more than " + MOST_SCANS
                            + " scans, where a picture has about ten: it is refused because it would take minutes to"
                            + " decode");
                }
                next = endOfScan(next);
                put(marker, at, next - at);
            } else {
                segment(marker, at, size);
            }
            at = next;
        }
    }

    private void segment(int marker, int at, int size) {
        boolean application = marker >= JFIF && marker <= 0xEF;
        if (!application && marker != COMMENT) {
            if (isFrame(marker) && size >= 8) {
                height = (content[at + 3] & 0xFF) << 8 | content[at + 4] & 0xFF;
                width = (content[at + 5] & 0xFF) << 8 | content[at + 6] & 0xFF;
                components = content[at + 7] & 0xFF;
            }
            put(marker, at, size);
            return;
        }
        byte[] data = Arrays.copyOfRange(content, at + 2, at + size);
        if (PictureDescription.isPartOfProfile(marker, data)) {
            profile.add(data);
        } else {
            PictureDescription.readJpegSegment(description, marker, data);
        }
        // These two say how colours are stored.
        if (marker == JFIF && !hasJfif && data.length >= JFIF_LENGTH && data[0] == 'J' && data[3] == 'F') {
            hasJfif = true;
            content[at] = 0;
            content[at + 1] = JFIF_LENGTH + 2;
            content[at + JFIF_LENGTH] = 0;
            content[at + JFIF_LENGTH + 1] = 0;
            put(marker, at, JFIF_LENGTH + 2);
        } else if (marker == ADOBE && !hasAdobe && data.length >= 12 && data[0] == 'A' && data[1] == 'd') {
            hasAdobe = true;
            put(marker, at, size);
        }
    }

    private static boolean isFrame(int marker) {
        return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    }

    /** Where the first marker is that is none of those among pixels. */
    private int endOfScan(int from) {
        for (int i = from; i + 1 < content.length; i++) {
            int next = content[i + 1] & 0xFF;
            if (content[i] == -1 && next != 0 && next != 0xFF && (next < 0xD0 || next > 0xD7)) {
                return i;
            }
        }
        return content.length;
    }

    private void put(int marker, int at, int count) {
        content[length] = -1;
        content[length + 1] = (byte) marker;
        System.arraycopy(content, at, content, length + 2, count);
        length += 2 + count;
    }

    /** Bytes at the beginning of the content that are for the decoder. */
    int length() {
        return length;
    }

    /** Whether the pixels are followed by so many bytes of zeros, with which some cameras fill up their files. */
    boolean isFilledUp(int count) {
        for (int i = length - 2 - count; i < length - 2; i++) {
            if (i < 0 || content[i] != 0) {
                return false;
            }
        }
        return true;
    }

    /** Whether the file says how large the picture is, and of what. */
    boolean hasSize() {
        return height > 0 && width > 0 && components > 0;
    }

    /** As stored. */
    int height() {
        return height;
    }

    /** As stored. */
    int width() {
        return width;
    }

    /** 1 for grey, 3 for colour, 4 for what is printed. */
    int components() {
        return components;
    }

    PictureDescription.Builder description() {
        return description;
    }
}
