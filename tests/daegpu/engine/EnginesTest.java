package daegpu.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.engine.Engines.OpenedEngine;
import daegpu.engine.reference.ReferenceEngine;
import daegpu.model.Autoencoder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EnginesTest {

    private static final Autoencoder SMALL = new Autoencoder(4, 4, 1, List.of(2), 3, 2);

    @Test
    void theReferenceEngineIsOpenedByName() {
        try (OpenedEngine<InferenceEngine> opened =
                Engines.open(EngineName.REFERENCE, SMALL.network(), new EngineOptions(2, Precision.FP32, 3))) {
            assertEquals(EngineName.REFERENCE, opened.name());
            assertInstanceOf(ReferenceEngine.class, opened.engine());
            assertEquals(SMALL.network(), opened.engine().network());
            assertEquals(
                    "reference (plain Java, fp32, 3 threads)", opened.engine().description());
        }
        try (OpenedEngine<InferenceEngine> opened =
                Engines.open(EngineName.REFERENCE, SMALL.network(), new EngineOptions(2, Precision.FP32, 1))) {
            assertEquals(
                    "reference (plain Java, fp32, 1 thread)", opened.engine().description());
        }
    }

    /** There is always one that runs, and it says which it is. */
    @Test
    void anEngineIsFoundOnEveryMachine() {
        try (OpenedEngine<InferenceEngine> opened =
                Engines.open(EngineName.AUTO, SMALL.network(), EngineOptions.fp32(2))) {
            assertNotEquals(EngineName.AUTO, opened.name());
            assertTrue(
                    opened.engine().description().startsWith(opened.name().toString()),
                    opened.engine().description());
            assertTrue(!opened.reason().isBlank());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpu", "Reference", ""})
    void anEngineThatIsNotThereIsRefusedWithThoseThatAre(String name) {
        assertEquals(
                "there is no engine called " + name + "; choose one of auto, cuda, cpu, reference",
                assertThrows(IllegalArgumentException.class, () -> EngineName.of(name))
                        .getMessage());
    }

    @Test
    void whatHasANameIsFoundByIt() {
        for (EngineName name : EngineName.values()) {
            assertEquals(name, EngineName.of(name.toString()));
        }
        for (Precision precision : Precision.values()) {
            assertEquals(precision, Precision.of(precision.toString()));
        }
        for (Convolutions convolutions : Convolutions.values()) {
            assertEquals(convolutions, Convolutions.of(convolutions.toString()));
        }
        assertEquals(
                "there is no precision called FP32; choose one of fp32, tf32, bf16",
                assertThrows(IllegalArgumentException.class, () -> Precision.of("FP32"))
                        .getMessage());
        assertEquals(
                "there are no convolutions called own; choose one of auto, cudnn, native",
                assertThrows(IllegalArgumentException.class, () -> Convolutions.of("own"))
                        .getMessage());
    }

    @Test
    void theReferenceEngineRefusesTf32() {
        assertEquals(
                "the reference engine computes in fp32 or bf16, not in tf32",
                assertThrows(
                                EngineUnavailableException.class,
                                () -> Engines.open(
                                        EngineName.REFERENCE, SMALL.network(), new EngineOptions(2, Precision.TF32, 0)))
                        .getMessage());
    }

    @Test
    void noThreadsMeansAllProcessors() {
        assertEquals(
                Runtime.getRuntime().availableProcessors(),
                EngineOptions.fp32(2).threadCount());
        assertEquals(5, new EngineOptions(2, Precision.FP32, 5).threadCount());
    }
}
