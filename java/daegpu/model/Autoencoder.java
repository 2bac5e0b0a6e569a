package daegpu.model;

import daegpu.model.Layer.Activation;
import java.util.List;

/**
 * A convolutional autoencoder. It halves the image once for each entry of {@code filters}, encodes it in a dense
 * bottleneck, and decodes it by the same layers in reverse. The default of the program, {@link #MNIST}, is Keras's
 * denoising autoencoder for MNIST, with 178,001 parameters.
 *
 * @param height image height in pixels, divisible by 2 to the number of convolutions
 * @param width image width in pixels, divisible likewise
 * @param channels image channels: 1 for grey, 3 for colour
 * @param filters output channels of each convolution of the encoder, first to last; the decoder reverses them
 * @param kernelSize height and width of every kernel: 1, 3, 5 or 7
 * @param latentDimension units of the bottleneck
 */
public record Autoencoder(
        int height, int width, int channels, List<Integer> filters, int kernelSize, int latentDimension)
        implements Architecture {

    /** The network for 28×28 grey digits: convolutions of 32 and 64 filters, 3×3 kernels, 16 latent units. */
    public static final Autoencoder MNIST = new Autoencoder(28, 28, 1, List.of(32, 64), 3, 16);

    /** @throws IllegalArgumentException if no such network can be built; the message says which value to change */
    public Autoencoder {
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

    /** The nearest sizes that would do: {@code 28x28 or 32x32}, or only one. */
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

    /** Refuses a network that is too large. Counts in floating point, where nothing can overflow. */
    private static void requireModestSize(
            double height, double width, int channels, List<Integer> filters, int kernelSize, int latentDimension) {
        double parameters = 0;
        double largestLayer = height * width * channels;
        double area = height * width;
        double before = channels;
        for (int filter : filters) {
            // The decoder has at least the same number of kernels; the factor 4 also covers its first, square one.
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

    /**
     * The network. Its layers are called {@code conv1}, {@code conv2}…, {@code latent}, {@code expand},
     * {@code deconv1}, {@code deconv2}… and {@code output}.
     */
    @Override
    public Network network() {
        Network.Builder network = new Network.Builder(height, width, channels);
        Tensor last = network.input();
        for (int i = 0; i < filters.size(); i++) {
            last = network.add(
                    LayerDescription.convolution("conv" + (i + 1), filters.get(i), kernelSize, 2)
                            .activation(Activation.RELU),
                    last);
        }
        Tensor encoded = last;
        Tensor latent = network.add(LayerDescription.dense("latent", latentDimension), encoded);
        last = network.add(
                LayerDescription.dense("expand", encoded.size()).shapedAs(encoded.height(), encoded.width()), latent);
        for (int i = 0; i < filters.size(); i++) {
            int filter = filters.get(filters.size() - 1 - i);
            last = network.add(
                    LayerDescription.transposedConvolution("deconv" + (i + 1), filter, kernelSize, 2)
                            .activation(Activation.RELU),
                    last);
        }
        network.add(
                LayerDescription.transposedConvolution("output", channels, kernelSize, 1)
                        .activation(Activation.SIGMOID),
                last);
        return network.latent(latent).build();
    }

    /**
     * The network with these values for the smallest grey images that its strides divide.
     *
     * @throws IllegalArgumentException if there is no such network; the message says which value to change
     */
    public static Autoencoder smallest(List<Integer> filters, int kernelSize, int latentDimension) {
        int side = 1 << Math.min(filters.size(), 30);
        return new Autoencoder(side, side, 1, filters, kernelSize, latentDimension);
    }

    @Override
    public Autoencoder sizedFor(int newHeight, int newWidth, int newChannels) {
        return new Autoencoder(newHeight, newWidth, newChannels, filters, kernelSize, latentDimension);
    }

    /** Made by {@link Initializer#glorotUniform}, Keras's default. */
    @Override
    public Parameters initialParameters(long seed) {
        return Initializer.glorotUniform(network(), seed);
    }
}
