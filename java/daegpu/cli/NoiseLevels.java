package daegpu.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * What {@code --noise-std}, {@code --noise-amount}, {@code --noise-peak} or {@code --noise-gain} says: one level,
 * {@code 0.5} or {@code 25/255}; a range from which each image draws its own, {@code 0.25..1.0}; or several of these
 * with commas.
 */
record NoiseLevels(List<Range> ranges) {

    /** Levels from the least to the greatest; a single one is both. */
    record Range(float lowest, float highest) {

        boolean isSingle() {
            return lowest == highest;
        }

        private static Range of(String text) {
            String[] ends = text.split("\\.\\.", -1);
            try {
                if (ends.length <= 2) {
                    return new Range(Fraction.parse(ends[0]), Fraction.parse(ends[ends.length - 1]));
                }
            } catch (NumberFormatException e) {
                // Said below.
            }
            throw new TypeConversionException(
                    "'" + text + "' is neither a number, such as 0.5 or 25/255, nor a range, such as 0.25..1.0");
        }
    }

    static final class LevelsConverter implements ITypeConverter<NoiseLevels> {
        @Override
        public NoiseLevels convert(String text) {
            List<Range> ranges = new ArrayList<>();
            for (String part : text.split(",", -1)) {
                ranges.add(Range.of(part));
            }
            return new NoiseLevels(List.copyOf(ranges));
        }
    }
}
