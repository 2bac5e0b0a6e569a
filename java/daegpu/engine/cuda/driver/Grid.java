package daegpu.engine.cuda.driver;

/**
 * The blocks of a launch.
 *
 * @param x blocks along the first dimension
 * @param y along the second
 * @param z along the third
 * @param threads of each block
 */
public record Grid(int x, int y, int z, int threads) {

    /** Threads in a block of every kernel: {@code SUM_THREADS} in include/block_sum.cuh. */
    public static final int THREADS = 128;

    /** A single thread. */
    public static final Grid ONE_THREAD = new Grid(1, 1, 1, 1);

    /** A number of blocks of {@value #THREADS} threads. */
    public static Grid blocks(int x, int y, int z) {
        return new Grid(x, y, z, THREADS);
    }

    /** A row of blocks with at least {@code threads} threads together. */
    public static Grid covering(int threads) {
        return blocks((threads + THREADS - 1) / THREADS, 1, 1);
    }
}
