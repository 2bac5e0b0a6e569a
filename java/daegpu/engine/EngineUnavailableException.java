package daegpu.engine;

import daegpu.data.Remedy;
import java.util.List;

/**
 * An engine cannot run here, or not as it was asked for. The message is one line that says why; {@link #remedies} says
 * what would help.
 */
public final class EngineUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 2;

    private final Remedy[] remedies;

    public EngineUnavailableException(String message, Remedy... remedies) {
        this(message, null, remedies);
    }

    public EngineUnavailableException(String message, Throwable cause, Remedy... remedies) {
        super(message, cause);
        this.remedies = remedies.clone();
    }

    /** Changes of which each alone would help; empty where none is known, or the message says it. */
    public List<Remedy> remedies() {
        return List.of(remedies);
    }
}
