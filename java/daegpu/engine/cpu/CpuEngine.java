package daegpu.engine.cpu;

import daegpu.data.ImageSet;
import daegpu.data.Remedy;
import daegpu.engine.Adam;
import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.GivenBatch;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Precision;
import daegpu.engine.TrainingState;
import daegpu.engine.cpu.Workers.Phase;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.Parameters;
import daegpu.model.Tensor;
import daegpu.noise.Noise;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_stream;

/**
 * The network on the processor, by oneDNN. Each batch is cut into shares of some images, and each share goes through
 * noise, forward pass, loss and backward pass on one thread, in that thread's memory, without waiting for another. Then
 * the gradients of the shares are summed in their order and the parameters updated, part by part, on all threads. So
 * the result depends on how many shares there are, which follows from batch size and number of threads, in the last
 * bits, and on nothing else.
 *
 * <p>In bf16, images, kernels, what layers hand on and the gradients that come back are bf16 numbers, multiplied as
 * such and summed in fp32. Biases, the parameters that are updated, their gradients and moments, what the network puts
 * out and its loss are fp32.
 *
 * <p>Everything native is made when the engine is opened (for inference, when it is first asked for) and freed when it
 * is closed.
 */
public final class CpuEngine implements InspectableEngine {

    /**
     * Images that a share has at least, where there are enough for all threads: fewer take longer, image for image.
     * Several shares for each thread, up to {@link #MOST_SHARES}, keep all busy until the end, even when other programs
     * take processor time.
     */
    private static final int SHARE_IMAGES = 8;
    /** Shares for each thread: each one's gradients are to be summed in the end. */
    private static final int MOST_SHARES = 4;
    /** Images that a thread denoises at a time, where they are small. */
    private static final int INFERENCE_IMAGES = 64;
    /** Images that a thread corrupts at a time. */
    private static final int CORRUPTED_IMAGES = 16;

    private static final NativeArray[] NO_SHARES = {};
    /** Floats that a layer may put out at a time in inference. */
    private static final long INFERENCE_VALUES = 1 << 22;

    private final Network network;
    private final List<Layer> layers;
    private final int batchSize;
    private final Precision precision;
    private final Workers workers;
    private final NativeScope scope = new NativeScope();
    private final dnnl_engine processor;
    private final NativeArray nativeParameters;
    private final KernelLayouts kernels;
    // Of each share of a batch.
    private final NativeArray[] shareGradients;
    private final double[] squares;
    /** Parts of the parameters, for each worker several. */
    private final AdamSlice[] slices;
    // Of each worker.
    private final TrainingPass[] passes;
    private final dnnl_stream[] streams;
    private final NoiseKernel[] noiseKernels;
    /**
     * For each worker one, by the images that they compute at a time; made when so many are first denoised or encoded.
     */
    private final Map<Integer, InferencePass[]> inferences = new HashMap<>();

    private final Parameters parameters;
    private final Parameters firstMoment;
    private final Parameters secondMoment;
    private final Parameters gradients;
    private long step;
    private double[] losses = new double[1024];
    private int lossCount;
    private boolean closed;

    private ImageSet images;
    private Noise noise;
    private long seed;
    private int epoch;
    private int[] order;
    private int lastCount;
    /** What each layer put out in the last step on given values. */
    private final float[][] activations;

    // What the workers are to do in the step at hand; fields, so that a step needs no new objects.
    private float[] stepClean;
    private float[] stepNoisy;
    private int stepFirst;
    private float stepAlpha;
    private final Phase layOutPhase;
    private final Phase[] trainPhases;
    private final Phase[] updatePhases;

