package daegpu.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(Seeds.class)
class AutoencoderTest {

    @Test
    void theDefaultNetworkHasTheLayersOfKerasExample() {
        assertEquals(
                List.of(
                        "conv1: CONVOLUTION 3x3/2 of input 28x28x1, RELU, makes conv1 14x14x32",
                        "conv2: CONVOLUTION 3x3/2 of conv1 14x14x32, RELU, makes conv2 7x7x64",
                        "latent: DENSE 1x1/1 of conv2 7x7x64, LINEAR, makes latent 1x1x16",
                        "expand: DENSE 1x1/1 of latent 1x1x16, LINEAR, makes expand 7x7x64",
                        "deconv1: TRANSPOSED_CONVOLUTION 3x3/2 of expand 7x7x64, RELU, makes deconv1 14x14x64",
                        "deconv2: TRANSPOSED_CONVOLUTION 3x3/2 of deconv1 14x14x64, RELU, makes deconv2 28x28x32",
                        "output: TRANSPOSED_CONVOLUTION 3x3/1 of deconv2 28x28x32, SIGMOID, makes output 28x28x1"),
                Autoencoder.MNIST.network().layers().stream()
                        .map(layer -> layer.name() + ": " + layer.operation() + " " + layer.kernelSize() + "x"
                                + layer.kernelSize() + "/" + layer.stride() + " of " + layer.input() + ", "
                                + layer.activation() + ", makes " + layer.output())
                        .toList());
        assertEquals(
                Optional.of(new Tensor("latent", 1, 1, 16)),
                Autoencoder.MNIST.network().latent());
    }

    @Test
    void theDefaultNetworkHasTheParametersOfKerasExample() {
        assertEquals(178_001, Autoencoder.MNIST.parameterCount());
        List<String> tensors = Autoencoder.MNIST.network().parameterTensors().stream()
                .map(tensor -> tensor.name() + Arrays.toString(tensor.shape()) + " at " + tensor.offset())
                .toList();
        assertEquals(
                List.of(
                        "conv1.kernel[3, 3, 1, 32] at 0",
                        "conv1.bias[32] at 288",
                        "conv2.kernel[3, 3, 32, 64] at 320",
                        "conv2.bias[64] at 18752",
                        "latent.kernel[3136, 16] at 18816",
                        "latent.bias[16] at 68992",
                        "expand.kernel[16, 3136] at 69008",
                        "expand.bias[3136] at 119184",
                        "deconv1.kernel[3, 3, 64, 64] at 122320",
                        "deconv1.bias[64] at 159184",
                        "deconv2.kernel[3, 3, 32, 64] at 159248",
                        "deconv2.bias[32] at 177680",
                        "output.kernel[3, 3, 1, 32] at 177712",
                        "output.bias[1] at 178000"),
                tensors);
    }

    @Test
    void layersOfAnyNetworkFitTogether() {
        Seeds.check(200, random -> {
            Autoencoder architecture = random(random);
            List<Layer> layers = architecture.network().layers();
            int depth = architecture.filters().size();
            assertEquals(2 * depth + 3, layers.size());
            assertEquals(
                    layers.size(), layers.stream().map(Layer::name).distinct().count());
            assertEquals(architecture.imageSize(), layers.get(0).inputSize());
            for (int l = 1; l < layers.size(); l++) {
                assertEquals(layers.get(l - 1).outputSize(), layers.get(l).inputSize());
            }
            for (int i = 0; i < depth; i++) {
                Layer convolution = architecture.network().layer("conv" + (i + 1));
                assertEquals(architecture.filters().get(i), convolution.outputChannels());
                assertEquals(architecture.height() >> (i + 1), convolution.outputHeight());
                assertEquals(architecture.width() >> (i + 1), convolution.outputWidth());
                Layer mirrored = architecture.network().layer("deconv" + (depth - i));
                assertEquals(convolution.inputHeight(), mirrored.outputHeight());
                assertEquals(convolution.inputWidth(), mirrored.outputWidth());
                assertEquals(architecture.filters().get(i), mirrored.outputChannels());
            }
            Layer output = layers.get(layers.size() - 1);
            assertArrayEquals(
                    new int[] {architecture.height(), architecture.width(), architecture.channels()},
                    new int[] {output.outputHeight(), output.outputWidth(), output.outputChannels()});
        });
    }

