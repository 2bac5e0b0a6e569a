package daegpu.data;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Thrown if something that was given to the program cannot be used: a file that is damaged, of another program or of
 * the wrong size, or a folder that exists already. The message names it and says in one line what is wrong;
 * {@link #remedies} names what would help.
 */
public final class InvalidInputException extends RuntimeException {

    private static final long serialVersionUID = 2;

    private final Remedy[] remedies;

    public InvalidInputException(String message, Remedy... remedies) {
        this(message, null, remedies);
    }

    public InvalidInputException(String message, Throwable cause, Remedy... remedies) {
        super(message, cause);
        this.remedies = remedies.clone();
    }

    /** Changes each of which would help by itself; empty if none is known, or if the message already says it. */
    public List<Remedy> remedies() {
        return List.of(remedies);
    }

    /** The same problem in other words that say where it arose, with the same remedies and {@code more}. */
    public InvalidInputException saying(String message, Remedy... more) {
        return new InvalidInputException(
                message, this, Stream.of(remedies, more).flatMap(Stream::of).toArray(Remedy[]::new));
    }

    /**
     * Says that {@code file} could not be read because of {@code problem}, whose own message often contains only the
     * path.
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
