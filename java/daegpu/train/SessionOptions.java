package daegpu.train;

import daegpu.engine.Convolutions;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Precision;

/**
 * The options that can be changed each time a run is resumed. An option that is null was not given: it is then as it
 * was before, or for a new run as in {@link #DEFAULTS}.
 *
 * @param epochs number of all epochs, including those that are done
 * @param engine the engine
 * @param precision number format of the matrix products
 * @param threads number of processors to use, or 0 for all
 * @param device index of the GPU, counted from 0, if the engine uses one
 * @param convolutions what computes convolutions on a GPU; {@link Convolutions#AUTO} takes the faster
 * @param logEvery number of updates from one reading of the losses to the next
 * @param keep how many of the newest epochs' checkpoints are kept, besides the best and the last
 * @param earlyStop epochs in a row without a lower validation error after which training stops; 0 for never
 */
public record SessionOptions(
        Integer epochs,
        EngineName engine,
        Precision precision,
        Integer threads,
        Integer device,
        Convolutions convolutions,
        Integer logEvery,
        Integer keep,
        Integer earlyStop) {

    /** The largest number of threads; a larger one is taken for a mistake. */
    public static final int MOST_THREADS = 1024;

    /** Ten epochs on the fastest engine that runs here. */
    public static final SessionOptions DEFAULTS = new SessionOptions(
            10, EngineName.AUTO, Precision.FP32, 0, 0, Convolutions.AUTO, Trainer.DEFAULT_LOG_EVERY, 0, 0);

    /** @throws IllegalArgumentException if a number is out of range */
    public SessionOptions {
        require("epochs", epochs, 1, Integer.MAX_VALUE);
        require("threads", threads, 0, MOST_THREADS);
        require("updates between two readings of the losses", logEvery, 1, Integer.MAX_VALUE);
        require("checkpoints to keep", keep, 0, Integer.MAX_VALUE);
        require("epochs before an early stop", earlyStop, 0, Integer.MAX_VALUE);
    }

    private static void require(String name, Integer value, int least, int most) {
        if (value != null && (value < least || value > most)) {
            throw new IllegalArgumentException(name + " must be " + least
                    + (most == Integer.MAX_VALUE ? " or more" : " to " + most) + ", not " + value);
        }
    }

    /** These options, where those that are null are taken from {@code other}. */
    public SessionOptions orElse(SessionOptions other) {
        return new SessionOptions(
                either(epochs, other.epochs),
                either(engine, other.engine),
                either(precision, other.precision),
                either(threads, other.threads),
                either(device, other.device),
                either(convolutions, other.convolutions),
                either(logEvery, other.logEvery),
                either(keep, other.keep),
                either(earlyStop, other.earlyStop));
    }

    private static <T> T either(T said, T otherwise) {
        return said != null ? said : otherwise;
    }

    /** What an engine is opened with; nothing may be null. */
    EngineOptions engineOptions(int batchSize) {
        return new EngineOptions(batchSize, precision, threads, device, convolutions);
    }

    /** The same, with what was chosen for {@code auto} and for 0 threads. */
    SessionOptions decided(EngineName openedEngine, int threadCount, Convolutions chosenConvolutions) {
        return new SessionOptions(
                epochs, openedEngine, precision, threadCount, device, chosenConvolutions, logEvery, keep, earlyStop);
    }
}
