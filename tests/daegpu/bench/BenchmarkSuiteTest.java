package daegpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** The command line of the benchmarks, short of running them: that takes processes of their own, and minutes. */
class BenchmarkSuiteTest {

    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        CommandLine command = BenchmarkSuite.commandLine();
        command.setOut(new PrintWriter(out, true));
        command.setErr(new PrintWriter(err, true));
        return command.execute(arguments);
    }

    @Test
    void listsTheShortSetAndTheFull() {
        assertEquals(0, run("--list"));
        List<String> little = out.toString().lines().toList();
        out.getBuffer().setLength(0);
        assertEquals(0, run("--list", "--full"));
        List<String> all = out.toString().lines().toList();
        assertTrue(all.containsAll(little) && little.size() < 40 && all.size() > 2 * little.size(), little.size() + " " + all.size());
        for (String name : List.of("noise", "conv2 forward", "conv2 data gradient", "deconv1 kernel gradient", "latent forward", "loss",
                "adam")) {
            assertTrue(little.contains("CpuOperations.run batchSize=32 operation=" + name), name);
            for (int batch : new int[] {1, 32, 128, 512}) {
                for (String engine : List.of("Cpu", "Reference")) {
                    assertTrue(all.contains(engine + "Operations.run batchSize=" + batch + " operation=" + name), name);
                }
            }
        }
        assertEquals(Stream.of("copy processors=1", "copy processors=all", "matrixProduct processors=1",
                "matrixProduct processors=all").map(name -> "Peak." + name).toList(), little.subList(0, 4),
                "what others are held against comes first");
    }

    @Test
    void peaksComeWithWhatIsHeldAgainstThem() {
        assertEquals(0, run("--list", "--filter", "CheckpointFile"));
        assertEquals(List.of("CheckpointFile.load", "CheckpointFile.save"), out.toString().lines().toList());
        out.getBuffer().setLength(0);
        assertEquals(0, run("--list", "--filter", "operation=adam", "--threads", "1"));
        assertEquals(5, out.toString().lines().count(), out.toString());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--filter [ | --filter is no regular expression",
        "--filter nothingOfThatName | no benchmark has a match of --filter nothingOfThatName in the short set; --full has more",
        "--threads -1 | --threads must not be negative",
        "--ful | Unknown option: '--ful'",
        "--compare missing.json | missing.json does not exist"})
    void refusesInOneLine(String arguments, String message) {
        assertEquals(2, run(arguments.split(" ")));
        assertTrue(err.toString().startsWith("dae-gpu-bench: ") && err.toString().contains(message), err.toString());
        assertEquals(1, err.toString().lines().count(), err.toString());
    }

    @Test
    void wantsNoFileToBeBothOldAndNew() throws IOException {
        Path file = Files.writeString(folder.resolve("old.json"), "[]");
        assertEquals(2, run("--filter", "CheckpointFile", "--compare", file.toString(), "--output", file.toString()));
        assertTrue(err.toString().contains("--output would replace " + file), err.toString());
        assertEquals("[]", Files.readString(file));
        assertEquals(2, run("--filter", "CheckpointFile", "--output", folder.resolve("none/new.json").toString()));
        assertFalse(Files.exists(folder.resolve("none")));
    }
}
