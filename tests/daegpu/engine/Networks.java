package daegpu.engine;

import daegpu.model.Layer.Activation;
import daegpu.model.LayerDescription;
import daegpu.model.Network;
import daegpu.model.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Networks with skips, for tests. */
public final class Networks {

    private Networks() {}

    /**
     * A U-Net of three levels of 4, 8 and 16 filters whose skips are added, for images of 16×16 in grey; it adds its
     * correction to the image.
     */
    public static Network unet() {
        Network.Builder network = new Network.Builder(16, 16, 1);
        Tensor down1 = relu(network, "down1", 4, 1, network.input());
        Tensor down2 = relu(network, "down2_1", 8, 1, relu(network, "down2_0", 8, 2, down1));
        Tensor down3 = relu(network, "down3_1", 16, 1, relu(network, "down3_0", 16, 2, down2));
        Tensor up2 = network.add(
                LayerDescription.transposedConvolution("up2_0", 8, 3, 2).adding(down2), down3);
        up2 = relu(network, "up2_1", 8, 1, up2);
        Tensor up1 = network.add(
                LayerDescription.transposedConvolution("up1_0", 4, 3, 2).adding(down1), up2);
        up1 = relu(network, "up1_1", 4, 1, up1);
        network.add(LayerDescription.convolution("output", 1, 3, 1).adding(network.input()), up1);
        return network.build();
    }

    /**
     * A network of all kinds of layers and activations with a bottleneck, and a skip before and after it, for images of
     * 4×6 in colour.
     */
    public static Network bottleneck() {
        Network.Builder network = new Network.Builder(4, 6, 3);
        Tensor half = relu(network, "half", 8, 2, relu(network, "whole", 4, 1, network.input()));
        Tensor deep = network.add(
                LayerDescription.convolution("deep", 8, 3, 1).adding(half).activation(Activation.SIGMOID), half);
        Tensor latent = network.add(LayerDescription.dense("latent", 5), deep);
        Tensor expand = network.add(LayerDescription.dense("expand", 2 * 3 * 8).shapedAs(2, 3), latent);
        Tensor again = network.add(
                LayerDescription.convolution("again", 8, 1, 1).bias(false).adding(expand), expand);
        Tensor up = network.add(
                LayerDescription.transposedConvolution("up", 3, 3, 2).activation(Activation.RELU), again);
        network.add(LayerDescription.convolution("output", 3, 3, 1).adding(up).activation(Activation.SIGMOID), up);
        return network.latent(latent).build();
    }

    /** A U-Net of two levels of 8 and 16 filters, for images of 4×6 in grey; it adds its correction to the image. */
    public static Network smallUnet() {
        Network.Builder network = new Network.Builder(4, 6, 1);
        Tensor down1 = relu(network, "down1", 8, 1, network.input());
        Tensor down2 = relu(network, "down2_1", 16, 1, relu(network, "down2_0", 16, 2, down1));
        Tensor up = network.add(
                LayerDescription.transposedConvolution("up_0", 8, 3, 2).adding(down1), down2);
        up = relu(network, "up_1", 8, 1, up);
        network.add(LayerDescription.convolution("output", 1, 3, 1).adding(network.input()), up);
        return network.build();
    }

    /** Odd sizes, which no transposed convolution of stride 2 puts out, and padding that differs by direction. */
    public static Network oddSizes(int kernel) {
        Network.Builder network = new Network.Builder(7, 10, 2);
        Tensor half = network.add(
                LayerDescription.convolution("half", 5, kernel, 2).activation(Activation.RELU), network.input());
        Tensor quarter = network.add(
                LayerDescription.convolution("quarter", 6, kernel, 2).activation(Activation.RELU), half);
        Tensor wide = network.add(
                LayerDescription.convolution("wide", 5, kernel, 1).adding(half).activation(Activation.RELU), half);
        Tensor all = network.add(LayerDescription.dense("all", 7 * 10 * 2).shapedAs(7, 10), quarter);
        Tensor rest = network.add(
                LayerDescription.dense("rest", 7 * 10 * 2).shapedAs(7, 10).adding(all), wide);
        network.add(LayerDescription.convolution("output", 2, kernel, 1).activation(Activation.SIGMOID), rest);
        return network.build();
    }

    private static Tensor relu(Network.Builder network, String name, int filters, int stride, Tensor from) {
        return network.add(
                LayerDescription.convolution(name, filters, 3, stride).activation(Activation.RELU), from);
    }

