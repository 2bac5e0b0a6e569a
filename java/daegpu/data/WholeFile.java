package daegpu.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads files as a whole that are small: how small is said each time, since a pipe or a device may never end. */
public final class WholeFile {

    private WholeFile() {}

    /**
     * Reads bytes.
     *
     * @param most bytes that such a file has at most
     * @throws InvalidInputException if the file cannot be read or has more; the message names it
     */
    public static byte[] read(Path file, int most) {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] content = in.readNBytes(most);
            if (content.length == most && in.read() >= 0) {
                throw new InvalidInputException(
                        file + " has over " + (most >> 10) + " KiB, and is not what it is taken for");
            }
            return content;
        } catch (IOException e) {
            throw InvalidInputException.unreadable(file, e);
        }
    }

    /**
     * Reads text in UTF-8.
     *
     * @param most bytes that such a file has at most
     * @throws InvalidInputException if the file cannot be read, has more or is no such text; the message names it
     */
    public static String readText(Path file, int most) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(read(file, most)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new InvalidInputException(file + " is not UTF-8 text", e);
        }
    }
}
