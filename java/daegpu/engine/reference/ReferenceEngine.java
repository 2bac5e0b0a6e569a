package daegpu.engine.reference;

import daegpu.data.ImageSet;
import daegpu.data.Remedy;
import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.InferenceEngine;
import daegpu.engine.Plan;
import daegpu.engine.Precision;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.Parameters;
import daegpu.model.Tensor;
import daegpu.noise.Noise;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ForkJoinPool;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Runs a network in plain Java loops, with which every other engine is compared. It runs wherever Java runs and works
 * on several images at a time. Its results do not depend on the number of threads.
 *
 * <p>In bf16 it rounds what the cpu engine rounds: images, kernels, the outputs of layers, and the gradients that go
 * back through them. Sums, biases, the network's output, its loss, weight and bias gradients, moments and the
 * parameters that are updated are fp32.
 */
public class ReferenceEngine implements InferenceEngine {

    /** The largest number of images that a thread runs one after the other. */
    private static final int GROUP = 64;

    private final Network network;
    private final ForkJoinPool threads;
    private final Precision precision;
    /** The weights that denoise, in the layout of the loops. */
    private final Map<Layer, LayerWeights> weights;

    private boolean closed;

    /**
     * Opens the engine with all weights zero.
     *
     * @throws EngineUnavailableException if another precision than fp32 or bf16 is asked for
     */
    public ReferenceEngine(Network network, EngineOptions options) {
        precision = options.precision();
        if (precision != Precision.FP32 && precision != Precision.BF16) {
            throw new EngineUnavailableException(
                    "the reference engine computes in fp32 or bf16, not in " + precision, Remedy.OTHER_PRECISION);
        }
        this.network = network;
        threads = new ForkJoinPool(options.threadCount());
        weights = newWeights();
    }

    /** About how many bytes an image takes on its way through inference. */
    public static long memory(Plan plan) {
        return plan.lives().keySet().stream()
                .mapToLong(buffer -> ImagePass.memory(buffer.tensor()))
                .sum();
    }

    final boolean rounds() {
        return precision == Precision.BF16;
    }

    final Map<Layer, LayerWeights> newWeights() {
        Map<Layer, LayerWeights> made = new HashMap<>();
        network.layers().forEach(layer -> made.put(layer, LayerWeights.zeros(layer)));
        return made;
    }

    @Override
    public Network network() {
        return network;
    }

    @Override
    public String description() {
        int count = threads.getParallelism();
        return "reference (plain Java, " + precision + ", " + count + (count == 1 ? " thread)" : " threads)");
    }

    @Override
    public void load(Parameters newWeights) {
        requireOpen();
        layOut(newWeights, weights);
    }

    final void layOut(Parameters values, Map<Layer, LayerWeights> target) {
        target.values().forEach(layer -> layer.copyFrom(values.values(), rounds()));
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
        int size = set.imageSize();
        inParallel(count, i -> {
            set.scale(first + i, clean, i * size);
            noise.corrupt(seed, base + first + i, epoch, clean, noisy, i * size, size);
        });
    }

    @Override
    public void run(Tensor from, Tensor to, float[] values, int count, float[] results) {
        Plan plan = Plan.inference(network, from, to);
        int size = Math.max(1, Math.min(GROUP, count / threads.getParallelism()));
        inParallel((count + size - 1) / size, group -> {
            ImagePass pass = new ImagePass(network, plan, rounds());
            for (int i = group * size; i < Math.min((group + 1) * size, count); i++) {
                pass.fill(from, values, i * from.size());
                pass.infer(weights);
                pass.flatten(to, results, i * to.size());
            }
        });
    }

    final void inParallel(int count, IntConsumer body) {
        requireOpen();
        threads.submit(() -> IntStream.range(0, count).parallel().forEach(body)).join();
    }

    final void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the engine is closed");
        }
    }

    @Override
    public void close() {
        closed = true;
        threads.shutdown();
    }
}
