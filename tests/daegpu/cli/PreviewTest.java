package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import daegpu.cli.Program.Result;
import daegpu.data.IdxFile;
import daegpu.data.ImageSet;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The live preview as a user meets it: in a real window on a screen in memory, in a file, and where there is no
 * display.
 */
class PreviewTest {

    private static final long PATIENCE = 60_000;

    @TempDir
    private static Path shared;

    private static Path data;
    private static Path straight;

    @TempDir
    private Path folder;

    @BeforeAll
    static void train() throws IOException {
        data = Program.writeImages(shared.resolve("data"));
        straight = Program.train(data, shared.resolve("straight"));
    }

    private static void requireScreen() {
        for (String program : List.of("Xvfb", "xdotool")) {
            assumeTrue(
                    Screen.onPath(program),
                    program + " is not on the PATH: apt-get install xvfb libgl1-mesa-dri xdotool");
        }
    }

    private Object[] training(int epochs, Object... more) {
        List<Object> arguments = Program.training(data, folder.resolve("run"));
        arguments.set(arguments.indexOf("--epochs") + 1, epochs);
        arguments.addAll(List.of(more));
        return arguments.toArray();
    }

    private static ProcessBuilder withoutDisplay(ProcessBuilder process) {
        process.environment().remove("DISPLAY");
        process.environment().remove("WAYLAND_DISPLAY");
        return process;
    }

    private interface Condition {
        boolean holds() throws IOException;
    }

    private static void await(String what, Process process, Condition condition)
            throws IOException, InterruptedException {
        long end = System.currentTimeMillis() + PATIENCE;
        while (!condition.holds()) {
            assertTrue(System.currentTimeMillis() < end, what + " is not to be seen");
            assertTrue(process.isAlive(), () -> "the program ended: " + process.exitValue());
            Thread.sleep(50);
        }
    }

    private static boolean isBlack(BufferedImage picture) {
        int[] pixels = picture.getRGB(0, 0, picture.getWidth(), picture.getHeight(), null, 0, picture.getWidth());
        return Arrays.stream(pixels).allMatch(pixel -> pixel == 0xFF000000);
    }

    @Test
    void windowShowsTrainingAndClosingItDoesNotEndIt() throws IOException, InterruptedException {
        requireScreen();
        Path file = folder.resolve("preview.png");
        Path log = folder.resolve("log");
        try (Screen screen = Screen.open(Files.createDirectory(folder.resolve("screen")))) {
            Process process = screen.on(Program.fork(List.of(), training(100_000, "--preview", "--preview-file", file)))
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            try {
                // The file holds what the window should show. It is written a moment later, when the window may show
                // more.
                await(
                        "the picture in the window",
                        process,
                        () -> Files.exists(file) && Screen.place(screen.shot(), ImageIO.read(file.toFile())) != null);
                screen.press("dae-gpu train", "Escape");
                await("a closed window", process, () -> isBlack(screen.shot()));
                long epochs = epochs(log);
                await("training that goes on", process, () -> epochs(log) > epochs + 2);
                process.destroy();
                assertEquals(143, process.waitFor(), Files.readString(log));
            } finally {
                process.destroyForcibly().waitFor();
            }
        }
        assertTrue(Files.readString(log).contains("Interrupted; everything up to the last update is saved"));
    }

    private static long epochs(Path log) throws IOException {
        try (Stream<String> lines = Files.lines(log)) {
            return lines.filter(line -> line.matches("epoch .* validation .*")).count();
        }
    }

    @Test
    void modelCanBeTriedInAWindow() throws IOException, InterruptedException {
        requireScreen();
        try (Screen screen = Screen.open(Files.createDirectory(folder.resolve("screen")))) {
            Process process = screen.on(Program.fork(List.of(), "preview", straight.toAbsolutePath(), "--data", data))
                    .directory(folder.toFile())
                    .start();
            try {
                await("the window", process, () -> !isBlack(screen.shot()));
                Path saved = folder.resolve("preview-1.png");
                BufferedImage before = screen.shot();
                screen.press("dae-gpu preview", "s");
                await("the saved picture", process, () -> Files.exists(saved));
                assertNotNull(Screen.place(before, ImageIO.read(saved.toFile())), "the window shows something else");
                screen.press("dae-gpu preview", "Right");
                await("more noise", process, () -> Screen.place(screen.shot(), ImageIO.read(saved.toFile())) == null);
                screen.press("dae-gpu preview", "Escape");
                Program.finish(process).assertDone();
            } finally {
                process.destroyForcibly().waitFor();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "auto"})
    void fileHoldsThePictureAndTheRunIsTheSame(String engine) throws IOException {
        Path file = folder.resolve("preview.png");
        Object[] plain = training(2);
        plain[Arrays.asList(plain).indexOf("--engine") + 1] = engine;
        Program.run(plain).assertDone();
        Map<String, String> expected = Program.result(Files.move(folder.resolve("run"), folder.resolve("plain")));
        Object[] watched = training(2, "--preview-file", file);
        watched[Arrays.asList(watched).indexOf("--engine") + 1] = engine;
        Program.run(watched).assertDone();
        BufferedImage picture = ImageIO.read(file.toFile());
        assertTrue(picture.getWidth() > 500 && picture.getHeight() > 300, picture.toString());
        assertEquals(expected, Program.result(folder.resolve("run")));
        Files.delete(file);
        Program.run("train", "--resume", folder.resolve("run"), "--epochs", "3", "--preview-file", file)
                .assertDone();
        assertTrue(Files.exists(file));
    }

    @Test
    void withoutADisplayOneLineSaysSo() throws IOException, InterruptedException {
        Result trained = Program.finish(withoutDisplay(Program.fork(List.of(), training(2, "--preview")))
                        .start())
                .assertDone();
        assertEquals(
                1,
                trained.out()
                        .lines()
                        .filter(line -> line.contains("no window can be opened") && line.contains("training goes on"))
                        .count(),
                trained.out());
        assertEquals(Program.result(straight), Program.result(folder.resolve("run")));
        Program.finish(withoutDisplay(Program.fork(List.of(), "preview", straight))
                        .start())
                .assertRefused("dae-gpu preview: no window can be opened");
    }

    @Test
    void fileThatCannotBeWrittenDoesNotEndTraining() throws IOException {
        Path file = folder.resolve("none/preview.png");
        String out =
                Program.run(training(2, "--preview-file", file)).assertDone().out();
        assertEquals(
                1,
                out.lines()
                        .filter(line -> line.contains(file.toString()) && line.contains("training goes on"))
                        .count(),
                out);
        assertEquals(Program.result(straight), Program.result(folder.resolve("run")));
    }

    @Test
    void refusesWhatIsNoPicture() throws IOException {
        Program.run(training(2, "--preview-file", folder.resolve("model.safetensors")))
                .assertRefused(".png");
        Program.run("preview", straight, "--data", data, "--noise-std", "-1").assertRefused("--noise-std");
        Path large = folder.resolve("large-idx3-ubyte");
        IdxFile.write(large, new ImageSet(9, 8, 1, new byte[72]));
        Program.run("preview", straight, "--data", large).assertRefused("8x8 grey", "9x8 grey", "--data");
        assertNull(folder.resolve("run").toFile().list());
    }
}
