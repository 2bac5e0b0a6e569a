package daegpu.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class ParametersTest {

    private static final Autoencoder SMALL = new Autoencoder(4, 4, 1, List.of(2), 1, 3);

    @Test
    void tensorsAreCutFromTheArrayOfAllOfThem() {
        float[] values = new float[SMALL.parameterCount()];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        Parameters parameters = new Parameters(SMALL.network(), values);
        assertSame(values, parameters.values());
        assertArrayEquals(new float[] {0, 1}, parameters.get("conv1.kernel"));
        assertArrayEquals(new float[] {2, 3}, parameters.get("conv1.bias"));
        assertArrayEquals(new float[] {values.length - 1}, parameters.get("output.bias"));
        parameters.set("conv1.bias", new float[] {-2, -3});
        assertArrayEquals(new float[] {0, 1}, parameters.get("conv1.kernel"));
        assertArrayEquals(new float[] {-2, -3}, parameters.get("conv1.bias"));
        assertEquals(4, parameters.get("latent.kernel")[0]);
    }

    @Test
    void copiesAreIndependent() {
        Parameters parameters = new Parameters(SMALL.network());
        Parameters copy = parameters.copy();
        copy.values()[0] = 1;
        parameters.get("conv1.kernel")[1] = 1;
        assertArrayEquals(new float[SMALL.parameterCount()], parameters.values());
        assertEquals(SMALL.network(), copy.network());
    }

    @Test
    void whatDoesNotFitIsRefused() {
        int count = SMALL.parameterCount();
        assertEquals(
                "this network has " + count + " parameters, not 5",
                assertThrows(IllegalArgumentException.class, () -> new Parameters(SMALL.network(), new float[5]))
                        .getMessage());
        Parameters parameters = new Parameters(SMALL.network());
        assertEquals(
                "conv1.bias has 2 values, not 3",
                assertThrows(IllegalArgumentException.class, () -> parameters.set("conv1.bias", new float[3]))
                        .getMessage());
        assertEquals(
                "this network has no parameter conv2.bias",
                assertThrows(IllegalArgumentException.class, () -> parameters.get("conv2.bias"))
                        .getMessage());
    }
}
