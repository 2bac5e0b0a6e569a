package daegpu.engine.cuda;

import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.layers.Planes;
import daegpu.model.Layer;
import daegpu.model.Network;
import java.util.List;

/** Everything on the device that training reads and writes, but for the images. */
final class TrainingMemory {

    /** Losses that can wait to be read. */
    static final int MOST_LOSSES = 4096;

    private final List<Layer> layers;
    private final DeviceArray parameters;
    private final DeviceArray firstMoment;
    private final DeviceArray secondMoment;
    private final DeviceArray gradients;
    private final DeviceArray state;
    private final DeviceArray losses;
    private final DeviceArray clean;
    private final Activations activations;
    private final DeviceArray[] gradientsAt;

    TrainingMemory(Toolkit toolkit, DeviceScope owner, Network network, ParameterArena arena, int capacity) {
        Device device = toolkit.device();
        layers = network.layers();
        parameters = device.allocateFloats(owner, arena.size(), "the parameters");
        firstMoment = device.allocateFloats(owner, arena.size(), "Adam's moments");
        secondMoment = device.allocateFloats(owner, arena.size(), "Adam's moments");
        gradients = device.allocateFloats(owner, arena.size(), "the gradients");
        state = device.allocate(owner, StepState.BYTES, "the step's state");
        losses = device.allocateFloats(owner, MOST_LOSSES, "the losses");
        clean = device.allocateFloats(owner, (long) capacity * network.input().size(), "a batch of " + capacity);
        activations = new Activations(toolkit, owner, network, capacity);
        gradientsAt = new DeviceArray[layers.size()];
        for (int l = 0; l < gradientsAt.length; l++) {
            gradientsAt[l] = device.allocateFloats(
                    owner,
                    (long) capacity
                            * (toolkit.isNative()
                                    ? layers.get(l).outputSize()
                                    : gradientPlanes(l).size()),
                    "a batch of " + capacity);
        }
    }

    /**
     * How the gradient by what layer {@code l} computed, before its activation, lies in memory: as cuDNN wants it for
     * the way back.
     */
    Planes gradientPlanes(int l) {
        return gradientPlanes(layers.get(l));
    }

    static Planes gradientPlanes(Layer layer) {
        return switch (layer.operation()) {
            case CONVOLUTION -> Planes.smallSide(layer);
            case TRANSPOSED_CONVOLUTION -> Planes.largeSide(layer);
            case DENSE -> Planes.packed(layer.outputChannels(), 1, 1);
        };
    }

    /** The gradient by what layer {@code l} computed, before its activation. */
    DeviceArray gradientAt(int l) {
        return gradientsAt[l];
    }

    DeviceArray parameters() {
        return parameters;
    }

    DeviceArray firstMoment() {
        return firstMoment;
    }

    DeviceArray secondMoment() {
        return secondMoment;
    }

    DeviceArray gradients() {
        return gradients;
    }

    /** See {@link StepState}. */
    DeviceArray state() {
        return state;
    }

    DeviceArray losses() {
        return losses;
    }

    /** The batch as it should come out, {@code [count, channels, height, width]}. */
    DeviceArray clean() {
        return clean;
    }

    Activations activations() {
        return activations;
    }
}
