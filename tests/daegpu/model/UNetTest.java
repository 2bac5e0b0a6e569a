package daegpu.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.parity.RecordedValues;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UNetTest {

    private static Network recorded(String name) {
        return RecordedValues.read(Path.of("tests/golden", name + ".safetensors"))
                .network();
    }

    /** The networks that Keras's values were recorded of, layer by layer. */
    @Test
    void areThoseOfTheRecordedValues() {
        assertEquals(
                recorded("unet-grey"), new UNet(16, 16, 1, List.of(4, 8, 16), List.of(1, 1, 2), true, true).network());
        assertEquals(recorded("unet-color"), new UNet(12, 20, 3, List.of(8, 16), List.of(1, 1), true, false).network());
    }

    /** Counted by hand: 0.57 million parameters, of which 1,089 are biases. */
    @Test
    void hasTheParametersOfItsLayers() {
        UNet grey = new UNet(64, 64, 1, List.of(32, 64, 128), List.of(1, 1, 2), true, true);
        int down = 9 * (32 + 32 * 32 + 32 * 64 + 64 * 64 + 64 * 128 + 2 * 128 * 128);
        int up = 9 * (128 * 64 + 64 * 64 + 64 * 32 + 32 * 32 + 32);
        int biases = 2 * 32 + 2 * 64 + 3 * 128 + 2 * 64 + 2 * 32 + 1;
        assertEquals(down + up + biases, grey.network().parameterCount());
        assertEquals(
                down + up,
                new UNet(64, 64, 1, List.of(32, 64, 128), List.of(1, 1, 2), true, false)
                        .network()
                        .parameterCount());
    }

    /** So that training begins with the image as it is; all else begins as He says. */
    @Test
    void aCorrectionBeginsAtZero() {
        UNet residual = new UNet(8, 8, 1, List.of(4, 8), List.of(1, 1), true, true);
        float[] values = residual.initialParameters(3).values();
        float[] random = Initializer.heNormal(residual.network(), 3).values();
        Arrays.fill(random, random.length - (9 * 4 + 1), random.length, 0);
        assertArrayEquals(random, values);
        UNet direct = new UNet(8, 8, 1, List.of(4, 8), List.of(1, 1), false, true);
        assertArrayEquals(
                Initializer.heNormal(direct.network(), 3).values(),
                direct.initialParameters(3).values());
    }

    /** What the help of {@code train} says of the presets, in thousands. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {"16,32,64;1,1,1;16", "32,64,128;1,1,2;74", "64,128,256;2,2,4;517"})
    void multiplyAddsOfAPixel(String filters, String blocks, int thousands) {
        double multiplyAdds = 0;
        for (Layer layer : new UNet(64, 64, 1, integers(filters), integers(blocks), true, true)
                .network()
                .layers()) {
            int pixels = layer.isTransposed()
                    ? layer.inputHeight() * layer.inputWidth()
                    : layer.outputHeight() * layer.outputWidth();
            multiplyAdds += 9.0 * layer.inputChannels() * layer.outputChannels() * pixels;
        }
        assertEquals(thousands, (int) (multiplyAdds / (64 * 64) / 1000));
    }

    @Test
    void withoutAResidualNothingIsAddedToTheOutput() {
        UNet plain = new UNet(8, 8, 3, List.of(4, 4), List.of(0, 0), false, true);
        assertEquals(Optional.empty(), plain.network().layer("output").added());
        assertEquals(Optional.empty(), plain.network().latent());
        assertEquals(
                List.of("down1_0", "down2_0", "up1_0", "output"),
                plain.network().layers().stream().map(Layer::name).toList());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "8;8;1;4,8,16;1,1;blocks must name as many levels as filters, 3, not 2",
                "8;8;1;4,0;1,1;each entry of filters must be positive, not 0",
                "8;8;1;4,8;1,-1;each entry of blocks must be 0 to 64, not -1",
                "8;6;1;4,8,16;1,1,1;3 levels need a height and width divisible by 4, not 8x6",
                "8;8;0;4;1;an image has at least one channel, not 0",
                "4096;4096;3;64,64;64,64;too large"
            })
    void refusesWhatCannotBe(int height, int width, int channels, String filters, String blocks, String message) {
        IllegalArgumentException thrown = assertThrows(
                IllegalArgumentException.class,
                () -> new UNet(height, width, channels, integers(filters), integers(blocks), true, true));
        assertTrue(thrown.getMessage().contains(message), thrown.getMessage());
    }

    private static List<Integer> integers(String text) {
        return List.of(text.split(",")).stream().map(Integer::valueOf).toList();
    }
}
