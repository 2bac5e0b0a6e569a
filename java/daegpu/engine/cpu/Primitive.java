package daegpu.engine.cpu;

import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.global.dnnl;

/** A oneDNN operation with all memory that it reads and writes, which can be run any number of times. */
final class Primitive {

    private final String name;
    private final String implementation;
    private final dnnl_primitive handle;
    private final dnnl_exec_arg_t arguments;
    private final int argumentCount;

    Primitive(String name, String implementation, dnnl_primitive handle, dnnl_exec_arg_t arguments, int argumentCount) {
        this.name = name;
        this.implementation = implementation;
        this.handle = handle;
        this.arguments = arguments;
        this.argumentCount = argumentCount;
    }

    /** What it computes, such as {@code deconv1 weight gradient}. */
    String name() {
        return name;
    }

    /** The name that oneDNN gives the code that it chose. Code with {@code ref} in its name is too slow to use. */
    String implementation() {
        return implementation;
    }

    void run(dnnl_stream stream) {
        OneDnn.check(dnnl.dnnl_primitive_execute(handle, stream, argumentCount, arguments), name);
    }
}
