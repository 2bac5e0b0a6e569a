package daegpu.engine.cuda;

import daegpu.engine.cuda.layers.LayerLayout;
import daegpu.engine.cuda.layers.WeightPlace;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.ParameterTensor;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntUnaryOperator;

/**
 * The layout of all trainable tensors in one contiguous piece of device memory. The {@link LayerLayout} decides the
 * order of the values within a tensor; they are reordered when a state is loaded or saved, and never in between.
 *
 * <p>Tensors begin at multiples of 256 bytes, as separate allocations would. The gaps between them are zero, and stay
 * zero in updates.
 */
final class ParameterArena {

    /** Each tensor begins at a multiple of this number of floats. */
    private static final int ALIGNMENT = 64;

    private final Network network;
    private final LayerLayout layout;
    private final Map<Layer, WeightPlace> places = new HashMap<>();
    private final int size;

    /** @throws ArithmeticException if the arena would have 2³¹ floats or more */
    ParameterArena(Network network, LayerLayout layout) {
        this.network = network;
        this.layout = layout;
        long at = 0;
        for (Layer layer : network.layers()) {
            int kernelSize = layer.kernel().size();
            int biasSize = layer.bias().map(ParameterTensor::size).orElse(0);
            long biasAt = aligned(at + kernelSize);
            places.put(layer, new WeightPlace(Math.toIntExact(at), kernelSize, Math.toIntExact(biasAt), biasSize));
            at = aligned(biasAt + biasSize);
        }
        size = Math.toIntExact(at);
    }

    private static long aligned(long floats) {
        return (floats + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /** Number of floats of the arena, a multiple of 64. */
    int size() {
        return size;
    }

    /** Where the weights of a layer are. */
    WeightPlace place(Layer layer) {
        return places.get(layer);
    }

    /** Reorders values from the order of a checkpoint to that of the arena. */
    float[] toArena(float[] values) {
        float[] arena = new float[size];
        visit((in, at) -> arena[at] = values[in]);
        return arena;
    }

    /** Reorders values from the order of the arena to that of a checkpoint. */
    void fromArena(float[] arena, float[] values) {
        visit((in, at) -> values[in] = arena[at]);
    }

    private interface Visitor {
        void visit(int inCheckpoint, int inArena);
    }

    private void visit(Visitor visitor) {
        for (Layer layer : network.layers()) {
            WeightPlace place = places.get(layer);
            visit(layer.kernel(), place.kernel(), layout.kernelOrder(layer), visitor);
            layer.bias().ifPresent(bias -> visit(bias, place.bias(), layout.biasOrder(layer), visitor));
        }
    }

    private static void visit(ParameterTensor tensor, int place, IntUnaryOperator order, Visitor visitor) {
        for (int i = 0; i < tensor.size(); i++) {
            visitor.visit(tensor.offset() + i, place + order.applyAsInt(i));
        }
    }
}
