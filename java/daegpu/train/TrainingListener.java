package daegpu.train;

/** Is told how training goes, on the thread that trains. Does nothing unless overridden. */
public interface TrainingListener {

    /**
     * An epoch begins, or goes on after an interruption.
     *
     * @param epoch    counted from 1
     * @param epochs   epochs in all
     * @param done     images of this epoch that are already done
     * @param images   images in an epoch
     */
    default void epochStarted(int epoch, int epochs, int done, int images) {
    }

    /**
     * Some updates were made.
     *
     * @param done images of this epoch that are done
     * @param loss average loss of the epoch so far
     */
    default void progressed(int done, double loss) {
    }

    /**
     * An epoch ended and was saved.
     *
     * @param best whether its validation error is the least so far
     */
    default void epochFinished(MetricsLog.Row metrics, int epochs, boolean best) {
    }
}
