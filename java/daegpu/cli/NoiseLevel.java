package daegpu.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * What {@code --noise-std}, {@code --noise-amount} or {@code --noise-peak} says: one level, {@code 0.5}, or a range
 * from which each image draws its own, {@code 0.25..1.0}.
 *
 * @param lowest least level
 * @param highest greatest, the same for a single one
 */
record NoiseLevel(float lowest, float highest) {

    static final class Converter implements ITypeConverter<NoiseLevel> {
        @Override
        public NoiseLevel convert(String text) {
            String[] ends = text.split("\\.\\.", -1);
            try {
                if (ends.length <= 2) {
                    return new NoiseLevel(Float.parseFloat(ends[0]), Float.parseFloat(ends[ends.length - 1]));
                }
            } catch (NumberFormatException e) {
                // Said below.
            }
            throw new TypeConversionException(
                    "'" + text + "' is neither a number, such as 0.5, nor a range, such as 0.25..1.0");
        }
    }

    /** As users write it. */
    @Override
    public String toString() {
        return lowest == highest ? String.valueOf(lowest) : lowest + ".." + highest;
    }
}
