package daegpu.data;

import com.twelvemonkeys.imageio.metadata.Entry;
import java.nio.ByteOrder;
import java.util.List;

/**
 * How a page of a TIFF file is stored, so that a result can be stored in the same way.
 *
 * @param compression the value of the tag of this name; {@link #written} says what is written for it
 * @param differences whether each value is stored as its difference from the one before it in the row
 * @param inverted whether small values are light; only floats are read and written so
 * @param order of the bytes in the file
 * @param big whether it is a BigTIFF file
 * @param own tags of other programs, which are taken as they are
 */
record TiffForm(int compression, boolean differences, boolean inverted, ByteOrder order, boolean big, List<Entry> own) {

    static final int NONE = 1;
    static final int LZW = 5;
    static final int DEFLATE = 8;

    /** What is written where the picture was no page of a TIFF file. */
    static final TiffForm DEFAULT = new TiffForm(DEFLATE, false, false, ByteOrder.LITTLE_ENDIAN, false, List.of());

    /** The same in a file whose bytes have this order. */
    TiffForm in(ByteOrder newOrder) {
        return new TiffForm(compression, differences, inverted, newOrder, big, own);
    }

    /** No compression or LZW, where the page had it, else deflate, which loses nothing either. */
    int written() {
        return compression == NONE || compression == LZW ? compression : DEFLATE;
    }

    /** Whether differences are written: where the page had them, and not of floats. */
    boolean writesDifferences(boolean floats) {
        return differences && !floats && written() != NONE;
    }
}
