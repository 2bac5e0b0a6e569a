package daegpu.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.engine.Precision;
import daegpu.engine.cuda.cudnn.CudnnPurposes;
import daegpu.engine.cuda.driver.CudaLibraries;
import daegpu.engine.cuda.driver.Gpu;
import daegpu.model.Autoencoder;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/**
 * {@code bench/gpu}, on a GPU where there is one; on the emulated device its times mean nothing, but all of it runs.
 */
@RequiresCuda
class DeviceTimesTest {

    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        CommandLine line = DeviceTimes.commandLine();
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        return line.execute(arguments);
    }

    @Test
    void timesEveryKernelOfAStep() throws IOException {
        Path json = folder.resolve("times.json");
        assertEquals(
                0,
                run(
                        "--batch-sizes",
                        "1",
                        "--repetitions",
                        "1",
                        "--warm-up",
                        "1",
                        "--precisions",
                        "fp32",
                        "--json",
                        json.toString()),
                err.toString());
        String text = out.toString();
        JsonNode results = new ObjectMapper().readTree(json.toFile());
        assertEquals(
                Gpu.all().get(0).name().equals("emulated device"),
                text.contains("**This device is emulated: none of these times means anything.**"),
                text);
        assertTrue(results.get("copy_bytes_per_second").doubleValue() > 0, results.toString());
        Map<String, String> sections = Pattern.compile("### (\\w+), fp32\n(.*?)(?=\n#|\\z)", Pattern.DOTALL)
                .matcher(text)
                .results()
                .collect(Collectors.toMap(match -> match.group(1), match -> match.group(2)));
        check(
                results.get("native fp32 1"),
                sections.get("native"),
                NativeCounters.purposes(Autoencoder.MNIST, 1, Precision.FP32).keySet());
        if (CudaLibraries.missingForLayers().isEmpty()) {
            check(
                    results.get("cudnn fp32 1"),
                    sections.get("cudnn"),
                    CudnnPurposes.of(Autoencoder.MNIST, 1).keySet());
        }
    }

    /** A row for each kernel and library function, and none else, and shares that add up. */
    private static void check(JsonNode result, String section, Iterable<String> kernels) {
        TreeSet<String> expected = new TreeSet<>();
        kernels.forEach(expected::add);
        List<MatchResult> rows = Pattern.compile("\\| `(\\w+)` \\| [\\d.]+ \\([\\d.]+-[\\d.]+\\) \\| ([\\d.]+) % ")
                .matcher(section)
                .results()
                .toList();
        assertEquals(
                expected,
                rows.stream().map(row -> row.group(1)).collect(Collectors.toCollection(TreeSet::new)),
                section);
        assertEquals(
                100,
                rows.stream()
                        .mapToDouble(row -> Double.parseDouble(row.group(2)))
                        .sum(),
                0.1 * rows.size(),
                section);
        assertTrue(
                result.get("graph_seconds").doubleValue() > 0
                        && result.get("calls_seconds").doubleValue() > 0,
                section);
        for (JsonNode part : result.get("parts")) {
            assertTrue(part.get("seconds").doubleValue() > 0, section);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--batch-sizes 0 | --batch-sizes must be 1 to 4096, not 0",
                "--repetitions 0 | --repetitions and --warm-up must be at least 1",
                "--precisions fp16 | fp16",
                "--device 99 | there is no device 99",
                "--json missing/times.json | missing/times.json cannot be written",
                "--batch 3 | Unknown option"
            })
    void refusesInOneLine(String arguments, String message) {
        assertEquals(2, run(arguments.split(" ")));
        assertTrue(err.toString().startsWith("bench/gpu: ") && err.toString().contains(message), err.toString());
        assertEquals(1, err.toString().strip().lines().count(), err.toString());
    }
}
