package daegpu.engine.cuda.layers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.engine.cuda.layers.Planes.Walk;
import org.junit.jupiter.api.Test;

class PlanesTest {

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
