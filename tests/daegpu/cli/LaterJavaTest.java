package daegpu.cli;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import daegpu.cli.Program.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The packaged program on Java 24 or later, where that is installed: nothing on standard error, also where the methods
 * of {@code sun.misc.Unsafe} are refused that a still later Java will not have.
 */
class LaterJavaTest {

    private static final Path JAR = Path.of("target/dae-gpu.jar").toAbsolutePath();
    private static final List<String> STRICT = List.of("--sun-misc-unsafe-memory-access=deny");

    @TempDir
    private Path folder;

    /** Folders of Java 24 or later: those that setup-java's variables name, and the neighbours of this Java. */
    private static List<Path> laterJavas() throws IOException {
        List<Path> homes = new ArrayList<>();
        for (Map.Entry<String, String> variable : System.getenv().entrySet()) {
            if (variable.getKey().startsWith("JAVA_HOME")) {
                homes.add(Path.of(variable.getValue()));
            }
        }
        try (Stream<Path> neighbours =
                Files.list(Path.of(System.getProperty("java.home")).toRealPath().getParent())) {
            neighbours.forEach(homes::add);
        }
        List<Path> later = new ArrayList<>();
        for (Path home : homes) {
            Path release = home.resolve("release");
            if (Files.isExecutable(home.resolve("bin/java"))
                    && Files.isRegularFile(release)
                    && Files.readString(release).matches("(?s).*JAVA_VERSION=\"(?:2[4-9]|[3-9]\\d)\\b.*")) {
                later.add(home.toRealPath());
            }
        }
        return later.stream().distinct().toList();
    }

    @Test
    void saysNothingOnStandardError() throws Exception {
        List<Path> homes = laterJavas();
        assumeTrue(!homes.isEmpty(), "no Java 24 or later is installed beside this one, or named by JAVA_HOME_...");
        for (Path home : homes) {
            for (List<String> options : List.of(List.<String>of(), STRICT)) {
                Path run = folder.resolve("run-" + homes.indexOf(home) + "-" + options.size());
                run(home, options, "train", "--limit", "64", "--epochs", "1", "--output", run);
                run(home, options, "evaluate", run, "--limit", "10");
                run(home, options, "export", run, "--to", "onnx", "--output", run.resolve("model.onnx"));
                run(
                        home,
                        options,
                        "denoise",
                        "digits",
                        run.resolve("loss.png"),
                        "--output",
                        run.resolve("denoised.png"));
                run(home, options, "devices");
            }
        }
    }

    private static void run(Path home, List<String> options, Object... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(home.resolve("bin/java").toString()));
        command.addAll(options);
        command.addAll(List.of("-jar", JAR.toString()));
        Arrays.stream(arguments).map(String::valueOf).forEach(command::add);
        Result result = Program.finish(new ProcessBuilder(command).start());
        try {
            result.assertDone();
        } catch (AssertionError e) {
            throw new AssertionError(String.join(" ", command), e);
        }
    }
}
