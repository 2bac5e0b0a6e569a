package daegpu.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.noise.Philox;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InitializerTest {

    private static final List<Parameters> SEVERAL = IntStream.range(0, 4)
            .mapToObj(seed -> Initializer.glorotUniform(Autoencoder.MNIST.network(), seed))
            .toList();

    /** Keras's fans: receptive field × channels, which for a transposed kernel lie the other way round. */
    @ParameterizedTest
    @CsvSource({
        "conv1, 9, 288",
        "conv2, 288, 576",
        "latent, 3136, 16",
        "expand, 16, 3136",
        "deconv1, 576, 576",
        "deconv2, 288, 576",
        "output, 9, 288"
    })
    void kernelsAreUniformWithinTheLimitOfGlorot(String layer, int fan, int otherFan) {
        double limit = Math.sqrt(6.0 / (fan + otherFan));
        int draws = 0;
        double sum = 0;
        double squares = 0;
        double fourths = 0;
        double largest = 0;
        for (Parameters parameters : SEVERAL) {
            for (float weight : parameters.get(layer + ".kernel")) {
                largest = Math.max(largest, Math.abs(weight));
                draws++;
                sum += weight / limit;
                double square = weight / limit * weight / limit;
                squares += square;
                fourths += square * square;
            }
        }
        assertTrue(largest <= limit * (1 + 1e-7), largest + " of at most " + limit);
        assertTrue(largest > 0.99 * limit, largest + " of up to " + limit);
        // The moments of a uniform variable on ±1, four standard errors wide.
        assertEquals(0, sum / draws, 4 * Math.sqrt(1 / 3.0 / draws));
        assertEquals(1 / 3.0, squares / draws, 4 * Math.sqrt(4 / 45.0 / draws));
        assertEquals(1 / 5.0, fourths / draws, 4 * Math.sqrt(16 / 225.0 / draws));
    }

    @Test
    void biasesAreZero() {
        Parameters parameters = SEVERAL.get(0);
        for (Layer layer : Autoencoder.MNIST.network().layers()) {
            assertArrayEquals(new float[layer.outputChannels()], parameters.get(layer.name() + ".bias"));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, 1L << 32 | 1})
    void weightsAreAFunctionOfTheSeed(long seed) {
        Autoencoder architecture = new Autoencoder(8, 8, 3, List.of(16), 5, 4);
        Parameters parameters = Initializer.glorotUniform(architecture.network(), seed);
        assertArrayEquals(
                parameters.values(),
                Initializer.glorotUniform(architecture.network(), seed).values());
        float[] kernel = parameters.get("conv1.kernel");
        float[] other =
                Initializer.glorotUniform(architecture.network(), seed + 2).get("conv1.kernel");
        for (int i = 0; i < kernel.length; i++) {
            assertNotEquals(other[i], kernel[i]);
        }
    }

    /** Also for sizes that are no multiple of 4, where the last group of draws is not used up. */
    @Test
    void weightsAreTheDrawsOfTheirTensor() {
        Autoencoder architecture = new Autoencoder(4, 6, 3, List.of(5), 3, 7);
        Parameters parameters = Initializer.glorotUniform(architecture.network(), 99);
        List<ParameterTensor> tensors = architecture.network().parameterTensors();
        float[] uniforms = new float[4];
        for (int index = 0; index < tensors.size(); index += 2) {
            int[] shape = tensors.get(index).shape();
            int field = shape.length == 4 ? shape[0] * shape[1] : 1;
            double limit = Math.sqrt(6.0 / (field * (shape[shape.length - 2] + shape[shape.length - 1])));
            float[] kernel = parameters.get(tensors.get(index).name());
            for (int i = 0; i < kernel.length; i++) {
                Philox.uniform4(99, 3 * (1L << 41) + index, i / 4 * 4L, uniforms);
                assertEquals((2 * uniforms[i % 4] - 1) * limit, kernel[i], 1e-7);
            }
        }
    }

    @Test
    void tensorsOfOneShapeDiffer() {
        Parameters parameters = Initializer.glorotUniform(new Autoencoder(8, 8, 4, List.of(4, 4), 3, 2).network(), 1);
        assertNotEquals(parameters.get("conv1.kernel")[0], parameters.get("conv2.kernel")[0]);
        assertNotEquals(parameters.get("deconv1.kernel")[0], parameters.get("deconv2.kernel")[0]);
    }

    /** The moments of a normal variable that is cut off at ±2, four standard errors wide, and Keras's fan in. */
    @ParameterizedTest
    @CsvSource({"down1_0, 9", "down2_1, 576", "up1_0, 288", "output, 288"})
    void kernelsAreNormalWithinTheCutOfHe(String layer, int fanIn) {
        Network network = new UNet(64, 64, 1, List.of(32, 64), List.of(1, 1), true, true).network();
        double deviation = Math.sqrt(2.0 / fanIn) / 0.8796256610342398;
        int draws = 0;
        double sum = 0;
        double squares = 0;
        double largest = 0;
        for (int seed = 0; seed < 8; seed++) {
            for (float weight : Initializer.heNormal(network, seed).get(layer + ".kernel")) {
                double z = weight / deviation;
                largest = Math.max(largest, Math.abs(z));
                draws++;
                sum += z;
                squares += z * z;
            }
        }
        assertTrue(largest <= 2 + 1e-6 && largest > 1.97, "the largest is " + largest + " standard deviations");
        double variance = 0.8796256610342398 * 0.8796256610342398;
        assertEquals(0, sum / draws, 4 * Math.sqrt(variance / draws));
        // The fourth moment of that variable is 1.416 (integrated numerically).
        assertEquals(variance, squares / draws, 4 * Math.sqrt((1.416 - variance * variance) / draws));
    }

    /** A value beyond the cut is drawn again, further on by the size of the tensor. */
    @Test
    void normalWeightsAreTheDrawsOfTheirTensor() {
        Network network = new UNet(8, 8, 3, List.of(5, 6), List.of(1, 1), true, true).network();
        Parameters parameters = Initializer.heNormal(network, 7);
        List<ParameterTensor> tensors = network.parameterTensors();
        float[] normals = new float[4];
        int redrawn = 0;
        for (int index = 0; index < tensors.size(); index += 2) {
            int[] shape = tensors.get(index).shape();
            double deviation = Math.sqrt(2.0 / (9 * shape[2])) / 0.8796256610342398;
            float[] kernel = parameters.get(tensors.get(index).name());
            for (int i = 0; i < kernel.length; i++) {
                long draw = i;
                Philox.normal4(7, 3 * (1L << 41) + index, draw / 4 * 4, normals);
                while (Math.abs(normals[i % 4]) > 2) {
                    draw += (kernel.length + 3L) / 4 * 4;
                    Philox.normal4(7, 3 * (1L << 41) + index, draw / 4 * 4, normals);
                    redrawn++;
                }
                assertEquals(normals[i % 4] * deviation, kernel[i], 1e-6);
            }
        }
        assertTrue(redrawn > 0, "no value was drawn again");
    }
}
