package daegpu.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import daegpu.engine.cuda.cudnn.CudnnLayout;
import daegpu.model.Autoencoder;
import daegpu.model.Parameters;
import java.util.List;
import org.junit.jupiter.api.Test;

class ParameterArenaTest {

    private static final Autoencoder ARCHITECTURE = new Autoencoder(8, 4, 3, List.of(5, 6), 3, 7);

    @Test
    void comesBackFromTheArena() {
        ParameterArena arena = new ParameterArena(ARCHITECTURE.network(), new CudnnLayout());
        float[] values = new float[ARCHITECTURE.parameterCount()];
        for (int i = 0; i < values.length; i++) {
            values[i] = i + 1;
        }
        float[] back = new float[values.length];
        float[] inArena = arena.toArena(values);
        arena.fromArena(inArena, back);
        assertArrayEquals(values, back);
        int used = 0;
        for (float value : inArena) {
            used += value == 0 ? 0 : 1;
        }
        assertEquals(values.length, used, "values share a place");
    }

    @Test
    void laysKernelsOutForCudnn() {
        Parameters parameters = new Parameters(ARCHITECTURE.network());
        float[] kernel = parameters.get("conv2.kernel"); // [3, 3, 5, 6]
        int row = 2;
        int column = 1;
        int channel = 4;
        int filter = 3;
        kernel[((row * 3 + column) * 5 + channel) * 6 + filter] = 1;
        parameters.set("conv2.kernel", kernel);
        ParameterArena arena = new ParameterArena(ARCHITECTURE.network(), new CudnnLayout());
        float[] inArena = arena.toArena(parameters.values());
        // conv1's kernel takes 3·3·3·5 = 135 floats, and each tensor begins at a multiple of 64: 192 for its bias, 256
        // for conv2.
        assertEquals(1, inArena[256 + ((filter * 5 + channel) * 3 + row) * 3 + column]);
    }
}
