package daegpu.engine.cpu;

import java.util.List;

/** The primitives of one layer of the network, for some images at a time; each operation may take several, in order. */
interface LayerPrimitives {

    /** {@code output = activation(operation(input) + bias + …)}, completed as {@code completion} says. */
    List<Primitive> forward(NativeArray input, Completion completion, NativeArray output);

    /**
     * The data gradient, from the gradient at what the layer puts out.
     *
     * @param completion what is added to it
     */
    List<Primitive> dataGradient(NativeArray outputGradient, Completion completion, NativeArray inputGradient);

    /** The weight gradient, written to {@code gradients} in the layout of the parameters, at the kernel's place. */
    List<Primitive> weightGradient(NativeArray input, NativeArray outputGradient, GradientTargets gradients);
}
