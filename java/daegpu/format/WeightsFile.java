package daegpu.format;

import daegpu.data.InvalidInputException;
import daegpu.data.Remedy;
import daegpu.format.Safetensors.StoredTensor;
import daegpu.model.Architecture;
import daegpu.model.Autoencoder;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.ParameterTensor;
import daegpu.model.Parameters;
import daegpu.model.UNet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A network's weights in a safetensors file, named and laid as another framework wants them. */
public final class WeightsFile {

    /** A framework whose names and layouts a file has. */
    public enum Convention {
        /**
         * {@code conv1/kernel}, {@code conv1/bias}…, the layouts of {@link Layer#kernelShape()}: what Keras gives for
         * layers that are named as here.
         */
        KERAS("/", "kernel"),
        /**
         * {@code conv1.weight}, {@code conv1.bias}…, laid for {@code Conv2d}, {@code ConvTranspose2d}, {@code Linear}
         * and {@code Flatten} on images of {@code [batch, channels, height, width]}: a {@code state_dict}.
         */
        PYTORCH(".", "weight");

        private final String separator;
        private final String kernel;

        Convention(String separator, String kernel) {
            this.separator = separator;
            this.kernel = kernel;
        }

        /** As users write it. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }

        private String name(Layer layer, ParameterTensor tensor) {
            return tensor.shape().length == 1 ? biasName(layer.name()) : kernelName(layer.name());
        }

        /** What the kernel of any layer is called. */
        String kernel() {
            return kernel;
        }

        String kernelName(String layer) {
            return layer + separator + kernel;
        }

        String biasName(String layer) {
            return layer + separator + "bias";
        }
    }

    /**
     * Weights by the names that a {@link Convention} gives them.
     *
     * @param content without what belongs to no layer
     * @param origins for each layer that the file calls otherwise, in the order of the network, how it does; empty
     *     where there is nothing but prefixes before the names
     */
    public record Named(Safetensors content, Map<String, String> origins) {

        public Named {
            origins = Collections.unmodifiableMap(new LinkedHashMap<>(origins));
        }
    }

    /** Divided by the strides of any U-Net. */
    private static final int UNET_SIDE = 128;

    private WeightsFile() {}

    /**
     * Writes all parameters.
     *
     * @param metadata any texts by name
     * @throws IOException if that fails; a file that was there is untouched then
     */
    public static void write(Path file, Parameters parameters, Convention convention, Map<String, String> metadata)
            throws IOException {
        List<StoredTensor> tensors = new ArrayList<>();
        for (Layer layer : parameters.network().layers()) {
            for (ParameterTensor tensor : layer.parameters()) {
                tensors.add(
                        convention == Convention.KERAS
                                ? new StoredTensor(
                                        convention.name(layer, tensor), tensor.shape(), parameters.get(tensor.name()))
                                : new StoredTensor(
                                        convention.name(layer, tensor),
                                        ChannelsFirst.shape(layer, tensor),
                                        ChannelsFirst.values(parameters, layer, tensor)));
            }
        }
        new Safetensors(metadata, tensors).write(file);
    }

    /**
     * The tensors of a file by the names that {@link #write} gives them, whatever they are called there, as long as it
     * is certain which is which.
     *
     * <p>A name in a file is a path of words with dots or slashes between them; the last word is {@code kernel} in
     * Keras, {@code weight} in PyTorch, and {@code bias} in both.
     *
     * <ol>
     *   <li>Whatever stands before the name of a layer of this program is passed over: {@code module.conv1.weight},
     *       {@code _orig_mod.model.conv1.weight}, {@code encoder/conv1/kernel:0}. Of several tensors that would then be
     *       called the same, the one is taken that has nothing before its name; where there is none, nothing is taken.
     *   <li>Layers of other names ({@code encoder/conv2d_1/kernel}, {@code decoder.3.weight}) are taken if there is one
     *       way, and no other, to make a network of all of them. In it each layer takes in as many channels as the one
     *       before puts out, and has a bias of as many values as it puts out channels. Where two names first differ in
     *       the numbers at the end of a word, these are the order, none being the least ({@code conv2d},
     *       {@code conv2d_1}, {@code conv2d_10}); a word that begins with enc comes before one that begins with dec,
     *       and down before up; what is called transpose or deconv is a transposed convolution, and what Keras calls
     *       conv2d is none, nor in a U-Net is what is not called so where another layer is. If that leaves several
     *       ways, and the tensors lie in the file in another order than that of the alphabet, which some writers give
     *       them, then this is the order of the layers, too.
     * </ol>
     *
     * @throws InvalidInputException if the tensors are those of no network of this program, or could be assigned in
     *     several ways; the message says what was found and what was expected
     */
    public static Named named(Safetensors content) {
        return WeightNames.of(content);
    }

    /**
     * The framework whose names the tensors have.
     *
     * @throws InvalidInputException if they are neither Keras's nor PyTorch's
     */
    public static Convention conventionOf(Safetensors content) {
        return WeightNames.convention(content);
    }

