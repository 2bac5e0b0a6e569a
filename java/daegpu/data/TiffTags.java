package daegpu.data;

import com.twelvemonkeys.imageio.metadata.Entry;
import com.twelvemonkeys.imageio.metadata.tiff.Rational;
import com.twelvemonkeys.imageio.metadata.tiff.TIFF;
import com.twelvemonkeys.imageio.metadata.tiff.TIFFEntry;
import com.twelvemonkeys.imageio.plugins.tiff.TIFFImageMetadata;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a page of a TIFF file says of its picture. */
final class TiffTags {

    private static final int INCHES = 2;
    private static final int PREDICTOR = 317;
    private static final int DIFFERENCES = 2;
    /** The greatest number that a rational is made of. */
    private static final double LARGEST = 0xFFFFFFFFL;

    /** Words by the names that PNG files have for them. */
    private static final Map<Integer, String> KEYWORDS = new TreeMap<>(Map.of(
            TIFF.TAG_DOCUMENT_NAME, "Title",
            TIFF.TAG_IMAGE_DESCRIPTION, "Description",
            TIFF.TAG_MAKE, "Make",
            TIFF.TAG_MODEL, "Model",
            TIFF.TAG_SOFTWARE, "Software",
            TIFF.TAG_DATE_TIME, "Creation Time",
            TIFF.TAG_ARTIST, "Author",
            TIFF.TAG_COPYRIGHT, "Copyright"));

    /**
     * Tags that say where in a stack or a scan a page is (its name, position and number), what ImageJ says of a stack
     * (lengths, and labels, overlays and colours for display), and what Micro-Manager says of a page.
     */
    private static final List<Integer> OWN = List.of(285, 286, 287, 297, 50838, 50839, 51123);

    private TiffTags() {}

    static PictureDescription.Builder description(TIFFImageMetadata metadata, ByteOrder order, boolean big) {
        PictureDescription.Builder found = new PictureDescription.Builder();
        if (value(metadata, TIFF.TAG_ICC_PROFILE) instanceof byte[] profile) {
            found.profile(profile);
        }
        if (value(metadata, TIFF.TAG_XMP) instanceof byte[] xmp) {
            found.xmp(xmp);
        }
        found.resolution(Resolution.ofTiff(
                number(metadata, TIFF.TAG_X_RESOLUTION, 0), number(metadata, TIFF.TAG_Y_RESOLUTION, 0), (int)
                        number(metadata, TIFF.TAG_RESOLUTION_UNIT, INCHES)));
        int turn = (int) number(metadata, TIFF.TAG_ORIENTATION, 1);
        found.turn(turn >= 1 && turn <= 8 ? new Orientation(turn) : Orientation.UPRIGHT);
        KEYWORDS.forEach((tag, keyword) -> {
            if (value(metadata, tag) instanceof String text) {
                found.text(keyword, text);
            }
        });
        List<Entry> own = new ArrayList<>();
        for (int tag : OWN) {
            Entry entry = metadata.getTIFFField(tag);
            if (entry instanceof TIFFEntry known && isWritable(known)) {
                own.add(known);
            }
        }
        found.form(new TiffForm(
                (int) number(metadata, TIFF.TAG_COMPRESSION, TiffForm.NONE),
                number(metadata, PREDICTOR, 1) == DIFFERENCES,
                number(metadata, TIFF.TAG_PHOTOMETRIC_INTERPRETATION, 1) == 0,
                order,
                big,
                List.copyOf(own)));
        return found;
    }

    /** Whether the library can write what it has read. */
    private static boolean isWritable(TIFFEntry entry) {
        Object value = entry.getValue();
        return switch (entry.getType()) {
            case TIFF.TYPE_ASCII -> value instanceof String;
            case TIFF.TYPE_BYTE, TIFF.TYPE_UNDEFINED -> value instanceof byte[];
            case TIFF.TYPE_SHORT, TIFF.TYPE_LONG ->
                value instanceof Number
                        || value instanceof short[]
                        || value instanceof int[]
                        || value instanceof long[];
            case TIFF.TYPE_RATIONAL -> value instanceof Rational;
            default -> false;
        };
    }

    private static Object value(TIFFImageMetadata metadata, int tag) {
        return metadata.getTIFFField(tag) == null
                ? null
                : metadata.getTIFFField(tag).getValue();
    }

    /** The one number of a tag, or the first of several. */
    static double number(TIFFImageMetadata metadata, int tag, double otherwise) {
        long[] several = numbers(metadata, tag);
        return value(metadata, tag) instanceof Number number
                ? number.doubleValue()
                : several.length > 0 ? several[0] : otherwise;
    }

    /** All numbers of a tag, if they are whole; none where it is not there. */
    static long[] numbers(TIFFImageMetadata metadata, int tag) {
        Object value = value(metadata, tag);
        if (value instanceof Number number) {
            return new long[] {number.longValue()};
        }
        if (value instanceof long[] numbers) {
            return numbers;
        }
        if (value instanceof int[] numbers) {
            long[] all = new long[numbers.length];
            for (int i = 0; i < all.length; i++) {
                all[i] = numbers[i] & 0xFFFFFFFFL;
            }
            return all;
        }
        if (value instanceof short[] numbers) {
            long[] all = new long[numbers.length];
            for (int i = 0; i < all.length; i++) {
                all[i] = numbers[i] & 0xFFFFL;
            }
            return all;
        }
        return new long[0];
    }

    /** The words of a tag; empty where there are none. */
    static String text(TIFFImageMetadata metadata, int tag) {
        return value(metadata, tag) instanceof String text ? text : "";
    }

    /**
     * What is written of a page besides its pixels.
     *
     * @param channels of the page, without alpha
     */
    static List<Entry> entries(PictureDescription description, int channels) {
        List<Entry> entries = new ArrayList<>(description.form().own());
        byte[] profile = description.profile(channels);
        if (profile != null) {
            entries.add(new TIFFEntry(TIFF.TAG_ICC_PROFILE, TIFF.TYPE_UNDEFINED, profile));
        }
        byte[] xmp = description.xmp();
        if (xmp != null) {
            entries.add(new TIFFEntry(TIFF.TAG_XMP, TIFF.TYPE_BYTE, xmp));
        }
        Resolution resolution = description.resolution();
        if (resolution != null) {
            double unit = resolution.absolute() ? Resolution.INCH : 1;
            entries.add(new TIFFEntry(TIFF.TAG_X_RESOLUTION, TIFF.TYPE_RATIONAL, rational(resolution.x() * unit)));
            entries.add(new TIFFEntry(TIFF.TAG_Y_RESOLUTION, TIFF.TYPE_RATIONAL, rational(resolution.y() * unit)));
            entries.add(new TIFFEntry(
                    TIFF.TAG_RESOLUTION_UNIT, TIFF.TYPE_SHORT, resolution.absolute() ? INCHES : INCHES - 1));
        }
        KEYWORDS.forEach((tag, keyword) -> description.texts().stream()
                .filter(text -> text.keyword().equals(keyword))
                .findFirst()
                .ifPresent(text -> entries.add(new TIFFEntry(tag, TIFF.TYPE_ASCII, text.value()))));
        return entries;
    }

    /** A fraction of two numbers of 32 bits that is as near as one of a power of ten. */
    private static Rational rational(double number) {
        double scale = 1;
        while (scale < 1e9
                && number * scale * 10 <= LARGEST
                && Math.abs(number * scale - Math.rint(number * scale)) > 0) {
            scale *= 10;
        }
        return new Rational(Math.round(Math.min(number * scale, LARGEST)), (long) scale);
    }
}
