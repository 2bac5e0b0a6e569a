package daegpu.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.data.InvalidInputException;
import daegpu.data.Remedy;
import daegpu.format.Safetensors.StoredTensor;
import daegpu.format.WeightsFile.Convention;
import daegpu.model.Architecture;
import daegpu.model.Autoencoder;
import daegpu.model.Layer;
import daegpu.model.Layer.Operation;
import daegpu.model.ParameterTensor;
import daegpu.model.Parameters;
import daegpu.model.UNet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(Seeds.class)
class WeightsFileTest {

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource
    void roundTripIsExact(Convention convention) throws IOException {
        Seeds.check(20, random -> {
            List<Integer> filters =
                    random.ints(1 + random.nextInt(3), 1, 6).boxed().toList();
            int factor = 1 << filters.size();
            Autoencoder architecture = new Autoencoder(
                    factor * (1 + random.nextInt(3)),
                    factor * (1 + random.nextInt(3)),
                    1 + random.nextInt(3),
                    filters,
                    1 + 2 * random.nextInt(4),
                    1 + random.nextInt(9));
            assertRoundTripIsExact(architecture, convention, random);
        });
    }

    /** Without a word about the network, whose shapes tell all but whether it adds its correction to the image. */
    @ParameterizedTest
    @EnumSource
    void roundTripOfUNetsIsExact(Convention convention) throws IOException {
        Seeds.check(20, random -> {
            int levels = 1 + random.nextInt(4);
            int factor = 1 << levels - 1;
            UNet architecture = new UNet(
                    factor * (1 + random.nextInt(3)),
                    factor * (1 + random.nextInt(3)),
                    random.nextBoolean() ? 1 : 3,
                    random.ints(levels, 1, 6).boxed().toList(),
                    random.ints(levels, 0, 4).boxed().toList(),
                    true,
                    random.nextBoolean());
            assertRoundTripIsExact(architecture, convention, random);
        });
    }

    private void assertRoundTripIsExact(Architecture architecture, Convention convention, Random random)
            throws IOException {
        Parameters parameters = random(architecture, random);
        Path file = folder.resolve("weights.safetensors");
        WeightsFile.write(file, parameters, convention, Map.of("a", "b"));
        Safetensors content = Safetensors.read(file);
        assertHolds(content, architecture, convention, parameters);
    }

    /** By the names of a convention: the network, its parameters, and the metadata a = b. */
    private static void assertHolds(
            Safetensors content, Architecture architecture, Convention convention, Parameters parameters) {
        assertEquals(convention, WeightsFile.conventionOf(content));
        assertEquals(
                architecture,
                WeightsFile.architecture(content, convention, architecture.height(), architecture.width()));
        assertArrayEquals(
                parameters.values(),
                WeightsFile.parameters(content, convention, architecture.network())
                        .values());
        assertEquals("b", content.metadata().get("a"));
    }

    /** What Keras calls layers that nobody named, counted through all models of a program, in any order of the file. */
    @Test
    void takesLayersThatKerasNamed() {
        Seeds.check(20, random -> {
            Architecture architecture = anyArchitecture(random);
            int convolutions = random.nextInt(12);
            int transposed = random.nextInt(12);
            int dense = random.nextInt(12);
            Map<String, String> names = new HashMap<>();
            for (Layer layer : architecture.network().layers()) {
                String place = isInDecoder(layer.name()) ? "decoder/" : "encoder/";
                names.put(
                        layer.name(),
                        architecture instanceof UNet
                                ? layer.operation() == Operation.CONVOLUTION
                                        ? counted("conv2d", convolutions++)
                                        : counted("conv2d_transpose", transposed++)
                                : place
                                        + switch (layer.operation()) {
                                            case CONVOLUTION -> counted("conv2d", convolutions++);
                                            case TRANSPOSED_CONVOLUTION -> counted("conv2d_transpose", transposed++);
                                            case DENSE -> counted("dense", dense++);
                                        });
            }
            assertTaken(architecture, Convention.KERAS, names, "/", random);
        });
    }

    private static String counted(String name, int number) {
        return number == 0 ? name : name + "_" + number;
    }

    private static boolean isInDecoder(String layer) {
        return layer.matches("expand|deconv\\d+|output");
    }

