package daegpu.engine.cpu;

import daegpu.model.Layer.Activation;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
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
 * Makes primitives for one thread, and the shapes and memories that they need. Everything that is made belongs to one
 * scope. All primitives of a builder share one workspace, so only one of them may run at a time.
 */
final class PrimitiveBuilder {

    /** A shape in either number format. */
    interface Shape extends Function<ElementType, dnnl_memory_desc> {}

    /** A memory that will begin {@code at} bytes after the beginning of its part of the workspace. */
    private record Placed(dnnl_memory memory, long at) {}

    private final dnnl_engine engine;
    private final NativeScope scope;
    private final List<Placed> temporaries = new ArrayList<>();
    private final List<Placed> scratchpads = new ArrayList<>();
    private long temporaryBytes;
    private long scratchpadBytes;

    PrimitiveBuilder(dnnl_engine engine, NativeScope scope) {
        this.engine = engine;
        this.scope = scope;
    }

    dnnl_engine engine() {
        return engine;
    }

    NativeArray array(ElementType type, long size) {
        return NativeArray.allocate(scope, engine, type, size);
    }

    /** An array that is large enough for {@code layout} with its padding. */
    NativeArray array(ElementType type, dnnl_memory_desc layout) {
        return array(type, (bytes(layout) + type.bytes() - 1) / type.bytes());
    }

    private static long bytes(dnnl_memory_desc shape) {
        return dnnl.dnnl_memory_desc_get_size(shape);
    }

    /** Values without gaps, whose last dimension varies fastest. */
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
     * Images {@code [batch, height, width, channels]}, whose last dimension varies fastest. oneDNN names the dimensions
     * in the order batch, channels, height, width.
     */
    dnnl_memory_desc images(ElementType type, long batch, long height, long width, long channels) {
        return strided(type, new long[] {batch, channels, height, width}, new long[] {
            height * width * channels, 1, width * channels, channels
        });
    }

    /** Values that are {@code strides[i]} apart along dimension {@code i}. */
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

    /** The values of {@code array} from index {@code at} on, seen as {@code shape}. */
    dnnl_memory view(dnnl_memory_desc shape, NativeArray array, long at) {
        return memory(shape, array.pointer(at));
    }

    /** The values of {@code array}, seen as {@code shape} in its format. */
    dnnl_memory view(Shape shape, NativeArray array) {
        return view(shape.apply(array.type()), array, 0);
    }

    private dnnl_memory memory(dnnl_memory_desc shape, Pointer where) {
        dnnl_memory memory = new dnnl_memory();
        OneDnn.check(dnnl.dnnl_memory_create(memory, shape, engine, where), "bind an array");
        return scope.own(memory, dnnl::dnnl_memory_destroy);
    }

    /**
     * A memory in the workspace for values that one primitive passes to the next, and that are not read later.
     *
     * @param at offset in bytes, so that several temporaries that are in use together do not overlap
     */
    dnnl_memory temporary(dnnl_memory_desc shape, long at) {
        dnnl_memory memory = memory(shape, null);
        temporaries.add(new Placed(memory, at));
        temporaryBytes = Math.max(temporaryBytes, at + bytes(shape));
        return memory;
    }

    /** Attributes without post-operations. */
    dnnl_primitive_attr attributes() {
        return after(Completion.NONE, List.of()).attributes();
    }

    /**
     * What follows an operation, in oneDNN's terms ("post-operations").
     *
     * @param arguments the operands that the attributes refer to
     */
    record PostOperations(dnnl_primitive_attr attributes, List<Argument> arguments) {}

    /**
     * The post-operations of {@code completion}.
     *
     * @param shape the shape of the arrays that it adds
     */
    PostOperations after(Completion completion, Shape shape) {
        return after(
                completion,
                completion.added().stream()
                        .map(added -> new Operand(shape.apply(added.type()), view(shape, added)))
                        .toList());
    }

    /** A memory and the shape in which it is seen. */
    record Operand(dnnl_memory_desc shape, dnnl_memory memory) {}

    /**
     * The same with other operands.
     *
     * @param added replace the arrays that {@code completion} adds
     */
    PostOperations after(Completion completion, List<Operand> added) {
        dnnl_primitive_attr attributes = new dnnl_primitive_attr();
        OneDnn.check(dnnl.dnnl_primitive_attr_create(attributes), "make attributes");
        scope.own(attributes, dnnl::dnnl_primitive_attr_destroy);
        OneDnn.check(
                dnnl.dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl.dnnl_scratchpad_mode_user),
                "set the scratchpad mode");
        List<Argument> arguments = new ArrayList<>();
        dnnl_post_ops after = new dnnl_post_ops();
        OneDnn.check(dnnl.dnnl_post_ops_create(after), "make post-operations");
        int place = 0;
        if (completion.accumulates()) {
            OneDnn.check(dnnl.dnnl_post_ops_append_sum(after, 1, 0, dnnl.dnnl_data_type_undef), "append a sum");
            place++;
        }
        for (Operand operand : added) {
            OneDnn.check(
                    dnnl.dnnl_post_ops_append_binary(after, dnnl.dnnl_binary_add, operand.shape()),
                    "append an addition");
            place++;
            int role = dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE * place | dnnl.DNNL_ARG_SRC_1;
            arguments.add(new Argument(role, operand.memory()));
        }
        if (completion.activation() != Activation.LINEAR) {
            int algorithm =
                    completion.activation() == Activation.RELU ? dnnl.dnnl_eltwise_relu : dnnl.dnnl_eltwise_logistic;
            OneDnn.check(dnnl.dnnl_post_ops_append_eltwise(after, algorithm, 0, 0), "append an activation");
        }
        OneDnn.check(dnnl.dnnl_primitive_attr_set_post_ops(attributes, after), "set post-operations");
        dnnl.dnnl_post_ops_destroy(after);
        return new PostOperations(attributes, arguments);
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

