package daegpu.engine.cuda.driver;

/** A struct of a header in {@code include} that a kernel takes by value. */
public interface KernelStruct {

    /** Its 4-byte values, in the order in which the header declares them. */
    int[] words();
}
