package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.cli.Program.Result;
import daegpu.data.EmbeddedMnist;
import daegpu.data.IdxFile;
import daegpu.data.ImageSet;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/**
 * Runs every example that a command's help gives, word by word, in a folder with what the examples name: models,
 * digits, photos. Two things differ from what a user types. Trainings and evaluations take few images and epochs, by
 * the options in {@link #SMALL}; and windows are closed as soon as they are seen.
 */
class ExamplesTest {

    /** What is put in place of an example's own numbers, or added. */
    private static final Map<String, List<String>> SMALL = Map.of(
            "train", List.of("--limit", "64", "--validation-limit", "32", "--epochs", "1"),
            "train --resume", List.of("--epochs", "2"),
            "evaluate", List.of("--limit", "32"));

    @TempDir
    private static Path folder;

    private static WorkingDirectory directory;

    @BeforeAll
    static void prepareWhatTheExamplesName() throws IOException {
        Random random = new Random(7);
        for (String name :
                List.of("photos/a.png", "photos/trip/b.jpg", "photos/trip/c.png", "more-photos/d.png", "photo.jpg")) {
            BufferedImage photo =
                    new BufferedImage(70 + random.nextInt(30), 50 + random.nextInt(30), BufferedImage.TYPE_INT_RGB);
            photo.createGraphics().fillRect(random.nextInt(30), random.nextInt(20), 30, 25);
            write(photo, name);
        }
        for (String name : List.of("my-photos/e.png", "my-photos/f.png")) {
            write(new BufferedImage(80, 70, BufferedImage.TYPE_BYTE_GRAY), name);
        }
        BufferedImage noisy = new BufferedImage(80, 70, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 80 * 70; i++) {
            noisy.getRaster().setSample(i % 80, i / 80, 0, (int) Math.round(128 + 10 * random.nextGaussian()));
        }
        write(noisy, "noisy-photos/g.png");
        for (int i = 0; i < 3; i++) {
            write(noisy, "dirty-scans/" + i + ".png");
            write(new BufferedImage(80, 70, BufferedImage.TYPE_BYTE_GRAY), "clean-scans/" + i + ".png");
            write(noisy, "microscope-frames/" + i + ".png");
        }
        ImageSet digits = EmbeddedMnist.test(3);
        write(digit(digits, 0), "scan.png");
        write(digit(digits, 1), "digit.png");
        write(digit(digits, 2), "scans/first.png");
        IdxFile.write(folder.resolve("more.idx3-ubyte"), digits);
        Path golden = Files.createDirectories(folder.resolve("tests/golden"));
        Files.copy(Path.of("tests/golden/seed.safetensors"), golden.resolve("seed.safetensors"));

        directory = WorkingDirectory.of(folder);
        train("--output", "digits");
        train("--output", "first-run");
        train();
        train("--data", "photos", "--tiles", "32x32", "--output", "photo-model");
        train("--data", "photos", "--crop", "32x64", "--output", "wide");
        train("--noisy", "dirty-scans", "--clean", "clean-scans", "--output", "scan-model");
        for (String[] arguments : new String[][] {
            {"export", "digits", "--to", "safetensors", "--layout", "pytorch", "--output", "torch.safetensors"},
            {"export", "wide", "--to", "safetensors", "--output", "wide.safetensors"},
            {"encode", "digits", "scan.png", "digit.png", "--output", "latents.csv"},
            {"encode", "digits", "scan.png", "digit.png", "--output", "latents.npy"}
        }) {
            Result result = directory.run((Object[]) arguments);
            assertEquals(0, result.status(), result.err());
        }
    }

    private static void train(String... arguments) throws IOException {
        List<String> all = new ArrayList<>(List.of("train"));
        all.addAll(SMALL.get("train"));
        all.addAll(List.of(arguments));
        directory.run(all.toArray()).assertDone();
    }

    private static BufferedImage digit(ImageSet digits, int index) {
        BufferedImage image = new BufferedImage(28, 28, BufferedImage.TYPE_BYTE_GRAY);
        byte[] pixels = digits.pixels();
        for (int i = 0; i < 28 * 28; i++) {
            image.getRaster().setSample(i % 28, i / 28, 0, pixels[index * 28 * 28 + i] & 0xff);
        }
        return image;
    }

