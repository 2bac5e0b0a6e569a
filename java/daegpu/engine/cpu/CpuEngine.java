package daegpu.engine.cpu;

import daegpu.data.ImageSet;
import daegpu.data.Remedy;
import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.InferenceEngine;
import daegpu.engine.Plan;
import daegpu.engine.Precision;
import daegpu.engine.cpu.Workers.Phase;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.Parameters;
import daegpu.model.Tensor;
import daegpu.noise.Noise;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntFunction;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_stream;

/**
 * Runs a network on the processor with oneDNN. Images are divided into groups, and each group goes through the network
 * on one thread, in memory of its own, without waiting for others.
 *
 * <p>In bf16, images, kernels, the outputs of layers and the gradients that go back through them are bf16 numbers,
 * whose products are summed in fp32. Biases, the parameters that are updated, their gradients and moments, the
 * network's output and its loss are fp32.
 *
 * <p>All native objects are made when the engine is opened, or those for inference when they are first needed, and are
 * freed when the engine is closed.
 */
public class CpuEngine implements InferenceEngine {

    /** Number of small images that a thread runs at a time. */
    private static final int INFERENCE_IMAGES = 64;
    /** The largest number of values of a layer's output at a time in inference. */
    private static final long INFERENCE_VALUES = 1 << 22;
    /** Number of images that a thread corrupts at a time. */
    private static final int CORRUPTED_IMAGES = 16;

    private final Network network;
    private final Precision precision;
    private final Workers workers;
    private final NativeScope scope = new NativeScope();
    private final dnnl_engine processor;
    /** The weights that denoise. */
    private final KernelLayouts weights;

    private final dnnl_stream[] streams;
    /** One for each worker, made when the worker first corrupts an image. */
    private final NoiseKernel[] noiseKernels;
    /** One pass for each worker, made when they are first needed. */
    private final Map<Inference, Pass[]> inferences = new HashMap<>();

    private boolean closed;

    /**
     * What passes compute.
     *
     * @param capacity number of images at a time
     */
    private record Inference(int capacity, Tensor from, Tensor to) {}

