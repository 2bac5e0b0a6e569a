package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import daegpu.Seeds;
import daegpu.cli.Program.Result;
import daegpu.train.Checkpoint;
import daegpu.train.RunDirectory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What only a process of its own can show: signals, {@code kill -9}, locks and what a terminal would see. */
@ExtendWith(Seeds.class)
class ProcessTest {

    private static final int EPOCHS = 40;
    private static final int KEPT = 2;
    private static final String DEFAULT_RULE = "";
    private static final String ANOTHER_RULE = "--loss charbonnier --weight-decay 1e-2 --ema 0.99";
    /** {@code -Ddaegpu.kills=200} asks for more kills. */
    private static final int KILLS = Integer.getInteger("daegpu.kills", 8);

    @TempDir
    private static Path shared;

    private static Path data;
    /** What every run should leave, however often it is ended, by the flags of its learning rule. */
    private static final Map<String, Map<String, String>> STRAIGHT_RESULTS = new HashMap<>();

    @TempDir
    private Path folder;

    @BeforeAll
    static void trainUndisturbed() throws IOException {
        data = Program.writeImages(shared.resolve("data"));
        for (String rule : List.of(DEFAULT_RULE, ANOTHER_RULE)) {
            Path straight = shared.resolve("straight" + rule);
            Program.run(training(straight, rule)).assertDone();
            STRAIGHT_RESULTS.put(rule, Program.result(straight));
        }
    }

    private Path run() {
        return folder.resolve("run");
    }

    private static Object[] training(Path output) {
        return training(output, DEFAULT_RULE);
    }

    /** @param rule flags that say what training makes small, and how */
    private static Object[] training(Path output, String rule) {
        List<Object> arguments = Program.training(data, output);
        arguments.set(arguments.indexOf("--epochs") + 1, EPOCHS);
        arguments.addAll(List.of("--keep", KEPT));
        if (!rule.isEmpty()) {
            arguments.addAll(List.of(rule.split(" ", -1)));
        }
        return arguments.toArray();
    }

    private static Process start(Object... arguments) throws IOException {
        return Program.fork(List.of(), arguments).start();
    }

