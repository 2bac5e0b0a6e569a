package daegpu.data;

/**
 * Images in the memory of a GPU. Where OpenGL runs on the same GPU, it can show them without a copy in this machine's
 * memory. All methods but {@link #isShared} are for the thread whose OpenGL context is current.
 */
public interface DeviceImages {

    /** Values of all images together, 4 bytes each. */
    int values();

    /**
     * Lets an OpenGL buffer take the images.
     *
     * @param buffer name of a buffer object with room for {@link #values}
     * @return whether it can: OpenGL may run somewhere else
     */
    boolean share(int buffer);

    /** Whether a buffer takes them; on any thread. */
    boolean isShared();

    /** Copies the newest images into the buffer, on the device. */
    void copyIntoBuffer();

    /** Ends {@link #share}; to be called before the buffer or its context goes. Does nothing if none is shared. */
    void release();
}
