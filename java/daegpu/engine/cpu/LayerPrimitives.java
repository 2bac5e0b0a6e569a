package daegpu.engine.cpu;

import java.util.List;

/**
 * The primitives of one layer of the network, for one thread's share of a batch; each operation may take several, in
 * order.
 */
interface LayerPrimitives {

    /** {@code output = activation(operation(input) + bias)}. */
    List<Primitive> forward(NativeArray input, NativeArray output);

    /** The gradient of the loss by the layer's input, from that by what it puts out before its activation. */
    List<Primitive> dataGradient(NativeArray outputGradient, NativeArray inputGradient);

    /**
     * The gradient by the kernel, written to {@code gradients} in the layout of the parameters, at the kernel's place.
     */
    List<Primitive> kernelGradient(NativeArray input, NativeArray outputGradient, GradientTargets gradients);
}
