package daegpu.engine.cuda.kernels;

import daegpu.engine.cuda.layers.LayerLayout;
import daegpu.engine.cuda.layers.Planes;
import daegpu.model.Layer;
import daegpu.model.Tensor;
import java.util.List;
import java.util.function.IntUnaryOperator;

/** The program's own order: images are {@code [images, height, width, channels]}, and weights are as in checkpoints. */
public final class NativeLayout implements LayerLayout {

    @Override
    public Planes planes(Tensor tensor, List<Layer> readers) {
        return Planes.pixels(tensor.height(), tensor.width(), tensor.channels());
    }

    @Override
    public Planes gradientPlanes(Layer layer) {
        return planes(layer.output(), List.of());
    }

    @Override
    public IntUnaryOperator kernelOrder(Layer layer) {
        return IntUnaryOperator.identity();
    }

    @Override
    public IntUnaryOperator biasOrder(Layer layer) {
        return IntUnaryOperator.identity();
    }
}
