package daegpu.model;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A graph of layers from an image to an image. Each layer reads the image or the outputs of earlier layers; the output
 * of the last one is the denoised image. {@link Builder} makes a network.
 *
 * @param input the image that goes in
 * @param layers in an order in which they can be computed
 * @param latent the tensor through which everything passes, if the network has such a bottleneck: the output of the
 *     encoder and the input of the decoder
 */
public record Network(Tensor input, List<Layer> layers, Optional<Tensor> latent) {

    /** The name of the image that goes in. */
    public static final String INPUT = "input";

    public Network {
        layers = List.copyOf(layers);
    }

    /** The denoised image: the output of the last layer. */
    public Tensor output() {
        return layers.get(layers.size() - 1).output();
    }

    /** The layer whose output is {@code tensor}; empty for the image that goes in. */
    public Optional<Layer> maker(Tensor tensor) {
        return layers.stream().filter(layer -> layer.output().equals(tensor)).findFirst();
    }

    /** The image that goes in, and the outputs of the layers in their order. */
    public List<Tensor> tensors() {
        return Stream.concat(Stream.of(input), layers.stream().map(Layer::output))
                .toList();
    }

    /**
     * The layer called {@code name}.
     *
     * @throws IllegalArgumentException if there is no such layer
     */
    public Layer layer(String name) {
        return layers.stream()
                .filter(layer -> layer.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("this network has no layer " + name));
    }

    /**
     * Every trainable tensor, layer by layer, kernel before bias. This is their order in the contiguous array of
     * {@link Parameters}.
     */
    public List<ParameterTensor> parameterTensors() {
        return layers.stream().flatMap(layer -> layer.parameters().stream()).toList();
    }

    /** Number of trainable values. */
    public int parameterCount() {
        List<ParameterTensor> tensors = parameterTensors();
        return tensors.get(tensors.size() - 1).end();
    }

    /** Builds a network layer by layer. */
    public static final class Builder {

        private final Tensor input;
        private final List<Layer> layers = new ArrayList<>();
        private final Set<Tensor> made = new HashSet<>();
        private final Set<Tensor> unread = new HashSet<>();
        private Optional<Tensor> latent = Optional.empty();
        private int parameters;

        /**
         * Begins with an image of this size.
         *
         * @throws IllegalArgumentException if a size is not positive
         */
        public Builder(int height, int width, int channels) {
            require(
                    height > 0 && width > 0 && channels > 0,
                    "an image has at least one value, and is not " + height + "x" + width + "x" + channels);
            input = new Tensor(INPUT, height, width, channels);
            made.add(input);
        }

        /** The image that goes in. */
        public Tensor input() {
            return input;
        }

        /**
         * Adds a layer.
         *
         * @param from its input
         * @return its output
         * @throws IllegalArgumentException if there is a layer of that name, if {@code from} or the skip belongs to
         *     another network, or if the skip does not have the shape of the output
         */
        public Tensor add(LayerDescription layer, Tensor from) {
            Tensor output = layer.output(from);
            require(
                    made.stream().noneMatch(tensor -> tensor.name().equals(layer.name())),
                    "there are two layers called " + layer.name());
            require(made.contains(from), layer.name() + " takes in " + from + ", which no earlier layer puts out");
            layer.added().ifPresent(added -> {
                require(made.contains(added), layer.name() + " adds " + added + ", which no earlier layer puts out");
                require(
                        added.hasShapeOf(output),
                        layer.name() + " puts out " + output + ", and " + added + " cannot be added to that");
                unread.remove(added);
            });
            unread.remove(from);
            made.add(output);
            unread.add(output);
            Layer added = layer.on(from, parameters);
            parameters = added.end();
            layers.add(added);
            return output;
        }

        /** Declares that everything passes through {@code tensor}. */
        public Builder latent(Tensor tensor) {
            latent = Optional.of(tensor);
            return this;
        }

        /**
         * The network.
         *
         * @throws IllegalArgumentException if the output does not have the shape of the input, or if no layer reads the
         *     output of a layer
         */
        public Network build() {
            require(!layers.isEmpty(), "a network has at least one layer");
            Network network = new Network(input, layers, latent);
            Tensor output = network.output();
            require(output.hasShapeOf(input), "the image comes out as " + output + " and goes in as " + input);
            List<Tensor> lost =
                    unread.stream().filter(tensor -> !tensor.equals(output)).toList();
            require(lost.isEmpty(), "no layer reads " + lost);
            return network;
        }

        private static void require(boolean condition, String message) {
            if (!condition) {
                throw new IllegalArgumentException(message);
            }
        }
    }
}