    @Test
    void tensorsLieOneBehindTheOther() {
        Seeds.check(200, random -> {
            Autoencoder architecture = random(random);
            int offset = 0;
            for (Layer layer : architecture.network().layers()) {
                for (String kind : new String[] {".kernel", ".bias"}) {
                    ParameterTensor tensor = architecture.network().parameterTensors().stream()
                            .filter(candidate -> candidate.name().equals(layer.name() + kind))
                            .findFirst()
                            .orElseThrow();
                    assertEquals(offset, tensor.offset());
                    offset += Arrays.stream(tensor.shape()).reduce(1, (a, b) -> a * b);
                }
            }
            assertEquals(offset, architecture.parameterCount());
            assertEquals(parameters(architecture), BigInteger.valueOf(offset));
        });
    }

    private static Autoencoder random(Random random) {
        int depth = 1 + random.nextInt(4);
        List<Integer> filters = new ArrayList<>();
        for (int i = 0; i < depth; i++) {
            filters.add(1 + random.nextInt(9));
        }
        int height = (1 + random.nextInt(5)) << depth;
        int width = (1 + random.nextInt(5)) << depth;
        return new Autoencoder(
                height, width, 1 + random.nextInt(4), filters, 1 + 2 * random.nextInt(4), 1 + random.nextInt(40));
    }

    /** Added up as Keras's summary does, where nothing can overflow. */
    private static BigInteger parameters(Autoencoder architecture) {
        List<Integer> filters = architecture.filters();
        int depth = filters.size();
        long kernel = (long) architecture.kernelSize() * architecture.kernelSize();
        BigInteger sum = BigInteger.ZERO;
        long before = architecture.channels();
        for (int filter : filters) {
            sum = sum.add(product(kernel, before, filter)).add(product(filter));
            before = filter;
        }
        long units = (architecture.height() >> depth) * (long) (architecture.width() >> depth) * before;
        long latent = architecture.latentDimension();
        sum = sum.add(product(2, units, latent)).add(product(units)).add(product(latent));
        for (int i = depth - 1; i >= 0; i--) {
            sum = sum.add(product(kernel, before, filters.get(i))).add(product(filters.get(i)));
            before = filters.get(i);
        }
        return sum.add(product(kernel, before, architecture.channels())).add(product(architecture.channels()));
    }

    private static BigInteger product(long... factors) {
        return Arrays.stream(factors).mapToObj(BigInteger::valueOf).reduce(BigInteger.ONE, BigInteger::multiply);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("impossible")
    void whatCannotBeBuiltIsRefused(
            String message, int height, int width, int channels, List<Integer> filters, int kernel, int latent) {
        assertEquals(
                message,
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new Autoencoder(height, width, channels, filters, kernel, latent))
                        .getMessage());
    }

    static Stream<Arguments> impossible() {
        List<Integer> two = List.of(32, 64);
        return Stream.of(
                Arguments.of("an image has at least one pixel, not 0x28", 0, 28, 1, two, 3, 16),
                Arguments.of("an image has at least one pixel, not 28x-4", 28, -4, 1, two, 3, 16),
                Arguments.of("an image has at least one channel, not 0", 28, 28, 0, two, 3, 16),
                Arguments.of(
                        "an image has at least one channel, not -2147483648", 28, 28, Integer.MIN_VALUE, two, 3, 16),
                Arguments.of("filters must name 1 to 16 convolutions, not 0", 28, 28, 1, List.of(), 3, 16),
                Arguments.of("filters must name 1 to 16 convolutions, not 17", 28, 28, 1, ones(17), 3, 16),
                Arguments.of("each entry of filters must be positive, not 0", 28, 28, 1, List.of(32, 0), 3, 16),
                Arguments.of("each entry of filters must be positive, not -1", 28, 28, 1, List.of(-1, 64), 3, 16),
                Arguments.of("the kernel size must be 1, 3, 5 or 7, not 0", 28, 28, 1, two, 0, 16),
                Arguments.of("the kernel size must be 1, 3, 5 or 7, not 4", 28, 28, 1, two, 4, 16),
                Arguments.of("the kernel size must be 1, 3, 5 or 7, not 9", 28, 28, 1, two, 9, 16),
                Arguments.of("the kernel size must be 1, 3, 5 or 7, not -3", 28, 28, 1, two, -3, 16),
                Arguments.of("the latent dimension must be positive, not 0", 28, 28, 1, two, 3, 0),
                Arguments.of("the latent dimension must be positive, not -16", 28, 28, 1, two, 3, -16),
                Arguments.of(
                        "2 convolutions of stride 2 need a height and width divisible by 4, not "
                                + "30x28; take 28x28 or 32x28",
                        30,
                        28,
                        1,
                        two,
                        3,
                        16),
                Arguments.of(
                        "2 convolutions of stride 2 need a height and width divisible by 4, not 28x2; take 28x4",
                        28,
                        2,
                        1,
                        two,
                        3,
                        16),
                Arguments.of(
                        "16 convolutions of stride 2 need a height and width divisible by 65536, not 32768x65536;"
                                + " take 65536x65536",
                        32768,
                        65536,
                        1,
                        ones(16),
                        1,
                        1));
    }

