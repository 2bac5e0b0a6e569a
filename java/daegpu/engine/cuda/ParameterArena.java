package daegpu.engine.cuda;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.model.Layer;
import daegpu.model.Layer.Operation;
import daegpu.model.Network;
import java.util.ArrayList;
import java.util.List;

/**
 * Where each trainable tensor lies in one contiguous piece of device memory, and how its values are ordered there.
 * Checkpoints hold convolution kernels as {@code [row, column, channel, filter]} and images in row, column, channel
 * order; cuDNN takes kernels as {@code [filter, channel, row, column]} and images channel by channel, so the dense
 * layers meet the flattened image in that order. This program's own kernels take the order of checkpoints. Values are
 * re-ordered when a state is loaded or saved, and never in between.
 *
 * <p>Tensors begin at multiples of 256 bytes, as separately allocated ones would. The gaps are zero, and Adam keeps
 * them so.
 */
final class ParameterArena {

    /** Floats that a tensor begins at a multiple of. */
    private static final int ALIGNMENT = 64;

    private final List<Layer> layers;
    private final long[] kernelsAt;
    private final long[] biasesAt;
    private final int size;
    private final boolean reordered;

    /** In cuDNN's order. @throws ArithmeticException if the arena would have over 2³¹ floats */
    ParameterArena(Network network) {
        this(network, true);
    }

    /**
     * In cuDNN's order, or in that of checkpoints, which this program's own kernels take.
     *
     * @throws ArithmeticException if the arena would have over 2³¹ floats
     */
    ParameterArena(Network network, boolean reordered) {
        this.reordered = reordered;
        layers = new ArrayList<>(network.layers());
        kernelsAt = new long[layers.size()];
        biasesAt = new long[layers.size()];
        long at = 0;
        for (int l = 0; l < layers.size(); l++) {
            kernelsAt[l] = at;
            at = aligned(at + kernelSize(l));
            biasesAt[l] = at;
            at = aligned(at + layers.get(l).outputChannels());
        }
        size = Math.toIntExact(at);
    }

    private static long aligned(long floats) {
        return (floats + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    private int kernelSize(int l) {
        int product = 1;
        for (int dimension : layers.get(l).kernelShape()) {
            product *= dimension;
        }
        return product;
    }

    /** Floats of the arena, a multiple of 64. */
    int size() {
        return size;
    }

    /** The kernel of layer {@code l} in an arena. */
    DeviceArray kernel(DeviceArray arena, int l) {
        return arena.floats(kernelsAt[l], kernelSize(l));
    }

    /** The bias of layer {@code l} in an arena. */
    DeviceArray bias(DeviceArray arena, int l) {
        return arena.floats(biasesAt[l], layers.get(l).outputChannels());
    }

    /** Where the kernel of layer {@code l} begins, in floats. */
    int kernelAt(int l) {
        return (int) kernelsAt[l];
    }

    /** Where the bias of layer {@code l} begins, in floats. */
    int biasAt(int l) {
        return (int) biasesAt[l];
    }

    /** Re-orders values from a checkpoint's order to the arena's. */
    float[] toArena(float[] values) {
        float[] arena = new float[size];
        visit((in, at) -> arena[at] = values[in]);
        return arena;
    }

    /** Re-orders values from the arena's order to a checkpoint's. */
    void fromArena(float[] arena, float[] values) {
        visit((in, at) -> values[in] = arena[at]);
    }

    private interface Visitor {
        void visit(int inCheckpoint, int inArena);
    }

    private void visit(Visitor visitor) {
        int in = 0;
        for (int l = 0; l < layers.size(); l++) {
            Layer layer = layers.get(l);
            if (!reordered) {
                visitInOrder(l, in, visitor);
            } else if (layer.operation() == Operation.DENSE) {
                visitDense(l, in, visitor);
            } else {
                visitConvolution(l, in, visitor);
            }
            in += kernelSize(l) + layer.outputChannels();
        }
    }

    private void visitInOrder(int l, int start, Visitor visitor) {
        for (int i = 0; i < kernelSize(l); i++) {
            visitor.visit(start + i, (int) kernelsAt[l] + i);
        }
        for (int i = 0; i < layers.get(l).outputChannels(); i++) {
            visitor.visit(start + kernelSize(l) + i, (int) biasesAt[l] + i);
        }
    }

    private void visitConvolution(int l, int start, Visitor visitor) {
        int[] shape = layers.get(l).kernelShape();
        int channels = shape[2];
        int filters = shape[3];
        int taps = shape[0] * shape[1];
        int in = start;
        for (int tap = 0; tap < taps; tap++) {
            for (int channel = 0; channel < channels; channel++) {
                for (int filter = 0; filter < filters; filter++) {
                    visitor.visit(in++, (int) kernelsAt[l] + (filter * channels + channel) * taps + tap);
                }
            }
        }
        for (int i = 0; i < layers.get(l).outputChannels(); i++) {
            visitor.visit(in++, (int) biasesAt[l] + i);
        }
    }

    private void visitDense(int l, int start, Visitor visitor) {
        int[] shape = layers.get(l).kernelShape();
        int[] rows = l > 0
                ? planesOf(layers.get(l - 1).outputHeight() * layers.get(l - 1).outputWidth(), shape[0])
                : planesOf(1, shape[0]);
        int[] columns = l + 1 < layers.size()
                ? planesOf(layers.get(l + 1).inputHeight() * layers.get(l + 1).inputWidth(), shape[1])
                : planesOf(1, shape[1]);
        int in = start;
        for (int row : rows) {
            for (int column : columns) {
                visitor.visit(in++, (int) kernelsAt[l] + row * shape[1] + column);
            }
        }
        for (int column : columns) {
            visitor.visit(in++, (int) biasesAt[l] + column);
        }
    }

    /** For each value of an image of so many pixels, in row, column, channel order, its place in planes. */
    private static int[] planesOf(int pixels, int values) {
        int channels = values / pixels;
        int[] places = new int[values];
        for (int i = 0; i < values; i++) {
            places[i] = i % channels * pixels + i / channels;
        }
        return places;
    }
}
