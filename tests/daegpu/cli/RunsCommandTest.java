package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import daegpu.cli.Program.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against what stands in the runs' own metrics.csv, read here by splitting at commas. */
class RunsCommandTest {

    private static final int VALIDATION_MSE = 4;

    @TempDir
    private static Path runs;

    @TempDir
    private static Path data;

    @TempDir
    private Path folder;

    @BeforeAll
    static void train() throws IOException {
        Program.writeImages(data);
        for (Map.Entry<String, List<String>> run : Map.of(
                        "long",
                        List.of("--epochs", "3"),
                        "loud",
                        List.of("--epochs", "1", "--noise-std", "0.9"),
                        "stopped",
                        List.of(
                                "--epochs",
                                "9",
                                "--early-stop",
                                "1",
                                "--learning-rate",
                                "0.2",
                                "--schedule",
                                "constant"))
                .entrySet()) {
            List<Object> arguments = Program.training(data, runs.resolve(run.getKey()));
            int epochs = arguments.indexOf("--epochs");
            arguments.subList(epochs, epochs + 2).clear();
            arguments.addAll(run.getValue());
            Program.run(arguments.toArray()).assertDone();
        }
        // Files can be younger than each other by less than a file system can tell.
        int minute = 0;
        for (String name : List.of("stopped", "long", "loud")) {
            Files.setLastModifiedTime(
                    runs.resolve(name).resolve("metrics.csv"),
                    FileTime.from(Instant.parse("2020-01-01T00:00:00Z").plusSeconds(60L * minute++)));
        }
    }

    private static List<Double> errors(String run) throws IOException {
        return Files.readAllLines(runs.resolve(run).resolve("metrics.csv")).stream()
                .skip(1)
                .map(line -> Double.valueOf(line.split(",", -1)[VALIDATION_MSE]))
                .toList();
    }

    private static double best(String run) throws IOException {
        return errors(run).stream().min(Double::compare).orElseThrow();
    }

    private static List<String> names(String list) {
        return list.lines().skip(1).map(line -> line.split(" ", -1)[0]).toList();
    }

    @Test
    void listsTheNewestFirst() throws IOException {
        String list = Program.run("runs", runs).assertDone().out();
        assertEquals(List.of("loud", "long", "stopped"), names(list));
        for (String run : names(list)) {
            String line = list.lines()
                    .filter(each -> each.startsWith(run + " "))
                    .findFirst()
                    .orElseThrow();
            assertTrue(line.contains(String.format(Locale.ROOT, " %.5f ", best(run))), line);
        }
        assertTrue(list.matches("(?s).*\nloud .* 1/1 .* gaussian 0\\.9 .*finished\\s.*"), list);
        assertTrue(list.matches("(?s).*\nlong .* 3/3 .* gaussian 0\\.5 .*finished\\s.*"), list);
        assertTrue(list.matches("(?s).*\nstopped .* " + errors("stopped").size() + "/9 .*stopped early\\s*"), list);
    }

    @Test
    void sortsByTheLeastError() throws IOException {
        List<String> expected = new ArrayList<>(List.of("loud", "long", "stopped"));
        Map<String, Double> best = Map.of("loud", best("loud"), "long", best("long"), "stopped", best("stopped"));
        expected.sort((first, second) -> Double.compare(best.get(first), best.get(second)));
        assertEquals(
                expected,
                names(Program.run("runs", runs, "--sort", "best").assertDone().out()));
    }

    @Test
    void jsonHasTheWholeNumbers() throws IOException {
        JsonNode list = new ObjectMapper()
                .readTree(Program.run("runs", runs, "--json").assertDone().out());
        assertEquals(3, list.size());
        for (JsonNode run : list) {
            assertEquals(
                    best(Path.of(run.get("run").textValue()).getFileName().toString()),
                    run.get("best_val_mse").doubleValue());
        }
    }

    @Test
    void oneRunIsAListOfOne() {
        assertEquals(
                List.of("long"),
                names(Program.run("runs", runs.resolve("long")).assertDone().out()));
    }

    @Test
    void comparesTwo() throws IOException {
        Path chart = folder.resolve("both.png");
        String text = Program.run("runs", runs, "--compare", "long", runs.resolve("loud"), "--chart", chart)
                .assertDone()
                .out();
        List<String> differing = text.lines()
                .takeWhile(line -> !line.isBlank())
                .skip(1)
                .map(line -> line.split(" ", -1)[0])
                .toList();
        assertEquals(List.of("epochs", "noise-std"), differing);
        assertTrue(text.matches("(?s).*\nepochs +3 +1\\s*\n.*"), text);
        List<Double> errors = errors("long");
        for (int i = 0; i < errors.size(); i++) {
            String line = String.format(Locale.ROOT, "%d +%.5f +", i + 1, errors.get(i))
                    + (i == 0
                            ? String.format(Locale.ROOT, "%.5f", errors("loud").get(0))
                            : "-");
            assertTrue(text.lines().anyMatch(each -> each.strip().matches(line)), line + " is not in " + text);
        }
        boolean longWins = best("long") < best("loud");
        double less = Math.min(best("long"), best("loud"));
        double more = Math.max(best("long"), best("loud"));
        assertTrue(text.contains((longWins ? "long" : "loud") + " is better: "), text);
        assertTrue(
                text.contains(String.format(Locale.ROOT, "%.2f %% less than %.5f", 100 - 100 * less / more, more)),
                text);
        assertTrue(text.contains("other images or noise"), text);
        assertEquals(800, ImageIO.read(chart.toFile()).getWidth());
    }

