package daegpu.engine.cuda.layers;

import daegpu.model.Layer;
import daegpu.model.Tensor;
import java.util.List;
import java.util.function.IntUnaryOperator;

/** How values and weights lie in device memory for a way to compute layers. Needs no device. */
public interface LayerLayout {

    /** How the values of a tensor lie in memory, for all layers that take it in. */
    Planes planes(Tensor tensor, List<Layer> readers);

    /** How the gradient at what a layer computes, before its activation, lies in memory. */
    Planes gradientPlanes(Layer layer);

    /** The place in a layer's kernel on the device of the value at a place in the kernel of a checkpoint. */
    IntUnaryOperator kernelOrder(Layer layer);

    /** The same for its bias. */
    IntUnaryOperator biasOrder(Layer layer);
}