    @ParameterizedTest
    @ValueSource(strings = {DEFAULT_RULE, ANOTHER_RULE})
    void killedAtAnyMomentGoesOnAsThoughNothingHadHappened(String rule) throws IOException, InterruptedException {
        Random random = Seeds.random(0);
        int sessions = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            Process process = begunOrResumed(rule);
            // Half of them while Java starts and the run begins, half in the middle of the training.
            boolean soon = random.nextBoolean();
            if (!soon) {
                awaitEpochs(process, 1 + random.nextInt(4));
            }
            if (process.waitFor(random.nextInt(soon ? 1500 : 60), TimeUnit.MILLISECONDS)) {
                assertEquals(0, process.exitValue(), "after " + sessions + " sessions");
                assertEquals(STRAIGHT_RESULTS.get(rule), Program.result(run()), "after " + sessions + " sessions");
                deleteRun();
                sessions = 0;
            } else {
                process.destroyForcibly().waitFor();
                sessions++;
                List<Path> models = models();
                for (Path model : models) {
                    Checkpoint.read(model); // or it throws
                }
                // The last, the best, those kept, and one more if the run was killed before the oldest of them was
                // deleted.
                assertTrue(models.size() <= 2 + KEPT + 1, models.toString());
            }
        }
        Program.finish(begunOrResumed(rule)).assertDone();
        assertEquals(STRAIGHT_RESULTS.get(rule), Program.result(run()));
    }

    /** The checkpoints of the run, whole or not. */
    private List<Path> models() throws IOException {
        if (!Files.exists(run())) {
            return List.of();
        }
        try (var files = Files.walk(run())) {
            return files.filter(file -> file.toString().endsWith(".safetensors"))
                    .toList();
        }
    }

    /** As its user would go on: with the same command line until there is something to resume. */
    private Process begunOrResumed(String rule) throws IOException {
        return Files.exists(run().resolve("last.safetensors"))
                ? start("train", "--resume", run())
                : start(training(run(), rule));
    }

    /** Whether {@code count} epochs were finished before the process ended. */
    private static boolean awaitEpochs(Process process, int count) throws IOException {
        int epochs = 0;
        BufferedReader lines = process.inputReader();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith("epoch ") && ++epochs == count) {
                return true;
            }
        }
        return false;
    }

    private void deleteRun() throws IOException {
        try (var files = Files.walk(run())) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(file);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"INT,130,''", "TERM,143,''", "INT,130," + ANOTHER_RULE})
    void signalFinishesTheUpdateAndSaves(String signal, int status, String rule)
            throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(Path.of("/bin/kill")) || Files.isExecutable(Path.of("/usr/bin/kill")));
        Process process = start(training(run(), rule));
        assertTrue(awaitEpochs(process, 3), "it ended early");
        assertEquals(
                0,
                new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid()))
                        .start()
                        .waitFor());
        Result result = Program.finish(process);
        assertEquals(status, result.status(), result.err());
        assertEquals("", result.err());
        assertTrue(
                result.out().contains("Interrupted; everything up to the last update is saved. To go on:"),
                result.out());
        assertTrue(result.out().strip().endsWith(" train --resume " + run()), result.out());
        assertTrue(Checkpoint.read(run().resolve("last.safetensors")).state().step() >= 30);

        Program.run("train", "--resume", run()).assertDone();
        assertEquals(STRAIGHT_RESULTS.get(rule), Program.result(run()));
    }

    @Test
    void dryRunEndsAtOnceWhenInterrupted() throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(Path.of("/bin/kill")) || Files.isExecutable(Path.of("/usr/bin/kill")));
        List<Object> arguments = new ArrayList<>(List.of(training(run())));
        arguments.add("--dry-run");
        Process process = start(arguments.toArray());
        BufferedReader out = process.inputReader();
        String line = "";
        while (line != null && !line.startsWith("Dry run: ")) { // what comes then takes three seconds
            line = out.readLine();
        }
        assertEquals(
                0,
                new ProcessBuilder("kill", "-INT", String.valueOf(process.pid()))
                        .start()
                        .waitFor());
        assertEquals(
                "Interrupted; nothing was written.",
                out.lines().filter(text -> !text.isEmpty()).findFirst().orElse(""));
        assertEquals(130, process.waitFor());
        assertFalse(Files.exists(run()));
    }

    /** In the folder of its user, who need not name the run that was begun there. */
    @Test
    void resumeWithoutFolderTakesTheNewestRun() throws IOException, InterruptedException {
        List<Object> arguments = new ArrayList<>(List.of(training(run())));
        arguments
                .subList(arguments.indexOf("--output"), arguments.indexOf("--output") + 2)
                .clear();
        Process process = Program.fork(List.of(), arguments.toArray())
                .directory(folder.toFile())
                .start();
        assertTrue(awaitEpochs(process, 2), "it ended early");
        process.destroyForcibly().waitFor();
        Result result = Program.finish(Program.fork(List.of(), "train", "--resume")
                        .directory(folder.toFile())
                        .start())
                .assertDone();
        assertTrue(result.out().contains("Going on after update "), result.out());
        try (var runs = Files.list(folder.resolve("runs"))) {
            List<Path> all = runs.toList();
            assertEquals(1, all.size());
            assertEquals(STRAIGHT_RESULTS.get(DEFAULT_RULE), Program.result(all.get(0)));
        }
    }

    @Test
    void secondProcessIsRefused() throws IOException, InterruptedException {
        try (RunDirectory directory = RunDirectory.create(run())) {
            Map<String, String> before = Program.content(run());
            Program.finish(start(training(run()))).assertRefused(run() + " is in use: another process trains there");
            assertEquals(before, Program.content(run()));
            Files.copy(Program.train(data, folder.resolve("other")).resolve("last.safetensors"), directory.last());
            before = Program.content(run());
            Program.finish(start("train", "--resume", run()))
                    .assertRefused(run() + " is in use: another process trains there");
            assertEquals(before, Program.content(run()));
        }
    }

    @Test
    void tooLittleMemoryIsSaidInALine() throws IOException, InterruptedException {
        List<Object> arguments = Program.training(data, run());
        arguments.set(arguments.indexOf("--filters") + 1, "1024,1024");
        Program.finish(Program.fork(List.of("-Xmx48m"), arguments.toArray()).start())
                .assertRefused("more memory than Java may use", "-Xmx");
        assertFalse(Files.exists(run()));
    }

    @Test
    void outputThatIsLostIsAFailure() throws IOException, InterruptedException {
        Path full = Path.of("/dev/full");
        assumeTrue(Files.exists(full));
        Path model = Program.train(data, run());
        Process process = Program.fork(List.of(), "evaluate", model, "--data", data, "--json", "--engine", "reference")
                .redirectOutput(full.toFile())
                .start();
        Program.finish(process).assertRefused("the standard output could not be written");
    }

    /** As `head -1` does: what was asked for is done, quietly. */
    @ParameterizedTest
    @ValueSource(strings = {"--help", "--version", "models", "devices"})
    void readerThatGoesAwayIsNoFailure(String command) throws IOException, InterruptedException {
        Process process = start(command);
        process.getInputStream().close();
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), err);
        assertEquals("", err);
    }

    @Test
    void readerThatGoesAwayStopsNoTraining() throws IOException, InterruptedException {
        Process process = start(Program.training(data, run()).toArray());
        process.getInputStream().close();
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), err);
        assertEquals("", err);
        assertEquals(
                20, Checkpoint.read(run().resolve("last.safetensors")).state().step());
    }

    @Test
    void asksNothingOfTheStandardInput() throws IOException, InterruptedException {
        Process process = start(Program.training(data, run()).toArray());
        try (OutputStream in = process.getOutputStream()) {
            in.write("n\n".getBytes(Charset.defaultCharset()));
        }
        Program.finish(process).assertDone();
    }

    @Test
    void namesThatTheLocaleCannotHoldAreRefused() throws IOException, InterruptedException {
        assumeTrue(
                Charset.forName(System.getProperty("sun.jnu.encoding"))
                        .newEncoder()
                        .canEncode('ü'),
                "the locale of this test itself cannot hold the name");
        ProcessBuilder builder = Program.fork(
                List.of("-Dsun.jnu.encoding=ANSI_X3.4-1968"), "train", "--data", data, "--output", folder.resolve("ü"));
        builder.environment().put("LC_ALL", "C");
        List<String> before = new ArrayList<>(Program.content(folder).keySet());
        Result result = Program.finish(builder.start());
        if (result.status() != 0) {
            result.assertRefused("--output", "LC_ALL");
            assertEquals(before, new ArrayList<>(Program.content(folder).keySet()));
        }
    }
}
