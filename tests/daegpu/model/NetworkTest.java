package daegpu.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import daegpu.model.Layer.Activation;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class NetworkTest {

    private final Network.Builder network = new Network.Builder(8, 6, 3);

    private static LayerDescription convolution(String name, int filters, int stride) {
        return LayerDescription.convolution(name, filters, 3, stride);
    }

    private static String refusal(Executable wrong) {
        return assertThrows(IllegalArgumentException.class, wrong).getMessage();
    }

    @Test
    void parametersLieLayerByLayerAndABiasCanBeLeftOut() {
        Tensor small = network.add(convolution("down", 4, 2).bias(false), network.input());
        assertEquals(new Tensor("down", 4, 3, 4), small);
        Tensor row = network.add(LayerDescription.dense("row", 24).shapedAs(4, 3), small);
        assertEquals(new Tensor("row", 4, 3, 2), row);
        network.add(LayerDescription.transposedConvolution("up", 3, 5, 2).adding(network.input()), row);
        Network built = network.build();
        assertEquals(
                List.of(
                        "down.kernel 0..108",
                        "row.kernel 108..1260",
                        "row.bias 1260..1284",
                        "up.kernel 1284..1434",
                        "up.bias 1434..1437"),
                built.parameterTensors().stream()
                        .map(tensor -> tensor.name() + " " + tensor.offset() + ".." + tensor.end())
                        .toList());
        assertEquals(1437, built.parameterCount());
        assertEquals(Optional.empty(), built.layer("down").bias());
        assertEquals(Optional.of(network.input()), built.layer("up").added());
        assertEquals(new Tensor("up", 8, 6, 3), built.output());
        assertEquals(Optional.of(built.layer("row")), built.maker(row));
        assertEquals(Optional.empty(), built.maker(built.input()));
        assertEquals(List.of(built.input(), small, row, built.output()), built.tensors());
        assertEquals("this network has no layer sideways", refusal(() -> built.layer("sideways")));
    }

    @Test
    void networksAreEqualWhereTheirLayersAre() {
        assertEquals(Autoencoder.MNIST.network(), Autoencoder.MNIST.network());
        assertNotEquals(Autoencoder.MNIST.network(), new Autoencoder(28, 28, 1, List.of(32, 64), 3, 17).network());
    }

    @Test
    void refusesLayersThatFitNowhere() {
        Tensor first = network.add(convolution("first", 3, 1).activation(Activation.RELU), network.input());
        assertEquals(
                "there are two layers called first", refusal(() -> network.add(convolution("first", 3, 1), first)));
        assertEquals(
                "there are two layers called input", refusal(() -> network.add(convolution("input", 3, 1), first)));
        Tensor foreign = new Tensor("foreign", 8, 6, 3);
        assertEquals(
                "second takes in foreign 8x6x3, which no earlier layer puts out",
                refusal(() -> network.add(convolution("second", 3, 1), foreign)));
        assertEquals(
                "second adds foreign 8x6x3, which no earlier layer puts out",
                refusal(() -> network.add(convolution("second", 3, 1).adding(foreign), first)));
        assertEquals(
                "second puts out second 4x3x3, and first 8x6x3 cannot be added to that",
                refusal(() -> network.add(convolution("second", 3, 2).adding(first), first)));
    }

    @Test
    void refusesNetworksThatAreNoDenoisers() {
        assertEquals("a network has at least one layer", refusal(network::build));
        Tensor first = network.add(convolution("first", 5, 1), network.input());
        assertEquals("the image comes out as first 8x6x5 and goes in as input 8x6x3", refusal(network::build));
        network.add(convolution("second", 3, 1), network.input());
        assertEquals("no layer reads [first 8x6x5]", refusal(network::build));
        network.add(convolution("third", 3, 1), first);
        assertEquals("no layer reads [second 8x6x3]", refusal(network::build));
        assertEquals("an image has at least one value, and is not 8x0x3", refusal(() -> new Network.Builder(8, 0, 3)));
    }

    @Test
    void refusesLayersThatThereAreNot() {
        assertEquals("a layer has a name", refusal(() -> convolution(" ", 1, 1)));
        assertEquals("a needs at least one filter, not 0", refusal(() -> convolution("a", 0, 1)));
        assertEquals("a needs a stride of 1 or 2, not 3", refusal(() -> convolution("a", 1, 3)));
        assertEquals(
                "a needs a kernel size of 1, 3, 5 or 7, not 4",
                refusal(() -> LayerDescription.convolution("a", 1, 4, 1)));
        assertEquals("a cannot put 10 units into 2x3 pixels", refusal(() -> LayerDescription.dense("a", 10)
                .shapedAs(2, 3)));
    }
}
