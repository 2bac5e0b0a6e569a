package daegpu.engine.cpu;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.engine.EngineOptions;
import daegpu.parity.Comparison;
import daegpu.parity.Parity;
import daegpu.parity.RecordedValues;
import daegpu.parity.Tolerance;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CpuEngineTest {

    @ParameterizedTest
    @CsvSource({"tiny,1", "tiny,2", "tiny,3", "seed,1", "seed,2", "seed,3"})
    void agreesWithKeras(String golden, int threads) {
        RecordedValues recorded = RecordedValues.read(Path.of("tests/golden", golden + ".safetensors"));
        EngineOptions options = new EngineOptions(recorded.batch(), "fp32", threads);
        try (CpuEngine engine = new CpuEngine(recorded.architecture(), options)) {
            assertAll(Parity.replay(recorded, engine, Tolerance.of("cpu", "fp32")).stream()
                    .map(comparison -> () -> assertTrue(comparison.passed(), comparison::toString)));
        }
    }
}