    /** What PyTorch calls the layers of two nn.Sequential: by their places, between which there are activations. */
    @Test
    void takesLayersOfPyTorchsSequences() {
        Seeds.check(20, random -> {
            Architecture architecture = anyArchitecture(random);
            Map<String, String> names = new HashMap<>();
            int place = 0;
            for (Layer layer : architecture.network().layers()) {
                names.put(
                        layer.name(),
                        architecture instanceof UNet
                                ? "net." + place + (layer.operation() == Operation.CONVOLUTION ? ".conv" : ".deconv")
                                : (isInDecoder(layer.name()) ? "decoder." : "encoder.") + place);
                place += 1 + random.nextInt(6);
            }
            assertTaken(architecture, Convention.PYTORCH, names, ".", random);
        });
    }

    /** The names of this program behind anything: what wraps models gives their weights such names. */
    @ParameterizedTest
    @EnumSource
    void passesOverPrefixes(Convention convention) {
        Seeds.check(20, random -> {
            Architecture architecture = anyArchitecture(random);
            String separator = convention == Convention.KERAS ? "/" : ".";
            List<String> wrappers = List.of("module", "_orig_mod", "model", "state_dict", "autoencoder_1", "module");
            String prefix = String.join(separator, wrappers.subList(random.nextInt(3), 3 + random.nextInt(4)));
            Map<String, String> names = new HashMap<>();
            for (Layer layer : architecture.network().layers()) {
                names.put(layer.name(), prefix + separator + layer.name());
            }
            assertTaken(architecture, convention, names, separator, random);
        });
    }

    private static Architecture anyArchitecture(Random random) {
        int channels = random.nextBoolean() ? 1 : 3;
        int levels = 1 + random.nextInt(3);
        if (random.nextBoolean()) {
            // Autoencoders of equal numbers of filters, too, which names tell apart.
            List<Integer> filters = random.ints(levels, 1, 6).boxed().toList();
            int side = (1 << levels) * (1 + random.nextInt(2));
            return new Autoencoder(side, side, channels, filters, 1 + 2 * random.nextInt(4), 1 + random.nextInt(9));
        }
        // Each level has more channels than the one above it: else nothing tells where it begins. Nor is a level known
        // from two convolutions where none is called transposed.
        levels = Math.max(2, levels);
        List<Integer> filters = new ArrayList<>();
        int filter = 0;
        for (int level = 0; level < levels; level++) {
            filter += 1 + random.nextInt(3);
            filters.add(filter);
        }
        List<Integer> blocks = random.ints(levels, 0, 3).boxed().toList();
        return new UNet(128, 128, channels, filters, blocks, true, random.nextBoolean());
    }

    private void assertTaken(
            Architecture architecture,
            Convention convention,
            Map<String, String> names,
            String separator,
            Random random)
            throws IOException {
        Parameters parameters = random(architecture, random);
        Path file = folder.resolve("weights.safetensors");
        WeightsFile.write(file, parameters, convention, Map.of("a", "b"));
        List<StoredTensor> tensors = new ArrayList<>();
        for (StoredTensor tensor : Safetensors.read(file).tensors()) {
            int end = Math.max(tensor.name().lastIndexOf('/'), tensor.name().lastIndexOf('.'));
            String name = names.get(tensor.name().substring(0, end))
                    + separator
                    + tensor.name().substring(end + 1);
            tensors.add(new StoredTensor(name, tensor.shape(), tensor.values()));
        }
        // As most writers order them, and as they come.
        if (random.nextBoolean()) {
            tensors.sort(Comparator.comparing(StoredTensor::name));
        }
        tensors.add(new StoredTensor("optimizer/iterations", new int[0], new float[1]));
        Safetensors content =
                WeightsFile.named(new Safetensors(Map.of("a", "b"), tensors)).content();
        assertHolds(content, architecture, convention, parameters);
    }

    /** As in Keras's example, whose layers are numbered, but for one that is named. */
    @Test
    void saysWhatIsWhat() {
        Map<String, String> names = new LinkedHashMap<>();
        names.put("conv1", "conv2d");
        names.put("conv2", "conv2d_1");
        names.put("latent", "latent_vector");
        names.put("expand", "dense");
        names.put("deconv1", "conv2d_transpose");
        names.put("deconv2", "conv2d_transpose_1");
        names.put("output", "conv2d_transpose_2");
        List<StoredTensor> tensors = new ArrayList<>();
        for (Layer layer : Autoencoder.MNIST.network().layers()) {
            for (ParameterTensor tensor : layer.parameters()) {
                tensors.add(new StoredTensor(
                        names.get(layer.name()) + (tensor.shape().length == 1 ? "/bias:0" : "/kernel:0"),
                        tensor.shape(),
                        new float[tensor.size()]));
            }
        }
        assertEquals(
                names, WeightsFile.named(new Safetensors(Map.of(), tensors)).origins());
    }

