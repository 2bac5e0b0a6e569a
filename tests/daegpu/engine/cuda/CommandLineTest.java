package daegpu.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.cli.DaeGpu;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ordinary commands on the cuda engine. */
@RequiresCuda
class CommandLineTest {

    @TempDir
    private Path folder;

    @Test
    void trainsToWhatTheCpuReaches() throws IOException {
        for (String engine : List.of("cuda", "cpu")) {
            assertEquals(0, DaeGpu.run("train", "--engine", engine, "--convolutions", "cudnn", "--limit", "256", "--validation-limit", "64", "--epochs",
                    "2",
                    "--output", folder.resolve(engine).toString()));
        }
        double[] cuda = lastMetrics(folder.resolve("cuda"));
        double[] cpu = lastMetrics(folder.resolve("cpu"));
        for (int i = 3; i < cpu.length; i++) {
            assertEquals(cpu[i], cuda[i], 0.01 * Math.abs(cpu[i]), "column " + i);
        }
        assertEquals(0, DaeGpu.run("train", "--engine", "cpu", "--resume", folder.resolve("cuda").toString(), "--epochs",
                "3"), "the cpu goes on");
    }

    /** Columns of metrics.csv: epoch, seconds, images per second, training MSE, validation MSE, PSNR and SSIM. */
    private static double[] lastMetrics(Path run) throws IOException {
        List<String> lines = Files.readAllLines(run.resolve("metrics.csv"));
        return List.of(lines.get(lines.size() - 1).split(",")).stream().mapToDouble(Double::parseDouble).toArray();
    }

    @Test
    void listsDevices() {
        PrintStream before = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(bytes, true));
        try {
            assertEquals(0, DaeGpu.run("devices"));
        } finally {
            System.setOut(before);
        }
        String output = bytes.toString();
        assertTrue(output.contains("Driver:    for CUDA up to "), output);
        assertTrue(output.contains("GPUs:\n  0: "), output);
        assertTrue(output.contains("libcudnn.so"), output);
        assertTrue(output.contains("--engine auto takes cuda: the fastest engine that runs here"), output);
    }
}
