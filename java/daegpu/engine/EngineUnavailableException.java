package daegpu.engine;

/** An engine cannot run here. The message is one line that says why and what to do. */
public final class EngineUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public EngineUnavailableException(String message) {
        super(message);
    }

    public EngineUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
