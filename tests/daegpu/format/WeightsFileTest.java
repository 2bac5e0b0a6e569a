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
import daegpu.model.Parameters;
import daegpu.model.UNet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
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