    /**
     * Opens the engine with all weights zero.
     *
     * @throws EngineUnavailableException if oneDNN cannot be loaded here, if the precision is not {@code fp32} or
     *     {@code bf16}, or if this processor does not have bf16
     */
    public CpuEngine(Network network, EngineOptions options) {
        OneDnn.load();
        ElementType type = elementType(options.precision());
        precision = options.precision();
        this.network = network;
        int threads = OpenMp.isFound() ? options.threadCount() : 1;
        workers = scope.own(new Workers(threads, OpenMp::useOneThread), Workers::close);
        streams = new dnnl_stream[threads];
        noiseKernels = new NoiseKernel[threads];
        try {
            processor = OneDnn.openEngine(scope);
            for (int worker = 0; worker < threads; worker++) {
                streams[worker] = OneDnn.openStream(processor, scope);
            }
            weights = newWeights(type);
        } catch (RuntimeException | Error e) {
            scope.close();
            throw e;
        }
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

    /**
     * The native library that this engine uses, and its version.
     *
     * @throws EngineUnavailableException if it cannot be loaded here
     */
    public static String nativeLibraries() {
        OneDnn.load();
        return "oneDNN " + OneDnn.version();
    }

    /** Bytes that an image takes on its way through inference. */
    public static long memory(Plan plan) {
        return plan.arena(
                        buffer ->
                                (long) ElementType.F32.bytes() * buffer.tensor().size(),
                        NativeArray.ALIGNMENT)
                .bytes();
    }

    /** New weights, all zero. */
    final KernelLayouts newWeights(ElementType type) {
        PrimitiveBuilder builder = new PrimitiveBuilder(processor, scope);
        return new KernelLayouts(builder, builder.array(ElementType.F32, network.parameterCount()), type);
    }

    /** The weights that denoise. */
    final KernelLayouts weights() {
        return weights;
    }

    /** The scope that owns all native objects. */
    final NativeScope scope() {
        return scope;
    }

    final dnnl_engine processor() {
        return processor;
    }

    final int workers() {
        return workers.count();
    }

    final dnnl_stream stream(int worker) {
        return streams[worker];
    }

    final NoiseKernel noiseKernel(int worker) {
        if (noiseKernels[worker] == null) {
            noiseKernels[worker] = new NoiseKernel(network.input().size());
        }
        return noiseKernels[worker];
    }

    /** Runs phases on all workers. On the calling thread, too, oneDNN is told not to start threads of its own. */
    final void inParallel(Phase... phases) {
        requireOpen();
        OpenMp.useOneThread();
        workers.run(phases);
    }

    final void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the engine is closed");
        }
    }

    /** The phase that renews the copies of {@code changed} in oneDNN's layouts. */
    final Phase layOut(KernelLayouts changed) {
        return new Phase(changed::count, (copy, worker) -> changed.renew(copy, streams[worker]));
    }

    /**
     * Makes passes in parallel. They are closed with the engine.
     *
     * @param from the input
     * @param images number of images that each computes at a time
     * @param gradientTargets the arrays into which each pass may write gradients
     */
    final Pass[] openPasses(
            int count,
            Plan plan,
            Tensor from,
            KernelLayouts kernels,
            int images,
            IntFunction<NativeArray[]> gradientTargets) {
        Pass[] passes = new Pass[count];
        scope.own(passes, CpuEngine::close);
        Phase open = new Phase(
                () -> count,
                (pass, worker) -> passes[pass] =
                        new Pass(processor, network, plan, from, kernels, images, gradientTargets.apply(pass)));
        inParallel(open, layOut(kernels));
        return passes;
    }

    private static void close(Pass[] passes) {
        for (Pass pass : passes) {
            if (pass != null) {
                pass.close();
            }
        }
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

    @Override
    public void load(Parameters newWeights) {
        write(newWeights, weights);
    }

    /** Replaces weights in all layouts. */
    final void write(Parameters values, KernelLayouts target) {
        requireOpen();
        target.parameters().write(0, values.values(), 0, values.values().length);
        inParallel(layOut(target));
    }

    @Override
    public void corrupt(
            ImageSet set,
            Noise noise,
            long seed,
            long base,
            int epoch,
            int first,
            int count,
            float[] clean,
            float[] noisy) {
        int size = network.input().size();
        int groups = (count + CORRUPTED_IMAGES - 1) / CORRUPTED_IMAGES;
        inParallel(new Phase(() -> groups, (group, worker) -> {
            NoiseKernel kernel = noiseKernel(worker);
            for (int i = group * CORRUPTED_IMAGES; i < Math.min((group + 1) * CORRUPTED_IMAGES, count); i++) {
                int image = first + i;
                set.scale(image, clean, i * size);
                kernel.corrupt(noise, seed, base + image, epoch, clean, noisy, i * size);
            }
        }));
    }

    @Override
    public void run(Tensor from, Tensor to, float[] values, int count, float[] results) {
        requireOpen();
        renewWeights();
        int capacity = capacity(count);
        Pass[] passes = inferences.computeIfAbsent(new Inference(capacity, from, to), this::open);
        inParallel(new Phase(() -> (count + capacity - 1) / capacity, (group, worker) -> {
            int first = group * capacity;
            int images = Math.min(capacity, count - first);
            passes[worker].infer(streams[worker], values, first, images, to, results);
        }));
    }

    /** Brings the weights that denoise up to date, if they may have changed. */
    void renewWeights() {}

    /**
     * The number of images that a pass computes at a time, a power of two. It depends on how many images there are, so
     * that for a single image no more are computed.
     */
    private int capacity(int count) {
        long largest =
                network.layers().stream().mapToLong(Layer::outputSize).max().orElseThrow();
        int most = (int) Math.max(1, Math.min(INFERENCE_IMAGES, INFERENCE_VALUES / largest));
        int share = Math.min(most, (count + workers.count() - 1) / workers.count());
        return Math.min(most, share <= 1 ? 1 : 2 * Integer.highestOneBit(share - 1));
    }

    private Pass[] open(Inference inference) {
        Plan plan = Plan.inference(network, inference.from, inference.to);
        return openPasses(
                workers.count(), plan, inference.from, weights, inference.capacity, pass -> new NativeArray[0]);
    }

    @Override
    public void close() {
        closed = true;
        scope.close();
    }
}
