package daegpu.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A size as users write it: {@code 96x128} for 96 rows of 128 pixels, or {@code 64} for a square. */
record ImageSize(int height, int width) {

    private static final Pattern WRITTEN = Pattern.compile("0*([1-9]\\d{0,4})(?:[xX×]0*([1-9]\\d{0,4}))?");

    static final class SizeConverter implements ITypeConverter<ImageSize> {
        @Override
        public ImageSize convert(String text) {
            Matcher matcher = WRITTEN.matcher(text);
            if (!matcher.matches()) {
                throw new TypeConversionException("'" + text
                        + "' is not a size, such as 96x128 for a height of 96 and a width of" + " 128 pixels");
            }
            int height = Integer.parseInt(matcher.group(1));
            return new ImageSize(height, matcher.group(2) == null ? height : Integer.parseInt(matcher.group(2)));
        }
    }

    /** As users write it. */
    @Override
    public String toString() {
        return height + "x" + width;
    }
}
