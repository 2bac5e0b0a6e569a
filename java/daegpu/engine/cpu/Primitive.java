package daegpu.engine.cpu;

import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.global.dnnl;

/** A oneDNN operation with everything that it reads and writes, ready to be run again and again. */
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

    /** How oneDNN calls the code that it chose; a name with {@code ref} in it is slow beyond use. */
    String implementation() {
        return implementation;
    }

    void run(dnnl_stream stream) {
        OneDnn.check(dnnl.dnnl_primitive_execute(handle, stream, argumentCount, arguments), name);
    }
}
