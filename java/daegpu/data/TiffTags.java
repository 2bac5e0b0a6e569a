package daegpu.data;

import com.twelvemonkeys.imageio.metadata.tiff.TIFF;
import com.twelvemonkeys.imageio.plugins.tiff.TIFFImageMetadata;
import java.util.Map;
import java.util.TreeMap;
import javax.imageio.metadata.IIOInvalidTreeException;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.plugins.tiff.BaselineTIFFTagSet;
import javax.imageio.plugins.tiff.TIFFDirectory;
import javax.imageio.plugins.tiff.TIFFField;
import javax.imageio.plugins.tiff.TIFFTag;

/** What a page of a TIFF file says of its picture. */
final class TiffTags {

    private static final int INCHES = 2;
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

    private TiffTags() {}

    static PictureDescription.Builder description(TIFFImageMetadata metadata) {
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
        return found;
    }

    private static Object value(TIFFImageMetadata metadata, int tag) {
        return metadata.getTIFFField(tag) == null
                ? null
                : metadata.getTIFFField(tag).getValue();
    }

    /** The one number of a tag. */
    static double number(TIFFImageMetadata metadata, int tag, double otherwise) {
        return value(metadata, tag) instanceof Number number ? number.doubleValue() : otherwise;
    }

    /**
     * What Java's own writer, which unlike TwelveMonkeys' has colours of 16 bits, is to write beside a page.
     *
     * @param standard what it would write otherwise
     * @throws IIOInvalidTreeException never
     */
    static IIOMetadata added(IIOMetadata standard, PictureDescription description, int channels)
            throws IIOInvalidTreeException {
        TIFFDirectory tags = TIFFDirectory.createFromMetadata(standard);
        byte[] profile = description.profile(channels);
        if (profile != null) {
            add(tags, TIFF.TAG_ICC_PROFILE, TIFFTag.TIFF_UNDEFINED, profile.length, profile);
        }
        byte[] xmp = description.xmp();
        if (xmp != null) {
            TIFFTag tag = new TIFFTag("XMP", TIFF.TAG_XMP, 1 << TIFFTag.TIFF_BYTE);
            tags.addTIFFField(new TIFFField(tag, TIFFTag.TIFF_BYTE, xmp.length, xmp));
        }
        Resolution resolution = description.resolution();
        if (resolution != null) {
            double unit = resolution.absolute() ? Resolution.INCH : 1;
            add(tags, TIFF.TAG_X_RESOLUTION, TIFFTag.TIFF_RATIONAL, 1, rational(resolution.x() * unit));
            add(tags, TIFF.TAG_Y_RESOLUTION, TIFFTag.TIFF_RATIONAL, 1, rational(resolution.y() * unit));
            char number = (char) (resolution.absolute() ? INCHES : INCHES - 1);
            add(tags, TIFF.TAG_RESOLUTION_UNIT, TIFFTag.TIFF_SHORT, 1, new char[] {number});
        }
        KEYWORDS.forEach((tag, keyword) -> description.texts().stream()
                .filter(text -> text.keyword().equals(keyword))
                .findFirst()
                .ifPresent(text -> add(tags, tag, TIFFTag.TIFF_ASCII, 1, new String[] {text.value()})));
        return tags.getAsMetadata();
    }

    private static void add(TIFFDirectory tags, int number, int type, int count, Object value) {
        tags.addTIFFField(new TIFFField(BaselineTIFFTagSet.getInstance().getTag(number), type, count, value));
    }

    private static long[][] rational(double number) {
        return new long[][] {{Math.round(number * 1000), 1000}};
    }
}