    /**
     * Opens the engine with all weights zero; {@link #load} gives it others.
     *
     * @throws EngineUnavailableException if oneDNN does not load here, or the precision is not {@code fp32} or
     *     {@code bf16}, or bf16 is not what this processor offers
     */
    public CpuEngine(Network network, LearningRule rule, EngineOptions options) {
        if (!rule.equals(LearningRule.DEFAULT)) {
            throw new EngineUnavailableException("the cpu engine makes the mean squared error small, by Adam");
        }
        OneDnn.load();
        ElementType type = elementType(options.precision());
        precision = options.precision();
        this.network = network;
        layers = network.layers();
        batchSize = options.batchSize();
        activations = new float[layers.size()][];
        parameters = new Parameters(network);
        firstMoment = new Parameters(network);
        secondMoment = new Parameters(network);
        gradients = new Parameters(network);
        int threads = OpenMp.isFound() ? options.threadCount() : 1;
        workers = scope.own(new Workers(threads, OpenMp::useOneThread), Workers::close);
        shareGradients = new NativeArray[shares(threads)];
        squares = new double[shareGradients.length];
        slices = new AdamSlice[Math.min(MOST_SHARES * threads, network.parameterCount())];
        passes = new TrainingPass[threads];
        streams = new dnnl_stream[threads];
        noiseKernels = new NoiseKernel[threads];
        try {
            processor = OneDnn.openEngine(scope);
            PrimitiveBuilder builder = new PrimitiveBuilder(processor, scope);
            nativeParameters = builder.array(ElementType.F32, network.parameterCount());
            kernels = new KernelLayouts(builder, nativeParameters, type);
            Phase layOut = phase(kernels::count, this::layOutKernel);
            trainPhases = new Phase[] {
                phase(() -> shareGradients.length, this::trainShare),
                phase(() -> slices.length, (slice, worker) -> update(slice, shareGradients)),
                layOut
            };
            updatePhases =
                    new Phase[] {phase(() -> slices.length, (slice, worker) -> update(slice, NO_SHARES)), layOut};
            layOutPhase = layOut;
            prepare(builder);
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private static Phase phase(IntSupplier count, Item item) {
        return new Phase() {
            @Override
            public int count() {
                return count.getAsInt();
            }

            @Override
            public void run(int number, int worker) {
                item.run(number, worker);
            }
        };
    }

    private interface Item {
        void run(int number, int worker);
    }

    private int shares(int threads) {
        int perThread = Math.max(1, Math.min(MOST_SHARES, batchSize / (SHARE_IMAGES * threads)));
        return OpenMp.isFound() ? Math.min(threads * perThread, batchSize) : 1;
    }

    private void prepare(PrimitiveBuilder builder) {
        for (int worker = 0; worker < workers.count(); worker++) {
            streams[worker] = OneDnn.openStream(processor, scope);
            noiseKernels[worker] = new NoiseKernel(network.input().size());
        }
        int parameterCount = network.parameterCount();
        for (int i = 0; i < slices.length; i++) {
            slices[i] =
                    new AdamSlice(part(parameterCount, i, slices.length), part(parameterCount, i + 1, slices.length));
        }
        for (int share = 0; share < shareGradients.length; share++) {
            shareGradients[share] = builder.array(ElementType.F32, parameterCount);
        }
        int capacity = (batchSize + shareGradients.length - 1) / shareGradients.length;
        inParallel(phase(
                () -> passes.length,
                (pass, worker) ->
                        passes[pass] = new TrainingPass(processor, network, kernels, capacity, shareGradients)));
        inParallel(layOutPhase);
    }

    /**
     * The native library behind this engine and its version.
     *
     * @throws EngineUnavailableException if it does not load here
     */
    public static String nativeLibraries() {
        OneDnn.load();
        return "oneDNN " + OneDnn.version();
    }

    private static ElementType elementType(Precision precision) {
        return switch (precision) {
            case FP32 -> ElementType.F32;
            case BF16 -> {
                if (!OneDnn.hasBf16()) {
                    throw new EngineUnavailableException(
                            "bf16 needs a processor with AVX-512 bf16 or AMX, and this one has neither", Remedy.FP32);
                }
                yield ElementType.BF16;
            }
            case TF32 ->
                throw new EngineUnavailableException(
                        "the cpu engine computes in fp32, or bf16 where the processor has it, not in " + precision,
                        Remedy.OTHER_PRECISION);
        };
    }

    /** Runs phases on all workers; oneDNN is to start no threads of its own on this one either, whichever it is. */
    private void inParallel(Phase... phases) {
        requireOpen();
        OpenMp.useOneThread();
        workers.run(phases);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the engine is closed");
        }
    }

    /**
     * Of {@code total} things in {@code parts} parts, the first that falls to {@code part}; its last is before the next
     * part's first.
     */
    private static int part(int total, int part, int parts) {
        return (int) ((long) total * part / parts);
    }

    private int firstOfShare(int share) {
        return part(lastCount, share, shareGradients.length);
    }

    @Override
    public Network network() {
        return network;
    }

    @Override
    public String description() {
        int count = workers.count();
        return "cpu (oneDNN " + OneDnn.version() + ", " + precision + ", " + count
                + (count == 1 ? " thread)" : " threads)");
    }

    /**
     * Each operation of a training step with the code that oneDNN chose for it, for a log: {@code conv1 forward:
     * brg_conv_fwd:avx2}.
     */
    public List<String> implementations() {
        return passes[0].primitives().stream()
                .map(primitive -> primitive.name() + ": " + primitive.implementation())
                .toList();
    }

    @Override
    public void load(TrainingState state) {
        requireOpen();
        copy(state.parameters(), parameters);
        copy(state.firstMoment(), firstMoment);
        copy(state.secondMoment(), secondMoment);
        step = state.step();
        nativeParameters.write(0, parameters.values(), 0, parameters.values().length);
        inParallel(layOutPhase);
    }

    private static void copy(Parameters from, Parameters to) {
        System.arraycopy(from.values(), 0, to.values(), 0, to.values().length);
    }

    private void layOutKernel(int copy, int worker) {
        kernels.renew(copy, streams[worker]);
    }

    @Override
    public TrainingState state() {
        return new TrainingState(parameters.copy(), firstMoment.copy(), secondMoment.copy(), step);
    }

    @Override
    public void startEpoch(ImageSet newImages, Noise newNoise, long newSeed, int newEpoch, int[] newOrder) {
        images = newImages;
        noise = newNoise;
        seed = newSeed;
        epoch = newEpoch;
        order = newOrder;
    }

    @Override
    public void trainStep(int first, int count, float learningRate) {
        stepClean = null;
        stepNoisy = null;
        stepFirst = first;
        trainStep(count, learningRate);
    }

    @Override
    public void trainStep(GivenBatch given, float learningRate) {
        int count = given.count();
        stepClean = given.clean();
        stepNoisy = given.noisy();
        for (int l = 0; l < activations.length; l++) {
            activations[l] = new float[count * layers.get(l).outputSize()];
        }
        trainStep(count, learningRate);
        stepClean = null;
        stepNoisy = null;
    }

    private void trainStep(int count, float learningRate) {
        if (count < 1 || count > batchSize) {
            throw new IllegalArgumentException("a batch has 1 to " + batchSize + " images, not " + count);
        }
        lastCount = count;
        step++;
        stepAlpha = Adam.alpha(learningRate, step);
        inParallel(trainPhases);
        double sum = 0;
        for (double share : squares) {
            sum += share;
        }
        if (lossCount == losses.length) {
            losses = Arrays.copyOf(losses, 2 * lossCount);
        }
        losses[lossCount++] = sum / ((double) count * network.input().size());
    }

    private void trainShare(int share, int worker) {
        TrainingPass pass = passes[worker];
        int from = firstOfShare(share);
        int count = firstOfShare(share + 1) - from;
        int size = network.input().size();
        if (stepClean == null) {
            for (int i = 0; i < count; i++) {
                int image = order[stepFirst + from + i];
                noiseKernels[worker].corrupt(
                        noise, seed, image, epoch, images.pixels(), image * size, pass.clean(), pass.noisy(), i * size);
            }
        } else {
            System.arraycopy(stepClean, from * size, pass.clean(), 0, count * size);
            System.arraycopy(stepNoisy, from * size, pass.noisy(), 0, count * size);
        }
        squares[share] = pass.run(streams[worker], share, count, lastCount);
        if (stepClean != null) {
            for (int l = 0; l < layers.size(); l++) {
                int values = layers.get(l).outputSize();
                pass.output(l).read(0, activations[l], from * values, count * values);
            }
        }
    }

    /** Sums {@code shares} of the gradient, if there are any, and updates by the sum. */
    private void update(int slice, NativeArray[] shares) {
        slices[slice].update(
                shares,
                gradients.values(),
                parameters.values(),
                firstMoment.values(),
                secondMoment.values(),
                stepAlpha,
                nativeParameters);
    }

    @Override
    public void update(Parameters newGradients, float learningRate) {
        copy(newGradients, gradients);
        step++;
        stepAlpha = Adam.alpha(learningRate, step);
        inParallel(updatePhases);
    }

    @Override
    public double[] takeLosses() {
        double[] taken = Arrays.copyOf(losses, lossCount);
        lossCount = 0;
        return taken;
    }

    @Override
    public float[] activation(Tensor tensor) {
        requireOpen();
        float[] values = activations[layers.indexOf(network.maker(tensor).orElseThrow())];
        if (values == null) {
            throw new IllegalStateException("no training step on given values was run");
        }
        return values.clone();
    }

    @Override
    public Parameters gradients() {
        return gradients.copy();
    }

    @Override
    public void corrupt(
            ImageSet set,
            Noise setNoise,
            long setSeed,
            long base,
            int setEpoch,
            int first,
            int count,
            float[] clean,
            float[] noisy) {
        int size = network.input().size();
        int groups = (count + CORRUPTED_IMAGES - 1) / CORRUPTED_IMAGES;
        inParallel(phase(() -> groups, (group, worker) -> {
            for (int i = group * CORRUPTED_IMAGES; i < Math.min((group + 1) * CORRUPTED_IMAGES, count); i++) {
                noiseKernels[worker].corrupt(
                        setNoise,
                        setSeed,
                        base + first + i,
                        setEpoch,
                        set.pixels(),
                        (first + i) * size,
                        clean,
                        noisy,
                        i * size);
            }
        }));
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
        int capacity = inferenceCapacity(count);
        InferencePass[] inference = inferences.computeIfAbsent(capacity, this::openInference);
        inParallel(phase(() -> (count + capacity - 1) / capacity, (group, worker) -> {
            int first = group * capacity;
            inference[worker].run(streams[worker], input, first, Math.min(capacity, count - first), from, to, results);
        }));
    }

    /**
     * Images that a pass computes at a time, a power of two: a single image does not wait for others that nobody asked
     * for.
     */
    private int inferenceCapacity(int count) {
        long largest = layers.stream().mapToLong(Layer::outputSize).max().orElseThrow();
        int most = (int) Math.max(1, Math.min(INFERENCE_IMAGES, INFERENCE_VALUES / largest));
        int share = Math.min(most, (count + workers.count() - 1) / workers.count());
        return Math.min(most, share <= 1 ? 1 : 2 * Integer.highestOneBit(share - 1));
    }

    private InferencePass[] openInference(int capacity) {
        InferencePass[] opened = new InferencePass[workers.count()];
        scope.own(opened, passesToClose -> {
            for (InferencePass pass : passesToClose) {
                if (pass != null) {
                    pass.close();
                }
            }
        });
        inParallel(phase(
                () -> opened.length,
                (pass, worker) -> opened[pass] = new InferencePass(processor, network, kernels, capacity)));
        inParallel(layOutPhase);
        return opened;
    }

    @Override
    public void close() {
        closed = true;
        for (TrainingPass pass : passes) {
            if (pass != null) {
                pass.close();
            }
        }
        scope.close();
    }
}
