package daegpu.engine.cuda.cudnn;

import daegpu.engine.cuda.layers.LayerLayout;
import daegpu.engine.cuda.layers.Planes;
import daegpu.model.Layer;
import daegpu.model.Layer.Operation;
import daegpu.model.Tensor;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * Images are stored channel by channel, as in {@link SidePlanes}, so dense layers get the flattened image in that
 * order. Kernels of convolutions are {@code [filter, channel, row, column]}. Checkpoints have {@code [row, column,
 * channel, filter]}, and images in row, column, channel order.
 */
public final class CudnnLayout implements LayerLayout {

    /** Planes with the largest border that a convolution among the readers needs. */
    @Override
    public Planes planes(Tensor tensor, List<Layer> readers) {
        return readers.stream()
                .filter(reader -> reader.operation() == Operation.CONVOLUTION)
                .map(SidePlanes::large)
                .max(Comparator.comparingInt(Planes::border))
                .orElseGet(() -> SidePlanes.packed(tensor));
    }

    @Override
    public Planes gradientPlanes(Layer layer) {
        return SidePlanes.output(layer);
    }

    @Override
    public IntUnaryOperator kernelOrder(Layer layer) {
        if (layer.operation() == Operation.DENSE) {
            IntUnaryOperator rows = planeOrder(layer.input());
            IntUnaryOperator columns = planeOrder(layer.output());
            int units = layer.outputChannels();
            return at -> rows.applyAsInt(at / units) * units + columns.applyAsInt(at % units);
        }
        int[] shape = layer.kernelShape(); // [row, column, channel, filter]
        int taps = shape[0] * shape[1];
        int channels = shape[2];
        int filters = shape[3];
        return at -> (at % filters * channels + at / filters % channels) * taps + at / filters / channels;
    }

    @Override
    public IntUnaryOperator biasOrder(Layer layer) {
        return layer.operation() == Operation.DENSE ? planeOrder(layer.output()) : IntUnaryOperator.identity();
    }

    /** Maps the index of a value in row, column, channel order to its index in planes. */
    private static IntUnaryOperator planeOrder(Tensor tensor) {
        int channels = tensor.channels();
        int pixels = tensor.height() * tensor.width();
        return at -> at % channels * pixels + at / channels;
    }
}
