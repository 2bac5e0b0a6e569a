package daegpu.bench;

import daegpu.model.Architecture;
import daegpu.model.Layer;

/**
 * What an operation of the default network has to do at least: floating-point operations, a multiply-add being two, and bytes
 * that are read or written once. A product with a value beyond the border counts, as it does for others who publish such
 * figures.
 *
 * @param flops in an operation; 0 where moving data is all of it
 * @param bytes likewise
 */
public record Work(double flops, double bytes) {

    /** Operations of a layer: three each for a convolution, a transposed one and a dense layer. */
    public static final String FORWARD = "forward";
    public static final String DATA_GRADIENT = "data gradient";
    public static final String KERNEL_GRADIENT = "kernel gradient";
    public static final String NOISE = "noise";
    public static final String LOSS = "loss";
    public static final String ADAM = "adam";

    private static final int FLOAT = 4;

    /**
     * @param operation {@link #NOISE}, {@link #LOSS}, {@link #ADAM}, or the name of a layer and what is computed of it, as
     *                  {@code conv2 data gradient}
     * @param batch     images
     */
    public static Work of(String operation, int batch) {
        Architecture architecture = Architecture.MNIST;
        double pixels = (double) batch * architecture.imageSize();
        switch (operation) {
            case NOISE -> {
                return new Work(0, pixels * (1 + 2 * FLOAT)); // a byte becomes a clean and a noisy value
            }
            case LOSS -> {
                return new Work(0, pixels * 3 * FLOAT); // output and clean image to gradient
            }
            case ADAM -> {
                return new Work(0, architecture.parameterCount() * 7.0 * FLOAT); // three are read and written, the gradient read
            }
            default -> {
                Layer layer = architecture.layer(layer(operation));
                boolean transposed = layer.operation() == Layer.Operation.TRANSPOSED_CONVOLUTION;
                // A convolution does all products for each value that it puts out; its transpose is the same the other way round.
                double places = (double) batch * (transposed ? layer.inputHeight() * layer.inputWidth()
                        : layer.outputHeight() * layer.outputWidth());
                double kernel = (double) layer.kernelSize() * layer.kernelSize() * layer.inputChannels() * layer.outputChannels();
                return new Work(2 * places * kernel,
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

    /** A training step: a product forward, and two back, but for the image that the first layer gets. */
    public static Work trainingStep(int batch) {
        double flops = 0;
        for (Layer layer : Architecture.MNIST.layers()) {
            flops += of(layer.name() + " " + FORWARD, batch).flops() * (layer.name().equals("conv1") ? 2 : 3);
        }
        return new Work(flops, 0);
    }

    /** Denoising a batch. */
    public static Work denoising(int batch) {
        return new Work(Architecture.MNIST.layers().stream()
                .mapToDouble(layer -> of(layer.name() + " " + FORWARD, batch).flops()).sum(), 0);
    }
}
