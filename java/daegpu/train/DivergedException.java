package daegpu.train;

import java.nio.file.Path;

/** Thrown if the loss of a training is no longer a finite number. The last good checkpoint is kept. */
public final class DivergedException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final String lastGood;

    /** @param lastGood the checkpoint that is kept */
    DivergedException(Path lastGood) {
        super("the loss is no longer a finite number, so training stopped; " + lastGood
                + " is the last good checkpoint");
        this.lastGood = lastGood.toString();
    }

    /** The checkpoint that is kept, from which a run can be resumed. */
    public Path lastGood() {
        return Path.of(lastGood);
    }
}
