package daegpu.engine;

/**
 * How an engine is to compute.
 *
 * @param batchSize largest number of images in a training step
 * @param precision number format of matrix products, which the engine has to offer
 * @param threads processors to use, or 0 for all
 * @param device index of the GPU, counted from 0; other engines ignore it
 * @param convolutions what computes convolutions and dense layers on a GPU; other engines ignore it
 */
public record EngineOptions(int batchSize, Precision precision, int threads, int device, Convolutions convolutions) {

    /** Options with {@link Convolutions#AUTO}. */
    public EngineOptions(int batchSize, Precision precision, int threads, int device) {
        this(batchSize, precision, threads, device, Convolutions.AUTO);
    }

    /** Options for the first GPU, if the engine uses one. */
    public EngineOptions(int batchSize, Precision precision, int threads) {
        this(batchSize, precision, threads, 0);
    }

    /** Options for float32 on all processors. */
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
