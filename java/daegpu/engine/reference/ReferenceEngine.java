package daegpu.engine.reference;

import daegpu.data.ImageSet;
import daegpu.engine.Adam;
import daegpu.engine.Engine;
import daegpu.engine.EngineOptions;
import daegpu.engine.TrainingState;
import daegpu.model.Architecture;
import daegpu.model.Layer;
import daegpu.model.Layer.Operation;
import daegpu.model.ParameterTensor;
import daegpu.model.Parameters;
import daegpu.noise.Noise;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ForkJoinPool;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * The network in plain Java loops: the arithmetic written out, and the oracle that every other engine is compared with. It runs
 * wherever Java runs and works on several images at a time. Its results do not depend on the number of threads: a batch is cut
 * into groups of {@value #GROUP} images, each group sums its gradients in order, and the groups are summed in order.
 */
public final class ReferenceEngine implements Engine {

    /** Images whose gradients are summed by one thread. Part of the arithmetic: another value rounds differently. */
    private static final int GROUP = 4;
    /** Images that {@link #denoise} and {@link #encode} hand to a thread at a time. */
    private static final int INFERENCE_GROUP = 64;

    private final Architecture architecture;
    private final List<Layer> layers;
    private final Convolution[] convolutions;
    private final int[] kernelAt;
    private final int[] biasAt;
    /** Each layer's kernel turned for {@link Convolution#addInputGradient}, renewed after each update. */
    private final float[][] turnedKernels;
    private final ForkJoinPool threads;
    private final int batchSize;

    private TrainingState state;

    private ImageSet images;
    private Noise noise;
    private int epoch;
    private int[] order;

    private final float[] clean;
    /** What goes into layer {@code l}, and last what comes out of the network, {@code [batch, layer input size]}. */
    private final float[][] activations;
    /** Gradient of the loss by each of {@link #activations}. */
    private final float[][] activationGradients;
    /** Parameter gradients of each group of images. */
    private final float[][] groupGradients;
    private final Parameters gradients;
    private final double[] squares;
    private int lastCount;
    private final List<Double> losses = new ArrayList<>();

    /** Opens the engine with all weights zero; {@link #load} gives it others. */
    public ReferenceEngine(Architecture architecture, EngineOptions options) {
        if (!options.precision().equals("fp32")) {
            throw new IllegalArgumentException("the reference engine computes in fp32 only, not in " + options.precision());
        }
        this.architecture = architecture;
        layers = architecture.layers();
        convolutions = layers.stream().map(Convolution::of).toArray(Convolution[]::new);
        List<ParameterTensor> tensors = architecture.parameterTensors();
        kernelAt = IntStream.range(0, layers.size()).map(l -> tensors.get(2 * l).offset()).toArray();
        biasAt = IntStream.range(0, layers.size()).map(l -> tensors.get(2 * l + 1).offset()).toArray();
        turnedKernels = IntStream.range(0, layers.size()).mapToObj(l -> new float[tensors.get(2 * l).size()]).toArray(float[][]::new);
        threads = new ForkJoinPool(options.threadCount());
        batchSize = options.batchSize();

        clean = new float[Math.multiplyExact(batchSize, architecture.imageSize())];
        activations = activationArrays(batchSize);
        activationGradients = activationArrays(batchSize);
        groupGradients = new float[groups(batchSize)][architecture.parameterCount()];
        gradients = new Parameters(architecture);
        squares = new double[batchSize];
        load(TrainingState.initial(new Parameters(architecture)));
    }

    private static int groups(int count) {
        return (count + GROUP - 1) / GROUP;
    }

    private float[][] activationArrays(int count) {
        float[][] arrays = new float[layers.size() + 1][];
        for (int l = 0; l < layers.size(); l++) {
            arrays[l] = new float[Math.multiplyExact(count, layers.get(l).inputSize())];
        }
        arrays[layers.size()] = new float[Math.multiplyExact(count, architecture.imageSize())];
        return arrays;
    }

    @Override
    public Architecture architecture() {
        return architecture;
    }

    @Override
    public String description() {
        return "reference (plain Java, fp32, " + threads.getParallelism() + (threads.getParallelism() == 1 ? " thread)" : " threads)");
    }

    @Override
    public void load(TrainingState newState) {
        state = copy(newState);
        turnKernels();
    }

    @Override
    public TrainingState state() {
        return copy(state);
    }

    private static TrainingState copy(TrainingState state) {
        return new TrainingState(state.parameters().copy(), state.firstMoment().copy(), state.secondMoment().copy(), state.step());
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
        float[] noisy = activations[0];
        int size = architecture.imageSize();
        inParallel(count, i -> {
            int image = order[first + i];
            images.scale(image, clean, i * size);
            noise.corrupt(image, epoch, clean, noisy, i * size, size);
        });
        trainStep(count, learningRate);
    }

    @Override
    public void trainStep(float[] cleanImages, float[] noisyImages, int count, float learningRate) {
        System.arraycopy(cleanImages, 0, clean, 0, count * architecture.imageSize());
        System.arraycopy(noisyImages, 0, activations[0], 0, count * architecture.imageSize());
        trainStep(count, learningRate);
    }

    /** One update on the batch in {@link #clean} and {@code activations[0]}. */
    private void trainStep(int count, float learningRate) {
        if (count < 1 || count > batchSize) {
            throw new IllegalArgumentException("a batch has 1 to " + batchSize + " images, not " + count);
        }
        inParallel(groups(count), group -> {
            Arrays.fill(groupGradients[group], 0);
            for (int image = group * GROUP; image < Math.min((group + 1) * GROUP, count); image++) {
                forward(activations, image, layers.size());
                squares[image] = lossAndGradient(image, count);
                backward(image, groupGradients[group]);
            }
        });
        sumGroupGradients(groups(count));
        losses.add(Arrays.stream(squares, 0, count).reduce(0, Double::sum) / ((double) count * architecture.imageSize()));
        lastCount = count;
        applyGradients(gradients, learningRate);
    }

    /** The first {@code depth} layers of one image; layer {@code l} reads {@code values[l]} and writes {@code values[l + 1]}. */
    private void forward(float[][] values, int image, int depth) {
        for (int l = 0; l < depth; l++) {
            Layer layer = layers.get(l);
            int inputAt = image * layer.inputSize();
            int outputAt = image * layer.outputSize();
            float[] output = values[l + 1];
            float[] parameters = state.parameters().values();
            Activations.fillWithBias(parameters, biasAt[l], layer.outputChannels(), output, outputAt, layer.outputSize());
            if (layer.operation() == Operation.TRANSPOSED_CONVOLUTION) {
                convolutions[l].addInputGradient(values[l], inputAt, turnedKernels[l], output, outputAt);
            } else {
                convolutions[l].addForward(values[l], inputAt, parameters, kernelAt[l], output, outputAt);
            }
            Activations.apply(layer.activation(), output, outputAt, layer.outputSize());
        }
    }

    /** Starts the backward pass of one image at the network's output; returns its sum of squared errors. */
    private double lossAndGradient(int image, int count) {
        int size = architecture.imageSize();
        float[] output = activations[layers.size()];
        MeanSquaredError.gradient(output, clean, activationGradients[layers.size()], image * size, size, count * size);
        return MeanSquaredError.sumOfSquares(output, clean, image * size, size);
    }

    /** All layers of one image, last to first, adding its share to {@code parameterGradients}. */
    private void backward(int image, float[] parameterGradients) {
        for (int l = layers.size() - 1; l >= 0; l--) {
            Layer layer = layers.get(l);
            int inputAt = image * layer.inputSize();
            int outputAt = image * layer.outputSize();
            float[] input = activations[l];
            float[] inputGradient = activationGradients[l];
            float[] gradient = activationGradients[l + 1];
            Activations.applyGradient(layer.activation(), activations[l + 1], gradient, outputAt, layer.outputSize());
            Activations.addBiasGradient(gradient, outputAt, layer.outputSize(), parameterGradients, biasAt[l], layer.outputChannels());
            boolean transposed = layer.operation() == Operation.TRANSPOSED_CONVOLUTION;
            if (transposed) {
                convolutions[l].addKernelGradient(gradient, outputAt, input, inputAt, parameterGradients, kernelAt[l]);
            } else {
                convolutions[l].addKernelGradient(input, inputAt, gradient, outputAt, parameterGradients, kernelAt[l]);
            }
            if (l == 0) {
                return; // nobody asks for the gradient by the image
            }
            Arrays.fill(inputGradient, inputAt, inputAt + layer.inputSize(), 0);
            if (transposed) {
                convolutions[l].addForward(gradient, outputAt, state.parameters().values(), kernelAt[l], inputGradient, inputAt);
            } else {
                convolutions[l].addInputGradient(gradient, outputAt, turnedKernels[l], inputGradient, inputAt);
            }
        }
    }

    private void sumGroupGradients(int groups) {
        float[] sum = gradients.values();
        inSlices(sum.length, (from, to) -> {
            System.arraycopy(groupGradients[0], from, sum, from, to - from);
            for (int group = 1; group < groups; group++) {
                float[] addend = groupGradients[group];
                for (int i = from; i < to; i++) {
                    sum[i] += addend[i];
                }
            }
        });
    }

    @Override
    public void applyGradients(Parameters newGradients, float learningRate) {
        long step = state.step() + 1;
        float alpha = Adam.alpha(learningRate, step);
        inSlices(architecture.parameterCount(), (from, to) -> AdamUpdate.apply(state.parameters().values(),
                state.firstMoment().values(), state.secondMoment().values(), newGradients.values(), alpha, from, to));
        state = new TrainingState(state.parameters(), state.firstMoment(), state.secondMoment(), step);
        turnKernels();
    }

    private void turnKernels() {
        for (int l = 0; l < layers.size(); l++) {
            convolutions[l].turn(state.parameters().values(), kernelAt[l], turnedKernels[l]);
        }
    }

    @Override
    public double[] takeLosses() {
        double[] taken = losses.stream().mapToDouble(Double::doubleValue).toArray();
        losses.clear();
        return taken;
    }

    @Override
    public float[] activation(String name) {
        int l = layers.indexOf(architecture.layer(name));
        return Arrays.copyOf(activations[l + 1], lastCount * layers.get(l).outputSize());
    }

    @Override
    public Parameters gradients() {
        return gradients.copy();
    }

    @Override
    public void corrupt(ImageSet set, Noise setNoise, long base, int setEpoch, int first, int count, float[] cleanImages, float[] noisyImages) {
        int size = set.imageSize();
        inParallel(count, i -> {
            set.scale(first + i, cleanImages, i * size);
            setNoise.corrupt(base + first + i, setEpoch, cleanImages, noisyImages, i * size, size);
        });
    }

    @Override
    public void denoise(float[] noisy, int count, float[] denoised) {
        run(noisy, count, layers.size(), denoised);
    }

    @Override
    public void encode(float[] cleanImages, int count, float[] latents) {
        run(cleanImages, count, layers.indexOf(architecture.layer("latent")) + 1, latents);
    }

    /** The first {@code depth} layers on any number of images. */
    private void run(float[] input, int count, int depth, float[] output) {
        int inputSize = architecture.imageSize();
        int outputSize = layers.get(depth - 1).outputSize();
        inParallel((count + INFERENCE_GROUP - 1) / INFERENCE_GROUP, group -> {
            float[][] values = activationArrays(1);
            for (int image = group * INFERENCE_GROUP; image < Math.min((group + 1) * INFERENCE_GROUP, count); image++) {
                System.arraycopy(input, image * inputSize, values[0], 0, inputSize);
                forward(values, 0, depth);
                System.arraycopy(values[depth], 0, output, image * outputSize, outputSize);
            }
        });
    }

    private void inParallel(int count, IntConsumer body) {
        threads.submit(() -> IntStream.range(0, count).parallel().forEach(body)).join();
    }

    private interface Slice {
        void run(int from, int to);
    }

    /** Cuts {@code count} values into one slice for each thread; only for work that treats each value by itself. */
    private void inSlices(int count, Slice body) {
        int slices = threads.getParallelism();
        inParallel(slices, s -> body.run((int) ((long) count * s / slices), (int) ((long) count * (s + 1) / slices)));
    }

    @Override
    public void close() {
        threads.shutdown();
    }
}
