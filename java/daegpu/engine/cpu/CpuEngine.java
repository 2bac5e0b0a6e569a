package daegpu.engine.cpu;

import daegpu.data.ImageSet;
import daegpu.engine.Adam;
import daegpu.engine.Engine;
import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.TrainingState;
import daegpu.model.Architecture;
import daegpu.model.Layer;
import daegpu.model.Parameters;
import daegpu.noise.Noise;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import org.bytedeco.dnnl.dnnl_engine;

/**
 * The network on the processor, by oneDNN. Each batch is cut among as many threads as were asked for: each takes its share of the
 * images through noise, forward pass, loss and backward pass without waiting for another, in memory of its own. Then they meet,
 * and each sums the gradients of a part of the parameters, in the threads' order, and updates it. So the result depends on the
 * number of threads, in the last bits, and on nothing else.
 *
 * <p>Everything native is made when the engine is opened (for inference, when it is first asked for) and freed when it is closed.
 */
public final class CpuEngine implements Engine {

    /** Images that a thread denoises at a time, where they are small. */
    private static final int INFERENCE_IMAGES = 64;
    /** Floats that a layer may put out at a time in inference. */
    private static final long INFERENCE_VALUES = 1 << 22;

    private final Architecture architecture;
    private final List<Layer> layers;
    private final int batchSize;
    private final Workers workers;
    private final NativeScope scope = new NativeScope();
    private final dnnl_engine processor;
    private final NativeArray nativeParameters;
    private final KernelLayouts kernels;
    private final TrainingPass[] passes;
    private final NativeArray[] gradientShares;
    private final AdamSlice[] slices;
    private final NoiseKernel[] noiseKernels;
    private final double[] squares;
    /** Null until images are denoised or encoded for the first time. */
    private InferencePass[] inference;

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
    private int epoch;
    private int[] order;
    private int lastCount;

    // What the workers are to do in the step at hand; fields, so that a step needs no new objects.
    private float[] stepClean;
    private float[] stepNoisy;
    private int stepFirst;
    private float stepAlpha;
    private final IntConsumer trainShare = this::trainShare;

