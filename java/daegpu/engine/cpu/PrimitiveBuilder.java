package daegpu.engine.cpu;

import daegpu.model.Layer.Activation;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * Makes primitives, and the shapes and memories that they need, for one thread: whatever is made belongs to one scope,
 * and all primitives of a builder work in one scratchpad, so that only one of them may run at a time.
 */
final class PrimitiveBuilder {

    private final dnnl_engine engine;
    private final NativeScope scope;
    private final List<dnnl_memory> scratchpads = new ArrayList<>();
    private long scratchpadBytes;

    PrimitiveBuilder(dnnl_engine engine, NativeScope scope) {
        this.engine = engine;
        this.scope = scope;
    }

    dnnl_engine engine() {
        return engine;
    }

    NativeArray array(ElementType type, long size) {
        return new NativeArray(scope, engine, type, size);
    }

    /** An array that holds whatever {@code layout} holds, padding included. */
    NativeArray array(ElementType type, dnnl_memory_desc layout) {
        return array(type, (dnnl.dnnl_memory_desc_get_size(layout) + type.bytes() - 1) / type.bytes());
    }

    /** {@code array} itself where it has this type, or another one as large, which {@link #converted} fills. */
    NativeArray ofType(ElementType type, NativeArray array) {
        return array.type() == type ? array : array(type, array.size());
    }

    /**
     * What copies {@code from} into the {@code to} that {@link #ofType} gave: nothing, where that is the same array.
     */
    List<Primitive> converted(String name, NativeArray from, NativeArray to) {
        if (from == to) {
            return List.of();
        }
        dnnl_memory_desc fromShape = dense(from.type(), from.size());
        dnnl_memory_desc toShape = dense(to.type(), to.size());
        return List.of(reorder(name, fromShape, view(fromShape, from, 0), toShape, view(toShape, to, 0)));
    }

    /** Dense values, the last dimension running fastest. */
    dnnl_memory_desc dense(ElementType type, long... sizes) {
        long[] strides = new long[sizes.length];
        long stride = 1;
        for (int i = sizes.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= sizes[i];
        }
        return strided(type, sizes, strides);
    }

    /**
     * {@code [batch, height, width, channels]}, the last running fastest, which oneDNN names in the order batch,
     * channels, height, width.
     */
    dnnl_memory_desc images(ElementType type, long batch, long height, long width, long channels) {
        return strided(type, new long[] {batch, channels, height, width}, new long[] {
            height * width * channels, 1, width * channels, channels
        });
    }

    /** Values whose index along dimension {@code i} counts {@code strides[i]} values. */
    dnnl_memory_desc strided(ElementType type, long[] sizes, long[] strides) {
        dnnl_memory_desc shape = new dnnl_memory_desc();
        OneDnn.check(
                dnnl.dnnl_memory_desc_create_with_strides(shape, sizes.length, sizes, type.code(), strides),
                "describe an array");
        return scope.own(shape, dnnl::dnnl_memory_desc_destroy);
    }

    /** Values in whatever layout the primitive prefers. */
    dnnl_memory_desc anyLayout(ElementType type, long... sizes) {
        dnnl_memory_desc shape = new dnnl_memory_desc();
        OneDnn.check(
                dnnl.dnnl_memory_desc_create_with_tag(
                        shape, sizes.length, sizes, type.code(), dnnl.dnnl_format_tag_any),
                "describe an array");
        return scope.own(shape, dnnl::dnnl_memory_desc_destroy);
    }

    /** {@code array}, from {@code at} on, seen as {@code shape}. */
    dnnl_memory view(dnnl_memory_desc shape, NativeArray array, long at) {
        return memory(shape, array.pointer(at));
    }

    private dnnl_memory memory(dnnl_memory_desc shape, Pointer where) {
        dnnl_memory memory = new dnnl_memory();
        OneDnn.check(dnnl.dnnl_memory_create(memory, shape, engine, where), "bind an array");
        return scope.own(memory, dnnl::dnnl_memory_destroy);
    }

