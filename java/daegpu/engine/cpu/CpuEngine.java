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
 * A network on the processor, by oneDNN. Images are cut into groups, and each group goes through the network on one
 * thread, in memory of its own, without waiting for another.
 *
 * <p>In bf16, images, kernels, what layers put out and the gradients that go back through them are bf16 numbers,
 * multiplied as such and summed in fp32. Biases, the parameters that are updated, their gradients and moments, what the
 * network puts out and its loss are fp32.
 *
 * <p>Everything native is made when the engine is opened, or for inference when it is first asked for, and freed when
 * the engine is closed.
 */
public class CpuEngine implements InferenceEngine {

    /** Images that a thread runs at a time, where they are small. */
    private static final int INFERENCE_IMAGES = 64;
    /** Floats that a layer may put out at a time in inference. */
    private static final long INFERENCE_VALUES = 1 << 22;
    /** Images that a thread corrupts at a time. */
    private static final int CORRUPTED_IMAGES = 16;

    private final Network network;
    private final Precision precision;
    private final Workers workers;
    private final NativeScope scope = new NativeScope();
    private final dnnl_engine processor;
    /** The weights that denoise. */
    private final KernelLayouts weights;

    private final dnnl_stream[] streams;
    /** One for each worker, made when it first corrupts an image. */
    private final NoiseKernel[] noiseKernels;
    /** One for each worker; made when they are first asked for. */
    private final Map<Inference, Pass[]> inferences = new HashMap<>();

    private boolean closed;

    /**
     * What passes compute.
     *
     * @param capacity images at a time
     */
    private record Inference(int capacity, Tensor from, Tensor to) {}

    /**
     * Opens the engine with all weights zero.
     *
     * @throws EngineUnavailableException if oneDNN does not load here, or the precision is not {@code fp32} or
     *     {@code bf16}, or bf16 is not what this processor offers
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
     * @throws EngineUnavailableException if it does not load here
     */
    public static String nativeLibraries() {
        OneDnn.load();
        return "oneDNN " + OneDnn.version();
    }

    /** Bytes that an image takes on its way through an inference. */
    public static long memory(Plan plan) {
        return plan.arena(
                        buffer ->
                                (long) ElementType.F32.bytes() * buffer.tensor().size(),
                        NativeArray.ALIGNMENT)
                .bytes();
    }

    /** Weights of their own, all zero. */
    final KernelLayouts newWeights(ElementType type) {
        PrimitiveBuilder builder = new PrimitiveBuilder(processor, scope);
        return new KernelLayouts(builder, builder.array(ElementType.F32, network.parameterCount()), type);
    }

    /** The weights that denoise. */
    final KernelLayouts weights() {
        return weights;
    }

    /** What owns everything native. */
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

    /** Runs phases on all workers; oneDNN is to start no threads of its own on this one either, whichever it is. */
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

    /** Renews what {@code changed} holds in layouts of oneDNN's. */
    final Phase layOut(KernelLayouts changed) {
        return new Phase(changed::count, (copy, worker) -> changed.renew(copy, streams[worker]));
    }

    /**
     * Makes passes, in parallel, which are closed with the engine.
     *
     * @param from what goes in
     * @param images that each computes at a time
     * @param gradientTargets of each pass
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

    /** Replaces weights, in all layouts. */
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

    /** Makes the weights those that are to denoise, if they may have changed since. */
    void renewWeights() {}

    /**
     * Images that a pass computes at a time, a power of two: a single image does not wait for others that nobody asked
     * for.
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
