package daegpu.engine.cuda;

import daegpu.data.ImageSet;
import daegpu.data.Remedy;
import daegpu.engine.Convolutions;
import daegpu.engine.DeviceSamples;
import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.Engines;
import daegpu.engine.GivenBatch;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.SampleSharingEngine;
import daegpu.engine.TrainingState;
import daegpu.engine.cuda.batch.BatchSource;
import daegpu.engine.cuda.batch.CorruptedBatch;
import daegpu.engine.cuda.batch.Corruption;
import daegpu.engine.cuda.batch.Layout;
import daegpu.engine.cuda.cudnn.CudnnLayers;
import daegpu.engine.cuda.driver.CapturedStep;
import daegpu.engine.cuda.driver.CudaLibraries;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.Gpu;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.driver.OwnedScope;
import daegpu.engine.cuda.layers.DeviceTensor;
import daegpu.engine.cuda.layers.GradientUpdate;
import daegpu.engine.cuda.layers.LayerOperations;
import daegpu.engine.cuda.layers.StepState;
import daegpu.engine.cuda.layers.TrainedArrays;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.Layer.Operation;
import daegpu.model.Network;
import daegpu.model.Parameters;
import daegpu.model.Tensor;
import daegpu.noise.Noise;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The network on an NVIDIA GPU: this program's kernels (folder {@code cuda}), and cuDNN for convolutions and cuBLAS for
 * dense layers, or kernels of this program for these, too ({@link Convolutions#NATIVE}). Images, as long as they fit,
 * their order, weights, moments and losses stay on the device. A training step is captured as a CUDA graph and
 * replayed; nothing is copied or waited for in a step (but chunks of a set that does not fit), and what changes from
 * one to the next (step count, learning rate, place in the order) lives on the device.
 *
 * <p>It has run on an emulated device only, which executes the kernels' PTX and stands in for cuDNN and cuBLAS; never
 * yet on a GPU.
 */
public final class CudaEngine implements InspectableEngine, SampleSharingEngine {

    /**
     * What decides the launches of a step: images in the batch, and of {@link BatchSource} what is no device memory.
     */
    private record EpochStep(int count, int ring, Noise.Kind noise, Optional<DeviceArray> photons) {}

    private final Network network;
    private final EngineOptions options;
    private final Device device;
    private final DeviceScope scope = new DeviceScope();
    private final KernelLibrary kernels;
    private final LayerOperations operations;
    private final ParameterArena arena;
    private final TrainedArrays arrays;
    private final StepState state;
    private final TrainingMemory memory;
    private final BatchSource training;
    private final Corruption corruption;
    private final Layout layout;
    private final Map<Integer, TrainingStep> steps = new HashMap<>();
    private final Map<EpochStep, CapturedStep> epochSteps = new HashMap<>();
    private final Map<Integer, CapturedStep> givenSteps = new HashMap<>();
    /** Null until images are denoised or encoded, or an epoch is started, for the first time. */
    private Inference inference;
    /** Null until images are corrupted for their own sake, or an epoch is started, for the first time. */
    private CorruptedBatch corrupted;

    private double[] takenLosses = {};
    private int lastCount;
    private boolean closed;

    /**
     * Opens the engine with all weights zero; {@link #load} gives it others.
     *
     * @throws EngineUnavailableException if driver, cuBLAS, cuDNN or a suitable GPU is missing, if the GPU has too
     *     little memory, or if the precision is bf16 with cuDNN
     */
    public CudaEngine(Network network, LearningRule rule, EngineOptions options) {
        if (!rule.equals(LearningRule.DEFAULT)) {
            throw new EngineUnavailableException(
                    "the cuda engine trains by mean squared error and Adam only, without an average",
                    Remedy.CPU_ENGINE);
        }
        requireSupported(network);
        Gpu gpu = LayerChoice.usableDevice(options);
        this.network = network;
        this.options = options;
        device = new Device(gpu);
        try {
            kernels = new KernelLibrary(device, scope);
            operations = LayerChoice.open(options, device, kernels, scope);
            arena = new ParameterArena(network, operations.layout());
            arrays = TrainedArrays.allocate(device, kernels, scope, arena.size(), rule.optimizer());
            state = arrays.state();
            memory = new TrainingMemory(operations.layout(), device, scope, network, options.batchSize());
            training = new BatchSource(device, kernels, scope, options.batchSize());
            corruption = new Corruption(kernels);
            layout = new Layout(kernels);
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** @throws EngineUnavailableException if the network has what no operation computes */
    private static void requireSupported(Network network) {
        boolean supported = network.layers().stream()
                .allMatch(layer -> layer.added().isEmpty()
                        && layer.bias().isPresent()
                        && network.layers().stream()
                                        .filter(other -> other.input().equals(layer.input()))
                                        .count()
                                == 1
                        && layer.activation() == activation(network, layer));
        if (!supported) {
            throw new EngineUnavailableException("the cuda engine computes layers that follow one another, each with a "
                    + "bias: convolutions with ReLU, linear dense layers, and last a convolution with a sigmoid");
        }
    }

    private static Activation activation(Network network, Layer layer) {
        return layer.output().equals(network.output())
                ? Activation.SIGMOID
                : layer.operation() == Operation.DENSE ? Activation.LINEAR : Activation.RELU;
    }

    /**
     * Finds out whether this engine can be used, short of opening it.
     *
     * @throws EngineUnavailableException if driver, cuBLAS, cuDNN or a suitable GPU is missing, or the GPU does not
     *     offer the precision
     */
    public static void requireDevice(EngineOptions options) {
        LayerChoice.usableDevice(options);
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

    @Override
    public Network network() {
        return network;
    }

    @Override
    public String description() {
        Gpu gpu = device.gpu();
        return "cuda (" + gpu.name() + ", compute capability " + gpu.major() + "." + gpu.minor() + ", driver for CUDA "
                + CudaLibraries.describe(CudaLibraries.driverVersion()) + ", "
                + operations.description() + ", " + options.precision() + ")";
    }

    /** What it runs on. */
    Device device() {
        return device;
    }

    @Override
    public long deviceBytes() {
        return device.allocatedBytes();
    }

    /**
     * The native libraries behind this engine and their versions. @throws EngineUnavailableException if they do not
     * load here
     */
    public static String nativeLibraries() {
        CudaLibraries.load();
        return "driver for CUDA " + CudaLibraries.describe(CudaLibraries.driverVersion()) + ", "
                + CudaLibraries.missingForLayers().orElseGet(CudnnLayers::libraries);
    }

    @Override
    public void load(TrainingState newState) {
        device.makeCurrent();
        upload(newState.parameters(), arrays.parameters());
        upload(newState.firstMoment(), arrays.firstMoment());
        upload(newState.secondMoment(), arrays.secondMoment());
        state.load(newState.step());
    }

    private void upload(Parameters parameters, DeviceArray target) {
        device.upload(arena.toArena(parameters.values()), 0, arena.size(), target, 0);
    }

    private Parameters download(DeviceArray source) {
        float[] values = new float[arena.size()];
        device.download(source, values, 0, values.length);
        Parameters parameters = new Parameters(network);
        arena.fromArena(values, parameters.values());
        return parameters;
    }

    @Override
    public TrainingState state() {
        device.makeCurrent();
        return new TrainingState(
                download(arrays.parameters()),
                download(arrays.firstMoment()),
                download(arrays.secondMoment()),
                state.step());
    }

    @Override
    public void startEpoch(ImageSet images, Noise noise, long seed, int epoch, int[] order) {
        device.makeCurrent();
        corrupted(); // what validation will want comes before the images take what is free
        inference();
        training.setEpoch(images, noise, seed, epoch, order);
    }

    @Override
    public void trainStep(int first, int count, float learningRate) {
        requireCount(count);
        device.makeCurrent();
        state.expect(learningRate, first);
        training.require(first, count);
        epochSteps
                .computeIfAbsent(
                        new EpochStep(count, training.ring(), training.kind(), training.photons()),
                        step -> epochStep(step.count()))
                .run();
        stepped(count);
    }

    @Override
    public void trainStep(GivenBatch given, float learningRate) {
        int count = given.count();
        requireCount(count);
        device.makeCurrent();
        place(given.clean(), count, memory.clean());
        place(given.noisy(), count, memory.values(network.input()));
        state.expect(learningRate);
        givenSteps.computeIfAbsent(count, this::givenStep).run();
        stepped(count);
    }

    private void requireCount(int count) {
        if (count < 1 || count > options.batchSize()) {
            throw new IllegalArgumentException("a batch has 1 to " + options.batchSize() + " images, not " + count);
        }
    }

    private void place(float[] images, int count, DeviceTensor target) {
        CorruptedBatch staging = corrupted();
        int size = network.input().size();
        long targetSize = target.planes().size();
        for (int first = 0; first < count; first += CorruptedBatch.IMAGES) {
            int part = Math.min(CorruptedBatch.IMAGES, count - first);
            device.upload(images, first * size, part * size, staging.clean(), 0);
            layout.toPlanes(
                    staging.clean(),
                    target.memory().floats(first * targetSize, part * targetSize),
                    target.planes(),
                    part);
        }
    }

    private CapturedStep epochStep(int count) {
        TrainingStep step = stepFor(count);
        DeviceTensor noisy = memory.values(network.input());
        return new CapturedStep(device, scope, () -> {
            corruption.run(
                    training,
                    state.position(),
                    count,
                    network.input(),
                    memory.clean().memory(),
                    noisy.memory(),
                    noisy.planes());
            step.run();
        });
    }

    private CapturedStep givenStep(int count) {
        return new CapturedStep(device, scope, stepFor(count)::run);
    }

    private TrainingStep stepFor(int count) {
        return steps.computeIfAbsent(count, size -> new TrainingStep(network, operations, arena, memory, arrays, size));
    }

    private void stepped(int count) {
        lastCount = count;
        state.stepped(count);
        if (state.losses() == TrainedArrays.MOST_LOSSES) {
            readLosses();
        }
    }

    private void readLosses() {
        float[] values = new float[state.losses()];
        device.download(arrays.losses(), values, 0, values.length);
        int before = takenLosses.length;
        takenLosses = Arrays.copyOf(takenLosses, before + values.length);
        for (int i = 0; i < values.length; i++) {
            takenLosses[before + i] = values[i];
        }
        state.clearLosses();
    }

    @Override
    public void update(Parameters gradients, float learningRate) {
        device.makeCurrent();
        upload(gradients, arrays.gradients());
        state.expect(learningRate);
        GradientUpdate.run(kernels, arrays);
        state.updated();
    }

    @Override
    public double[] takeLosses() {
        device.makeCurrent();
        readLosses();
        double[] taken = takenLosses;
        takenLosses = new double[0];
        return taken;
    }

    @Override
    public float[] activation(Tensor tensor) {
        device.makeCurrent();
        DeviceTensor onDevice = memory.values(tensor);
        float[] values = new float[lastCount * tensor.size()];
        try (OwnedScope temporary = new OwnedScope(device)) {
            DeviceArray pixels = device.allocateFloats(temporary.scope(), values.length, "activations");
            layout.toPixels(onDevice.memory(), pixels, onDevice.planes(), lastCount);
            device.download(pixels, values, 0, values.length);
        }
        return values;
    }

    @Override
    public Parameters gradients() {
        device.makeCurrent();
        if (lastCount > 0) {
            stepFor(lastCount).collectGradients();
        }
        return download(arrays.gradients());
    }

    @Override
    public void corrupt(
            ImageSet images,
            Noise noise,
            long seed,
            long base,
            int epoch,
            int first,
            int count,
            float[] clean,
            float[] noisy) {
        device.makeCurrent();
        corrupted().run(corruption, images, noise, seed, base, epoch, first, count, clean, noisy);
    }

    @Override
    public DeviceSamples deviceSamples(int count, int columns) {
        device.makeCurrent();
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

    private CorruptedBatch corrupted() {
        if (corrupted == null) {
            corrupted =
                    new CorruptedBatch(device, kernels, scope, network.input().size());
        }
        return corrupted;
    }

    @Override
    public void run(Tensor from, Tensor to, float[] values, int count, float[] results) {
        device.makeCurrent();
        inference().run(from, to, values, count, results);
    }

    @Override
    public void computeGradients(int first, int count, int batch) {
        throw new UnsupportedOperationException("the cuda engine does not divide a training step in two halves yet");
    }

    @Override
    public void load(Parameters weights) {
        load(TrainingState.initial(weights));
    }

    private Inference inference() {
        if (inference == null) {
            inference = new Inference(device, scope, network, operations, arena, arrays.parameters(), layout);
        }
        return inference;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            device.close(scope);
            device.close();
        }
    }
}
