package daegpu.engine.cuda;

/**
 * Trains on batches of one size. All of it is asked for on the device's stream, and nothing waits, allocates or copies
 * between host and device: it can be captured.
 */
interface GradientStep {

    /** From the batch that is there to the gradients, the loss and the update. */
    void run();

    /** Leaves the gradients of the last run in {@link TrainingMemory#gradients}. */
    void collectGradients();
}
