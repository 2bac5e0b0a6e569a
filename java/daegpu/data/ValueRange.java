package daegpu.data;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which values of a file of floats are 0, black, and 1, white. Values outside are below 0 or above 1; nothing is cut
 * off.
 *
 * @param low becomes 0
 * @param high becomes 1
 */
public record ValueRange(float low, float high) {

    private static final String NUMBER = "([-+]?(?:\\d+(?:\\.\\d+)?|\\.\\d+)(?:[eE][-+]?\\d+)?)";
    private static final Pattern RANGE = Pattern.compile(NUMBER + "\\.\\." + NUMBER);

    /** @throws IllegalArgumentException if the numbers are not finite, or the second is not above the first */
    public ValueRange {
        if (!Float.isFinite(low) || !Float.isFinite(high) || low >= high) {
            throw new IllegalArgumentException(
                    "a range goes from a number to a greater one, not from " + low + " to " + high);
        }
    }

    /**
     * Reads what {@link #option} writes, such as {@code 0..4095.5} or {@code -1e-3..1e-3}.
     *
     * @throws IllegalArgumentException if that is no range
     */
    public static ValueRange of(String text) {
        Matcher range = RANGE.matcher(text);
        if (!range.matches()) {
            throw new IllegalArgumentException("a range is two numbers, such as 0..4095, not " + text);
        }
        return new ValueRange(Float.parseFloat(range.group(1)), Float.parseFloat(range.group(2)));
    }

    /** The two numbers, exactly, with dots between them. */
    public String option() {
        return low + ".." + high;
    }

    /** What a value of the file becomes: (value − low) / (high − low). */
    float scaled(float own) {
        return (float) (((double) own - low) / ((double) high - low));
    }

    /** The inverse: low + value · (high − low). */
    float own(float scaled) {
        return (float) (low + scaled * ((double) high - low));
    }

    /** In words: {@code 100 to 4095.5}. */
    @Override
    public String toString() {
        return text(low) + " to " + text(high);
    }

    private static String text(float number) {
        return String.format(Locale.ROOT, "%.6g", number)
                .replaceFirst("(\\.\\d*?)0+(?=e|$)", "$1")
                .replaceFirst("\\.(?=e|$)", "");
    }
}
