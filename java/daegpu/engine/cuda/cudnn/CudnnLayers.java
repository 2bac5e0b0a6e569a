package daegpu.engine.cuda.cudnn;

import daegpu.engine.EngineUnavailableException;
import daegpu.engine.Precision;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.driver.Workspace;
import daegpu.engine.cuda.layers.BatchShare;
import daegpu.engine.cuda.layers.DeviceTensor;
import daegpu.engine.cuda.layers.LayerLayout;
import daegpu.engine.cuda.layers.LayerOperations;
import daegpu.engine.cuda.layers.Planes;
import daegpu.engine.cuda.layers.TrainedArrays;
import daegpu.engine.cuda.layers.TrainingOperations;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.Layer.Operation;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Computes layers by cuDNN and cuBLAS, with this program's kernels for bias, activation, loss and sums over a batch.
 */
public final class CudnnLayers implements LayerOperations {

    private final Device device;
    private final DeviceScope owner;
    private final KernelLibrary kernels;
    private final CudnnHandle dnn;
    private final CublasProduct product;
    private final PlaneOperations planeOperations;
    /**
     * Holds the result of a convolution until bias and activation are applied to it, and data gradients in the backward
     * pass.
     */
    private final Workspace scratch;
    /** A copy without gaps of the input of a dense layer, if that has gaps. */
    private final Workspace packedInput;
    /** The shares of sums over a batch that blocks leave. */
    private final Workspace shares;

    private final Map<Sized, CudnnConvolution> convolutions = new HashMap<>();

    private record Sized(Layer layer, int count) {}

    /** @throws EngineUnavailableException if cuDNN is too old, or there is too little memory */
    public CudnnLayers(Device device, KernelLibrary kernels, DeviceScope owner, Precision precision) {
        this.device = device;
        this.owner = owner;
        this.kernels = kernels;
        dnn = CudnnHandle.open(device, owner, precision);
        product = new CublasProduct(device, owner, precision);
        planeOperations = new PlaneOperations(kernels);
        scratch = new Workspace(device, owner, "a batch's sums");
        packedInput = new Workspace(device, owner, "a dense layer's input");
        shares = new Workspace(device, owner, "partial sums");
    }

    @Override
    public String description() {
        return libraries();
    }

    /** The libraries, which must have been loaded, and their version: {@code cuDNN 9.10.2}. */
    public static String libraries() {
        return "cuDNN " + CudnnHandle.version();
    }

    @Override
    public LayerLayout layout() {
        return new CudnnLayout();
    }

    @Override
    public Runnable forward(
            Layer layer,
            int count,
            DeviceArray kernel,
            Optional<DeviceArray> bias,
            DeviceTensor input,
            Optional<DeviceTensor> added,
            DeviceTensor output) {
        if (layer.operation() == Operation.DENSE
                && layer.activation() == Activation.LINEAR
                && added.isEmpty()
                && output.planes().equals(SidePlanes.output(layer))) {
            return dense(layer, count, kernel, bias, input, output::memory);
        }
        Runnable sums = sums(layer, count, kernel, bias, input);
        return () -> {
            sums.run();
            planeOperations.biasActivation(
                    layer.activation(),
                    count,
                    scratch(SidePlanes.output(layer)),
                    channelBias(layer, bias),
                    added,
                    output);
        };
    }

    /** The bias that has still to be added to the result of {@link #sums}. */
    static Optional<DeviceArray> channelBias(Layer layer, Optional<DeviceArray> bias) {
        return layer.operation() == Operation.DENSE ? Optional.empty() : bias;
    }

    /** A convolution without bias and activation, or a dense layer with its bias, into the scratch memory. */
    Runnable sums(Layer layer, int count, DeviceArray kernel, Optional<DeviceArray> bias, DeviceTensor input) {
        requireScratch(count, SidePlanes.output(layer));
        if (layer.operation() == Operation.DENSE) {
            return dense(layer, count, kernel, bias, input, scratch::memory);
        }
        CudnnConvolution convolution = convolution(layer, count, input.planes());
        return () -> {
            if (layer.isTransposed()) {
                convolution.dataGradient(input.memory(), kernel, scratch.memory());
            } else {
                convolution.forward(input.memory(), kernel, scratch.memory());
            }
        };
    }

    private Runnable dense(
            Layer layer,
            int count,
            DeviceArray kernel,
            Optional<DeviceArray> bias,
            DeviceTensor input,
            Supplier<DeviceArray> output) {
        int in = layer.inputChannels();
        int units = layer.outputChannels();
        Supplier<DeviceArray> packed = packed(layer, count, input);
        return () -> {
            DeviceArray values = packed.get();
            bias.ifPresent(array -> planeOperations.denseBias(count, units, array, output.get()));
            product.forward(values, kernel, output.get(), count, in, units, bias.isPresent());
        };
    }

    /**
     * The input of a dense layer without the gaps that other layers need in it.
     *
     * @return enqueues the copy that this may need, and returns the values
     */
    Supplier<DeviceArray> packed(Layer layer, int count, DeviceTensor input) {
        Planes planes = SidePlanes.packed(layer.input());
        if (input.planes().equals(planes)) {
            return input::memory;
        }
        packedInput.require(4L * count * planes.size());
        return () -> {
            DeviceTensor copy = new DeviceTensor(packedInput.memory(), planes);
            planeOperations.biasActivation(Activation.LINEAR, count, input, Optional.empty(), Optional.empty(), copy);
            return copy.memory();
        };
    }

    /**
     * The convolution that a layer is, or whose data gradient it is.
     *
     * @param input the layout of the layer's input
     */
    CudnnConvolution convolution(Layer layer, int count, Planes input) {
        return convolutions.computeIfAbsent(
                new Sized(layer, count), sized -> new CudnnConvolution(dnn, layer, input, count, owner));
    }

    /** Makes room for images in the scratch memory. */
    void requireScratch(int count, Planes planes) {
        scratch.require(4L * count * planes.size());
    }

    /** Images in the scratch memory. */
    DeviceTensor scratch(Planes planes) {
        return new DeviceTensor(scratch.memory(), planes);
    }

    Workspace shares() {
        return shares;
    }

    @Override
    public TrainingOperations training(BatchShare share, TrainedArrays arrays) {
        return new CudnnTraining(this, share, arrays);
    }

    Device device() {
        return device;
    }

    DeviceScope owner() {
        return owner;
    }

    KernelLibrary kernels() {
        return kernels;
    }

    CublasProduct product() {
        return product;
    }

    PlaneOperations planeOperations() {
        return planeOperations;
    }
}
