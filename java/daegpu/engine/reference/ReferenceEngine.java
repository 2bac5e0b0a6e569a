package daegpu.engine.reference;

import daegpu.data.ImageSet;
import daegpu.engine.Adam;
import daegpu.engine.Engine;
import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.TrainingState;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.ParameterTensor;
import daegpu.model.Parameters;
import daegpu.noise.Noise;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ForkJoinPool;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The network in plain Java loops: the arithmetic written out, and the oracle that every other engine is compared with.
 * It runs wherever Java runs and works on several images at a time. Its results do not depend on the number of threads:
 * a batch is cut into groups of {@value #GROUP} images, each group sums its gradients in order, and the groups are
 * summed in order.
 *
 * <p>In bf16 it rounds what the cpu engine rounds: images, kernels, what layers hand on and the gradients that come
 * back. Sums, biases, what the network puts out, its loss, the parameters' gradients, moments and the parameters that
 * are updated are fp32.
 */
public final class ReferenceEngine implements Engine {

    /** Images whose gradients are summed by one thread. Part of the arithmetic: another value rounds differently. */
    private static final int GROUP = 4;
    /** Images that {@link #denoise} and {@link #encode} hand to a thread at a time. */
    private static final int INFERENCE_GROUP = 64;

    private final Network network;
    private final List<Layer> layers;
    /** Where each layer's kernel, and behind it its bias, begins in the contiguous array of all parameters. */
    private final int[] parametersAt;

    private final Convolution[] convolutions;
    private final ForkJoinPool threads;
    private final String precision;

    private TrainingState state;
    /** {@code state.parameters()} as the loops want them, renewed whenever those change. */
    private final LayerWeights[] weights;

    private final float[][][] turnedKernels;

    private ImageSet images;
    private Noise noise;
    private int epoch;
    private int[] order;

    private final ImagePass[] batch;
    private int lastCount;
    private final LayerWeights[][] groupGradients;
    private final Parameters gradients;
    private final List<Double> losses = new ArrayList<>();

    /**
     * Opens the engine with all weights zero; {@link #load} gives it others.
     *
     * @throws EngineUnavailableException if another precision than fp32 or bf16 is asked for
     */
    public ReferenceEngine(Network network, EngineOptions options) {
        precision = options.precision();
        if (!precision.equals("fp32") && !precision.equals("bf16")) {
            throw new EngineUnavailableException(
                    "the reference engine does not offer " + precision + "; use --precision fp32 or bf16");
        }
        this.network = network;
        layers = network.layers();
        List<ParameterTensor> tensors = network.parameterTensors();
        parametersAt = IntStream.range(0, layers.size())
                .map(l -> tensors.get(2 * l).offset())
                .toArray();
        convolutions = layers.stream().map(Convolution::of).toArray(Convolution[]::new);
        threads = new ForkJoinPool(options.threadCount());
        weights = newLayerWeights();
        turnedKernels = layers.stream().map(ReferenceEngine::newTurnedKernel).toArray(float[][][]::new);
        batch = Stream.generate(() -> new ImagePass(layers, rounds()))
                .limit(options.batchSize())
                .toArray(ImagePass[]::new);
        groupGradients = Stream.generate(this::newLayerWeights)
                .limit(groups(batch.length))
                .toArray(LayerWeights[][]::new);
        gradients = new Parameters(network);
        load(TrainingState.initial(new Parameters(network)));
    }

    private boolean rounds() {
        return precision.equals("bf16");
    }

    private LayerWeights[] newLayerWeights() {
        return layers.stream().map(LayerWeights::zeros).toArray(LayerWeights[]::new);
    }

    private static float[][] newTurnedKernel(Layer layer) {
        Convolution convolution = Convolution.of(layer);
        return new float[convolution.kernelSize() * convolution.kernelSize() * convolution.filters()]
                [convolution.channels()];
    }

    private static int groups(int count) {
        return (count + GROUP - 1) / GROUP;
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
    public void load(TrainingState newState) {
        state = newState.copy();
        layOutWeights();
    }

    @Override
    public TrainingState state() {
        return state.copy();
    }

    private void layOutWeights() {
        for (int l = 0; l < layers.size(); l++) {
            weights[l].copyFrom(state.parameters().values(), parametersAt[l]);
            if (rounds()) {
                weights[l].roundKernel();
            }
            convolutions[l].turn(weights[l].kernel(), turnedKernels[l]);
        }
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
        int size = network.input().size();
        float[] clean = new float[count * size];
        float[] noisy = new float[count * size];
        inParallel(count, i -> {
            int image = order[first + i];
            images.scale(image, clean, i * size);
            noise.corrupt(image, epoch, clean, noisy, i * size, size);
        });
        trainStep(clean, noisy, count, learningRate);
    }

    @Override
    public void trainStep(float[] clean, float[] noisy, int count, float learningRate) {
        if (count < 1 || count > batch.length) {
            throw new IllegalArgumentException("a batch has 1 to " + batch.length + " images, not " + count);
        }
        int size = network.input().size();
        double[] squares = new double[count];
        inParallel(groups(count), group -> {
            LayerWeights[] groupGradient = groupGradients[group];
            Arrays.stream(groupGradient).forEach(LayerWeights::clear);
            for (int i = group * GROUP; i < Math.min((group + 1) * GROUP, count); i++) {
                ImagePass.fill(batch[i].clean(), clean, i * size);
                ImagePass.fill(batch[i].input(), noisy, i * size);
                batch[i].forward(0, layers.size(), weights, turnedKernels);
                squares[i] = batch[i].backward(count * size, weights, turnedKernels, groupGradient);
            }
        });
        Arrays.fill(gradients.values(), 0);
        inParallel(layers.size(), l -> {
            for (int group = 0; group < groups(count); group++) {
                groupGradients[group][l].addTo(gradients.values(), parametersAt[l]);
            }
        });
        losses.add(Arrays.stream(squares).reduce(0, Double::sum) / ((double) count * size));
        lastCount = count;
        applyGradients(gradients, learningRate);
    }

    @Override
    public void applyGradients(Parameters newGradients, float learningRate) {
        long step = state.step() + 1;
        AdamUpdate.apply(
                state.parameters().values(),
                state.firstMoment().values(),
                state.secondMoment().values(),
                newGradients.values(),
                Adam.alpha(learningRate, step));
        state = new TrainingState(state.parameters(), state.firstMoment(), state.secondMoment(), step);
        layOutWeights();
    }

    @Override
    public double[] takeLosses() {
        double[] taken = losses.stream().mapToDouble(Double::doubleValue).toArray();
        losses.clear();
        return taken;
    }

    @Override
    public float[] activation(String name) {
        Layer layer = network.layer(name);
        float[] values = new float[lastCount * layer.outputSize()];
        for (int i = 0; i < lastCount; i++) {
            ImagePass.flatten(batch[i].output(layers.indexOf(layer)), values, i * layer.outputSize());
        }
        return values;
    }

    @Override
    public Parameters gradients() {
        return gradients.copy();
    }

    @Override
    public void corrupt(
            ImageSet set, Noise setNoise, long base, int setEpoch, int first, int count, float[] clean, float[] noisy) {
        int size = set.imageSize();
        inParallel(count, i -> {
            set.scale(first + i, clean, i * size);
            setNoise.corrupt(base + first + i, setEpoch, clean, noisy, i * size, size);
        });
    }

    @Override
    public void denoise(float[] noisy, int count, float[] denoised) {
        run(noisy, count, 0, layers.size(), denoised);
    }

    @Override
    public void encode(float[] clean, int count, float[] latents) {
        run(clean, count, 0, layers.indexOf(network.layer("expand")), latents);
    }

    @Override
    public void decode(float[] latents, int count, float[] images) {
        run(latents, count, layers.indexOf(network.layer("expand")), layers.size(), images);
    }

    /** Layers {@code from} (inclusive) to {@code to} (exclusive) on any number of images. */
    private void run(float[] input, int count, int from, int to, float[] output) {
        int inputSize = layers.get(from).inputSize();
        int outputSize = layers.get(to - 1).outputSize();
        inParallel((count + INFERENCE_GROUP - 1) / INFERENCE_GROUP, group -> {
            ImagePass pass = new ImagePass(layers, rounds());
            for (int i = group * INFERENCE_GROUP; i < Math.min((group + 1) * INFERENCE_GROUP, count); i++) {
                ImagePass.fill(from == 0 ? pass.input() : pass.output(from - 1), input, i * inputSize);
                pass.forward(from, to, weights, turnedKernels);
                ImagePass.flatten(pass.output(to - 1), output, i * outputSize);
            }
        });
    }

    private void inParallel(int count, IntConsumer body) {
        threads.submit(() -> IntStream.range(0, count).parallel().forEach(body)).join();
    }

    @Override
    public void close() {
        threads.shutdown();
    }
}
