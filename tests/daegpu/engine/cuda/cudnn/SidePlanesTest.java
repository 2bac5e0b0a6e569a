package daegpu.engine.cuda.cudnn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import daegpu.engine.cuda.layers.Planes;
import daegpu.model.Autoencoder;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SidePlanesTest {

    /** A border makes up for what 'same' pads more after the image than before it, for every kernel size but 1. */
    @ParameterizedTest
    @CsvSource({"1,0,28", "3,1,32", "5,1,32", "7,1,32"})
    void borderMakesPaddingSymmetric(int kernelSize, int border, int pitch) {
        Autoencoder architecture = new Autoencoder(28, 28, 1, List.of(4), kernelSize, 2);
        Planes planes = SidePlanes.large(architecture.network().layer("conv1"));
        assertEquals(border, planes.border());
        assertEquals(pitch, planes.pitch());
        assertEquals((28 + border) * pitch, planes.plane());
        assertEquals(0, SidePlanes.large(architecture.network().layer("output")).border());
    }
}
