package daegpu.bench;

import daegpu.model.Architecture;
import daegpu.model.Autoencoder;
import daegpu.model.Layer;

/**
 * What an operation of the default network has to do at least: floating-point operations, a multiply-add being two, and
 * bytes that are read or written once. A product with a value beyond the border counts, as it does for others who
 * publish such figures.
 *
 * @param flops in an operation; 0 where moving data is all of it
 * @param bytes likewise
 */
public record Work(double flops, double bytes) {

    /** Operations of a layer: three each for a convolution, a transposed one and a dense layer. */
    public static final String FORWARD = "forward";

    public static final String DATA_GRADIENT = "data gradient";
    public static final String WEIGHT_GRADIENT = "weight gradient";
    public static final String NOISE = "noise";
    public static final String LOSS = "loss";
    public static final String ADAM = "adam";

    private static final int FLOAT = 4;

    /**
     * The work of one operation on a batch.
     *
     * @param operation {@link #NOISE}, {@link #LOSS}, {@link #ADAM}, or the name of a layer and what is computed of it,
     *     as {@code conv2 data gradient}
     * @param batch images
     */
    public static Work of(String operation, int batch) {
        Autoencoder architecture = Autoencoder.MNIST;
        double pixels = (double) batch * architecture.imageSize();
        switch (operation) {
            case NOISE -> {
                return new Work(0, pixels * (1 + 2 * FLOAT)); // a byte becomes a clean and a noisy value
            }
            case LOSS -> {
                return new Work(0, pixels * 3 * FLOAT); // output and clean image to gradient
            }
            case ADAM -> {
                return new Work(
                        0,
                        architecture.parameterCount() * 7.0 * FLOAT); // three are read and written, the gradient read
            }
            default -> {
                Layer layer = architecture.network().layer(layer(operation));
                double kernel = (double) layer.kernelSize()
                        * layer.kernelSize()
                        * layer.inputChannels()
                        * layer.outputChannels();
                return new Work(
                        2 * batch * multiplyAdds(layer),
                        FLOAT * ((double) batch * (layer.inputSize() + layer.outputSize()) + kernel));
            }
        }
    }

    /** The layer of {@code conv2 data gradient}. */
    public static String layer(String operation) {
        return operation.substring(0, operation.indexOf(' '));
    }

    /** What {@code conv2 data gradient} computes. */
    public static String part(String operation) {
        return operation.substring(operation.indexOf(' ') + 1);
    }

    /**
     * Multiply-adds of a layer for one image, forward; the data gradient and the weight gradient take the same number
     * each.
     */
    public static double multiplyAdds(Layer layer) {
        // A convolution does all of its kernel's for each pixel that it puts out; its transpose is the same the other
        // way round.
        double places = layer.operation() == Layer.Operation.TRANSPOSED_CONVOLUTION
                ? (double) layer.inputHeight() * layer.inputWidth()
                : (double) layer.outputHeight() * layer.outputWidth();
        return places * layer.kernelSize() * layer.kernelSize() * layer.inputChannels() * layer.outputChannels();
    }

    /**
     * Multiply-adds of one image in a training step: forward, the same number for the weight gradients, and again for
     * the data gradients, which the first layer does not need. Adam and noise are not counted.
     */
    public static double multiplyAddsOfTraining(Architecture architecture) {
        double sum = 0;
        for (Layer layer : architecture.network().layers()) {
            sum += (sum == 0 ? 2 : 3) * multiplyAdds(layer);
        }
        return sum;
    }

    /** Multiply-adds of one image that is denoised. */
    public static double multiplyAddsOfDenoising(Autoencoder architecture) {
        return architecture.network().layers().stream()
                .mapToDouble(Work::multiplyAdds)
                .sum();
    }
}
