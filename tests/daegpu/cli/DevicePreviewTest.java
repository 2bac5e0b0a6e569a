package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.ThisJava;
import daegpu.preview.DeviceWindow;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pixels that go from the emulated device to a texture, by OpenGL in software on a screen in memory. */
class DevicePreviewTest {

    private static final String LIBRARIES =
            "-Ddaegpu.cuda.libraries=" + Path.of("target/emulator").toAbsolutePath();

    @TempDir
    private Path folder;

    @BeforeEach
    void requireScreenAndDevice() {
        for (String program : List.of("Xvfb", "xdotool")) {
            assumeTrue(
                    Screen.onPath(program),
                    program + " is not on the PATH: apt-get install xvfb libgl1-mesa-dri xdotool");
        }
        assumeTrue(Files.exists(Path.of("target/emulator/libcuda.so.1")), "there is no emulated device");
    }

    /**
     * The window has, pixel for pixel, what is drawn in this machine's memory; from the device nothing was copied
     * there.
     */
    @ParameterizedTest
    @CsvSource({"1, 1", "3, 1", "2, 1", "1, 0", "3, 0"})
    void windowShowsWhatIsOnTheDevice(int channels, int sharesWithOpenGl) throws IOException, InterruptedException {
        Path expected = folder.resolve("expected.png");
        Path counters = folder.resolve("counters.json");
        try (Screen screen = Screen.open(Files.createDirectory(folder.resolve("screen")))) {
            ProcessBuilder builder = ThisJava.process(
                            LIBRARIES,
                            "-cp",
                            System.getProperty("java.class.path"),
                            DeviceWindow.class.getName(),
                            String.valueOf(channels),
                            expected.toString())
                    .redirectErrorStream(true);
            builder.environment()
                    .putAll(Map.of(
                            "DAEGPU_EMULATOR_COUNTERS",
                            counters.toString(),
                            "DAEGPU_EMULATOR_OPENGL",
                            String.valueOf(sharesWithOpenGl),
                            "DAEGPU_EMULATOR_LEAKS",
                            "error"));
            Process process = screen.on(builder).start();
            try {
                assertEquals(
                        String.valueOf(sharesWithOpenGl == 1),
                        process.inputReader().readLine());
                long end = System.currentTimeMillis() + 30_000;
                while (Screen.place(screen.shot(), ImageIO.read(expected.toFile())) == null) {
                    assertTrue(System.currentTimeMillis() < end, "the window shows something else");
                    Thread.sleep(50);
                }
                process.getOutputStream().write('\n');
                process.getOutputStream().flush();
                String rest = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                assertEquals(0, process.waitFor(), rest);
                assertEquals("", rest);
            } finally {
                process.destroyForcibly().waitFor();
            }
        }
        JsonNode copies = new ObjectMapper().readTree(counters.toFile()).get("copies");
        assertEquals(0, copies.at("/device_to_host/calls").intValue(), copies.toString());
        assertEquals(sharesWithOpenGl, copies.at("/device_to_opengl/calls").intValue(), copies.toString());
        assertEquals(
                sharesWithOpenGl * 4 * 3 * 7 * 12 * 8 * channels,
                copies.at("/device_to_opengl/bytes").intValue());
    }

    /**
     * Training with a window gives the same bits, whether its images stay on the device or not, and frees what it took.
     */
    @Test
    void trainingIsTheSame() throws IOException, InterruptedException {
        Path data = Program.writeImages(folder.resolve("data"));
        List<Object> arguments = Program.training(data, folder.resolve("plain"));
        arguments.set(arguments.indexOf("reference"), "cuda");
        arguments.set(arguments.indexOf("--epochs") + 1, 10);
        arguments.removeAll(List.of("--threads", "1"));
        arguments.addAll(List.of("--convolutions", "native", "--log-every", "1"));
        Program.finish(Program.fork(List.of(LIBRARIES), arguments.toArray()).start())
                .assertDone();
        Map<String, String> expected = Program.result(folder.resolve("plain"));
        arguments.add("--preview");
        try (Screen screen = Screen.open(Files.createDirectory(folder.resolve("screen")))) {
            for (String shares : List.of("1", "0")) {
                arguments.set(arguments.indexOf("--output") + 1, folder.resolve("watched" + shares));
                ProcessBuilder builder = screen.on(Program.fork(List.of(LIBRARIES), arguments.toArray()));
                builder.environment()
                        .putAll(Map.of("DAEGPU_EMULATOR_OPENGL", shares, "DAEGPU_EMULATOR_LEAKS", "error"));
                String out = Program.finish(builder.start()).assertDone().out();
                assertFalse(out.contains("preview failed") || out.contains("no window"), out);
                assertEquals(expected, Program.result(folder.resolve("watched" + shares)));
            }
        }
    }
}