    /** Where two ways are possible, none is taken; where none is, all that there is and should be is named. */
    @Test
    void takesNothingInDoubt() {
        List<String> doubtful = new ArrayList<>();
        List<StoredTensor> tensors = new ArrayList<>();
        for (String name : List.of("a", "b", "c", "d", "e")) {
            doubtful.add(name + ".weight[4,4,3,3]");
            tensors.add(new StoredTensor(name + ".weight", new int[] {4, 4, 3, 3}, new float[144]));
        }
        for (List<StoredTensor> content : List.of(tensors, List.of(tensors.get(0)))) {
            String message = assertThrows(
                            InvalidInputException.class, () -> WeightsFile.named(new Safetensors(Map.of(), content)))
                    .getMessage();
            assertTrue(message.contains(content.size() > 1 ? "in more than one way" : "of no network"), message);
            assertTrue(message.contains(String.join(", ", doubtful.subList(0, content.size()))), message);
            assertTrue(message.contains("conv1, conv2…, latent, expand, deconv1"), message);
        }
        List<StoredTensor> twice = new ArrayList<>();
        for (String set : List.of("model.", "ema.")) {
            twice.add(new StoredTensor(set + "conv1.weight", new int[] {2, 1, 3, 3}, new float[18]));
        }
        String message = assertThrows(
                        InvalidInputException.class, () -> WeightsFile.named(new Safetensors(Map.of(), twice)))
                .getMessage();
        assertTrue(message.contains("model/conv1 and ema/conv1"), message);
        List<StoredTensor> many = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            many.add(new StoredTensor("x".repeat(1_000) + i + ".weight", new int[] {4, 4, 3, 3}, new float[144]));
        }
        assertTrue(assertThrows(InvalidInputException.class, () -> WeightsFile.named(new Safetensors(Map.of(), many)))
                        .getMessage()
                        .length()
                < 3_000);
    }

    /** Other kinds of tensors make another network of it: a batch normalization is not passed over. */
    @Test
    void aNetworkWithOtherLayersIsRefused() throws IOException {
        Autoencoder architecture = new Autoencoder(4, 4, 1, List.of(2), 3, 3);
        Path file = folder.resolve("weights.safetensors");
        WeightsFile.write(file, random(architecture, Seeds.random(3)), Convention.PYTORCH, Map.of());
        List<StoredTensor> tensors = new ArrayList<>();
        int i = 0;
        for (StoredTensor tensor : Safetensors.read(file).tensors()) {
            String kind = tensor.name().substring(tensor.name().lastIndexOf('.'));
            tensors.add(new StoredTensor("net." + i++ / 2 + kind, tensor.shape(), tensor.values()));
        }
        WeightsFile.named(new Safetensors(Map.of(), tensors));
        tensors.add(new StoredTensor("net.9.running_mean", new int[] {2}, new float[2]));
        assertThrows(InvalidInputException.class, () -> WeightsFile.named(new Safetensors(Map.of(), tensors)));
    }

    /** All that is wrong is said at once. */
    @Test
    void namesEverythingThatIsMissing() {
        Autoencoder architecture = new Autoencoder(4, 4, 1, List.of(2), 3, 3);
        String message = assertThrows(
                        InvalidInputException.class,
                        () -> WeightsFile.parameters(
                                new Safetensors(
                                        Map.of(),
                                        List.of(new StoredTensor("output.bias", new int[] {2}, new float[2]))),
                                Convention.PYTORCH,
                                architecture.network()))
                .getMessage();
        for (String name : List.of("conv1.weight", "conv1.bias", "latent.weight", "deconv1.bias", "output.weight")) {
            assertTrue(message.contains(name), message);
        }
        assertTrue(message.contains("output.bias has the shape [2], not [1]"), message);
    }

    private static Parameters random(Architecture architecture, Random random) {
        Parameters parameters = new Parameters(architecture.network());
        for (int i = 0; i < parameters.values().length; i++) {
            parameters.values()[i] = (float) random.nextGaussian();
        }
        return parameters;
    }

    /** By hand: PyTorch's documentation of Conv2d, ConvTranspose2d and Linear says what each index means. */
    @Test
    void laysTensorsAsPyTorchDoes() throws IOException {
        Autoencoder architecture = new Autoencoder(4, 8, 2, List.of(3), 3, 5);
        Parameters parameters = random(architecture, Seeds.random(2));
        Path file = folder.resolve("weights.safetensors");
        WeightsFile.write(file, parameters, Convention.PYTORCH, Map.of());
        Safetensors content = Safetensors.read(file);
        assertArrayEquals(new int[] {3, 2, 3, 3}, content.tensor("conv1.weight").shape());
        assertArrayEquals(
                new int[] {5, 3 * 2 * 4}, content.tensor("latent.weight").shape());
        assertArrayEquals(
                new int[] {3 * 2 * 4, 5}, content.tensor("expand.weight").shape());
        assertArrayEquals(
                new int[] {3, 3, 3, 3}, content.tensor("deconv1.weight").shape());
        assertArrayEquals(
                new int[] {3, 2, 3, 3}, content.tensor("output.weight").shape());
        // Filter 2, input channel 1, row 0, column 2 of the kernel.
        assertEquals(
                parameters.get("conv1.kernel")[((0 * 3 + 2) * 2 + 1) * 3 + 2],
                content.tensor("conv1.weight").values()[((2 * 2 + 1) * 3 + 0) * 3 + 2]);
        // From channel 2 to channel 1, row 1, column 0.
        assertEquals(
                parameters.get("output.kernel")[((1 * 3 + 0) * 2 + 1) * 3 + 2],
                content.tensor("output.weight").values()[((2 * 2 + 1) * 3 + 1) * 3 + 0]);
        // Channel 2 of the pixel in row 1, column 3 of a 2x4 image, to and from latent unit 4.
        int ours = (1 * 4 + 3) * 3 + 2;
        int theirs = (2 * 2 + 1) * 4 + 3;
        assertEquals(
                parameters.get("latent.kernel")[ours * 5 + 4],
                content.tensor("latent.weight").values()[4 * 24 + theirs]);
        assertEquals(
                parameters.get("expand.kernel")[4 * 24 + ours],
                content.tensor("expand.weight").values()[theirs * 5 + 4]);
        assertEquals(
                parameters.get("expand.bias")[ours],
                content.tensor("expand.bias").values()[theirs]);
        assertArrayEquals(
                parameters.get("latent.bias"), content.tensor("latent.bias").values());
    }

    @Test
    void findsTheSizeOfSquareImagesAndAsksForOthers() throws IOException {
        Path file = folder.resolve("weights.safetensors");
        for (Convention convention : Convention.values()) {
            Autoencoder square = new Autoencoder(12, 12, 1, List.of(2, 3), 5, 4);
            WeightsFile.write(file, new Parameters(square.network()), convention, Map.of());
            assertEquals(square, WeightsFile.architecture(Safetensors.read(file), convention, 0, 0));
            WeightsFile.write(
                    file,
                    new Parameters(new Autoencoder(4, 12, 1, List.of(2, 3), 5, 4).network()),
                    convention,
                    Map.of());
            Safetensors content = Safetensors.read(file);
            InvalidInputException refusal = assertThrows(
                    InvalidInputException.class, () -> WeightsFile.architecture(content, convention, 0, 0));
            assertEquals(List.of(Remedy.IMAGE_SIZE), refusal.remedies());
        }
    }

    @Test
    void namesWhatIsWrong() throws IOException {
        Autoencoder architecture = new Autoencoder(4, 4, 1, List.of(2), 3, 3);
        Path file = folder.resolve("weights.safetensors");
        WeightsFile.write(file, random(architecture, Seeds.random(3)), Convention.KERAS, Map.of());
        Safetensors content = Safetensors.read(file);
        for (String name : content.names()) {
            assertRefused(name, architecture, content, name, null);
            assertRefused(name, architecture, content, name, new StoredTensor(name, new int[] {1, 1}, new float[1]));
            float[] values = content.tensor(name).values().clone();
            values[0] = Float.NaN;
            assertRefused(
                    name,
                    architecture,
                    content,
                    name,
                    new StoredTensor(name, content.tensor(name).shape(), values));
        }
        assertThrows(InvalidInputException.class, () -> WeightsFile.conventionOf(new Safetensors(Map.of(), List.of())));
    }

    private static void assertRefused(
            String expected, Autoencoder architecture, Safetensors content, String name, StoredTensor instead) {
        List<StoredTensor> tensors = new ArrayList<>();
        for (String other : content.names()) {
            if (!other.equals(name)) {
                tensors.add(content.tensor(other));
            } else if (instead != null) {
                tensors.add(instead);
            }
        }
        String message = assertThrows(
                        InvalidInputException.class,
                        () -> WeightsFile.parameters(
                                new Safetensors(Map.of(), tensors), Convention.KERAS, architecture.network()))
                .getMessage();
        assertTrue(message.contains(expected), message);
    }
}
