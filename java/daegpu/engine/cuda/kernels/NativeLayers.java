package daegpu.engine.cuda.kernels;

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
import daegpu.engine.cuda.layers.TrainedArrays;
import daegpu.engine.cuda.layers.TrainingOperations;
import daegpu.model.Layer;
import java.util.Optional;

/**
 * Computes layers by this program's own kernels: one for a layer forward with its bias and activation, and one for both
 * of its gradients, or one for each.
 */
public final class NativeLayers implements LayerOperations {

    private final Device device;
    private final DeviceScope owner;
    private final KernelLibrary kernels;
    private final Precision precision;
    private final SplitMemory split;
    /** The shares of gradients that blocks leave. */
    private final Workspace shares;

    /** @param precision number format for the tensor cores, or {@link Precision#FP32} not to use them */
    public NativeLayers(Device device, KernelLibrary kernels, DeviceScope owner, Precision precision) {
        this.device = device;
        this.owner = owner;
        this.kernels = kernels;
        this.precision = precision;
        split = new SplitMemory(device, owner);
        shares = new Workspace(device, owner, "partial sums");
    }

    @Override
    public String description() {
        return "native convolutions";
    }

    @Override
    public LayerLayout layout() {
        return new NativeLayout();
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
        ImplicitGemm product = ImplicitGemm.forward(layer, count, precision);
        split.require(product);
        GemmOperands operands =
                GemmOperands.forward(input.memory(), kernel, bias, added.map(DeviceTensor::memory), output.memory());
        return () -> product.launch(kernels, split, operands);
    }

    @Override
    public TrainingOperations training(BatchShare share, TrainedArrays arrays) {
        return new NativeTraining(this, share, arrays);
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

    Precision precision() {
        return precision;
    }

    SplitMemory split() {
        return split;
    }

    Workspace shares() {
        return shares;
    }
}
