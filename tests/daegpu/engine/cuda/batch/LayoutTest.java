package daegpu.engine.cuda.batch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import daegpu.Seeds;
import daegpu.engine.cuda.RequiresCuda;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceFloats;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.KernelTest;
import daegpu.engine.cuda.layers.Planes;
import daegpu.engine.cuda.layers.RandomPlanes;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Images of random shapes, there and back; what is written to is NaN before. */
@RequiresCuda
@ExtendWith(Seeds.class)
class LayoutTest extends KernelTest {

    private final DeviceScope scope = new DeviceScope();
    private final DeviceFloats floats = new DeviceFloats(device, scope);

    @AfterEach
    void free() {
        device.close(scope);
    }

    @ParameterizedTest
    @MethodSource("daegpu.engine.cuda.layers.RandomPlanes#seeds")
    void layoutBothWays(int seed) {
        Random random = new Random(seed);
        int count = 1 + random.nextInt(3);
        Planes shape = RandomPlanes.of(random, 1 + random.nextInt(4), 1 + random.nextInt(9), 1 + random.nextInt(9));
        float[] pixels = DeviceFloats.normal(random, count * shape.values());
        DeviceArray planes = floats.nans(count * shape.size());
        Layout layout = new Layout(kernels);
        layout.toPlanes(floats.upload(pixels), planes, shape, count);
        float[] inPlanes = floats.download(planes, count * shape.size());
        int i = 0;
        for (int n = 0; n < count; n++) {
            for (int row = 0; row < shape.height(); row++) {
                for (int column = 0; column < shape.width(); column++) {
                    for (int channel = 0; channel < shape.channels(); channel++) {
                        assertEquals(pixels[i++], RandomPlanes.at(inPlanes, shape, n, channel, row, column));
                    }
                }
            }
        }
        DeviceArray back = floats.nans(pixels.length);
        layout.toPixels(planes, back, shape, count);
        assertArrayEquals(pixels, floats.download(back, pixels.length));
    }
}
