package daegpu.data;

/**
 * Images in the memory of a GPU. If OpenGL runs on the same GPU, it can show them without a copy in this machine's
 * memory. All methods except {@link #isShared} must be called on the thread whose OpenGL context is current.
 */
public interface DeviceImages {

    /** Number of values of all images together, of 4 bytes each. */
    int values();

    /**
     * Makes an OpenGL buffer receive the images.
     *
     * @param buffer name of a buffer object with room for {@link #values}
     * @return whether that is possible; OpenGL may run elsewhere
     */
    boolean share(int buffer);

    /** Whether a buffer receives the images. May be called on any thread. */
    boolean isShared();

    /** Copies the newest images into the buffer, on the device. */
    void copyIntoBuffer();

    /**
     * Ends {@link #share}. Must be called before the buffer or its context is destroyed. Does nothing if no buffer is
     * shared.
     */
    void release();
}
