package daegpu.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** EXIF data: a TIFF file without a picture. They are changed in place, so that all that they hold stays as it is. */
final class Exif {

    private static final int ORIENTATION = 0x0112;
    private static final int X_RESOLUTION = 0x011A;
    private static final int Y_RESOLUTION = 0x011B;
    private static final int RESOLUTION_UNIT = 0x0128;
    private static final int EXIF_FOLDER = 0x8769;
    private static final int WIDTH = 0xA002;
    private static final int HEIGHT = 0xA003;
    private static final int SHORT = 3;
    private static final int LONG = 4;
    private static final int RATIONAL = 5;
    private static final int ENTRY = 12;

    private final byte[] bytes;
    private final ByteBuffer data;

    private Exif(byte[] bytes, ByteBuffer data) {
        this.bytes = bytes;
        this.data = data;
    }

    /**
     * EXIF data as they are in a file, perhaps after the word that precedes them in JPEG files; null where they cannot
     * be understood.
     */
    static Exif of(byte[] stored) {
        boolean named = stored.length > 6 && stored[0] == 'E' && stored[1] == 'x' && stored[2] == 'i';
        byte[] bytes = Arrays.copyOfRange(stored, named ? 6 : 0, stored.length);
        ByteBuffer data = ByteBuffer.wrap(bytes);
        if (data.capacity() < 14) {
            return null;
        }
        short order = data.getShort(0);
        if (order != 0x4949 && order != 0x4D4D) {
            return null;
        }
        data.order(order == 0x4949 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        Exif exif = new Exif(bytes, data);
        return data.getShort(2) == 42 && exif.isFolder(data.getInt(4)) ? exif : null;
    }

    private boolean isFolder(int at) {
        return at >= 8
                && at <= data.capacity() - 2
                && at + 2L + (long) ENTRY * (data.getShort(at) & 0xFFFF) <= data.capacity();
    }

    /** Where a folder has the entry of a tag; -1 for nowhere. */
    private int entry(int folder, int tag) {
        int count = data.getShort(folder) & 0xFFFF;
        for (int i = 0; i < count; i++) {
            int at = folder + 2 + ENTRY * i;
            if ((data.getShort(at) & 0xFFFF) == tag) {
                return at;
            }
        }
        return -1;
    }

    /** The one number of an entry; 0 where it is something else. */
    private double number(int tag) {
        int at = entry(data.getInt(4), tag);
        if (at < 0 || data.getInt(at + 4) != 1) {
            return 0;
        }
        int place = data.getInt(at + 8);
        return switch (data.getShort(at + 2)) {
            case SHORT -> data.getShort(at + 8) & 0xFFFF;
            case LONG -> place & 0xFFFFFFFFL;
            case RATIONAL ->
                place < 0 || place > data.capacity() - 8 || data.getInt(place + 4) == 0
                        ? 0
                        : (data.getInt(place) & 0xFFFFFFFFL) / (double) (data.getInt(place + 4) & 0xFFFFFFFFL);
            default -> 0;
        };
    }

    /** Upright where they say nothing that can be understood, as in every viewer. */
    Orientation orientation() {
        double tag = number(ORIENTATION);
        return tag >= 1 && tag <= 8 ? new Orientation((int) tag) : Orientation.UPRIGHT;
    }

    /** Null where they have none. */
    Resolution resolution() {
        int unit = entry(data.getInt(4), RESOLUTION_UNIT) < 0 ? 2 : (int) number(RESOLUTION_UNIT);
        return Resolution.ofTiff(number(X_RESOLUTION), number(Y_RESOLUTION), unit);
    }

    /**
     * The data for the picture after it was turned upright: with its size, and without the thumbnail, which was not.
     */
    byte[] upright(int height, int width) {
        int main = data.getInt(4);
        set(main, ORIENTATION, 1);
        int folder = entry(main, EXIF_FOLDER);
        if (folder >= 0 && isFolder(data.getInt(folder + 8))) {
            set(data.getInt(folder + 8), WIDTH, width);
            set(data.getInt(folder + 8), HEIGHT, height);
        }
        int next = main + 2 + ENTRY * (data.getShort(main) & 0xFFFF);
        if (next <= data.capacity() - 4) {
            data.putInt(next, 0);
        }
        return bytes;
    }

    private void set(int folder, int tag, int value) {
        int at = entry(folder, tag);
        if (at >= 0 && data.getShort(at + 2) == SHORT) {
            data.putShort(at + 8, (short) value);
        } else if (at >= 0 && data.getShort(at + 2) == LONG) {
            data.putInt(at + 8, value);
        }
    }
}
