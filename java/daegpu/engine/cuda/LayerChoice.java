package daegpu.engine.cuda;

import daegpu.data.Remedy;
import daegpu.engine.Convolutions;
import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.Engines;
import daegpu.engine.Precision;
import daegpu.engine.cuda.cudnn.CudnnLayers;
import daegpu.engine.cuda.driver.CudaLibraries;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.Gpu;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.kernels.NativeLayers;
import daegpu.engine.cuda.layers.LayerOperations;
import daegpu.model.Network;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Chooses the GPU, and one of the two ways to compute layers. */
final class LayerChoice {

    private LayerChoice() {}

    /**
     * The GPU that the options name.
     *
     * @throws EngineUnavailableException if driver, cuBLAS, cuDNN or a suitable GPU is missing, or the GPU does not
     *     offer the precision
     */
    static Gpu usableDevice(EngineOptions options) {
        int number = options.device();
        List<Gpu> gpus = Gpu.all();
        if (number < 0 || number >= gpus.size()) {
            throw new EngineUnavailableException(
                    "there is no device " + number + ": there " + (gpus.size() == 1 ? "is 1" : "are " + gpus.size())
                            + ", counted from 0",
                    Remedy.OTHER_DEVICE);
        }
        gpus.get(number).require(options.precision());
        computesNatively(options);
        return gpus.get(number);
    }

    /**
     * Whether this program's own kernels compute convolutions and dense layers: if they are asked for, or if
     * {@code auto} finds no cuBLAS or cuDNN, or a precision that only these kernels have.
     *
     * @throws EngineUnavailableException if cuDNN is asked for, but is not installed, or cannot compute in the
     *     precision
     */
    private static boolean computesNatively(EngineOptions options) {
        boolean bf16 = options.precision() == Precision.BF16;
        switch (options.convolutions()) {
            case NATIVE -> {
                return true;
            }
            case AUTO -> {
                if (bf16 || CudaLibraries.missingForLayers().isPresent()) {
                    return true;
                }
            }
            case CUDNN -> {
                if (bf16) {
                    throw new EngineUnavailableException(
                            "cuDNN computes in fp32 or tf32, not in bf16", Remedy.NATIVE_CONVOLUTIONS, Remedy.TF32);
                }
            }
        }
        CudaLibraries.loadForLayers();
        return false;
    }

    /**
     * Chooses between cuDNN and this program's own kernels for a run: the one that was faster over a few training steps
     * on random images, or the only one that can be used.
     *
     * @throws EngineUnavailableException if neither can be used
     */
    static Engines.Choice<Convolutions> choose(Network network, EngineOptions options) {
        Gpu gpu = usableDevice(options);
        if (options.precision() == Precision.BF16) {
            return new Engines.Choice<>(Convolutions.NATIVE, "only native convolutions compute in bf16");
        }
        Optional<String> missing = CudaLibraries.missingForLayers();
        if (missing.isPresent()) {
            return new Engines.Choice<>(Convolutions.NATIVE, missing.get());
        }
        double dnn = StepTimer.millisecondsOfStep(network, options.withConvolutions(Convolutions.CUDNN));
        double own = StepTimer.millisecondsOfStep(network, options.withConvolutions(Convolutions.NATIVE));
        return new Engines.Choice<>(
                own < dnn ? Convolutions.NATIVE : Convolutions.CUDNN,
                String.format(
                        Locale.ROOT,
                        "an update takes %.3g ms with native and %.3g ms with cudnn on %s",
                        own,
                        dnn,
                        gpu.name()));
    }

    /** Opens the way that the options ask for, or the one that can be used, on a device from {@link #usableDevice}. */
    static LayerOperations open(EngineOptions options, Device device, KernelLibrary kernels, DeviceScope owner) {
        return computesNatively(options)
                ? new NativeLayers(device, kernels, owner, options.precision())
                : new CudnnLayers(device, kernels, owner, options.precision());
    }
}
