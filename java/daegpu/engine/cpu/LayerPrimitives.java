package daegpu.engine.cpu;

import java.util.List;

/** The primitives of one layer of the network, for some images at a time; each operation may take several, in order. */
interface LayerPrimitives {

    /** {@code output = activation(operation(input) + bias + …)}, as the epilogue says. */
    List<Primitive> forward(NativeArray input, Epilogue epilogue, NativeArray output);

    /**
     * The gradient of the loss by the layer's input, from that by what it puts out before its activation.
     *
     * @param epilogue what is added to it
     */
    List<Primitive> dataGradient(NativeArray outputGradient, Epilogue epilogue, NativeArray inputGradient);

    /**
     * The gradient by the kernel, written to {@code gradients} in the layout of the parameters, at the kernel's place.
     */
    List<Primitive> weightGradient(NativeArray input, NativeArray outputGradient, GradientTargets gradients);
}
