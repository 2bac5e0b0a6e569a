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
import daegpu.engine.Precision;
import daegpu.engine.SampleSharingEngine;
import daegpu.engine.TrainingState;
import daegpu.engine.cuda.batch.BatchSource;
import daegpu.engine.cuda.batch.CorruptedBatch;
import daegpu.engine.cuda.batch.Corruption;
import daegpu.engine.cuda.batch.Layout;
import daegpu.engine.cuda.cudnn.DnnHandle;
import daegpu.engine.cuda.driver.CapturedStep;
import daegpu.engine.cuda.driver.CudaLibraries;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.Gpu;
import daegpu.engine.cuda.driver.OwnedScope;
import daegpu.engine.cuda.layers.Planes;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.Parameters;
import daegpu.model.Tensor;
import daegpu.noise.Noise;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
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
    private final List<Layer> layers;
    private final ParameterArena arena;
    private final Device device;
    private final DeviceScope scope = new DeviceScope();
    private final Toolkit toolkit;
    private final TrainingMemory memory;
    private final StepState state;
    private final BatchSource training;
    private final Corruption corruption;
    private final Layout layout;
    private final Map<Integer, GradientStep> passes = new HashMap<>();
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
            throw new EngineUnavailableException("the cuda engine makes the mean squared error small, by Adam");
        }
        Gpu gpu = usableDevice(options);
        boolean isNative = computesNatively(options);
        this.network = network;
        this.options = options;
        layers = network.layers();
        requireCountable(network, options.batchSize());
        arena = new ParameterArena(network, !isNative);
        device = new Device(gpu);
        try {
            toolkit = isNative
                    ? Toolkit.openNative(device, scope, options.precision())
                    : Toolkit.open(device, scope, options.precision());
            memory = new TrainingMemory(toolkit, scope, network, arena, options.batchSize());
            state = new StepState(toolkit, memory.state());
            training = new BatchSource(device, toolkit.kernels(), scope, options.batchSize());
            corruption = new Corruption(toolkit.kernels());
            layout = new Layout(toolkit.kernels());
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /**
     * Finds out whether this engine can be used, short of opening it.
     *
     * @throws EngineUnavailableException if driver, cuBLAS, cuDNN or a suitable GPU is missing, or the GPU does not
     *     offer the precision
     */
    public static void requireDevice(EngineOptions options) {
        usableDevice(options);
    }

    private static Gpu usableDevice(EngineOptions options) {
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
     * Whether this program's own kernels compute convolutions and dense layers: where they are asked for, and where
     * {@code auto} finds no cuBLAS or cuDNN, or a precision that only they have.
     *
     * @throws EngineUnavailableException if cuDNN is asked for, and not there, or unable to compute in the precision
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
    public static Engines.Choice<Convolutions> chooseConvolutions(Network network, EngineOptions options) {
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

    /** Kernels count the floats of a batch in 32 bits. */
    private static void requireCountable(Network network, int batchSize) {
        long largest = 0;
        for (Layer layer : network.layers()) {
            largest = Math.max(
                    largest,
                    Math.max(
                            Planes.largeSide(layer).size(),
                            Planes.smallSide(layer).size()));
        }
        if (largest * batchSize > Integer.MAX_VALUE - 1024) {
            throw new EngineUnavailableException(
                    "a batch of " + batchSize + " would have " + largest * batchSize
                            + " values in a layer, and the cuda engine counts to 2^31",
                    Remedy.SMALLER_BATCH);
        }
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
                + (toolkit.isNative() ? "native convolutions" : "cuDNN " + DnnHandle.version()) + ", "
                + options.precision() + ")";
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
                + CudaLibraries.missingForLayers().orElseGet(() -> "cuDNN " + DnnHandle.version());
    }

    @Override
    public void load(TrainingState newState) {
        device.makeCurrent();
        upload(newState.parameters(), memory.parameters());
        upload(newState.firstMoment(), memory.firstMoment());
        upload(newState.secondMoment(), memory.secondMoment());
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
                download(memory.parameters()),
                download(memory.firstMoment()),
                download(memory.secondMoment()),
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
        place(given.clean(), count, memory.clean(), toolkit.imagePlanes(network));
        place(
                given.noisy(),
                count,
                memory.activations().input(0),
                memory.activations().inputPlanes(0));
        state.expect(learningRate);
        givenSteps.computeIfAbsent(count, this::givenStep).run();
        stepped(count);
    }

    private void requireCount(int count) {
        if (count < 1 || count > options.batchSize()) {
            throw new IllegalArgumentException("a batch has 1 to " + options.batchSize() + " images, not " + count);
        }
    }

    private void place(float[] images, int count, DeviceArray target, Planes planes) {
        CorruptedBatch staging = corrupted();
        for (int first = 0; first < count; first += CorruptedBatch.IMAGES) {
            int part = Math.min(CorruptedBatch.IMAGES, count - first);
            device.upload(
                    images,
                    first * network.input().size(),
                    part * network.input().size(),
                    staging.clean(),
                    0);
            layout.toPlanes(
                    staging.clean(),
                    target.floats((long) first * planes.size(), (long) part * planes.size()),
                    planes,
                    part);
        }
    }

    private CapturedStep epochStep(int count) {
        GradientStep pass = passFor(count);
        return new CapturedStep(device, scope, () -> {
            corruption.run(
                    training,
                    StepState.position(memory.state()),
                    count,
                    network.input(),
                    memory.clean(),
                    memory.activations().input(0),
                    memory.activations().inputPlanes(0));
            pass.run();
        });
    }

    private CapturedStep givenStep(int count) {
        return new CapturedStep(device, scope, passFor(count)::run);
    }

    private GradientStep passFor(int count) {
        return passes.computeIfAbsent(count, size -> toolkit.training(layers, arena, memory, size, scope));
    }

    private void stepped(int count) {
        lastCount = count;
        state.stepped(count);
        if (state.losses() == TrainingMemory.MOST_LOSSES) {
            readLosses();
        }
    }

    private void readLosses() {
        float[] values = new float[state.losses()];
        device.download(memory.losses(), values, 0, values.length);
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
        upload(gradients, memory.gradients());
        state.expect(learningRate);
        Optimizer.update(toolkit.kernels(), memory, arena.size());
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
        int l = indexOf(tensor);
        Planes planes = memory.activations().outputPlanes(l);
        float[] values = new float[lastCount * layers.get(l).outputSize()];
        try (OwnedScope temporary = new OwnedScope(device)) {
            DeviceArray pixels = device.allocateFloats(temporary.scope(), values.length, "activations");
            layout.toPixels(memory.activations().output(l), pixels, planes, lastCount);
            device.download(pixels, values, 0, values.length);
        }
        return values;
    }

    @Override
    public Parameters gradients() {
        device.makeCurrent();
        if (lastCount > 0) {
            passFor(lastCount).collectGradients();
        }
        return download(memory.gradients());
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
            corrupted = new CorruptedBatch(
                    device, toolkit.kernels(), scope, network.input().size());
        }
        return corrupted;
    }

    @Override
    public void run(Tensor from, Tensor to, float[] values, int count, float[] results) {
        int first = from.equals(network.input()) ? 0 : indexOf(from) + 1;
        infer(values, count, first, indexOf(to) + 1, results);
    }

    private int indexOf(Tensor tensor) {
        return layers.indexOf(network.maker(tensor).orElseThrow());
    }

    @Override
    public void computeGradients(int first, int count, int batch) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void load(Parameters weights) {
        load(TrainingState.initial(weights));
    }

    private void infer(float[] input, int count, int from, int to, float[] results) {
        device.makeCurrent();
        inference().run(input, count, from, to, results);
    }

    private Inference inference() {
        if (inference == null) {
            inference = new Inference(toolkit, scope, network, arena, memory.parameters());
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
