package daegpu.cli;

import daegpu.noise.Noise.Kind;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * What {@code --noise} says: a kind, or pictures whose noise is to be estimated.
 *
 * @param kind null where pictures are named
 * @param pictures a picture or a folder of pictures; null where a kind is named
 */
record NoiseChoice(Kind kind, Path pictures) {

    /** What the path of pictures follows. */
    static final String ESTIMATED = "estimated:";

    /** As it was given. */
    @Override
    public String toString() {
        return pictures == null ? kind.toString() : ESTIMATED + pictures;
    }

    static final class Converter implements ITypeConverter<NoiseChoice> {
        @Override
        public NoiseChoice convert(String text) {
            if (text.startsWith(ESTIMATED)) {
                return new NoiseChoice(null, DaeGpu.path(text.substring(ESTIMATED.length())));
            }
            try {
                return new NoiseChoice(Kind.of(text.toLowerCase(Locale.ROOT)), null);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage() + ", or " + ESTIMATED + "PATH");
            }
        }
    }

    /** What help and completion offer. */
    static final class Candidates implements Iterable<String> {
        private static final List<String> ALL = Stream.concat(
                        Arrays.stream(Kind.values()).map(Kind::toString), Stream.of(ESTIMATED + "PATH"))
                .toList();

        @Override
        public Iterator<String> iterator() {
            return ALL.iterator();
        }
    }
}
