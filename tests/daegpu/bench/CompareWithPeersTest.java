package daegpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bench/compare-with-peers} with programs that only say how fast they were. */
class CompareWithPeersTest {

    @TempDir
    Path folder;

    private Path ours;

    @BeforeEach
    void needsPython() throws IOException, InterruptedException {
        assumeTrue(runs("python3", "--version"), "there is no python3 here");
        // Steps of 4, 2 and 8 ms: 8000, 16000 and 4000 images/s at batch 32; keeps what the chart is drawn from.
        ours = program("java", """
                case "$*" in *PeersChart*) cat > "$0.chart"; exit ;; esac
                echo >> "$0.runs"
                set -- $(wc -l < "$0.runs")
                case $1 in 1) ms=4 ;; 2) ms=2 ;; *) ms=8 ;; esac
                echo '{"framework": "dae-gpu here", "batch": 32, "median_step_ms": '$ms', \
                "first_loss": 0.25, "timed_loss": 0.0625}'
                """);
    }

    @Test
    void takesMediansRangesAndTheMedianOfTheRatiosWithinRounds() throws Exception {
        // Compared with 4, 2 and 8 ms: 4, 5 and 5 times as long. The ratio of the medians would be 4.
        Path keras = program("keras", """
                echo >> "$0.runs"
                set -- $(wc -l < "$0.runs")
                case $1 in 2) ms=10 ;; 3) ms=40 ;; *) ms=16 ;; esac
                echo 'a warning before it'
                echo '{"framework": "Keras there", "batch": 32, "median_step_ms": '$ms', \
                "first_loss": 0.23, "timed_loss": 0.07}'
                """);
        Result result = compare("--keras-python", keras.toString(), "--rounds", "3");
        assertEquals(0, result.status, result.errors);
        assertTrue(
                result.lines.contains("| dae-gpu here | 32 | 8000 (4000-16000) | 4.0 | 0.2500, 0.0625 |  |"),
                result.text());
        assertTrue(
                result.lines.contains("| Keras there | 32 | 2000 (800-3200) | 16.0 | 0.2300, 0.0700 | 5.00 |"),
                result.text());
        JsonNode bars = new ObjectMapper().readTree(Path.of(ours + ".chart").toFile());
        assertEquals(2, bars.size());
        assertEquals("Keras", bars.get(1).get("program").asText());
        assertEquals(2000, bars.get(1).get("median").asDouble(), 1e-9);
        assertEquals(800, bars.get(1).get("least").asDouble(), 1e-9);
        assertEquals(3200, bars.get(1).get("most").asDouble(), 1e-9);
    }

    @Test
    void comparesEachPrecisionWithThePeersOfItsRound() throws Exception {
        Path keras = program("keras", """
                echo '{"framework": "Keras there", "batch": 32, "median_step_ms": 16, \
                "first_loss": 0.23, "timed_loss": 0.07}'
                """);
        Result result = compare("--keras-python", keras.toString(), "--precision", "fp32,bf16");
        assertTrue(
                result.lines.get(2).endsWith("| dae-gpu fp32 is faster by | dae-gpu bf16 is faster by |"),
                result.text());
        assertTrue(
                result.lines.contains("| Keras there | 32 | 2000 (2000-2000) | 16.0 | 0.2300, 0.0700 | 4.00 | 8.00 |"),
                result.text());
        assertTrue(
                result.lines.contains("| DL4J | | not run: it is fetched and built with --jvm-peers | | | | |"),
                result.text());
        List<String> calls = Files.readAllLines(Path.of(ours + ".calls"));
        assertTrue(calls.get(0).contains("--precision fp32 "), calls.get(0));
        assertTrue(calls.get(1).contains("--precision bf16 "), calls.get(1));
    }

    @Test
    void ctrlCLeavesTheTableOfTheWholeRounds() throws Exception {
        Path keras = program("keras", """
                echo >> "$0.runs"
                if [ $(wc -l < "$0.runs") = 3 ]; then kill -INT $PPID; sleep 60; fi
                echo '{"framework": "Keras there", "batch": 32, "median_step_ms": 16, \
                "first_loss": 0.23, "timed_loss": 0.07}'
                """);
        Result result = compare("--keras-python", keras.toString(), "--rounds", "5");
        assertEquals(130, result.status, result.errors);
        assertTrue(result.lines.get(0).contains("; 2 rounds, "), result.text());
        // Of 4 and 2 ms: the 8 ms of the third round are left out.
        assertTrue(
                result.lines.contains("| dae-gpu here | 32 | 12000 (8000-16000) | 3.0 | 0.2500, 0.0625 |  |"),
                result.text());
        assertTrue(result.errors.contains("interrupted in round 3, which does not count"), result.errors);
    }

