package daegpu.engine.cuda.layers;

import daegpu.model.Layer;
import daegpu.model.Tensor;
import java.util.List;
import java.util.function.IntUnaryOperator;

/** The layout of values and weights in device memory for one way to compute layers. It needs no device. */
public interface LayerLayout {

    /** The layout of the values of a tensor, for all layers that read it. */
    Planes planes(Tensor tensor, List<Layer> readers);

    /** The layout of the gradient at what a layer computes, before its activation. */
    Planes gradientPlanes(Layer layer);

    /** Maps the index of a value in the kernel of a checkpoint to its index in the layer's kernel on the device. */
    IntUnaryOperator kernelOrder(Layer layer);

    /** The same for its bias. */
    IntUnaryOperator biasOrder(Layer layer);
}
