package daegpu.engine.cuda.cudnn;

import daegpu.engine.EngineUnavailableException;
import daegpu.engine.Precision;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.driver.Workspace;
import daegpu.engine.cuda.layers.DeviceTensor;
import daegpu.engine.cuda.layers.LayerLayout;
import daegpu.engine.cuda.layers.LayerOperations;
import daegpu.engine.cuda.layers.Planes;
import daegpu.engine.cuda.layers.TrainedArrays;
import daegpu.engine.cuda.layers.TrainingOperations;
import daegpu.model.Layer;
import daegpu.model.Layer.Operation;
import java.util.HashMap;
import java.util.Map;

/** Layers by cuDNN and cuBLAS, with this program's kernels for bias, activation, loss and sums over a batch. */
public final class CudnnLayers implements LayerOperations {

    private final Device device;
    private final DeviceScope owner;
    private final KernelLibrary kernels;
    private final CudnnHandle dnn;
    private final CublasProduct product;
    private final PlaneOperations planeOperations;
    /** Holds what a convolution computed until bias and activation are applied to it, and likewise on the way back. */
    private final Workspace scratch;
    /** What blocks leave of sums over a batch. */
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
        shares = new Workspace(device, owner, "partial sums");
    }

    @Override
    public String description() {
        return libraries();
    }

    /** The libraries and their version, which must have been loaded: {@code cuDNN 9.10.2}. */
    public static String libraries() {
        return "cuDNN " + CudnnHandle.version();
    }

    @Override
    public LayerLayout layout() {
        return new CudnnLayout();
    }

    @Override
    public Runnable forward(
            Layer layer, int count, DeviceArray kernel, DeviceArray bias, DeviceTensor input, DeviceTensor output) {
        if (layer.operation() == Operation.DENSE) {
            return dense(layer, count, kernel, bias, input, output);
        }
        Runnable sums = sums(layer, count, kernel, input);
        return () -> {
            sums.run();
            planeOperations.biasActivation(layer.activation(), count, scratch(SidePlanes.output(layer)), bias, output);
        };
    }

    private Runnable dense(
            Layer layer, int count, DeviceArray kernel, DeviceArray bias, DeviceTensor input, DeviceTensor output) {
        int in = layer.inputChannels();
        int units = layer.outputChannels();
        return () -> {
            planeOperations.denseBias(count, units, bias, output.memory());
            product.addForward(input.memory(), kernel, output.memory(), count, in, units);
        };
    }

    /** A convolution without bias and activation, into the scratch memory. */
    Runnable sums(Layer layer, int count, DeviceArray kernel, DeviceTensor input) {
        CudnnConvolution convolution = convolution(layer, count);
        requireScratch(count, SidePlanes.output(layer));
        return () -> {
            if (layer.isTransposed()) {
                convolution.dataGradient(input.memory(), kernel, scratch.memory());
            } else {
                convolution.forward(input.memory(), kernel, scratch.memory());
            }
        };
    }

    /** The convolution that a layer is, or whose data gradient it is. */
    CudnnConvolution convolution(Layer layer, int count) {
        return convolutions.computeIfAbsent(
                new Sized(layer, count), sized -> new CudnnConvolution(dnn, layer, count, owner));
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
    public TrainingOperations training(int count, TrainedArrays arrays) {
        return new CudnnTraining(this, count, arrays);
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
