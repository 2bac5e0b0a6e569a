package daegpu.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The emulated device's own tests, which are in C++: see tests/emulator/Makefile. */
class EmulatorTest {

    private static boolean isOnPath(String program) {
        return Stream.of(System.getenv("PATH").split(":")).anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    @Test
    void checkPasses() throws IOException, InterruptedException {
        assumeTrue(isOnPath("g++") && isOnPath("make"), "there is no g++ or no make");
        Process process = new ProcessBuilder("make", "--silent", "--jobs=2", "-C", "tests/emulator", "check")
                .redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), output);
        assertTrue(output.contains(" tests, 0 failures"), output);
    }
}