    /**
     * The network that tensors of these shapes belong to: a U-Net, which then adds its correction to the input, where
     * there is a layer {@code down1_0}, else an autoencoder.
     *
     * @param height of the images in pixels; 0 for square ones, of a U-Net, which takes any, of {@value #UNET_SIDE}
     * @param width likewise
     * @throws InvalidInputException if there is none
     */
    public static Architecture architecture(Safetensors content, Convention convention, int height, int width) {
        try {
            return content.names().contains(convention.kernelName("down1_0"))
                    ? unet(content, convention, height, width)
                    : autoencoder(content, convention, height, width);
        } catch (InvalidInputException e) {
            throw e.remedies().isEmpty() ? e.saying(e.getMessage() + ": " + WeightNames.describe(content)) : e;
        } catch (IllegalArgumentException e) {
            throw new InvalidInputException("the weights belong to no network of this program: " + e.getMessage(), e);
        }
    }

    private static UNet unet(Safetensors content, Convention convention, int height, int width) {
        boolean keras = convention == Convention.KERAS;
        List<Integer> filters = new ArrayList<>();
        List<Integer> blocks = new ArrayList<>();
        int channels = 0;
        for (int level = 1; ; level++) {
            Optional<int[]> first = convolution(content, convention, "down" + level + "_0");
            if (first.isEmpty()) {
                break;
            }
            channels = level == 1 ? first.get()[keras ? 2 : 1] : channels;
            filters.add(first.get()[keras ? 3 : 0]);
            int block = 0;
            while (convolution(content, convention, "down" + level + "_" + (block + 1))
                    .isPresent()) {
                block++;
            }
            blocks.add(block);
        }
        return new UNet(
                height > 0 ? height : UNET_SIDE,
                width > 0 ? width : UNET_SIDE,
                channels,
                filters,
                blocks,
                true,
                content.names().contains(convention.biasName("output")));
    }

    private static Optional<int[]> convolution(Safetensors content, Convention convention, String layer) {
        return shape(content, convention.kernelName(layer), 4);
    }

    private static Autoencoder autoencoder(Safetensors content, Convention convention, int height, int width) {
        List<Integer> filters = new ArrayList<>();
        boolean keras = convention == Convention.KERAS;
        int channels = 0;
        int kernelSize = 0;
        for (int i = 1; ; i++) {
            Optional<int[]> shape = convolution(content, convention, "conv" + i);
            if (shape.isEmpty()) {
                break;
            }
            kernelSize = shape.get()[keras ? 0 : 2];
            channels = i == 1 ? shape.get()[keras ? 2 : 1] : channels;
            filters.add(shape.get()[keras ? 3 : 0]);
        }
        int[] latent = shape(content, convention.kernelName("latent"), 2)
                .orElseThrow(() -> new InvalidInputException("it has no weights of the layer latent"));
        if (filters.isEmpty()) {
            throw new InvalidInputException("it has no weights of a convolution called conv1");
        }
        int units = latent[keras ? 0 : 1];
        int factor = 1 << filters.size();
        long side = Math.round(Math.sqrt((double) units / filters.get(filters.size() - 1))) * factor;
        int imageHeight = height > 0 ? height : (int) side;
        int imageWidth = width > 0 ? width : (int) side;
        Autoencoder architecture =
                new Autoencoder(imageHeight, imageWidth, channels, filters, kernelSize, latent[keras ? 1 : 0]);
        if (architecture.network().layer("latent").inputSize() != units) {
            throw new InvalidInputException(
                    "the layer latent takes " + units + " values, which are not those of images of " + imageHeight + "x"
                            + imageWidth,
                    Remedy.IMAGE_SIZE);
        }
        return architecture;
    }

    private static Optional<int[]> shape(Safetensors content, String name, int dimensions) {
        if (!content.names().contains(name)) {
            return Optional.empty();
        }
        int[] shape = content.tensor(name).shape();
        if (shape.length != dimensions) {
            throw new InvalidInputException(
                    name + " must have " + dimensions + " dimensions, not " + Arrays.toString(shape));
        }
        return Optional.of(shape);
    }

    /**
     * Takes a network's parameters from such a file: what {@link #write} wrote, bit for bit.
     *
     * @throws InvalidInputException if tensors are missing or have other shapes, or values are not finite; the message
     *     names all of them
     */
    public static Parameters parameters(Safetensors content, Convention convention, Network network) {
        Parameters parameters = new Parameters(network);
        List<String> missing = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        for (Layer layer : network.layers()) {
            for (ParameterTensor tensor : layer.parameters()) {
                String name = convention.name(layer, tensor);
                int[] expected = convention == Convention.KERAS ? tensor.shape() : ChannelsFirst.shape(layer, tensor);
                if (!content.names().contains(name)) {
                    missing.add(name + " " + Arrays.toString(expected));
                    continue;
                }
                StoredTensor found = content.tensor(name);
                if (!Arrays.equals(expected, found.shape())) {
                    wrong.add(name + " has the shape " + Arrays.toString(found.shape()) + ", not "
                            + Arrays.toString(expected));
                } else if (!isFinite(found.values())) {
                    wrong.add(name + " has a value that is not a finite number");
                } else if (convention == Convention.KERAS) {
                    parameters.set(tensor.name(), found.values());
                } else {
                    ChannelsFirst.set(parameters, layer, tensor, found.values());
                }
            }
        }
        if (!missing.isEmpty()) {
            wrong.add(
                    0,
                    "it lacks " + WeightNames.listed(missing) + " of "
                            + network.parameterTensors().size() + " tensors");
        }
        if (!wrong.isEmpty()) {
            throw new InvalidInputException(WeightNames.listed(wrong));
        }
        return parameters;
    }

    private static boolean isFinite(float[] values) {
        for (float value : values) {
            if (!Float.isFinite(value)) {
                return false;
            }
        }
        return true;
    }
}