    /**
     * A network drawn at random: convolutions, transposed convolutions and dense layers of any activation, with or
     * without biases, whose inputs and skips are any earlier tensors, so that some are read by several layers and some
     * are only added.
     */
    public static Network random(Random random) {
        return random(random, List.of(Activation.values()));
    }

    /**
     * The same with other activations.
     *
     * @param activations of all layers but those in which everything meets in the end
     */
    public static Network random(Random random, List<Activation> activations) {
        int height = 2 * (1 + random.nextInt(4));
        int width = 2 * (1 + random.nextInt(4));
        int channels = random.nextBoolean() ? 1 : 3;
        Network.Builder network = new Network.Builder(height, width, channels);
        List<Tensor> tensors = new ArrayList<>(List.of(network.input()));
        List<Tensor> unread = new ArrayList<>();
        int layers = 2 + random.nextInt(6);
        for (int i = 0; i < layers; i++) {
            Tensor from = tensors.get(random.nextInt(tensors.size()));
            LayerDescription layer = description("layer" + i, from, height, width, activations, random);
            add(network, layer, from, tensors, unread, random);
        }
        // What nobody has read so far meets in the last layers: each is brought to the image's size and added.
        Tensor last = null;
        int i = 0;
        while (!unread.isEmpty() || last == null) {
            Tensor from = unread.isEmpty() ? tensors.get(random.nextInt(tensors.size())) : unread.remove(0);
            LayerDescription layer;
            if (from.height() == height && from.width() == width) {
                layer = LayerDescription.convolution("end" + i, channels, kernel(random), 1);
            } else if (2 * from.height() == height && 2 * from.width() == width) {
                layer = LayerDescription.transposedConvolution("end" + i, channels, kernel(random), 2);
            } else {
                layer = LayerDescription.dense("end" + i, height * width * channels)
                        .shapedAs(height, width);
            }
            layer = layer.bias(random.nextBoolean());
            if (last != null) {
                layer = layer.adding(last);
            }
            boolean isLast = unread.isEmpty();
            layer = layer.activation(isLast && random.nextBoolean() ? Activation.SIGMOID : Activation.LINEAR);
            last = network.add(layer, from);
            i++;
        }
        return network.build();
    }

    /** The same of any activation, but each layer with a ReLU has a bias, as {@link RandomNetwork#decided} wants it. */
    public static Network decidable(Random random) {
        Network network;
        do {
            network = random(random);
        } while (network.layers().stream()
                .anyMatch(layer ->
                        layer.activation() == Activation.RELU && layer.bias().isEmpty()));
        return network;
    }

    private static int kernel(Random random) {
        return List.of(1, 3, 3, 5, 7).get(random.nextInt(5));
    }

    private static LayerDescription description(
            String name, Tensor from, int height, int width, List<Activation> activations, Random random) {
        int filters = List.of(1, 3, 4, 8, 16).get(random.nextInt(5));
        int stride = 1 + random.nextInt(2);
        LayerDescription layer =
                switch (random.nextInt(6)) {
                    case 0 -> LayerDescription.dense(name, 1 + random.nextInt(6));
                    case 1 -> LayerDescription.dense(name, height * width * 3).shapedAs(height, width);
                    case 2 ->
                        from.height() * stride <= height && from.width() * stride <= width
                                ? LayerDescription.transposedConvolution(name, filters, kernel(random), stride)
                                : LayerDescription.transposedConvolution(name, filters, kernel(random), 1);
                    default ->
                        from.height() % stride == 0 && from.width() % stride == 0
                                ? LayerDescription.convolution(name, filters, kernel(random), stride)
                                : LayerDescription.convolution(name, filters, kernel(random), 1);
                };
        Activation activation = activations.get(random.nextInt(activations.size()));
        return layer.activation(activation).bias(random.nextInt(3) > 0);
    }

    private static void add(
            Network.Builder network,
            LayerDescription layer,
            Tensor from,
            List<Tensor> tensors,
            List<Tensor> unread,
            Random random) {
        Tensor output = layer.on(from, 0).output();
        List<Tensor> alike =
                tensors.stream().filter(tensor -> tensor.hasShapeOf(output)).toList();
        Tensor added = alike.isEmpty() || random.nextInt(3) == 0 ? null : alike.get(random.nextInt(alike.size()));
        Tensor made = network.add(added == null ? layer : layer.adding(added), from);
        unread.remove(from);
        unread.remove(added);
        tensors.add(made);
        unread.add(made);
    }
}
