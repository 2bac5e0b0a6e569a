package daegpu.preview;

/** Thrown if no window can be opened here. The message says why in one line. */
public final class NoWindowException extends RuntimeException {

    private static final long serialVersionUID = 1;

    NoWindowException(String reason, Throwable cause) {
        super("no window can be opened: " + reason.strip().replaceAll("\\s*\\R\\s*", " "), cause);
    }
}
