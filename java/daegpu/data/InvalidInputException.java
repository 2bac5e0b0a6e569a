package daegpu.data;

/**
 * Something that was given to the program cannot be used: a file that is damaged, foreign or of the wrong size, a folder that is
 * in the way. The message is one line that names it, says what is wrong and, where it helps, what to do.
 */
public final class InvalidInputException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public InvalidInputException(String message) {
        super(message);
    }

    public InvalidInputException(String message, Throwable cause) {
        super(message, cause);
    }
}
