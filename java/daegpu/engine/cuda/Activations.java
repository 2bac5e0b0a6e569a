package daegpu.engine.cuda;

import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.layers.Planes;
import daegpu.model.Layer;
import daegpu.model.Layer.Operation;
import daegpu.model.Network;
import java.util.List;

/** What goes into and comes out of each layer, for batches of up to a number of images, and how it lies in memory. */
final class Activations {

    private final List<Layer> layers;
    private final DeviceArray[] inputs;
    private final DeviceArray output;
    /**
     * Holds what a layer computed until bias and activation were applied to it, and likewise on the way back. Null
     * where this program's own kernels apply them at once.
     */
    private final DeviceArray scratch;

    private final boolean pixels;

    Activations(Toolkit toolkit, DeviceScope owner, Network network, int capacity) {
        Device device = toolkit.device();
        pixels = toolkit.isNative();
        layers = network.layers();
        inputs = new DeviceArray[layers.size()];
        long largest = 0;
        for (int l = 0; l < inputs.length; l++) {
            inputs[l] = device.allocateFloats(
                    owner, (long) capacity * inputPlanes(l).size(), "a batch of " + capacity);
            largest = Math.max(largest, inputPlanes(l).size());
            if (layers.get(l).operation() != Operation.DENSE) {
                largest = Math.max(
                        largest,
                        Math.max(
                                Planes.largeSide(layers.get(l)).size(),
                                Planes.smallSide(layers.get(l)).size()));
            }
        }
        output = device.allocateFloats(
                owner, (long) capacity * outputPlanes(layers.size() - 1).size(), "a batch of " + capacity);
        scratch = pixels ? null : device.allocateFloats(owner, capacity * largest, "a batch of " + capacity);
    }

    Planes inputPlanes(int l) {
        Layer layer = layers.get(l);
        return pixels
                ? Planes.pixels(layer.inputHeight(), layer.inputWidth(), layer.inputChannels())
                : inputPlanes(layers, l);
    }

    Planes outputPlanes(int l) {
        Layer layer = layers.get(l);
        return pixels
                ? Planes.pixels(layer.outputHeight(), layer.outputWidth(), layer.outputChannels())
                : outputPlanes(layers, l);
    }

    /** How the input of layer {@code l} lies in memory. A dense layer sees the same floats as one row. */
    static Planes inputPlanes(List<Layer> layers, int l) {
        Layer layer = layers.get(l);
        return switch (layer.operation()) {
            case CONVOLUTION -> Planes.largeSide(layer);
            case TRANSPOSED_CONVOLUTION -> Planes.smallSide(layer);
            case DENSE -> l == 0 ? Planes.packed(layer.inputChannels(), 1, 1) : unflattened(layers.get(l - 1));
        };
    }

    private static Planes unflattened(Layer layer) {
        return Planes.packed(layer.outputChannels(), layer.outputHeight(), layer.outputWidth());
    }

    /** How the output of layer {@code l} lies in memory: as the next layer wants it. */
    static Planes outputPlanes(List<Layer> layers, int l) {
        return l + 1 < layers.size() ? inputPlanes(layers, l + 1) : unflattened(layers.get(l));
    }

    DeviceArray input(int l) {
        return inputs[l];
    }

    DeviceArray output(int l) {
        return l + 1 < layers.size() ? inputs[l + 1] : output;
    }

    DeviceArray scratch() {
        return scratch;
    }
}
