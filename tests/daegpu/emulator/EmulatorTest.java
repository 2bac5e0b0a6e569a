package daegpu.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Runs the emulated device's own tests, which are C++, as {@code make check} does by hand. */
class EmulatorTest {

    @Test
    void passesItsTests() throws Exception {
        check(List.of());
    }

    @Test
    void passesThemUnderTheSanitizers() throws Exception {
        check(List.of("SANITIZE=1"));
    }

    private static void check(List<String> options) throws IOException, InterruptedException {
        for (String tool : List.of("g++", "make")) {
            assumeTrue(isOnPath(tool), "there is no " + tool);
        }
        List<String> command =
                new ArrayList<>(List.of("make", "--no-print-directory", "-C", "tests/emulator", "-j2", "check"));
        command.addAll(options);
        Path output = Files.createTempFile("emulator", ".log");
        try {
            int status = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start()
                    .waitFor();
            String text = Files.readString(output, StandardCharsets.UTF_8);
            assertEquals(0, status, text);
            assertTrue(text.contains("tests, 0 failures"), text);
        } finally {
            Files.delete(output);
        }
    }

    private static boolean isOnPath(String tool) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
    }
}
