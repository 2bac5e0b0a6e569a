package daegpu.data;

import com.twelvemonkeys.imageio.metadata.Entry;
import com.twelvemonkeys.imageio.metadata.tiff.TIFF;
import com.twelvemonkeys.imageio.metadata.tiff.TIFFEntry;
import com.twelvemonkeys.imageio.metadata.tiff.TIFFWriter;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.Deflater;
import javax.imageio.stream.ImageOutputStream;

/**
 * Writes pictures as the pages of a TIFF file, each row when it has been read, and of each page only where its parts
 * lie in memory. First come the pixels of all pages and then all directories: so the pixels of pages that are not
 * compressed lie one page after the other, as ImageJ expects them where the first page says that it is a stack of
 * ImageJ's.
 *
 * <p>TwelveMonkeys' library writes the directories. Its writer of pictures has no colours of 16 bits and no floats, and
 * Java's begins each page by reading all directories before it, and puts them between the pixels.
 */
final class TiffWriter {

    /** Bytes that are compressed together, about. */
    private static final int STRIP = 1 << 16;
    /** The last place in a file that is no BigTIFF file. */
    private static final long LARGEST = 0xFFFFFFFFL;

    private static final int PREDICTOR = 317;
    private static final int DIFFERENCES = 2;
    private static final int FLOATS = 3;
    private static final int LONG8 = 16;
    private static final int UNASSOCIATED_ALPHA = 2;

    private final ImageOutputStream out;
    private final List<List<Entry>> pages = new ArrayList<>();
    private final Deflater deflater = new Deflater();
    private LzwEncoder lzw;
    private TIFFWriter directories;
    private boolean big;
    private byte[] compressed = new byte[STRIP];

    TiffWriter(ImageOutputStream out) {
        this.out = out;
    }

    /** One page on its way. */
    private static final class Page {
        private final Pixels pixels;
        private final TiffForm form;
        private final boolean alpha;
        private final boolean floats;
        private final int bands;
        private final int bytes;
        private final float[] values;
        private final float[] transparency;
        private final long[] row;

        Page(Pixels pixels, TiffForm form) {
            this.pixels = pixels;
            this.form = form;
            alpha = pixels.hasAlpha();
            floats = pixels.range() != null;
            bands = pixels.channels() + (alpha ? 1 : 0);
            bytes = floats ? Float.BYTES : pixels.depth().bytes();
            values = new float[pixels.width() * pixels.channels()];
            transparency = new float[pixels.width()];
            row = new long[pixels.width() * bands];
        }

        int rowBytes() {
            return Math.multiplyExact(row.length, bytes);
        }

        /** Reads a row as the bits of its samples, and puts these into {@code to}. */
        void read(int y, byte[] to, int at) {
            pixels.read(y, 0, pixels.width(), values, 0);
            if (alpha) {
                pixels.readAlpha(y, transparency);
            }
            int channels = pixels.channels();
            for (int x = 0; x < pixels.width(); x++) {
                for (int channel = 0; channel < channels; channel++) {
                    row[x * bands + channel] = sample(values[x * channels + channel]);
                }
                if (alpha) {
                    row[x * bands + channels] = floats
                            ? Float.floatToIntBits(transparency[x])
                            : pixels.depth().sample(transparency[x]);
                }
            }
            if (form.writesDifferences(floats)) {
                for (int i = row.length - 1; i >= bands; i--) {
                    row[i] -= row[i - bands];
                }
            }
            boolean little = form.order() == ByteOrder.LITTLE_ENDIAN;
            for (int i = 0; i < row.length; i++) {
                for (int b = 0; b < bytes; b++) {
                    to[at + i * bytes + b] = (byte) (row[i] >> 8 * (little ? b : bytes - 1 - b));
                }
            }
        }

        private long sample(float value) {
            return floats
                    ? Float.floatToIntBits(pixels.range().own(value))
                    : pixels.depth().sample(value);
        }
    }

    /**
     * Writes a page. The form of the first decides the order of the bytes, and whether the file is a BigTIFF file.
     *
     * @throws IOException if that fails, or the file would get too large
     */
    void write(Pixels pixels, PictureDescription description) throws IOException {
        TiffForm form = description.form();
        if (directories == null) {
            big = form.big();
            directories = new TIFFWriter(big ? Long.BYTES : Integer.BYTES);
            out.setByteOrder(form.order());
            directories.writeTIFFHeader(out);
            directories.writeOffset(out, 0);
        }
        Page page = new Page(pixels, form.in(out.getByteOrder()));
        int compression = page.form.written();
        int rows = compression == TiffForm.NONE
                ? pixels.height()
                : Math.max(1, Math.min(pixels.height(), STRIP / page.rowBytes()));
        int together = Math.max(1, Math.min(rows, STRIP / page.rowBytes()));
        byte[] part = new byte[together * page.rowBytes()];
        int strips = (pixels.height() + rows - 1) / rows;
        long[] offsets = new long[strips];
        long[] lengths = new long[strips];
        for (int y = 0; y < pixels.height(); y += together) {
            int count = Math.min(together, pixels.height() - y);
            for (int i = 0; i < count; i++) {
                page.read(y + i, part, i * page.rowBytes());
            }
            int strip = y / rows;
            if (y % rows == 0) {
                offsets[strip] = out.getStreamPosition();
            }
            lengths[strip] += write(part, count * page.rowBytes(), compression);
        }
        pages.add(entries(page, rows, offsets, lengths, TiffTags.entries(description, pixels.channels())));
    }