    @Test
    void saysOfEachPeerThatDidNotRunWhy() throws Exception {
        Path torch = program("torch", """
                case "$*" in
                *channels-last*) echo 'Traceback' >&2; echo 'RuntimeError: no | such thing' >&2; echo 'done' >&2
                exit 1 ;;
                *) echo 'no JSON' ;;
                esac
                """);
        Result result = compare("--torch-python", torch.toString());
        assertEquals(0, result.status, result.errors);
        assertTrue(
                result.lines.contains("| Keras | | not run: name a Python that has it: --keras-python | | | |"),
                result.text());
        assertTrue(
                result.lines.contains("| PyTorch eager | 32 | not run: it printed no line of JSON: no JSON | | | |"),
                result.text());
        assertTrue(
                result.lines.contains(
                        "| PyTorch eager, channels-last | 32 | not run: exit status 1: RuntimeError: no \\| such "
                                + "thing | | | |"),
                result.text());
        assertTrue(
                result.lines.contains("| DL4J | | not run: it is fetched and built with --jvm-peers | | | |"),
                result.text());
        assertTrue(
                result.lines.contains("| DJL | | not run: it is fetched and built with --jvm-peers | | | |"),
                result.text());
    }

    @Test
    void keepsWhatRanAtAnotherBatch() throws Exception {
        Path keras = program("keras", """
                case "$*" in *"--batch 128"*) exit 7 ;; esac
                echo '{"framework": "Keras there", "batch": 32, "median_step_ms": 16, \
                "first_loss": 0.23, "timed_loss": 0.07}'
                """);
        Result result = compare("--keras-python", keras.toString(), "--batches", "32,128");
        assertTrue(
                result.lines.stream().anyMatch(line -> line.startsWith("| Keras there | 32 | 2000 ")), result.text());
        assertTrue(
                result.lines.contains("| Keras | 128 | not run: exit status 7: it printed nothing | | | |"),
                result.text());
    }

    @Test
    void endsAPeerThatDoesNotEndWithAllThatItStarted() throws Exception {
        Path keras = program("keras", """
                sleep 600 &
                echo $! > "$0.pid"
                echo '{"framework": "Keras there", "batch": 32, "median_step_ms": 16, \
                "first_loss": 0.23, "timed_loss": 0.07}'
                wait
                """);
        Result result = compare("--keras-python", keras.toString(), "--limit", "1");
        assertEquals(0, result.status, result.errors);
        assertTrue(
                result.lines.contains(
                        "| Keras | 32 | not run: it had not ended after 1 s; --limit gives it longer | | | |"),
                result.text());
        long child = Long.parseLong(Files.readString(Path.of(keras + ".pid")).strip());
        for (int i = 0; i < 100 && running(child); i++) {
            Thread.sleep(50);
        }
        assertFalse(running(child));
    }

    @Test
    void givesSlowPeersFewerImagesAndBuildsThemByMaven() throws Exception {
        program("mvn", """
                for option; do
                    case $option in -Dmdep.outputFile=*) file=${option#*=} ;; */dl4j/pom.xml) failing=1 ;; esac
                done
                if [ -n "$failing" ]; then echo '[ERROR] no such artifact'; exit 1; fi
                mkdir -p "$(dirname "$file")"
                echo one.jar > "$file"
                """);
        Result result = compare("--jvm-peers");
        assertTrue(
                result.lines.contains("| DL4J | | not run: Maven could not build it: no such artifact | | | |"),
                result.text());
        assertEquals(
                2,
                result.lines.stream()
                        .filter(line -> line.startsWith("| dae-gpu here | 32 |"))
                        .count(),
                result.text());
        List<String> calls = Files.readAllLines(Path.of(ours + ".calls"));
        assertTrue(calls.get(0).contains("--steps 300"), calls.get(0));
        assertTrue(calls.get(1).contains("DjlTraining --batch 32 --steps 60"), calls.get(1));
    }

