package daegpu.train;

import java.util.List;

/** Is told how training goes, on the thread that trains. Its methods do nothing unless overridden. */
public interface TrainingListener {

    /** Tells all of several, in their order. */
    static TrainingListener all(List<? extends TrainingListener> listeners) {
        return new TrainingListener() {
            @Override
            public void epochStarted(int epoch, int epochs, int done, int images) {
                listeners.forEach(listener -> listener.epochStarted(epoch, epochs, done, images));
            }

            @Override
            public void progressed(int done, double loss) {
                listeners.forEach(listener -> listener.progressed(done, loss));
            }

            @Override
            public void epochFinished(MetricsLog.Row metrics, int epochs, boolean best) {
                listeners.forEach(listener -> listener.epochFinished(metrics, epochs, best));
            }

            @Override
            public void trainingEnded(TrainingResult result) {
                listeners.forEach(listener -> listener.trainingEnded(result));
            }

            @Override
            public void warned(String problem) {
                listeners.forEach(listener -> listener.warned(problem));
            }
        };
    }

    /**
     * An epoch begins, or goes on after an interruption.
     *
     * @param epoch counted from 1
     * @param epochs epochs in all
     * @param done images of this epoch that are already done
     * @param images images in an epoch
     */
    default void epochStarted(int epoch, int epochs, int done, int images) {}

    /**
     * Some updates were made.
     *
     * @param done images of this epoch that are done
     * @param loss average loss of the epoch so far
     */
    default void progressed(int done, double loss) {}

    /**
     * An epoch ended and was saved.
     *
     * @param best whether its validation error is the least so far
     */
    default void epochFinished(MetricsLog.Row metrics, int epochs, boolean best) {}

    /**
     * Training ended, for now at least, and all is saved; what remains is to draw the report. Not called if the loss is
     * no longer a finite number.
     */
    default void trainingEnded(TrainingResult result) {}

    /**
     * Something could not be done that training does not need.
     *
     * @param problem what, in one line
     */
    default void warned(String problem) {}
}
