package daegpu.engine;

import daegpu.model.Autoencoder;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.Parameters;
import daegpu.model.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * A network and a batch for it, drawn at random, every parameter of an order at which it matters: kernels scaled to
 * keep the size of what passes them, biases not zero.
 *
 * @param parameters with their architecture
 * @param clean {@code [batch, height, width, channels]} in [0, 1]
 * @param noisy likewise
 */
public record RandomNetwork(Parameters parameters, float[] clean, float[] noisy, int batch) {

    /** A bias by which any ReLU is open, and all of what it hands on can be seen. */
    private static final float WIDE_OPEN = 1e6f;

    /** Any weights and images for {@code architecture}. */
    public static RandomNetwork of(Autoencoder architecture, int batch, Random random) {
        return of(architecture.network(), batch, random);
    }

    /** Any weights and images for {@code network}. */
    public static RandomNetwork of(Network network, int batch, Random random) {
        Parameters parameters = new Parameters(network);
        for (Layer layer : network.layers()) {
            float[] kernel = parameters.get(layer.name() + ".kernel");
            // At stride 2, half the taps in each direction of a transposed kernel fall between the pixels.
            double taps = layer.kernelSize() * layer.kernelSize();
            if (layer.operation() == Layer.Operation.TRANSPOSED_CONVOLUTION) {
                taps = Math.max(1, taps / (layer.stride() * layer.stride()));
            }
            double terms = taps * layer.inputChannels();
            for (int i = 0; i < kernel.length; i++) {
                kernel[i] = (float) (random.nextGaussian() * Math.sqrt(2 / terms));
            }
            parameters.set(layer.name() + ".kernel", kernel);
            layer.bias().ifPresent(tensor -> {
                float[] bias = new float[tensor.size()];
                for (int i = 0; i < bias.length; i++) {
                    bias[i] = (float) (0.2 + random.nextGaussian() * 0.3);
                }
                parameters.set(tensor.name(), bias);
            });
        }
        int count = batch * network.input().size();
        return new RandomNetwork(parameters, values(count, random), values(count, random), batch);
    }

    /**
     * The same, but with biases by which each unit with a ReLU is clearly open or clearly closed for all pixels, and
     * with clean values that are clearly not what comes out: so rounding to bf16 opens none, and turns the sign of no
     * difference. Every layer with a ReLU must have a bias.
     */
    public RandomNetwork decided(Random random) {
        Parameters decided = parameters.copy();
        for (Layer layer : network().layers()) {
            // Open units hand on more than others: smaller kernels keep the size of what passes the next layer.
            double size = Math.sqrt(Arrays.stream(values(decided, layer.input()))
                    .map(value -> value * value)
                    .average()
                    .orElseThrow());
            float[] kernel = decided.get(layer.kernel().name());
            for (int i = 0; i < kernel.length; i++) {
                kernel[i] /= (float) Math.max(1, size);
            }
            decided.set(layer.kernel().name(), kernel);
            if (layer.activation() == Layer.Activation.RELU) {
                String bias = layer.bias().orElseThrow().name();
                float[] biases = new float[decided.get(bias).length];
                Arrays.fill(biases, WIDE_OPEN);
                decided.set(bias, biases);
                decide(biases, values(decided, layer.output()), random);
                decided.set(bias, biases);
            }
        }
        double[] output = values(decided, network().output());
        double largest = Arrays.stream(output).map(Math::abs).max().orElseThrow();
        float[] apart = new float[output.length];
        for (int i = 0; i < apart.length; i++) {
            double distance = (0.1 + 0.4 * random.nextDouble()) * Math.max(1, largest);
            apart[i] = (float) (random.nextBoolean() ? output[i] + distance : output[i] - distance);
        }
        return new RandomNetwork(decided, apart, noisy, batch);
    }

    /** The batch; with a mask, some values of it do not count, and others count much. */
    public GivenBatch given(boolean isMasked, Random random) {
        float[] mask = new float[clean.length];
        for (int i = 0; i < mask.length; i++) {
            mask[i] = random.nextInt(3) == 0 ? 0 : 3 * random.nextFloat();
        }
        mask[random.nextInt(mask.length)] = 1;
        return new GivenBatch(clean, noisy, isMasked ? Optional.of(mask) : Optional.empty(), batch);
    }

    /** Of a tensor, with other parameters. */
    private double[] values(Parameters others, Tensor tensor) {
        if (tensor.equals(network().input())) {
            return IntStream.range(0, noisy.length).mapToDouble(i -> noisy[i]).toArray();
        }
        DoublePrecisionNetwork exact = new DoublePrecisionNetwork(others);
        exact.loss(clean, noisy, batch);
        return exact.activations().get(tensor.name());
    }

    /** @param sums what the units sum up with a bias of {@link #WIDE_OPEN}, unit by unit for each pixel */
    private static void decide(float[] biases, double[] sums, Random random) {
        for (int unit = 0; unit < biases.length; unit++) {
            double least = Double.POSITIVE_INFINITY;
            double most = Double.NEGATIVE_INFINITY;
            for (int i = unit; i < sums.length; i += biases.length) {
                least = Math.min(least, sums[i] - WIDE_OPEN);
                most = Math.max(most, sums[i] - WIDE_OPEN);
            }
            double margin = 0.02 + 0.2 * Math.max(Math.abs(least), Math.abs(most));
            biases[unit] = (float) (random.nextInt(4) > 0 ? margin - least : -margin - most);
        }
    }

    /** Sides of the image are up to {@code largestFactor} times the least that {@code depth} convolutions can halve. */
    public static Autoencoder architecture(int depth, int kernel, int largestFactor, int mostFilters, Random random) {
        List<Integer> filters = new ArrayList<>();
        for (int i = 0; i < depth; i++) {
            filters.add(1 + random.nextInt(mostFilters));
        }
        int height = (1 + random.nextInt(largestFactor)) << depth;
        int width = (1 + random.nextInt(largestFactor)) << depth;
        return new Autoencoder(height, width, 1 + random.nextInt(3), filters, kernel, 1 + random.nextInt(6));
    }

    public Network network() {
        return parameters.network();
    }

    private static float[] values(int count, Random random) {
        float[] values = new float[count];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        return values;
    }
}
