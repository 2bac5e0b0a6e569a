package daegpu.engine;

import java.util.List;

/**
 * How an engine is to compute.
 *
 * @param batchSize largest number of images in a training step
 * @param precision number format of the matrix products: {@code fp32}, or another one that the engine offers
 * @param threads processors to use, or 0 for all
 * @param device the GPU to use, counted from 0, where an engine uses one
 * @param convolutions what computes convolutions and dense layers on a GPU: {@code cudnn} (and cuBLAS), {@code native}
 *     for this program's own kernels, or {@code auto}
 */
public record EngineOptions(int batchSize, String precision, int threads, int device, String convolutions) {

    /** What {@link #convolutions} can be. */
    public static final List<String> CONVOLUTIONS = List.of("auto", "cudnn", "native");

    /** {@code auto} convolutions: those of cuDNN if it is here, unless somebody measures. */
    public EngineOptions(int batchSize, String precision, int threads, int device) {
        this(batchSize, precision, threads, device, "auto");
    }

    /** The first GPU, where an engine uses one. */
    public EngineOptions(int batchSize, String precision, int threads) {
        this(batchSize, precision, threads, 0);
    }

    /** Full precision on all processors. */
    public static EngineOptions fp32(int batchSize) {
        return new EngineOptions(batchSize, "fp32", 0);
    }

    /** The same with other convolutions. */
    public EngineOptions withConvolutions(String other) {
        return new EngineOptions(batchSize, precision, threads, device, other);
    }

    /** {@link #threads}, with 0 replaced by the number of processors. */
    public int threadCount() {
        return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    }
}
