package daegpu.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.engine.Engines.OpenedEngine;
import daegpu.engine.reference.ReferenceEngine;
import daegpu.model.Architecture;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EnginesTest {

    private static final Architecture SMALL = new Architecture(4, 4, 1, List.of(2), 3, 2);

    @Test
    void theReferenceEngineIsOpenedByName() {
        try (OpenedEngine<InferenceEngine> opened =
                Engines.open("reference", SMALL.network(), new EngineOptions(2, "fp32", 3))) {
            assertEquals("reference", opened.name());
            assertInstanceOf(ReferenceEngine.class, opened.engine());
            assertEquals(SMALL.network(), opened.engine().network());
            assertEquals(
                    "reference (plain Java, fp32, 3 threads)", opened.engine().description());
        }
        try (OpenedEngine<InferenceEngine> opened =
                Engines.open("reference", SMALL.network(), new EngineOptions(2, "fp32", 1))) {
            assertEquals(
                    "reference (plain Java, fp32, 1 thread)", opened.engine().description());
        }
    }

    /** There is always one that runs, and it says which it is. */
    @Test
    void anEngineIsFoundOnEveryMachine() {
        try (OpenedEngine<InferenceEngine> opened = Engines.open("auto", SMALL.network(), EngineOptions.fp32(2))) {
            assertTrue(List.of("cuda", "cpu", "reference").contains(opened.name()), opened.name());
            assertTrue(
                    opened.engine().description().startsWith(opened.name()),
                    opened.engine().description());
            assertTrue(!opened.reason().isBlank());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpu", "Reference", ""})
    void anEngineThatIsNotThereIsRefusedWithThoseThatAre(String name) {
        assertEquals(
                "there is no engine called " + name + "; there are auto, cuda, cpu, reference",
                assertThrows(
                                EngineUnavailableException.class,
                                () -> Engines.open(name, SMALL.network(), EngineOptions.fp32(2)))
                        .getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"tf32", "BF16", "FP32"})
    void theReferenceEngineRefusesOtherPrecisions(String precision) {
        assertEquals(
                "the reference engine does not offer " + precision + "; use --precision fp32 or bf16",
                assertThrows(
                                EngineUnavailableException.class,
                                () -> Engines.open("reference", SMALL.network(), new EngineOptions(2, precision, 0)))
                        .getMessage());
    }

    @Test
    void noThreadsMeansAllProcessors() {
        assertEquals(
                Runtime.getRuntime().availableProcessors(),
                EngineOptions.fp32(2).threadCount());
        assertEquals(5, new EngineOptions(2, "fp32", 5).threadCount());
    }
}
