package daegpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import daegpu.ThisJava;
import daegpu.bench.ResultFile.Measurement;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** The command line of the benchmarks, mostly without running any: that takes a process for each, and minutes. */
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
        assertTrue(
                all.containsAll(little) && little.size() < 40 && all.size() > 2 * little.size(),
                little.size() + " " + all.size());
        for (String name : List.of(
                "noise",
                "conv2 forward",
                "conv2 data gradient",
                "deconv1 weight gradient",
                "latent forward",
                "loss",
                "adam")) {
            assertTrue(little.contains("CpuOperations.run batchSize=32 operation=" + name), name);
            for (int batch : new int[] {1, 32, 128, 512}) {
                for (String engine : List.of("Cpu", "Reference")) {
                    assertTrue(all.contains(engine + "Operations.run batchSize=" + batch + " operation=" + name), name);
                }
            }
        }
        assertEquals(
                Stream.of(
                                "copy processors=1",
                                "copy processors=all",
                                "matrixProduct processors=1",
                                "matrixProduct processors=all")
                        .map(name -> "Peak." + name)
                        .toList(),
                little.subList(0, 4),
                "what others are held against comes first");
    }

    @Test
    void peaksComeWithWhatIsHeldAgainstThem() {
        assertEquals(0, run("--list", "--filter", "CheckpointFile"));
        assertEquals(
                List.of("CheckpointFile.load", "CheckpointFile.save"),
                out.toString().lines().toList());
        out.getBuffer().setLength(0);
        assertEquals(0, run("--list", "--filter", "operation=adam", "--threads", "1"));
        assertEquals(5, out.toString().lines().count(), out.toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--filter [ | --filter is not a regular expression",
                "--filter nothingOfThatName "
                        + "| no benchmark has a match of --filter nothingOfThatName in the short set; --full has more",
                "--threads -1 | --threads must not be negative",
                "--ful | Unknown option: '--ful'",
                "--compare missing.json | missing.json does not exist"
            })
    void refusesInOneLine(String arguments, String message) {
        assertEquals(2, run(arguments.split(" ")));
        assertTrue(
                err.toString().startsWith("dae-gpu-bench: ") && err.toString().contains(message), err.toString());
        assertEquals(1, err.toString().lines().count(), err.toString());
    }

    @Test
    void wantsNoFileToBeBothOldAndNew() throws IOException {
        Path file = Files.writeString(folder.resolve("old.json"), "[]");
        assertEquals(2, run("--filter", "CheckpointFile", "--compare", file.toString(), "--output", file.toString()));
        assertTrue(err.toString().contains("--output would replace " + file), err.toString());
        assertEquals("[]", Files.readString(file));
        assertEquals(
                2,
                run(
                        "--filter",
                        "CheckpointFile",
                        "--output",
                        folder.resolve("none/new.json").toString()));
        assertFalse(Files.exists(folder.resolve("none")));
    }

    private static ProcessBuilder suite(String... arguments) {
        List<String> command = ThisJava.command();
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), BenchmarkSuite.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true);
    }

    /** One benchmark from the command line to its figures. */
    @Test
    void measures() throws IOException, InterruptedException {
        Path file = folder.resolve("results.json");
        Process process = suite("--filter", "CheckpointFile.load", "--output", file.toString())
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        Measurement loading = ResultFile.read(file).get("CheckpointFile.load");
        assertTrue(loading.score() > 0 && loading.error() >= 0, output);
        assertTrue(
                output.contains("[1/1] CheckpointFile.load")
                        && output.contains(String.format(Locale.ROOT, "%12.4f ± ", loading.score())),
                output);
    }

    /** A signal to the suite alone also ends the process that measures; what the file holds can be read. */
    @Test
    void interruptedItLeavesNoProcessAndAWholeFile() throws IOException, InterruptedException {
        assumeTrue(
                Files.exists(Path.of("/bin/kill")) || Files.exists(Path.of("/usr/bin/kill")), "there is no kill here");
        Path file = folder.resolve("results.json");
        Process process =
                suite("--filter", "CheckpointFile", "--output", file.toString()).start();
        List<ProcessHandle> measuring = List.of();
        for (int i = 0; i < 600 && measuring.isEmpty(); i++) {
            Thread.sleep(50);
            measuring = process.descendants().toList();
        }
        assertFalse(measuring.isEmpty());
        new ProcessBuilder("kill", "-INT", String.valueOf(process.pid()))
                .start()
                .waitFor();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(130, process.waitFor(), output);
        assertTrue(output.contains("Interrupted; what was measured before is in " + file), output);
        for (int i = 0; i < 100 && measuring.stream().anyMatch(ProcessHandle::isAlive); i++) {
            Thread.sleep(50);
        }
        assertTrue(measuring.stream().noneMatch(ProcessHandle::isAlive), "the process that measures goes on");
        assertTrue(ResultFile.read(file).isEmpty());
    }
}
