package daegpu.engine;

import daegpu.model.Autoencoder;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.Parameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A network and a batch for it, drawn at random, every parameter of an order at which it matters: kernels scaled to
 * keep the size of what passes them, biases not zero.
 *
 * @param parameters with their architecture
 * @param clean {@code [batch, height, width, channels]} in [0, 1]
 * @param noisy likewise
 */
public record RandomNetwork(Parameters parameters, float[] clean, float[] noisy, int batch) {

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
