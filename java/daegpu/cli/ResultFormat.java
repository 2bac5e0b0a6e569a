package daegpu.cli;

import daegpu.data.ImageFile;
import daegpu.data.InvalidInputException;
import daegpu.data.PictureFormat;
import daegpu.data.PictureWriter;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** The options that say in which format pictures are written. */
final class ResultFormat {

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            converter = FormatConverter.class,
            description =
                    "Format of the results: png, jpeg, tiff or bmp (default: what the name of the result says, or "
                            + "else the input's; png for GIF and WebP files, which are not written).")
    private PictureFormat format;

    @Option(names = "--quality", paramLabel = "N", description = "Quality of JPEG files, from 1 to 100 (default: 95).")
    private Integer quality;

    /** Whether a result is a JPEG file. */
    private boolean hasJpeg;

    static final class FormatConverter implements ITypeConverter<PictureFormat> {

        @Override
        public PictureFormat convert(String text) {
            Optional<PictureFormat> named = PictureFormat.ofExtension(text);
            if (named.isEmpty() || !named.get().isWritable()) {
                throw new TypeConversionException("pictures are written as png, jpeg, tiff or bmp, not as " + text);
            }
            return named.get();
        }
    }

    /** @throws ParameterException if the options cannot be meant */
    void check(CommandLine command) {
        if (quality != null && (quality < 1 || quality > 100)) {
            throw new ParameterException(command, "--quality must be from 1 to 100, not " + quality);
        }
        if (quality != null && format != null && format != PictureFormat.JPEG) {
            throw new ParameterException(command, "--quality is for JPEG files; " + format.title() + " has none");
        }
    }

    /** What is to be told of a quality that was given, if it did not count: no file is a JPEG file. */
    Optional<String> remark() {
        return quality == null || hasJpeg
                ? Optional.empty()
                : Optional.of("--quality is for JPEG files, and no result is one");
    }

    int quality() {
        return quality != null ? quality : PictureWriter.DEFAULT_QUALITY;
    }

    /**
     * Where the results of files go. Those whose names change have their whole name before the new extension where two
     * would be the same.
     *
     * @param folders for each file the folder of its result
     * @throws InvalidInputException if two files of the same name go into one folder
     */
    Map<Path, Path> targets(Map<Path, Path> folders) {
        Map<Path, Path> sources = new HashMap<>();
        Map<Path, Path> targets = new LinkedHashMap<>();
        folders.forEach((file, folder) -> {
            Path target = folder.resolve(nameFor(file));
            targets.put(file, target);
            if (target.getFileName().equals(file.getFileName())) {
                Path other = sources.put(target, file);
                if (other != null) {
                    throw new InvalidInputException(other + " and " + file + " would both be written to " + target);
                }
            }
        });
        targets.replaceAll((file, target) -> {
            Path other = sources.putIfAbsent(target, file);
            return other == null || other.equals(file)
                    ? target
                    : target.resolveSibling(file.getFileName() + "."
                            + PictureFormat.ofName(target).orElseThrow().extension());
        });
        return targets;
    }

    /**
     * The name of a result in a folder: that of the input, with another extension where it would promise another format
     * than the result has.
     *
     * @param input a picture or an IDX file; what it is counts only where the name does not say it
     */
    private Path nameFor(Path input) {
        // Not through a text: in some locales (LC_ALL=C), names that are not ASCII do not survive that.
        Path name = input.subpath(input.getNameCount() - 1, input.getNameCount());
        Optional<PictureFormat> promised = PictureFormat.ofName(name);
        if (format != null && (promised.isPresent() || isPicture(input))) {
            return promised.equals(Optional.of(format)) ? name : named(name, format);
        }
        if (promised.isPresent() && !promised.get().isWritable()) {
            return named(name, stored(input).map(PictureFormat::asWritten).orElse(PictureFormat.PNG));
        }
        return promised.isEmpty()
                        && stored(input).filter(found -> !found.isWritable()).isPresent()
                ? named(name, PictureFormat.PNG)
                : name;
    }

    private static boolean isPicture(Path input) {
        return stored(input).isPresent();
    }

    /** Empty for what cannot be read, too, which is told when it is its turn. */
    private static Optional<PictureFormat> stored(Path input) {
        try {
            return Optional.ofNullable(ImageFile.formatOf(input)).map(PictureFormat::of);
        } catch (InvalidInputException e) {
            return Optional.empty();
        }
    }

    private static Path named(Path name, PictureFormat wanted) {
        String text = name.toString();
        String stem = PictureFormat.ofName(name).isPresent() ? text.substring(0, text.lastIndexOf('.')) : text;
        try {
            return name.resolveSibling(stem + "." + wanted.extension());
        } catch (InvalidPathException e) {
            throw new InvalidInputException(
                    name + " has a name that this locale cannot write; set LC_ALL=C.UTF-8, or rename it", e);
        }
    }

    /**
     * The format of a result.
     *
     * @param stored the format of the input, which is a picture
     * @throws InvalidInputException if the target's name promises a format that the result cannot have
     */
    PictureFormat of(PictureFormat stored, Path target) {
        Optional<PictureFormat> promised = PictureFormat.ofName(target);
        if (format != null && promised.isPresent() && promised.get() != format) {
            throw new InvalidInputException(target + " has the name of a "
                    + promised.get().title() + " file, and --format says " + format.id()
                    + ": give it another name, or leave out --format");
        }
        if (promised.isPresent() && !promised.get().isWritable()) {
            throw new InvalidInputException(target + " has the name of a "
                    + promised.get().title() + " file, which is not written: name it .png, .jpg, .tif or .bmp");
        }
        PictureFormat written = format != null ? format : promised.orElse(stored.asWritten());
        hasJpeg |= written == PictureFormat.JPEG;
        return written;
    }
}
