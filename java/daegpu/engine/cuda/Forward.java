package daegpu.engine.cuda;

/** Takes batches of one size through the layers. */
interface Forward {

    /** Runs layers {@code from} (inclusive) to {@code to} (exclusive) on the input that is there. */
    void run(int from, int to);
}