    /** An operand of a primitive: its role, {@code DNNL_ARG_…}, and its memory. */
    record Argument(int role, dnnl_memory memory) {}

    /** Makes the primitive that {@code description} describes, with these operands. */
    Primitive build(String name, dnnl_primitive_desc description, Argument... operands) {
        return build(name, description, List.of(operands));
    }

    /** Makes the primitive that {@code description} describes, with these operands. */
    Primitive build(String name, dnnl_primitive_desc description, List<Argument> operands) {
        dnnl_primitive primitive = new dnnl_primitive();
        OneDnn.check(dnnl.dnnl_primitive_create(primitive, description), "make " + name);
        scope.own(primitive, dnnl::dnnl_primitive_destroy);
        int count = operands.size() + 1;
        dnnl_exec_arg_t arguments = scope.own(new dnnl_exec_arg_t(count), Pointer::deallocate);
        for (int i = 0; i < operands.size(); i++) {
            set(arguments, i, operands.get(i));
        }
        dnnl_memory scratchpad = scratchpad(chosen(description, dnnl.dnnl_query_scratchpad_md));
        set(arguments, count - 1, new Argument(dnnl.DNNL_ARG_SCRATCHPAD, scratchpad));
        return new Primitive(name, implementation(description), primitive, arguments, count);
    }

    private static void set(dnnl_exec_arg_t arguments, int place, Argument argument) {
        arguments.getPointer(place).arg(argument.role()).memory(argument.memory());
    }

    /** A memory in the workspace. */
    private dnnl_memory scratchpad(dnnl_memory_desc shape) {
        dnnl_memory memory = memory(shape, null);
        scratchpads.add(new Placed(memory, 0));
        scratchpadBytes = Math.max(scratchpadBytes, bytes(shape));
        return memory;
    }

    /**
     * Allocates the workspace that all primitives share: temporaries, and after them the scratchpads. Call this after
     * the last primitive was made, and before any is run.
     */
    void allocateWorkspace() {
        long scratchpadsAt =
                (temporaryBytes + NativeArray.ALIGNMENT - 1) / NativeArray.ALIGNMENT * NativeArray.ALIGNMENT;
        long bytes = scratchpadsAt + scratchpadBytes;
        NativeArray workspace = array(ElementType.F32, Math.max(1, (bytes + 3) / 4));
        place(temporaries, workspace, 0);
        place(scratchpads, workspace, scratchpadsAt);
    }

    private static void place(List<Placed> memories, NativeArray workspace, long from) {
        for (Placed placed : memories) {
            OneDnn.check(
                    dnnl.dnnl_memory_set_data_handle(placed.memory(), workspace.pointerToByte(from + placed.at())),
                    "place a workspace");
        }
        memories.clear();
    }

    private static String implementation(dnnl_primitive_desc description) {
        try (PointerPointer<Pointer> result = new PointerPointer<>(1)) {
            OneDnn.check(
                    dnnl.dnnl_primitive_desc_query(description, dnnl.dnnl_query_impl_info_str, 0, result),
                    "ask for an implementation's name");
            return new BytePointer(result.get(0)).getString();
        }
    }

    /**
     * Describes a product of matrices.
     *
     * @param bias a row that is added to each row of the result, or null
     */
    dnnl_primitive_desc product(
            String name,
            dnnl_memory_desc left,
            dnnl_memory_desc right,
            dnnl_memory_desc bias,
            dnnl_memory_desc result,
            dnnl_primitive_attr attributes) {
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        return described(
                dnnl.dnnl_matmul_primitive_desc_create(description, engine, left, right, bias, result, attributes),
                description,
                name);
    }

    /** Copies all values, and converts them if the number formats differ. */
    Primitive copy(String name, NativeArray from, NativeArray to) {
        dnnl_memory_desc fromShape = dense(from.type(), from.size());
        dnnl_memory_desc toShape = dense(to.type(), to.size());
        return reorder(name, fromShape, view(fromShape, from, 0), toShape, view(toShape, to, 0));
    }

    /** Copies values from one layout to another. */
    Primitive reorder(
            String name, dnnl_memory_desc fromShape, dnnl_memory from, dnnl_memory_desc toShape, dnnl_memory to) {
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        described(
                dnnl.dnnl_reorder_primitive_desc_create(description, fromShape, engine, toShape, engine, attributes()),
                description,
                name);
        return build(name, description, new Argument(dnnl.DNNL_ARG_SRC, from), new Argument(dnnl.DNNL_ARG_DST, to));
    }
}
