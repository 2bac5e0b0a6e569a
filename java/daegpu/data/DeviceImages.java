package daegpu.data;

/**
 * Images in the memory of a GPU, which OpenGL can show without this machine's memory in between where it runs on the
 * same GPU. All methods but {@link #isShared} are for the thread whose OpenGL context is current.
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

    /** Ends {@link #share}; to be called before the buffer or its context goes. Does nothing where none is shared. */
    void release();
}
