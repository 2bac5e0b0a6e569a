package daegpu.engine.cuda;

import daegpu.engine.Precision;
import daegpu.engine.cuda.cudnn.DnnHandle;
import daegpu.engine.cuda.cudnn.MatrixProduct;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.layers.Planes;
import daegpu.model.Layer;
import daegpu.model.Network;
import java.util.List;

/**
 * What a network is computed with: a device and this program's kernels on it, and cuDNN and cuBLAS for convolutions and
 * dense layers, unless this program's own kernels do these, too.
 *
 * @param device the GPU
 * @param kernels this program's own kernels
 * @param precision {@code fp32}, or the format of what is multiplied
 * @param dnn convolutions; null where this program's kernels do them
 * @param product dense layers; null where this program's kernels do them
 */
public record Toolkit(Device device, KernelLibrary kernels, Precision precision, DnnHandle dnn, MatrixProduct product) {

    /** With cuDNN and cuBLAS. */
    static Toolkit open(Device device, DeviceScope owner, Precision precision) {
        return new Toolkit(
                device,
                new KernelLibrary(device, owner),
                precision,
                DnnHandle.open(device, owner, precision),
                new MatrixProduct(device, owner, precision));
    }

    /** With nothing but the driver. */
    static Toolkit openNative(Device device, DeviceScope owner, Precision precision) {
        return new Toolkit(device, new KernelLibrary(device, owner), precision, null, null);
    }

    /**
     * Whether this program's own kernels do convolutions and dense layers. Images and weights then lie in memory in the
     * program's own order: {@code [images, height, width, channels]}.
     */
    boolean isNative() {
        return dnn == null;
    }

    Forward forward(
            List<Layer> layers,
            ParameterArena arena,
            DeviceArray parameters,
            Activations activations,
            int count,
            DeviceScope owner) {
        return isNative()
                ? new NativeForward(this, layers, arena, parameters, activations, count, owner)
                : new ForwardPass(this, layers, arena, parameters, activations, count, owner);
    }

    GradientStep training(
            List<Layer> layers, ParameterArena arena, TrainingMemory memory, int count, DeviceScope owner) {
        return isNative()
                ? new NativeTraining(this, layers, arena, memory, count, owner)
                : new TrainingPass(this, layers, arena, memory, count, owner);
    }

    /** How images of the network lie in memory that are no layer's input or output. */
    Planes imagePlanes(Network network) {
        return isNative()
                ? Planes.pixels(
                        network.input().height(),
                        network.input().width(),
                        network.input().channels())
                : Planes.packed(
                        network.input().channels(),
                        network.input().height(),
                        network.input().width());
    }
}