    private static List<Integer> ones(int count) {
        return Collections.nCopies(count, 1);
    }

    @ParameterizedTest
    @CsvSource({
        "1073741824, 1073741824, 1, 1, 3, 1",
        "46342, 46342, 1, 1, 3, 1",
        "65536, 65536, 1, 1, 1, 1",
        "2147483646, 2, 1, 1, 1, 1",
        "2, 2, 2147483647, 1, 1, 1",
        "2, 2, 1, 2147483647, 1, 1",
        "2, 2, 1, 65536, 1, 1",
        "2, 2, 65536, 65536, 1, 1",
        "2, 2, 1, 10000, 7, 1",
        "2, 2, 1, 1, 3, 2147483647",
        "256, 256, 1, 64, 3, 65536",
        "2147483646, 2147483646, 2147483647, 2147483647, 7, 2147483647"
    })
    void whatWouldNotFitIsRefused(int height, int width, int channels, int filter, int kernel, int latent) {
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> new Autoencoder(height, width, channels, List.of(filter), kernel, latent))
                .getMessage();
        assertEquals(
                "a network of this size (" + height + "x" + width + "x" + channels + ", filters [" + filter
                        + "], latent " + latent + ") is too large: it takes over 536870912 values",
                message);
    }

    /** Whatever is accepted is counted without overflow, near the limit too. */
    @Test
    void sizesThatAreAcceptedDoNotOverflow() {
        Random random = Seeds.random(3);
        int accepted = 0;
        int large = 0;
        for (int n = 0; n < 5_000; n++) {
            int depth = 1 + random.nextInt(3);
            List<Integer> filters = new ArrayList<>();
            for (int i = 0; i < depth; i++) {
                filters.add(magnitude(random, 16));
            }
            Autoencoder architecture;
            try {
                architecture = new Autoencoder(
                        magnitude(random, 16) << depth,
                        magnitude(random, 16) << depth,
                        magnitude(random, 10),
                        filters,
                        1 + 2 * random.nextInt(4),
                        magnitude(random, 30));
            } catch (IllegalArgumentException e) {
                assertTrue(e.getMessage().contains("too large"), e.getMessage());
                continue;
            }
            accepted++;
            BigInteger parameters = parameters(architecture);
            assertEquals(parameters, BigInteger.valueOf(architecture.parameterCount()));
            for (Layer layer : architecture.network().layers()) {
                assertEquals(
                        product(layer.inputHeight(), layer.inputWidth(), layer.inputChannels()),
                        BigInteger.valueOf(layer.inputSize()));
                assertEquals(
                        product(layer.outputHeight(), layer.outputWidth(), layer.outputChannels()),
                        BigInteger.valueOf(layer.outputSize()));
            }
            large += parameters.bitLength() > 27 ? 1 : 0;
        }
        assertTrue(accepted > 500 && large > 50, accepted + " accepted, " + large + " of them large");
    }

    /** 1 to 2 to the power of {@code bits}, each power of two as likely as another. */
    private static int magnitude(Random random, int bits) {
        return 1 + random.nextInt(1 << random.nextInt(bits + 1));
    }

    @Test
    void filtersAreACopy() {
        List<Integer> filters = new ArrayList<>(List.of(4, 8));
        Autoencoder architecture = new Autoencoder(8, 8, 1, filters, 3, 2);
        filters.set(0, 5);
        assertEquals(List.of(4, 8), architecture.filters());
        assertEquals(new Autoencoder(8, 8, 1, List.of(4, 8), 3, 2), architecture);
    }

    @Test
    void aLayerThatIsNotThereIsNamed() {
        assertEquals(
                "this network has no layer conv3",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> Autoencoder.MNIST.network().layer("conv3"))
                        .getMessage());
    }
}
