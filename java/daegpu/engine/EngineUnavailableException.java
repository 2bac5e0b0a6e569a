package daegpu.engine;

import daegpu.data.Remedy;
import java.util.List;

/**
 * Thrown if an engine cannot run here, or not with the options that were asked for. The message says in one line why;
 * {@link #remedies} names what would help.
 */
public final class EngineUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 2;

    private final Remedy[] remedies;

    /** A problem that is described by {@code message} in one line, and what would help. */
    public EngineUnavailableException(String message, Remedy... remedies) {
        this(message, null, remedies);
    }

    /** The same problem with its cause, which may be null. */
    public EngineUnavailableException(String message, Throwable cause, Remedy... remedies) {
        super(message, cause);
        this.remedies = remedies.clone();
    }

    /** Changes each of which would help by itself; empty if none is known, or if the message already says it. */
    public List<Remedy> remedies() {
        return List.of(remedies);
    }
}
