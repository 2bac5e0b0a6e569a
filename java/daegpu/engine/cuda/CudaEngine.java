package daegpu.engine.cuda;

import daegpu.data.ImageSet;
import daegpu.data.Remedy;
import daegpu.engine.Convolutions;
import daegpu.engine.DeviceSamples;
import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.Engines;
import daegpu.engine.Precision;
import daegpu.engine.SampleSharingEngine;
import daegpu.engine.cuda.batch.CorruptedBatch;
import daegpu.engine.cuda.batch.Corruption;
import daegpu.engine.cuda.batch.Layout;
import daegpu.engine.cuda.cudnn.CudnnLayers;
import daegpu.engine.cuda.driver.CudaLibraries;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.Gpu;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.layers.LayerOperations;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.Parameters;
import daegpu.model.Tensor;
import daegpu.noise.Noise;

/**
 * Runs a network on an NVIDIA GPU, with this program's kernels (folder {@code cuda}). Convolutions are computed by
 * cuDNN and dense layers by cuBLAS, or both by kernels of this program ({@link Convolutions#NATIVE}).
 *
 * <p>So far it has run only on an emulated device, which executes the kernels' PTX and stands in for cuDNN and cuBLAS,
 * and never on a GPU.
 */
public class CudaEngine implements SampleSharingEngine {

    private final Network network;
    private final EngineOptions options;
    private final Device device;
    private final DeviceScope scope = new DeviceScope();
    private final KernelLibrary kernels;
    private final LayerOperations operations;
    private final ParameterArena arena;
    private final DeviceArray weights;
    private final Corruption corruption;
    private final Layout layout;
    /** Null until images are denoised or encoded, or an epoch is started, for the first time. */
    private Inference inference;
    /** Null until {@link #corrupt} is called, or an epoch is started, for the first time. */
    private CorruptedBatch corrupted;

    private boolean closed;

    /**
     * Opens the engine with all weights zero.
     *
     * @throws EngineUnavailableException if driver, cuBLAS, cuDNN or a suitable GPU is missing, if the GPU has too
     *     little memory, if the precision is bf16 with cuDNN, or if a stride of the network does not divide an image
     */
    public CudaEngine(Network network, EngineOptions options) {
        requireWholeStrides(network);
        Gpu gpu = LayerChoice.usableDevice(options);
        this.network = network;
        this.options = options;
        device = new Device(gpu);
        try {
            kernels = new KernelLibrary(device, scope);
            operations = LayerChoice.open(options, device, kernels, scope);
            arena = new ParameterArena(network, operations.layout());
            weights = device.allocateFloats(scope, arena.size(), "the parameters");
            corruption = new Corruption(kernels);
            layout = new Layout(kernels);
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /**
     * Refuses networks with a stride that does not divide an image: kernels pad rows and columns alike, and compute
     * images in phases that all have the same size.
     */
    private static void requireWholeStrides(Network network) {
        for (Layer layer : network.layers()) {
            if (layer.geometry().height() % layer.stride() != 0
                    || layer.geometry().width() % layer.stride() != 0) {
                throw new EngineUnavailableException(
                        "the cuda engine wants images whose sides the strides divide, and " + layer.name()
                                + " with stride " + layer.stride() + " takes in " + layer.input(),
                        Remedy.CPU_ENGINE);
            }
        }
    }

    /**
     * Finds out whether this engine can be used, without opening it.
     *
     * @throws EngineUnavailableException if driver, cuBLAS, cuDNN or a suitable GPU is missing, or the GPU does not
     *     offer the precision
     */
    public static void requireDevice(EngineOptions options) {
        LayerChoice.usableDevice(options);
    }

    /**
     * Whether it matters to somebody that this engine does not run: there is something of NVIDIA's here, or the options
     * ask for a GPU.
     */
    public static boolean isExpected(EngineOptions options) {
        return options.device() != 0
                || options.convolutions() != Convolutions.AUTO
                || options.precision() == Precision.TF32
                || CudaLibraries.areExpected();
    }

    /**
     * Chooses between cuDNN and this program's own kernels for a run: the one that was faster over a few training steps
     * on random images, or the only one that can be used.
     *
     * @throws EngineUnavailableException if neither can be used
     */
    public static Engines.Choice<Convolutions> chooseConvolutions(Network network, EngineOptions options) {
        return LayerChoice.choose(network, options);
    }

    /**
     * The native libraries that this engine calls, and their versions.
     *
     * @throws EngineUnavailableException if they cannot be loaded here
     */
    public static String nativeLibraries() {
        CudaLibraries.load();
        return "driver for CUDA " + CudaLibraries.describe(CudaLibraries.driverVersion()) + ", "
                + CudaLibraries.missingForLayers().orElseGet(CudnnLayers::libraries);
    }

    @Override
    public final Network network() {
        return network;
    }

    @Override
    public final String description() {
        Gpu gpu = device.gpu();
        return "cuda (" + gpu.name() + ", compute capability " + gpu.major() + "." + gpu.minor() + ", driver for CUDA "
                + CudaLibraries.describe(CudaLibraries.driverVersion()) + ", "
                + operations.description() + ", " + options.precision() + ")";
    }

    /** The device on which it runs. */
    final Device device() {
        return device;
    }

    final EngineOptions options() {
        return options;
    }

    /** The scope that owns everything on the device. */
    final DeviceScope scope() {
        return scope;
    }

    final KernelLibrary kernels() {
        return kernels;
    }

    final LayerOperations operations() {
        return operations;
    }

    /** The layout of the parameters on the device. */
    final ParameterArena arena() {
        return arena;
    }

    /** The weights that denoise. */
    final DeviceArray weights() {
        return weights;
    }

    final Corruption corruption() {
        return corruption;
    }

    final Layout layout() {
        return layout;
    }

    /** Prepares the calling thread to use the device. */
    final void begin() {
        if (closed) {
            throw new IllegalStateException("the engine is closed");
        }
        device.makeCurrent();
    }

    @Override
    public void load(Parameters newWeights) {
        begin();
        upload(newWeights, weights);
    }

    final void upload(Parameters parameters, DeviceArray target) {
        device.upload(arena.toArena(parameters.values()), 0, arena.size(), target, 0);
    }

    final Parameters download(DeviceArray source) {
        float[] values = new float[arena.size()];
        device.download(source, values, 0, values.length);
        Parameters parameters = new Parameters(network);
        arena.fromArena(values, parameters.values());
        return parameters;
    }

    @Override
    public final void corrupt(
            ImageSet images,
            Noise noise,
            long seed,
            long base,
            int epoch,
            int first,
            int count,
            float[] clean,
            float[] noisy) {
        begin();
        corrupted().run(corruption, images, noise, seed, base, epoch, first, count, clean, noisy);
    }

    @Override
    public final DeviceSamples deviceSamples(int count, int columns) {
        begin();
        return new SharedSamples(
                device,
                scope,
                corrupted(),
                corruption,
                inference(),
                network.input().size(),
                count,
                columns);
    }

    final CorruptedBatch corrupted() {
        if (corrupted == null) {
            corrupted =
                    new CorruptedBatch(device, kernels, scope, network.input().size());
        }
        return corrupted;
    }

    @Override
    public final void run(Tensor from, Tensor to, float[] values, int count, float[] results) {
        begin();
        inference().run(from, to, values, count, results);
    }

    final Inference inference() {
        if (inference == null) {
            inference = new Inference(device, scope, network, operations, arena, weights, layout);
        }
        return inference;
    }

    @Override
    public final void close() {
        if (!closed) {
            closed = true;
            device.close(scope);
            device.close();
        }
    }
}
