package daegpu.engine;

/**
 * How an engine is to compute.
 *
 * @param batchSize largest number of images in a training step
 * @param precision number format of the matrix products: {@code fp32}, or another one that the engine offers
 * @param threads   processors to use, or 0 for all
 */
public record EngineOptions(int batchSize, String precision, int threads) {

    /** Full precision on all processors. */
    public static EngineOptions fp32(int batchSize) {
        return new EngineOptions(batchSize, "fp32", 0);
    }

    /** {@link #threads}, with 0 replaced by the number of processors. */
    public int threadCount() {
        return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    }
}