    @Test
    void saysWhereNoiseIsNotClipped() throws IOException {
        List<Object> arguments = Program.training(data, folder.resolve("unclipped"));
        arguments.add("--no-clip");
        Program.run(arguments.toArray()).assertDone();
        String list = Program.run("runs", folder).assertDone().out();
        assertTrue(list.matches("(?s).*\nunclipped .* gaussian 0\\.5, not clipped .*finished\\s.*"), list);
        Path clipped = folder.resolve("clipped");
        Program.run("train", "--config", folder.resolve("unclipped/config.json"), "--clip", "--output", clipped)
                .assertDone();
        String[] compare = {"runs", folder.toString(), "--compare", "unclipped", "clipped"};
        String text = Program.run((Object[]) compare).assertDone().out();
        assertTrue(text.startsWith("differs  unclipped  clipped\nclip     false      true"), text);
        assertTrue(text.contains("other images or noise"), text);

        // A run of before there was the option is one that clips.
        Path config = clipped.resolve("config.json");
        ObjectNode record = (ObjectNode) new ObjectMapper().readTree(config.toFile());
        ((ObjectNode) record.get("options")).remove("clip");
        new ObjectMapper().writeValue(config.toFile(), record);
        assertEquals(text, Program.run((Object[]) compare).assertDone().out());
    }

    @Test
    void aRunIsLikeItself() {
        Path chart = folder.resolve("both.png");
        String text = Program.run("runs", "--compare", runs.resolve("long"), runs.resolve("long"), "--chart", chart)
                .assertDone()
                .out();
        assertTrue(text.contains("Both have the same options") && text.contains("is the same"), text);
    }

    @Test
    void brokenRunsAreNamedAndTheRestIsListed() throws IOException {
        copy("long", "good");
        Files.writeString(copy("long", "no-config").resolve("config.json"), "{");
        Files.delete(copy("long", "no-metrics").resolve("metrics.csv"));
        Files.writeString(copy("long", "bad-checkpoint").resolve("last.safetensors"), "no");
        Files.createDirectories(folder.resolve("no-run"));
        Result result = Program.run("runs", folder);
        assertEquals(3, result.status());
        assertEquals(List.of("good"), names(result.out()));
        assertEquals(
                List.of("bad-checkpoint", "no-config", "no-metrics"),
                result.err()
                        .lines()
                        .map(line -> line.replaceFirst(".*left out: ", ""))
                        .map(line -> line.replaceFirst("^" + folder + "/([^/]*)/.*", "$1"))
                        .toList());
    }

    private Path copy(String run, String name) throws IOException {
        Path target = Files.createDirectories(folder.resolve(name));
        for (String file : List.of("config.json", "metrics.csv", "last.safetensors")) {
            Files.copy(runs.resolve(run).resolve(file), target.resolve(file));
        }
        return target;
    }

    @Test
    void runsWithoutAnEpochAreListedToo() throws IOException {
        Path run = copy("long", "young");
        Files.writeString(
                run.resolve("metrics.csv"),
                Files.readAllLines(run.resolve("metrics.csv")).get(0) + "\n");
        Files.delete(run.resolve("last.safetensors"));
        String list = Program.run("runs", folder).assertDone().out();
        assertTrue(list.matches("(?s).*\nyoung +- +0/3 +- .*unfinished\\s*"), list);
        assertTrue(Program.run("runs", folder, "--compare", "young", runs.resolve("long"))
                .assertDone()
                .out()
                .contains("no epoch yet"));
    }

    @Test
    void mistakesAreSaidInOneLine() throws IOException {
        Program.run("runs", folder.resolve("none")).assertRefused("none", "does not exist", "name the folder");
        Program.run("runs", Files.writeString(folder.resolve("file"), "")).assertRefused("is not a folder");
        Program.run("runs", "--chart", "a.png").assertRefused("--compare");
        Program.run("runs", "--compare", runs.resolve("long")).assertRefused("--compare");
        Program.run("runs", "--compare", runs.resolve("long"), "absent").assertRefused("absent", "does not exist");
        Program.run("runs", "--compare", "a", "b", "--chart", "c.jpg").assertRefused(".png");
        Program.run("runs", "--compare", "a", "b", "--json").assertRefused("--json");
        Program.run("runs", "--sort", "size").assertRefused("--sort", "date", "best");
        assertEquals(
                "There are no runs in " + folder.resolve("empty") + " yet.",
                Program.run("runs", Files.createDirectory(folder.resolve("empty")))
                        .assertDone()
                        .out()
                        .strip());
        assertFalse(Files.exists(Path.of("c.jpg")));
    }

    /** What decides is which images were measured, not which options led to them. */
    @Test
    void runsThatDifferInTrainingImagesOnlyAreComparedWithoutAWord() throws IOException {
        Path data = Program.writeImages(folder.resolve("digits"));
        Program.train(data, folder.resolve("all"));
        List<Object> fewer = Program.training(data, folder.resolve("fewer"));
        fewer.addAll(List.of("--limit", "20", "--validation-limit", "0"));
        Program.run(fewer.toArray()).assertDone();
        fewer = Program.training(data, folder.resolve("others"));
        fewer.addAll(List.of("--validation-limit", "5"));
        Program.run(fewer.toArray()).assertDone();
        String same = Program.run("runs", folder, "--compare", "all", "fewer")
                .assertDone()
                .out();
        assertFalse(same.contains("other images"), same);
        String others = Program.run("runs", folder, "--compare", "all", "others")
                .assertDone()
                .out();
        assertTrue(others.contains("other images"), others);
    }
}