    private static void write(BufferedImage image, String name) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        assertTrue(ImageIO.write(image, name.substring(name.length() - 3), file.toFile()));
    }

    @AfterAll
    static void leave() throws IOException {
        directory.close();
    }

    private static Stream<String> examples(String... help) {
        return Program.run((Object[]) help)
                .assertDone()
                .out()
                .lines()
                .filter(line -> line.startsWith("  dae-gpu "))
                .map(line -> line.replaceFirst("^  dae-gpu ", ""));
    }

    static List<Arguments> all() {
        List<Arguments> all =
                new ArrayList<>(examples("--help").map(Arguments::of).toList());
        for (String command : new CommandLine(new DaeGpu()).getSubcommands().keySet()) {
            if (command.equals("generate-completion")) {
                continue; // its example is a line for bash: below
            }
            List<String> its = examples(command, "--help").toList();
            assertFalse(its.isEmpty(), command + " has no example");
            for (String example : its) {
                assertTrue((example + " ").startsWith(command + " "), example);
                all.add(Arguments.of(example));
            }
        }
        return all;
    }

    private static List<String> small(List<String> example) {
        String command = example.get(0);
        boolean tellsNoise = example.size() > 1 && example.get(1).equals("noisy-photos");
        List<String> small = tellsNoise
                ? List.of()
                : SMALL.getOrDefault(example.contains("--resume") ? command + " --resume" : command, List.of());
        List<String> arguments = new ArrayList<>(example);
        for (int i = 0; i < small.size(); i += 2) {
            int at = arguments.indexOf(small.get(i));
            if (at >= 0) {
                arguments.set(at + 1, small.get(i + 1));
            } else {
                arguments.addAll(small.subList(i, i + 2));
            }
        }
        return arguments;
    }

    /** The value of the option; null if it is not given. */
    private static String value(List<String> arguments, String option) {
        int at = arguments.indexOf(option);
        return at < 0 ? null : arguments.get(at + 1);
    }

    @ParameterizedTest
    @MethodSource("all")
    void doesWhatItSays(String example) throws IOException, InterruptedException {
        List<String> words = List.of(example.split(" +"));
        if (words.get(0).equals("preview")) {
            opensAWindow(words);
            return;
        }
        List<String> arguments = small(words);
        String output = Stream.of("--output", "--chart")
                .map(option -> value(arguments, option))
                .filter(value -> value != null)
                .findFirst()
                .orElse(null);
        // A model of that name, which other examples take, is moved away until the new one has been looked at.
        Path aside = folder.resolve("aside");
        boolean replaced = output != null && Files.exists(folder.resolve(output));
        if (replaced) {
            Files.move(folder.resolve(output), aside);
        }
        List<Path> runsBefore = list(folder.resolve("runs"));
        Result result = directory.run(arguments.toArray());
        assertEquals(0, result.status(), result.err());
        // The models of these examples have learned next to nothing, and spoil what they are given.
        assertTrue(
                result.err()
                        .lines()
                        .allMatch(line -> line.startsWith("dae-gpu denoise: warning: ")
                                || line.contains(": note: digits is the folder here, ")),
                result.err());
        if (words.contains("--dry-run")) {
            assertTrue(result.out().contains("Nothing was written"), result.out());
            assertTrue(output == null || !Files.exists(folder.resolve(output)), output + " was made");
            assertEquals(runsBefore, list(folder.resolve("runs")));
        } else {
            if (output != null) {
                assertFilled(folder.resolve(output));
            }
            assertDone(words, output, runsBefore, result.out());
        }
        if (output != null && Files.exists(folder.resolve(output))) {
            delete(folder.resolve(output));
        }
        if (replaced) {
            Files.move(aside, folder.resolve(output));
        }
    }

    /** Files that the command promises besides those that it was told to write. */
    private static void assertDone(List<String> words, String output, List<Path> runsBefore, String out)
            throws IOException {
        switch (words.get(0)) {
            case "train" ->
                assertRun(
                        output != null
                                ? folder.resolve(output)
                                : words.contains("--resume")
                                        ? folder.resolve(value(words, "--resume"))
                                        : list(folder.resolve("runs")).stream()
                                                .filter(run -> !runsBefore.contains(run))
                                                .findFirst()
                                                .orElseThrow());
            case "evaluate" -> {
                if (words.contains("noisy-photos")) {
                    assertTrue(out.contains("--noise gaussian --noise-std 0.0"), out);
                    return;
                }
                Path run = folder.resolve(words.get(1).replaceFirst("/.*", ""));
                // A model that comes with the program has no folder.
                Path figure = (Files.isDirectory(run) ? run : folder).resolve("robustness.png");
                assertFilled(figure);
                Files.delete(figure);
                Files.deleteIfExists(figure.resolveSibling("robustness-chart.png"));
                if (words.contains("--json")) {
                    assertTrue(new ObjectMapper().readTree(out).size() > 0, out);
                }
            }
            case "parity" -> assertTrue(out.lines().anyMatch(line -> line.startsWith("PASS: all")), out);
            default -> assertTrue(output != null || !out.isBlank(), "neither writes nor prints anything");
        }
    }

    /** With a screen, a window with this title; without one, a line that says so. */
    private static void opensAWindow(List<String> words) throws IOException, InterruptedException {
        Result refused = directory.run(words.toArray());
        new Result(
                        refused.status(),
                        refused.out(),
                        refused.err().replaceFirst(".*: note: digits is the folder.*\\R", ""))
                .assertRefused("no window can be opened");
        assumeTrue(
                Screen.onPath("Xvfb") && Screen.onPath("xdotool"),
                "Xvfb or xdotool is not on the PATH: apt-get install xvfb libgl1-mesa-dri xdotool");
        Path buffer = Files.createTempDirectory(folder, "screen");
        try (Screen screen = Screen.open(buffer)) {
            Process process = screen.on(Program.fork(List.of(), words.toArray()))
                    .directory(folder.toFile())
                    .start();
            try {
                screen.awaitWindow("dae-gpu preview");
                screen.press("dae-gpu preview", "Escape");
                Result closed = Program.finish(process);
                assertEquals(0, closed.status(), closed.err());
            } finally {
                process.destroyForcibly().waitFor();
            }
        }
    }

    /** The files that the README promises. */
    private static void assertRun(Path run) throws IOException {
        for (String name : List.of(
                "config.json",
                "metrics.csv",
                "best.safetensors",
                "last.safetensors",
                "samples/epoch-001.png",
                "loss.png",
                "report.html",
                "tensorboard")) {
            assertFilled(run.resolve(name));
        }
        // A U-Net has no latent vectors.
        if (!Files.readString(run.resolve("config.json")).contains("\"unet\"")) {
            assertFilled(run.resolve("latents.png"));
        }
    }

    /** Checks that a file is there and not empty, and that it is a picture if its name says so. */
    private static void assertFilled(Path path) throws IOException {
        assertTrue(Files.exists(path), path + " is missing");
        if (Files.isDirectory(path)) {
            assertFalse(list(path).isEmpty(), path + " is empty");
        } else if (path.toString().endsWith(".png")) {
            assertNotNull(ImageIO.read(path.toFile()), path + " is not a picture");
        } else {
            assertTrue(Files.size(path) > 0, path + " is empty");
        }
    }

    private static List<Path> list(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    private static void delete(Path path) throws IOException {
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(file);
            }
        }
    }

    /** The line that help gives, in a bash that finds the program under its name. */
    @Test
    void completionOfTheExampleIsThere() throws IOException, InterruptedException {
        assumeTrue(Screen.onPath("bash"), "bash is not on the PATH");
        String example = Program.run("generate-completion", "--help")
                .assertDone()
                .out()
                .lines()
                .map(String::strip)
                .filter(line -> line.startsWith("source "))
                .findFirst()
                .orElseThrow();
        String program = Program.fork(List.of()).command().stream()
                .map(ProgramName::argument)
                .reduce((all, next) -> all + " " + next)
                .orElseThrow();
        Process bash = new ProcessBuilder(
                        "bash",
                        "-c",
                        "dae-gpu() { " + program + " \"$@\"; }\n" + example + "\n"
                                + "complete -p dae-gpu && COMP_WORDS=(dae-gpu tra) COMP_CWORD=1 && _complete_dae-gpu"
                                + " && echo ${COMPREPLY[@]}")
                .redirectErrorStream(true)
                .start();
        String output = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, bash.waitFor(), output);
        assertTrue(Arrays.asList(output.strip().split("\\s+")).contains("train"), output);
    }
}