    /**
     * Opens the engine with all weights zero; {@link #load} gives it others.
     *
     * @throws EngineUnavailableException if oneDNN does not load here, or the precision is not fp32
     */
    public CpuEngine(Architecture architecture, EngineOptions options) {
        OneDnn.load();
        requireFp32(options.precision());
        this.architecture = architecture;
        layers = architecture.layers();
        batchSize = options.batchSize();
        parameters = new Parameters(architecture);
        firstMoment = new Parameters(architecture);
        secondMoment = new Parameters(architecture);
        gradients = new Parameters(architecture);
        int count = OpenMp.isFound() ? options.threadCount() : 1;
        workers = scope.own(new Workers(count), Workers::close);
        passes = new TrainingPass[count];
        gradientShares = new NativeArray[count];
        slices = new AdamSlice[count];
        noiseKernels = new NoiseKernel[count];
        squares = new double[count];
        try {
            processor = OneDnn.openEngine(scope);
            PrimitiveBuilder builder = new PrimitiveBuilder(processor, scope);
            nativeParameters = builder.array(architecture.parameterCount());
            kernels = new KernelLayouts(builder, nativeParameters);
            inParallel(this::prepare);
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
        layOutKernels();
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

    private static void requireFp32(String precision) {
        if (precision.equals("bf16") && !OneDnn.hasBf16()) {
            throw new EngineUnavailableException("bf16 needs a processor with AVX-512 bf16 or AMX, and this one has neither;"
                    + " use --precision fp32");
        }
        if (!precision.equals("fp32")) {
            throw new EngineUnavailableException("this version's cpu engine does not offer " + precision + "; use --precision fp32");
        }
    }

    private void prepare(int worker) {
        OpenMp.useOneThread();
        int count = workers.count();
        passes[worker] = new TrainingPass(processor, architecture, kernels, (batchSize + count - 1) / count);
        gradientShares[worker] = passes[worker].gradients();
        slices[worker] = new AdamSlice(share(architecture.parameterCount(), worker), share(architecture.parameterCount(), worker + 1));
        noiseKernels[worker] = new NoiseKernel(architecture.imageSize());
    }

    /** Runs {@code task} on all workers; oneDNN is to start no threads of its own on this one either, whichever it is. */
    private void inParallel(IntConsumer task) {
        requireOpen();
        OpenMp.useOneThread();
        workers.run(task);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the engine is closed");
        }
    }

    /** The first of {@code total} things that falls to {@code worker}; its last is the one before the next worker's first. */
    private int share(int total, int worker) {
        return (int) ((long) total * worker / workers.count());
    }

    @Override
    public Architecture architecture() {
        return architecture;
    }

    @Override
    public String description() {
        int count = workers.count();
        return "cpu (oneDNN " + OneDnn.version() + ", fp32, " + count + (count == 1 ? " thread)" : " threads)");
    }

    /** Each operation of a training step with the code that oneDNN chose for it, for a log: {@code conv1 forward: brg_conv_fwd:avx2}. */
    public List<String> implementations() {
        return passes[0].primitives().stream().map(primitive -> primitive.name() + ": " + primitive.implementation()).toList();
    }

    @Override
    public void load(TrainingState state) {
        requireOpen();
        copy(state.parameters(), parameters);
        copy(state.firstMoment(), firstMoment);
        copy(state.secondMoment(), secondMoment);
        step = state.step();
        nativeParameters.write(0, parameters.values(), 0, parameters.values().length);
        layOutKernels();
    }

    private static void copy(Parameters from, Parameters to) {
        System.arraycopy(from.values(), 0, to.values(), 0, to.values().length);
    }

    private void layOutKernels() {
        inParallel(this::layOutKernels);
    }

    private void layOutKernels(int worker) {
        for (int copy = worker; copy < kernels.count(); copy += workers.count()) {
            kernels.renew(copy, passes[worker].stream());
        }
    }

    @Override
    public TrainingState state() {
        return new TrainingState(parameters.copy(), firstMoment.copy(), secondMoment.copy(), step);
    }

    @Override
    public void startEpoch(ImageSet newImages, Noise newNoise, int newEpoch, int[] newOrder) {
        images = newImages;
        noise = newNoise;
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
    public void trainStep(float[] clean, float[] noisy, int count, float learningRate) {
        stepClean = clean;
        stepNoisy = noisy;
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
        inParallel(trainShare);
        double sum = 0;
        for (double share : squares) {
            sum += share;
        }
        if (lossCount == losses.length) {
            losses = Arrays.copyOf(losses, 2 * lossCount);
        }
        losses[lossCount++] = sum / ((double) count * architecture.imageSize());
    }

    private void trainShare(int worker) {
        TrainingPass pass = passes[worker];
        int from = share(lastCount, worker);
        int count = share(lastCount, worker + 1) - from;
        int size = architecture.imageSize();
        if (stepClean == null) {
            for (int i = 0; i < count; i++) {
                int image = order[stepFirst + from + i];
                noiseKernels[worker].corrupt(noise, image, epoch, images.pixels(), image * size, pass.clean(), pass.noisy(), i * size);
            }
        } else {
            System.arraycopy(stepClean, from * size, pass.clean(), 0, count * size);
            System.arraycopy(stepNoisy, from * size, pass.noisy(), 0, count * size);
        }
        squares[worker] = pass.run(count, lastCount);
        workers.await();
        slices[worker].sum(gradientShares, gradients.values());
        update(worker);
    }

    private void update(int worker) {
        slices[worker].update(parameters.values(), firstMoment.values(), secondMoment.values(), gradients.values(), stepAlpha,
                nativeParameters);
        workers.await();
        layOutKernels(worker);
    }

    @Override
    public void applyGradients(Parameters newGradients, float learningRate) {
        copy(newGradients, gradients);
        step++;
        stepAlpha = Adam.alpha(learningRate, step);
        inParallel(this::update);
    }

    @Override
    public double[] takeLosses() {
        double[] taken = Arrays.copyOf(losses, lossCount);
        lossCount = 0;
        return taken;
    }

    @Override
    public float[] activation(String name) {
        requireOpen();
        Layer layer = architecture.layer(name);
        int size = layer.outputSize();
        float[] values = new float[lastCount * size];
        for (int worker = 0; worker < passes.length; worker++) {
            int from = share(lastCount, worker);
            int count = share(lastCount, worker + 1) - from;
            passes[worker].output(layers.indexOf(layer)).read(0, values, from * size, count * size);
        }
        return values;
    }

    @Override
    public Parameters gradients() {
        return gradients.copy();
    }

    @Override
    public void corrupt(ImageSet set, Noise setNoise, long base, int setEpoch, int first, int count, float[] clean, float[] noisy) {
        int size = architecture.imageSize();
        inParallel(worker -> {
            for (int i = share(count, worker); i < share(count, worker + 1); i++) {
                noiseKernels[worker].corrupt(setNoise, base + first + i, setEpoch, set.pixels(), (first + i) * size, clean, noisy, i * size);
            }
        });
    }

    @Override
    public void denoise(float[] noisy, int count, float[] denoised) {
        infer(noisy, count, layers.size(), denoised);
    }

    @Override
    public void encode(float[] clean, int count, float[] latents) {
        infer(clean, count, layers.indexOf(architecture.layer("latent")) + 1, latents);
    }

    private void infer(float[] input, int count, int depth, float[] results) {
        if (inference == null) {
            openInference();
        }
        inParallel(worker -> {
            InferencePass pass = inference[worker];
            int end = share(count, worker + 1);
            for (int first = share(count, worker); first < end; first += pass.capacity()) {
                pass.run(input, first, Math.min(pass.capacity(), end - first), depth, results);
            }
        });
    }

    private void openInference() {
        long largest = layers.stream().mapToLong(Layer::outputSize).max().orElseThrow();
        int capacity = (int) Math.max(1, Math.min(INFERENCE_IMAGES, INFERENCE_VALUES / largest));
        InferencePass[] opened = new InferencePass[workers.count()];
        scope.own(opened, passesToClose -> {
            for (InferencePass pass : passesToClose) {
                if (pass != null) {
                    pass.close();
                }
            }
        });
        inParallel(worker -> {
            OpenMp.useOneThread();
            opened[worker] = new InferencePass(processor, architecture, kernels, capacity);
        });
        inference = opened;
        layOutKernels();
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
