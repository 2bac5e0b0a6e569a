package daegpu.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A number as options of noise take it: {@code 0.1}, or a fraction, {@code 25/255}. */
final class Fraction {

    private Fraction() {}

    /**
     * The float that is nearest to it.
     *
     * @throws NumberFormatException if it is neither a number nor a fraction of two numbers
     * @throws TypeConversionException if it divides by 0
     */
    static float parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            return Float.parseFloat(text);
        }
        double numerator = finite(text.substring(0, slash));
        double denominator = finite(text.substring(slash + 1));
        if (denominator == 0) {
            throw new TypeConversionException("'" + text + "' divides by 0");
        }
        return (float) (numerator / denominator);
    }

    private static double finite(String text) {
        double number = Double.parseDouble(text);
        if (!Double.isFinite(number)) {
            throw new NumberFormatException(text);
        }
        return number;
    }

    static final class Converter implements ITypeConverter<Float> {
        @Override
        public Float convert(String text) {
            try {
                return parse(text);
            } catch (NumberFormatException e) {
                throw new TypeConversionException(
                        "'" + text + "' is neither a number, such as 0.1, nor a fraction, such as 25/255");
            }
        }
    }
}