    /** Here, ours denoises the picture in tiles in 250 ms, and everybody else in 500. */
    @Test
    void timesTheUNetInTrainingAndOnAPicture() throws Exception {
        ours = program("java", """
                case "$*" in
                *PeersChart*) cat > "$0.chart"; exit ;;
                *--export*) exit ;;
                *--whole*) echo '{"framework": "ours, in one piece", "batch": 1, "median_step_ms": 500, "mean_square": 2.0}' ;;
                *DenoisingThroughput*) echo '{"framework": "ours", "batch": 1, "median_step_ms": 250, "mean_square": 2.0}' ;;
                *) for option; do
                       case $option in *patches*) od -A n -t u1 -N 16 "$option" > "$0.header"; wc -c < "$option" > "$0.size" ;; esac
                   done
                   echo '{"framework": "ours", "batch": 16, "median_step_ms": 400, "first_loss": 0.0096, \
                "timed_loss": 0.004, "parameters": 572737}' ;;
                esac
                """);
        Path keras = program("keras", """
                echo '{"framework": "Keras", "batch": 16, "median_step_ms": 800, "first_loss": 0.0096, \
                "timed_loss": 0.005, "parameters": 5}'
                """);
        Path torch = program("torch", """
                case "$*" in
                *torch_denoise*--channels-last*)
                    echo '{"framework": "PyTorch other", "batch": 1, "median_step_ms": 500, "mean_square": 2.1}' ;;
                *torch_denoise*) echo '{"framework": "PyTorch", "batch": 1, "median_step_ms": 500, "mean_square": 2.01}' ;;
                *) echo '{"framework": "PyTorch", "batch": 16, "median_step_ms": 800, "first_loss": 0.0096, \
                "timed_loss": 0.005, "parameters": 572737}' ;;
                esac
                """);
        Result result = compare(
                "--network",
                "unet",
                "--batches",
                "16",
                "--keras-python",
                keras.toString(),
                "--torch-python",
                torch.toString());
        assertEquals(0, result.status, result.errors);
        for (String line : List.of(
                "Training steps:",
                "| ours | 16 | 40.0 (40.0-40.0) | 400.0 | 0.0096, 0.0040 |  |",
                "| Keras | 16 | not run: its network has 5 parameters, and ours 572737 | | | |",
                "| PyTorch | 16 | 20.0 (20.0-20.0) | 800.0 | 0.0096, 0.0050 | 2.00 |",
                "One picture of 512x512 pixels:",
                "| ours | 1 | 4.00 (4.00-4.00) | 250.0 | 2 |  |",
                "| ours, in one piece | 1 | 2.00 (2.00-2.00) | 500.0 | 2 | 2.00 |",
                "| PyTorch | 1 | 2.00 (2.00-2.00) | 500.0 | 2.01 | 2.00 |",
                "| PyTorch eager, channels-last | 1 | not run: what comes out has a mean square of 2.1, and of ours 2 | | | |",
                "| ONNX Runtime | | not run: it is fetched and built with --jvm-peers | | | |")) {
            assertTrue(result.lines.contains(line), line + "\n" + result.text());
        }
        // 2,000 patches of 64x64 in the form of an IDX file.
        assertEquals(
                List.of("0", "0", "8", "3", "0", "0", "7", "208", "0", "0", "0", "64", "0", "0", "0", "64"),
                List.of(Files.readString(Path.of(ours + ".header")).strip().split("\\s+")));
        assertEquals(
                16 + 2000 * 64 * 64,
                Integer.parseInt(Files.readString(Path.of(ours + ".size")).strip()));
    }

    @Test
    void withoutAJarItSaysHowToBuildIt() throws Exception {
        Result result = compare("--jar", folder.resolve("missing.jar").toString());
        assertEquals(2, result.status);
        assertTrue(
                result.errors.contains("missing.jar does not exist; build it first: mvn -DskipTests package"),
                result.errors);
    }

    private record Result(int status, List<String> lines, String errors) {

        String text() {
            return String.join("\n", lines) + "\n" + errors;
        }
    }

    private Result compare(String... options) throws IOException, InterruptedException {
        Path jar = Files.writeString(folder.resolve("dae-gpu.jar"), "");
        List<String> command = new ArrayList<>(List.of(
                "python3",
                "bench/compare-with-peers",
                "--java",
                ours.toString(),
                "--jar",
                jar.toString(),
                "--batches",
                "32",
                "--rounds",
                "1",
                "--chart",
                folder.resolve("chart.png").toString()));
        command.addAll(List.of(options));
        Path output = folder.resolve("output");
        Path errors = folder.resolve("errors");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(output.toFile()).redirectError(errors.toFile());
        builder.environment().merge("PATH", folder.toString(), (path, first) -> first + ":" + path);
        Process process = builder.start();
        assertTrue(process.waitFor(2, TimeUnit.MINUTES));
        return new Result(process.exitValue(), Files.readAllLines(output), Files.readString(errors));
    }

    private Path program(String name, String script) throws IOException {
        Path file = Files.writeString(folder.resolve(name), "#!/bin/sh\necho \"$*\" >> \"$0.calls\"\n" + script);
        assertTrue(file.toFile().setExecutable(true));
        return file;
    }

    private static boolean running(long process) {
        return ProcessHandle.of(process).map(ProcessHandle::isAlive).orElse(false);
    }

    private static boolean runs(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
