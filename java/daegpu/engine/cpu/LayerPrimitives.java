package daegpu.engine.cpu;

import java.util.List;

/**
 * Makes the primitives of one layer of the network, for a number of images at a time. An operation may take several
 * primitives, in their order.
 */
interface LayerPrimitives {

    /** {@code output = activation(operation(input) + bias + …)}, completed as {@code completion} says. */
    List<Primitive> forward(NativeArray input, Completion completion, NativeArray output);

    /**
     * The data gradient, from the gradient at the layer's output.
     *
     * @param completion what is added to it
     */
    List<Primitive> dataGradient(NativeArray outputGradient, Completion completion, NativeArray inputGradient);

    /** The weight gradient, written to {@code gradients} in the layout of the parameters, at the kernel's place. */
    List<Primitive> weightGradient(NativeArray input, NativeArray outputGradient, GradientTargets gradients);
}
