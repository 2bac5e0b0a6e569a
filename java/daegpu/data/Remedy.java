package daegpu.data;

/**
 * A change that would help if something cannot be done. Messages say what is wrong; the caller knows what the change is
 * called and where it is made: the command line names its options, and another program has its own.
 */
public enum Remedy {
    /** The engine for processors instead of the one for GPUs. */
    CPU_ENGINE,
    /** The engine in plain Java, which runs everywhere. */
    REFERENCE_ENGINE,
    /** Another GPU. */
    OTHER_DEVICE,
    /** This program's own kernels instead of cuDNN. */
    NATIVE_CONVOLUTIONS,
    /** The precision fp32. */
    FP32,
    /** The precision tf32. */
    TF32,
    /** A precision that the engine offers. */
    OTHER_PRECISION,
    /** Fewer images in an update. */
    SMALLER_BATCH,
    /** Fewer filters. */
    SMALLER_NETWORK,
    /** A part of the images only. */
    FEWER_IMAGES,
    /** Smaller images. */
    SMALLER_IMAGES,
    /** Other images. */
    OTHER_IMAGES,
    /** Clean pictures of the same scenes, or training with blind spots. */
    CLEAN_PICTURES,
    /** Naming pairs to validate on. */
    VALIDATION_PAIRS,
    /** Saying where the images are. */
    NAMED_IMAGES,
    /** A larger heap for Java. */
    MORE_MEMORY,
    /** More memory for the tiles of a picture. */
    MORE_FOR_TILES,
    /** That pictures are resized, cropped or cut into tiles. */
    FITTING,
    /** Saying what height and width the images have. */
    IMAGE_SIZE,
    /** Another folder for the run. */
    OTHER_FOLDER,
    /** Going on with the run that is there. */
    RESUME,
    /** Training from the start in the same folder. */
    START_AGAIN,
    /** A new training that starts with the best weights of this one. */
    START_FROM_BEST,
    /** A folder that holds a run. */
    FOLDER_OF_A_RUN
}
