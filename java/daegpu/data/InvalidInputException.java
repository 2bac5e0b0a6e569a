package daegpu.data;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Something that was given to the program cannot be used: a file that is damaged, foreign or of the wrong size, a
 * folder that is in the way. The message is one line that names it, says what is wrong and, where it helps, what to do.
 */
public final class InvalidInputException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public InvalidInputException(String message) {
        super(message);
    }

    public InvalidInputException(String message, Throwable cause) {
        super(message, cause);
    }

    /**
     * {@code file} could not be read because of {@code problem}, whose own message often holds nothing but the path.
     */
    public static InvalidInputException unreadable(Path file, IOException problem) {
        String reason;
        if (problem instanceof NoSuchFileException) {
            reason = " does not exist";
        } else if (problem instanceof AccessDeniedException) {
            reason = " cannot be read: permission denied";
        } else {
            reason = " cannot be read: " + (problem.getMessage() != null ? problem.getMessage() : problem.toString());
        }
        return new InvalidInputException(file + reason, problem);
    }
}
