package daegpu.cli;

import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Takes the name of a picture that a command draws. Such a picture replaces an older one without a question, so what is
 * replaced should be a picture: its name must end in .png.
 */
final class PngFile implements ITypeConverter<Path> {

    @Override
    public Path convert(String text) {
        Path path = DaeGpu.path(text);
        if (!path.toString().toLowerCase(Locale.ROOT).endsWith(".png")) {
            throw new TypeConversionException("a picture goes there, so its name must end in .png, not be " + text);
        }
        return path;
    }
}
