package daegpu.model;

import daegpu.model.Layer.Activation;
import daegpu.model.Layer.Operation;
import java.util.ArrayList;
import java.util.List;

/**
 * What the network is: a convolutional autoencoder that halves the image once for each entry of {@code filters},
 * squeezes it through a dense bottleneck and mirrors the way back. The defaults of the program, {@link #MNIST}, are
 * those of Keras's denoising autoencoder for MNIST and have 178,001 parameters.
 *
 * @param height image height in pixels, divisible by 2 to the number of convolutions
 * @param width image width in pixels, divisible likewise
 * @param channels image channels: 1 for grey, 3 for colour
 * @param filters output channels of each convolution of the encoder, first to last; the decoder reverses them
 * @param kernelSize height and width of every kernel: 1, 3, 5 or 7
 * @param latentDimension units of the bottleneck
 */
public record Architecture(
        int height, int width, int channels, List<Integer> filters, int kernelSize, int latentDimension) {

    /** The network for 28×28 grey digits: convolutions of 32 and 64 filters, 3×3 kernels, 16 latent units. */
    public static final Architecture MNIST = new Architecture(28, 28, 1, List.of(32, 64), 3, 16);

    /** Beyond this many parameters the arrays that hold them would not fit a Java array with room to spare. */
    public static final int MAXIMUM_PARAMETERS = 1 << 29;

    /** @throws IllegalArgumentException if no such network can be built; the message says which value is to change */
    public Architecture {
        filters = List.copyOf(filters);
        require(height > 0 && width > 0, "an image has at least one pixel, not " + height + "x" + width);
        require(channels > 0, "an image has at least one channel, not " + channels);
        require(
                !filters.isEmpty() && filters.size() <= 16,
                "filters must name 1 to 16 convolutions, not " + filters.size());
        for (int filter : filters) {
            require(filter > 0, "each entry of filters must be positive, not " + filter);
        }
        require(
                kernelSize >= 1 && kernelSize <= 7 && kernelSize % 2 == 1,
                "the kernel size must be 1, 3, 5 or 7, not " + kernelSize);
        require(latentDimension > 0, "the latent dimension must be positive, not " + latentDimension);
        int factor = 1 << filters.size();
        require(
                height % factor == 0 && width % factor == 0,
                filters.size() + " convolutions of stride 2 need a height and width divisible by " + factor + ", not "
                        + height + "x" + width + "; take " + nearestSizes(height, width, factor));
        requireModestSize(height, width, channels, filters, kernelSize, latentDimension);
    }

    /** {@code 28x28 or 32x32}, or one size where there is no other. */
    private static String nearestSizes(int height, int width, long factor) {
        String below = Math.max(height / factor, 1) * factor + "x" + Math.max(width / factor, 1) * factor;
        String above = (height + factor - 1) / factor * factor + "x" + (width + factor - 1) / factor * factor;
        return below.equals(above) ? below : below + " or " + above;
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }

    /** Counts in floating point, where nothing can overflow, what the integers below will count exactly. */
    private static void requireModestSize(
            double height, double width, int channels, List<Integer> filters, int kernelSize, int latentDimension) {
        double parameters = 0;
        double largestLayer = height * width * channels;
        double area = height * width;
        double before = channels;
        for (int filter : filters) {
            // The decoder's kernels are at least as many again; the factor 4 also covers its first, square one.
            parameters += 4.0 * kernelSize * kernelSize * Math.max(before, filter) * filter;
            largestLayer = Math.max(largestLayer, area * filter);
            area /= 4;
            before = filter;
        }
        parameters += 2.0 * area * before * latentDimension;
        require(
                parameters <= MAXIMUM_PARAMETERS && largestLayer <= MAXIMUM_PARAMETERS,
                "a network of this size (" + (int) height + "x" + (int) width + "x" + channels + ", filters " + filters
                        + ", latent " + latentDimension + ") is too large: it takes over " + MAXIMUM_PARAMETERS
                        + " values");
    }

    /** The layers in the order in which an image passes them. */
    public List<Layer> layers() {
        List<Layer> layers = new ArrayList<>();
        int h = height;
        int w = width;
        int c = channels;
        for (int i = 0; i < filters.size(); i++) {
            layers.add(new Layer(
                    "conv" + (i + 1),
                    Operation.CONVOLUTION,
                    Activation.RELU,
                    h,
                    w,
                    c,
                    h / 2,
                    w / 2,
                    filters.get(i),
                    kernelSize,
                    2));
            h /= 2;
            w /= 2;
            c = filters.get(i);
        }
        int units = h * w * c;
        layers.add(new Layer("latent", Operation.DENSE, Activation.LINEAR, 1, 1, units, 1, 1, latentDimension, 1, 1));
        layers.add(new Layer("expand", Operation.DENSE, Activation.LINEAR, 1, 1, latentDimension, 1, 1, units, 1, 1));
        for (int i = 0; i < filters.size(); i++) {
            int filter = filters.get(filters.size() - 1 - i);
            layers.add(new Layer(
                    "deconv" + (i + 1),
                    Operation.TRANSPOSED_CONVOLUTION,
                    Activation.RELU,
                    h,
                    w,
                    c,
                    2 * h,
                    2 * w,
                    filter,
                    kernelSize,
                    2));
            h *= 2;
            w *= 2;
            c = filter;
        }
        layers.add(new Layer(
                "output",
                Operation.TRANSPOSED_CONVOLUTION,
                Activation.SIGMOID,
                h,
                w,
                c,
                h,
                w,
                channels,
                kernelSize,
                1));
        return List.copyOf(layers);
    }

    /**
     * Every trainable tensor, kernel before bias, layer by layer, with its place in one contiguous array of all of
     * them.
     */
    public List<ParameterTensor> parameterTensors() {
        List<ParameterTensor> tensors = new ArrayList<>();
        int offset = 0;
        for (Layer layer : layers()) {
            ParameterTensor kernel = new ParameterTensor(layer.name() + ".kernel", layer.kernelShape(), offset);
            offset += kernel.size();
            ParameterTensor bias =
                    new ParameterTensor(layer.name() + ".bias", new int[] {layer.outputChannels()}, offset);
            offset += bias.size();
            tensors.add(kernel);
            tensors.add(bias);
        }
        return List.copyOf(tensors);
    }

    /** Trainable values in all. */
    public int parameterCount() {
        ParameterTensor last = parameterTensors().get(parameterTensors().size() - 1);
        return last.offset() + last.size();
    }

    /** Values of one image: height × width × channels. */
    public int imageSize() {
        return height * width * channels;
    }

    /** The layer called {@code name}. @throws IllegalArgumentException if there is none */
    public Layer layer(String name) {
        return layers().stream()
                .filter(layer -> layer.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("this network has no layer " + name));
    }
}
