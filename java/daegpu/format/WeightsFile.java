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
            return layer.name() + separator + (tensor.shape().length == 1 ? "bias" : kernel);
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
     * The framework whose names the tensors have.
     *
     * @throws InvalidInputException if they are neither Keras's nor PyTorch's
     */
    public static Convention conventionOf(Safetensors content) {
        return Arrays.stream(Convention.values())
                .filter(convention -> content.names().contains("output" + convention.separator + convention.kernel))
                .findFirst()
                .orElseThrow(() -> new InvalidInputException(
                        "it does not hold the weights of such a network: it has neither output/kernel"
                                + " (Keras) nor output.weight (PyTorch)"));
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
            return content.names().contains("down1_0" + convention.separator + convention.kernel)
                    ? unet(content, convention, height, width)
                    : autoencoder(content, convention, height, width);
        } catch (InvalidInputException e) {
            throw e;
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
                content.names().contains("output" + convention.separator + "bias"));
    }

    private static Optional<int[]> convolution(Safetensors content, Convention convention, String layer) {
        return shape(content, layer + convention.separator + convention.kernel, 4);
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
        int[] latent = shape(content, "latent" + convention.separator + convention.kernel, 2)
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
     * @throws InvalidInputException if a tensor is missing or has another shape, or a value is not finite
     */
    public static Parameters parameters(Safetensors content, Convention convention, Network network) {
        Parameters parameters = new Parameters(network);
        for (Layer layer : network.layers()) {
            for (ParameterTensor tensor : layer.parameters()) {
                take(content, convention, layer, tensor, parameters);
            }
        }
        return parameters;
    }

    private static void take(
            Safetensors content, Convention convention, Layer layer, ParameterTensor tensor, Parameters parameters) {
        String name = convention.name(layer, tensor);
        if (!content.names().contains(name)) {
            throw new InvalidInputException("it has no tensor called " + name);
        }
        StoredTensor found = content.tensor(name);
        int[] expected = convention == Convention.KERAS ? tensor.shape() : ChannelsFirst.shape(layer, tensor);
        if (!Arrays.equals(expected, found.shape())) {
            throw new InvalidInputException(found.name() + " has the shape " + Arrays.toString(found.shape()) + ", not "
                    + Arrays.toString(expected));
        }
        for (float value : found.values()) {
            if (!Float.isFinite(value)) {
                throw new InvalidInputException(found.name() + " has a value that is not a finite number");
            }
        }
        if (convention == Convention.KERAS) {
            parameters.set(tensor.name(), found.values());
        } else {
            ChannelsFirst.set(parameters, layer, tensor, found.values());
        }
    }
}
