package daegpu.cli;

import daegpu.data.PictureFormat;
import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Names of results: one that promises another kind of file would mislead the user and every other program. */
final class OutputName {

    /** The extensions of pictures that are read. */
    static final String[] PICTURES = Arrays.stream(PictureFormat.values())
            .flatMap(format -> format.extensions().stream())
            .toArray(String[]::new);

    /** Extensions of well-known kinds of files besides pictures. Any other extension says nothing, or is a date's. */
    private static final Set<String> KNOWN = Set.of(
            "safetensors",
            "onnx",
            "npy",
            "npz",
            "csv",
            "tsv",
            "xls",
            "xlsx",
            "json",
            "yaml",
            "yml",
            "html",
            "htm",
            "pdf",
            "txt",
            "md",
            "svg",
            "doc",
            "docx",
            "zip",
            "gz",
            "bz2",
            "xz",
            "zst",
            "tar",
            "7z",
            "h5",
            "hdf5",
            "keras",
            "pt",
            "pth",
            "ckpt",
            "pb",
            "tflite",
            "mp4",
            "mov",
            "avi",
            "mkv");

    private OutputName() {}

    /**
     * Checks the name of an output.
     *
     * @param written what is written there, in words
     * @param fitting extensions that such a file can have; {@code ubyte} is one of IDX files
     * @throws ParameterException if the name has the extension of another kind of file
     */
    static void requireFitting(Path output, CommandSpec command, String written, String... fitting) {
        String extension = extension(output);
        if (isKnown(extension) && !List.of(fitting).contains(extension)) {
            throw new ParameterException(
                    command.commandLine(),
                    output + " has the name of another kind of file than is written there, which is " + written);
        }
    }

    /** Whether {@code --output} was written with a slash at its end, which paths do not keep. */
    static boolean saysFolder(CommandSpec command) {
        String text = command.commandLine()
                .getParseResult()
                .matchedOption("--output")
                .originalStringValues()
                .get(0);
        return text.endsWith("/") || text.endsWith(File.separator);
    }

    private static boolean isKnown(String extension) {
        return KNOWN.contains(extension)
                || extension.equals("ubyte")
                || Stream.of(PICTURES).anyMatch(extension::equals)
                || PictureFormat.isForeign(extension);
    }

    private static String extension(Path output) {
        String name = output.toString().toLowerCase(Locale.ROOT);
        return name.matches("(?s).*ubyte(\\.gz)?") ? "ubyte" : name.substring(name.lastIndexOf('.') + 1);
    }
}
