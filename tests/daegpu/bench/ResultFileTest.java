package daegpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.bench.ResultFile.Measurement;
import daegpu.bench.ResultFile.Verdict;
import daegpu.data.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResultFileTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "avgt,  10, 1, 10,   1, WITHIN_NOISE, 1",
        "avgt,  10, 1, 11.5, 1, WITHIN_NOISE, 0.8695652",
        "avgt,  10, 1, 12,   1, WITHIN_NOISE, 0.8333333",
        "avgt,  10, 1, 20,   1, SLOWER,       0.5",
        "avgt,  10, 1, 5,    1, FASTER,       2",
        "thrpt, 10, 1, 20,   1, FASTER,       2",
        "thrpt, 10, 1, 5,    1, SLOWER,       0.5",
        "avgt,  10, NaN, 5,  1, UNKNOWN,      2",
        "avgt,  10, 1, 5,  NaN, UNKNOWN,      2"
    })
    void saysFasterOrSlowerOnlyOutsideTheNoiseOfBoth(
            String mode,
            double before,
            double beforeError,
            double now,
            double nowError,
            Verdict verdict,
            double ratio) {
        ResultFile.Change change = ResultFile.compare(
                new Measurement(mode, before, beforeError, "ms/op"), new Measurement(mode, now, nowError, "ms/op"));
        assertEquals(verdict, change.verdict());
        assertEquals(ratio, change.ratio(), 1e-6);
    }

    @Test
    void comparesNothingThatIsMissingOrHasAnotherUnit() {
        Measurement one = new Measurement("avgt", 10, 1, "ms/op");
        assertEquals(Verdict.ONLY_NOW, ResultFile.compare(null, one).verdict());
        assertEquals(Verdict.ONLY_BEFORE, ResultFile.compare(one, null).verdict());
        assertEquals(
                Verdict.INCOMPARABLE,
                ResultFile.compare(one, new Measurement("avgt", 10, 1, "us/op")).verdict());
    }

    @Test
    void readsWhatJmhWrites() throws IOException {
        Path file = Files.writeString(folder.resolve("a.json"), """
                [{"benchmark": "daegpu.bench.A.run", "mode": "avgt", "params": {"threads": "2", "batchSize": "32"},
                  "primaryMetric": {"score": 1.5, "scoreError": "NaN", "scoreUnit": "ms/op"}},
                 {"benchmark": "daegpu.bench.B.run", "mode": "avgt",
                  "primaryMetric": {"score": 2.5, "scoreError": 0.25, "scoreUnit": "us/op"}}]""");
        assertEquals(
                Map.of(
                        "A.run batchSize=32 threads=2",
                        new Measurement("avgt", 1.5, Double.NaN, "ms/op"),
                        "B.run",
                        new Measurement("avgt", 2.5, 0.25, "us/op")),
                ResultFile.read(file));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[{", "{}", "[{\"benchmark\": \"A.run\"}]", "[1]"})
    void refusesOtherFilesInOneLineThatNamesThem(String content) throws IOException {
        Path file = Files.writeString(folder.resolve("b.json"), content);
        String message = assertThrows(InvalidInputException.class, () -> ResultFile.read(file))
                .getMessage();
        assertTrue(message.startsWith(file.toString()) && message.lines().count() == 1, message);
    }
}
