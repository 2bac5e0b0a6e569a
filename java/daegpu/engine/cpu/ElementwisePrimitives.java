package daegpu.engine.cpu;

import daegpu.engine.cpu.PrimitiveBuilder.Argument;
import daegpu.engine.cpu.PrimitiveBuilder.PostOperations;
import daegpu.model.Layer.Activation;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;

/** Makes the primitives that compute each value by itself. */
final class ElementwisePrimitives {

    private final PrimitiveBuilder builder;
    private final PrimitiveBuilder.Shape shape;

    /** @param shape the shape of all arrays that are given to the methods below */
    ElementwisePrimitives(PrimitiveBuilder builder, PrimitiveBuilder.Shape shape) {
        this.builder = builder;
        this.shape = shape;
    }

    /**
     * {@code target = activation(first + added)}.
     *
     * @param first may be {@code target} itself
     * @param added at least one array
     */
    Primitive sum(String name, NativeArray first, List<NativeArray> added, Activation activation, NativeArray target) {
        NativeArray second = added.get(0);
        PostOperations after = builder.after(new Completion(false, added.subList(1, added.size()), activation), shape);
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        builder.described(
                dnnl.dnnl_binary_primitive_desc_create(
                        description,
                        builder.engine(),
                        dnnl.dnnl_binary_add,
                        shape.apply(first.type()),
                        shape.apply(second.type()),
                        shape.apply(target.type()),
                        after.attributes()),
                description,
                name);
        List<Argument> arguments = new ArrayList<>(after.arguments());
        arguments.add(new Argument(dnnl.DNNL_ARG_SRC_0, builder.view(shape, first)));
        arguments.add(new Argument(dnnl.DNNL_ARG_SRC_1, builder.view(shape, second)));
        arguments.add(new Argument(dnnl.DNNL_ARG_DST, builder.view(shape, target)));
        return builder.build(name, description, arguments);
    }

    /**
     * Turns the gradient with respect to the result of an activation into that with respect to its argument.
     *
     * @param activation not linear
     * @param values the results of the activation
     * @param from the gradient with respect to the results
     * @param to may be {@code from} itself
     */
    Primitive derivative(String name, Activation activation, NativeArray values, NativeArray from, NativeArray to) {
        int algorithm = activation == Activation.RELU
                ? dnnl.dnnl_eltwise_relu_use_dst_for_bwd
                : dnnl.dnnl_eltwise_logistic_use_dst_for_bwd;
        dnnl_memory_desc gradientShape = shape.apply(to.type());
        dnnl_primitive_desc hint = new dnnl_primitive_desc();
        builder.described(
                dnnl.dnnl_eltwise_forward_primitive_desc_create(
                        hint,
                        builder.engine(),
                        dnnl.dnnl_forward_training,
                        algorithm,
                        gradientShape,
                        gradientShape,
                        0,
                        0,
                        builder.attributes()),
                hint,
                name);
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        builder.described(
                dnnl.dnnl_eltwise_backward_primitive_desc_create(
                        description,
                        builder.engine(),
                        algorithm,
                        gradientShape,
                        gradientShape,
                        gradientShape,
                        0,
                        0,
                        hint,
                        builder.attributes()),
                description,
                name);
        return builder.build(
                name,
                description,
                new Argument(dnnl.DNNL_ARG_DST, builder.view(shape, values)),
                new Argument(dnnl.DNNL_ARG_DIFF_DST, builder.view(shape, from)),
                new Argument(dnnl.DNNL_ARG_DIFF_SRC, builder.view(shape, to)));
    }
}