    /** @return the number of bytes that were written */
    private int write(byte[] part, int length, int compression) throws IOException {
        byte[] written = part;
        int count = length;
        if (compression == TiffForm.LZW) {
            lzw = lzw == null ? new LzwEncoder() : lzw;
            written = lzw.encode(part, length);
            count = written.length;
        } else if (compression == TiffForm.DEFLATE) {
            count = deflate(part, length);
            written = compressed;
        }
        if (!big && out.getStreamPosition() + count > LARGEST) {
            throw new IOException("the file would have over 4 GiB, and a TIFF file that is no BigTIFF cannot");
        }
        out.write(written, 0, count);
        return count;
    }

    private int deflate(byte[] part, int length) {
        deflater.reset();
        deflater.setInput(part, 0, length);
        deflater.finish();
        int count = 0;
        while (!deflater.finished()) {
            if (count == compressed.length) {
                compressed = Arrays.copyOf(compressed, 2 * count);
            }
            count += deflater.deflate(compressed, count, compressed.length - count);
        }
        return count;
    }

    private List<Entry> entries(Page page, int rows, long[] offsets, long[] lengths, List<Entry> description) {
        List<Entry> entries = new ArrayList<>(description);
        int[] bits = new int[page.bands];
        Arrays.fill(bits, 8 * page.bytes);
        entries.add(new TIFFEntry(TIFF.TAG_IMAGE_WIDTH, TIFF.TYPE_LONG, page.pixels.width()));
        entries.add(new TIFFEntry(TIFF.TAG_IMAGE_HEIGHT, TIFF.TYPE_LONG, page.pixels.height()));
        entries.add(new TIFFEntry(TIFF.TAG_BITS_PER_SAMPLE, TIFF.TYPE_SHORT, bits.length == 1 ? bits[0] : bits));
        entries.add(new TIFFEntry(TIFF.TAG_COMPRESSION, TIFF.TYPE_SHORT, page.form.written()));
        int lightness = page.floats && page.form.inverted() ? 0 : 1;
        entries.add(new TIFFEntry(
                TIFF.TAG_PHOTOMETRIC_INTERPRETATION, TIFF.TYPE_SHORT, page.pixels.channels() == 3 ? 2 : lightness));
        entries.add(new TIFFEntry(TIFF.TAG_SAMPLES_PER_PIXEL, TIFF.TYPE_SHORT, page.bands));
        entries.add(new TIFFEntry(TIFF.TAG_ROWS_PER_STRIP, TIFF.TYPE_LONG, rows));
        entries.add(places(TIFF.TAG_STRIP_OFFSETS, offsets));
        entries.add(places(TIFF.TAG_STRIP_BYTE_COUNTS, lengths));
        if (page.form.writesDifferences(page.floats)) {
            entries.add(new TIFFEntry(PREDICTOR, TIFF.TYPE_SHORT, DIFFERENCES));
        }
        if (page.alpha) {
            entries.add(new TIFFEntry(TIFF.TAG_EXTRA_SAMPLES, TIFF.TYPE_SHORT, UNASSOCIATED_ALPHA));
        }
        if (page.floats) {
            int[] kinds = new int[page.bands];
            Arrays.fill(kinds, FLOATS);
            entries.add(new TIFFEntry(TIFF.TAG_SAMPLE_FORMAT, TIFF.TYPE_SHORT, kinds.length == 1 ? kinds[0] : kinds));
        }
        return entries;
    }

    private Entry places(int tag, long[] values) {
        return new TIFFEntry(
                tag, big ? (short) LONG8 : TIFF.TYPE_LONG, values.length == 1 ? (Object) values[0] : values);
    }

    /**
     * Ends the file with the directories of its pages.
     *
     * @throws IOException if that fails, or the file would get too large
     */
    void finish() throws IOException {
        deflater.end();
        if (pages.isEmpty()) {
            return;
        }
        // Each begins at an even place, where what the writer puts first is where it begins.
        long start = out.getStreamPosition() + (out.getStreamPosition() & 1);
        out.seek(start);
        long first = 0;
        for (List<Entry> page : pages) {
            long directory = directories.writeIFD(page, out);
            first = first == 0 ? directory : first;
            if (!big && out.getStreamPosition() > LARGEST) {
                throw new IOException("the file would have over 4 GiB, and a TIFF file that is no BigTIFF cannot");
            }
        }
        directories.writeOffset(out, 0);
        long end = out.getStreamPosition();
        out.seek(big ? Long.BYTES : Integer.BYTES);
        directories.writeOffset(out, first);
        out.seek(end);
    }
}