    /** Attributes with {@code activation} applied to the result. */
    dnnl_primitive_attr attributes(Activation activation) {
        dnnl_primitive_attr attributes = new dnnl_primitive_attr();
        OneDnn.check(dnnl.dnnl_primitive_attr_create(attributes), "make attributes");
        scope.own(attributes, dnnl::dnnl_primitive_attr_destroy);
        OneDnn.check(
                dnnl.dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl.dnnl_scratchpad_mode_user),
                "set the scratchpad mode");
        if (activation != Activation.LINEAR) {
            int algorithm = activation == Activation.RELU ? dnnl.dnnl_eltwise_relu : dnnl.dnnl_eltwise_logistic;
            dnnl_post_ops after = new dnnl_post_ops();
            OneDnn.check(dnnl.dnnl_post_ops_create(after), "make post-operations");
            OneDnn.check(dnnl.dnnl_post_ops_append_eltwise(after, algorithm, 0, 0), "append an activation");
            OneDnn.check(dnnl.dnnl_primitive_attr_set_post_ops(attributes, after), "set post-operations");
            dnnl.dnnl_post_ops_destroy(after);
        }
        return attributes;
    }

    /** Takes over a description that was just made. */
    dnnl_primitive_desc described(int status, dnnl_primitive_desc description, String name) {
        OneDnn.check(status, "describe " + name);
        return scope.own(description, dnnl::dnnl_primitive_desc_destroy);
    }

    /** The layout that a primitive chose for one of its operands, such as {@code dnnl_query_weights_md}. */
    dnnl_memory_desc chosen(dnnl_primitive_desc description, int operand) {
        return dnnl.dnnl_primitive_desc_query_md(description, operand, 0);
    }

    /** An operand of a primitive: {@code DNNL_ARG_…} and where it is. */
    record Argument(int role, dnnl_memory memory) {}

    /** The primitive that {@code description} describes, on these operands. */
    Primitive build(String name, dnnl_primitive_desc description, Argument... operands) {
        dnnl_primitive primitive = new dnnl_primitive();
        OneDnn.check(dnnl.dnnl_primitive_create(primitive, description), "make " + name);
        scope.own(primitive, dnnl::dnnl_primitive_destroy);
        dnnl_exec_arg_t arguments = scope.own(new dnnl_exec_arg_t(operands.length + 1), Pointer::deallocate);
        for (int i = 0; i < operands.length; i++) {
            set(arguments, i, operands[i].role(), operands[i].memory());
        }
        set(
                arguments,
                operands.length,
                dnnl.DNNL_ARG_SCRATCHPAD,
                scratchpad(chosen(description, dnnl.dnnl_query_scratchpad_md)));
        return new Primitive(name, implementation(description), primitive, arguments, operands.length + 1);
    }

    private static void set(dnnl_exec_arg_t arguments, int place, int role, dnnl_memory memory) {
        arguments.getPointer(place).arg(role).memory(memory);
    }

    /** A memory that will lie in the scratchpad once that is allocated. */
    private dnnl_memory scratchpad(dnnl_memory_desc shape) {
        dnnl_memory memory = memory(shape, null);
        scratchpads.add(memory);
        scratchpadBytes = Math.max(scratchpadBytes, dnnl.dnnl_memory_desc_get_size(shape));
        return memory;
    }

    /**
     * Allocates the scratchpad that all primitives made so far share. Call it when the last one is made, before any is
     * run.
     */
    void allocateScratchpad() {
        NativeArray scratchpad = array(ElementType.F32, Math.max(1, (scratchpadBytes + 3) / 4));
        for (dnnl_memory memory : scratchpads) {
            OneDnn.check(dnnl.dnnl_memory_set_data_handle(memory, scratchpad.pointer(0)), "place a scratchpad");
        }
        scratchpads.clear();
    }

    private static String implementation(dnnl_primitive_desc description) {
        try (PointerPointer<Pointer> result = new PointerPointer<>(1)) {
            OneDnn.check(
                    dnnl.dnnl_primitive_desc_query(description, dnnl.dnnl_query_impl_info_str, 0, result),
                    "ask for an implementation's name");
            return new BytePointer(result.get(0)).getString();
        }
    }

    /** Copies values from one layout to another. */
    Primitive reorder(
            String name, dnnl_memory_desc fromShape, dnnl_memory from, dnnl_memory_desc toShape, dnnl_memory to) {
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        described(
                dnnl.dnnl_reorder_primitive_desc_create(
                        description, fromShape, engine, toShape, engine, attributes(Activation.LINEAR)),
                description,
                name);
        return build(name, description, new Argument(dnnl.DNNL_ARG_SRC, from), new Argument(dnnl.DNNL_ARG_DST, to));
    }
}
