package daegpu.engine;

/**
 * How an engine is to compute.
 *
 * @param batchSize largest number of images in a training step
 * @param precision one that the engine offers
 * @param threads processors to use, or 0 for all
 * @param device the GPU to use, counted from 0, where an engine uses one
 * @param convolutions what computes convolutions and dense layers on a GPU, where an engine uses one
 */
public record EngineOptions(int batchSize, Precision precision, int threads, int device, Convolutions convolutions) {

    /** {@link Convolutions#AUTO}. */
    public EngineOptions(int batchSize, Precision precision, int threads, int device) {
        this(batchSize, precision, threads, device, Convolutions.AUTO);
    }

    /** The first GPU, where an engine uses one. */
    public EngineOptions(int batchSize, Precision precision, int threads) {
        this(batchSize, precision, threads, 0);
    }

    /** Full precision on all processors. */
    public static EngineOptions fp32(int batchSize) {
        return new EngineOptions(batchSize, Precision.FP32, 0);
    }

    /** The same with other convolutions. */
    public EngineOptions withConvolutions(Convolutions other) {
        return new EngineOptions(batchSize, precision, threads, device, other);
    }

    /** The same with another number of threads. */
    public EngineOptions withThreads(int other) {
        return new EngineOptions(batchSize, precision, other, device, convolutions);
    }

    /** {@link #threads}, with 0 replaced by the number of processors. */
    public int threadCount() {
        return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    }
}
