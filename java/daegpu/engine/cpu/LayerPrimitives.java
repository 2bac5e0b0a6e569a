package daegpu.engine.cpu;

/** The primitives of one layer of the network, for one thread's share of a batch. */
interface LayerPrimitives {

    /** {@code output = activation(operation(input) + bias)}. */
    Primitive forward(NativeArray input, NativeArray output);

    /** The gradient of the loss by the layer's input, from that by what it puts out before its activation. */
    Primitive dataGradient(NativeArray outputGradient, NativeArray inputGradient);

    /**
     * The gradient by the kernel, written to {@code gradients} in the layout of the parameters, at the kernel's place: one
     * primitive, or two where the values have to be laid out anew.
     */
    Primitive[] kernelGradient(NativeArray input, NativeArray outputGradient, NativeArray gradients);
}
