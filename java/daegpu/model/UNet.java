package daegpu.model;

import daegpu.model.Layer.Activation;
import java.util.ArrayList;
import java.util.List;

/**
 * A U-Net (Ronneberger, Fischer and Brox, "U-Net: convolutional networks for biomedical image segmentation", 2015)
 * whose skips are added, not concatenated: convolutions down, transposed convolutions up, and no bottleneck, so that it
 * denoises images of any size that its strides divide.
 *
 * <p>Each level after the first halves the image by a convolution of stride 2. On every level, convolutions of stride 1
 * follow. On the way back, each level has a transposed convolution of stride 2, to which the output of the same level
 * on the way down is added, and then convolutions of stride 1. The output of the last convolution is the image, or the
 * correction that is added to the input. All kernels are 3×3. Transposed convolutions and the last convolution are
 * linear; all others have a ReLU.
 *
 * @param height image height in pixels, divisible by 2 to the number of levels below the first
 * @param width image width in pixels, divisible likewise
 * @param channels image channels: 1 for grey, 3 for colour
 * @param filters channels of each level, from the whole image down
 * @param blocks convolutions of stride 1 on each level, besides the first one of the network
 * @param residual whether the input is added to the output of the last convolution
 * @param bias whether layers have biases; a network without them keeps working at noise that it was not trained on
 *     (Mohan, Kadkhodaie, Simoncelli and Fernandez-Granda, "Robust and interpretable blind image denoising via
 *     bias-free convolutional neural networks", 2020)
 */
public record UNet(
        int height,
        int width,
        int channels,
        List<Integer> filters,
        List<Integer> blocks,
        boolean residual,
        boolean bias)
        implements Architecture {

    private static final int KERNEL_SIZE = 3;
    private static final String OUTPUT = "output";

    /** @throws IllegalArgumentException if no such network can be built; the message says which value to change */
    public UNet {
        filters = List.copyOf(filters);
        blocks = List.copyOf(blocks);
        require(height > 0 && width > 0, "an image has at least one pixel, not " + height + "x" + width);
        require(channels > 0, "an image has at least one channel, not " + channels);
        require(
                !filters.isEmpty() && filters.size() <= 8,
                "filters must name 1 to 8 levels of a unet, not " + filters.size());
        for (int filter : filters) {
            require(filter > 0, "each entry of filters must be positive, not " + filter);
        }
        require(
                blocks.size() == filters.size(),
                "blocks must name as many levels as filters, " + filters.size() + ", not " + blocks.size());
        for (int block : blocks) {
            require(block >= 0 && block <= 64, "each entry of blocks must be 0 to 64, not " + block);
        }
        int factor = 1 << filters.size() - 1;
        require(
                height % factor == 0 && width % factor == 0,
                filters.size() + " levels need a height and width divisible by " + factor + ", not " + height + "x"
                        + width);
        requireModestSize(height, width, channels, filters, blocks);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }

    /** Refuses a network that is too large. Counts in floating point, where nothing can overflow. */
    private static void requireModestSize(
            double height, double width, int channels, List<Integer> filters, List<Integer> blocks) {
        double parameters = 0;
        double largestLayer = height * width * channels;
        double area = height * width;
        double before = channels;
        for (int level = 0; level < filters.size(); level++) {
            double filter = filters.get(level);
            parameters += 9 * 2 * (before * filter + blocks.get(level) * filter * filter);
            largestLayer = Math.max(largestLayer, area * filter);
            area /= 4;
            before = filter;
        }
        require(
                parameters <= Architecture.MAXIMUM_PARAMETERS && largestLayer <= Architecture.MAXIMUM_PARAMETERS,
                "a network of this size (" + (int) height + "x" + (int) width + "x" + channels + ", filters " + filters
                        + ", blocks " + blocks + ") is too large: it takes over " + Architecture.MAXIMUM_PARAMETERS
                        + " values");
    }

    /**
     * The network. Its layers are called {@code down1_0}, {@code down1_1}…, {@code down2_0}… on the way down (the
     * second number counts the layers of a level), {@code up1_0}… on the way up, and {@code output}.
     */
    @Override
    public Network network() {
        Network.Builder network = new Network.Builder(height, width, channels);
        List<Tensor> skips = new ArrayList<>();
        Tensor last = network.input();
        for (int level = 0; level < filters.size(); level++) {
            String name = "down" + (level + 1) + "_";
            last = convolution(network, name + 0, level, level == 0 ? 1 : 2, last);
            last = convolutions(network, name, level, last);
            skips.add(last);
        }
        for (int level = filters.size() - 2; level >= 0; level--) {
            String name = "up" + (level + 1) + "_";
            last = network.add(
                    LayerDescription.transposedConvolution(name + 0, filters.get(level), KERNEL_SIZE, 2)
                            .bias(bias)
                            .adding(skips.get(level)),
                    last);
            last = convolutions(network, name, level, last);
        }
        LayerDescription output =
                LayerDescription.convolution(OUTPUT, channels, KERNEL_SIZE, 1).bias(bias);
        network.add(residual ? output.adding(network.input()) : output, last);
        return network.build();
    }

    /**
     * The network with these values for the smallest grey images that its strides divide.
     *
     * @throws IllegalArgumentException if there is no such network; the message says which value to change
     */
    public static UNet smallest(List<Integer> filters, List<Integer> blocks, boolean residual, boolean bias) {
        int side = 1 << Math.max(0, Math.min(filters.size() - 1, 30));
        return new UNet(side, side, 1, filters, blocks, residual, bias);
    }

    /** The same network with or without the input added to the output of the last convolution. */
    public UNet withResidual(boolean newResidual) {
        return new UNet(height, width, channels, filters, blocks, newResidual, bias);
    }

    @Override
    public UNet sizedFor(int newHeight, int newWidth, int newChannels) {
        return new UNet(newHeight, newWidth, newChannels, filters, blocks, residual, bias);
    }

    /**
     * Made by {@link Initializer#heNormal}, which is for layers with ReLU. If the input is added to the output of the
     * last convolution, that convolution begins with zeros, so that training begins with the image as it is (Zhang,
     * Dauphin and Ma, "Fixup initialization", 2019). With random values it would begin with an error several times as
     * large as the image, and the quality that it reaches would depend on the seed.
     */
    @Override
    public Parameters initialParameters(long seed) {
        Parameters parameters = Initializer.heNormal(network(), seed);
        if (residual) {
            String kernel = OUTPUT + ".kernel";
            parameters.set(kernel, new float[parameters.get(kernel).length]);
        }
        return parameters;
    }

    private Tensor convolutions(Network.Builder network, String name, int level, Tensor from) {
        Tensor last = from;
        for (int block = 1; block <= blocks.get(level); block++) {
            last = convolution(network, name + block, level, 1, last);
        }
        return last;
    }

    private Tensor convolution(Network.Builder network, String name, int level, int stride, Tensor from) {
        return network.add(
                LayerDescription.convolution(name, filters.get(level), KERNEL_SIZE, stride)
                        .bias(bias)
                        .activation(Activation.RELU),
                from);
    }
}
