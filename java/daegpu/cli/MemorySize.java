package daegpu.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Bytes as users write them: {@code 256M} or {@code 1G}, as after java -Xmx. */
final class MemorySize {

    private static final Pattern WRITTEN = Pattern.compile("(\\d{1,9})([kKmMgG])[bB]?");

    /** What such an option says. */
    static final String OF_PARTS =
            "Memory for the parts of a picture that a U-Net has in work, such as 256M or 1G; the "
                    + "picture itself, a byte or two for each value, comes on top (default: a quarter of what Java may use).";

    private MemorySize() {}

    static final class Converter implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            Matcher matcher = WRITTEN.matcher(text);
            if (!matcher.matches()) {
                throw new TypeConversionException("'" + text + "' is not a size of memory, such as 256M or 1G");
            }
            int shift =
                    switch (matcher.group(2)) {
                        case "k", "K" -> 10;
                        case "m", "M" -> 20;
                        default -> 30;
                    };
            return Long.parseLong(matcher.group(1)) << shift;
        }
    }
}
