package daegpu.engine.cuda.layers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.engine.cuda.layers.Planes.Walk;
import daegpu.model.Architecture;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlanesTest {

    /** A border makes up for what 'same' pads more behind the image than before it, for every kernel size but 1. */
    @ParameterizedTest
    @CsvSource({"1,0,28", "3,1,32", "5,1,32", "7,1,32"})
    void borderMakesPaddingSymmetric(int kernelSize, int border, int pitch) {
        Architecture architecture = new Architecture(28, 28, 1, List.of(4), kernelSize, 2);
        Planes planes = Planes.largeSide(architecture.network().layer("conv1"));
        assertEquals(border, planes.border());
        assertEquals(pitch, planes.pitch());
        assertEquals((28 + border) * pitch, planes.plane());
        assertEquals(0, Planes.largeSide(architecture.network().layer("output")).border());
    }

    @Test
    void walksOverWholePlanesWhereThereAreNoGaps() {
        Walk walk = Planes.walk(Planes.packed(3, 14, 14), Planes.packed(3, 14, 14));
        assertEquals(1, walk.rows());
        assertEquals(49, walk.steps());
        assertTrue(walk.vector());
        Walk odd = Planes.walk(Planes.packed(3, 7, 7));
        assertEquals(49, odd.steps());
        assertFalse(odd.vector());
    }

    @Test
    void walksByRowsWhereThereAreGaps() {
        Walk walk = Planes.walk(Planes.packed(2, 28, 28), new Planes(2, 28, 28, 1, 32));
        assertEquals(28, walk.rows());
        assertEquals(7, walk.steps());
        assertTrue(walk.vector());
        assertArrayEquals(new int[] {28, 32}, walk.pitches());
        assertFalse(Planes.walk(Planes.packed(2, 14, 14), new Planes(2, 14, 14, 1, 16))
                .vector());
    }
}
