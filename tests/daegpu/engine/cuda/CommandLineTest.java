package daegpu.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import daegpu.ThisJava;
import daegpu.cli.DaeGpu;
import daegpu.engine.Configuration;
import daegpu.engine.Precision;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
            assertEquals(
                    0,
                    DaeGpu.run(
                            "train",
                            "--engine",
                            engine,
                            "--convolutions",
                            "cudnn",
                            "--limit",
                            "256",
                            "--validation-limit",
                            "64",
                            "--epochs",
                            "2",
                            "--output",
                            folder.resolve(engine).toString()));
        }
        double[] cuda = lastMetrics(folder.resolve("cuda"));
        double[] cpu = lastMetrics(folder.resolve("cpu"));
        for (int i = 3; i < cpu.length; i++) {
            assertEquals(cpu[i], cuda[i], 0.01 * Math.abs(cpu[i]), "column " + i);
        }
        assertEquals(
                0,
                DaeGpu.run(
                        "train",
                        "--engine",
                        "cpu",
                        "--resume",
                        folder.resolve("cuda").toString(),
                        "--epochs",
                        "3"),
                "the cpu goes on");
    }

    /** Columns of metrics.csv: epoch, seconds, images per second, training MSE, validation MSE, PSNR and SSIM. */
    private static double[] lastMetrics(Path run) throws IOException {
        List<String> lines = Files.readAllLines(run.resolve("metrics.csv"));
        return List.of(lines.get(lines.size() - 1).split(",")).stream()
                .mapToDouble(Double::parseDouble)
                .toArray();
    }

    /** Both are there: they are timed, the faster one computes the run, and one that is resumed times nothing again. */
    @Test
    void keepsTheConvolutionsThatWereFaster() throws IOException {
        Path run = folder.resolve("run");
        String output = output(
                "train",
                "--engine",
                "cuda",
                "--limit",
                "8",
                "--validation-limit",
                "4",
                "--epochs",
                "1",
                "--batch-size",
                "4",
                "--filters",
                "4,8",
                "--output",
                run.toString());
        Matcher choice = Pattern.compile(
                        "convolutions (\\w+): an update takes (\\S+) ms with native and (\\S+) ms with cudnn on ")
                .matcher(output);
        assertTrue(choice.find(), output);
        double own = Double.parseDouble(choice.group(2));
        double dnn = Double.parseDouble(choice.group(3));
        assertTrue(own > 0 && dnn > 0, output);
        String chosen = choice.group(1);
        if (own != dnn) { // as printed, to three digits
            assertEquals(own < dnn ? "native" : "cudnn", chosen);
        }
        assertTrue(output.contains(describe(chosen)) && !output.contains(describe(other(chosen))), output);
        assertTrue(Files.readString(run.resolve("config.json")).contains("\"convolutions\" : \"" + chosen + "\""));

        output = output("train", "--resume", run.toString(), "--epochs", "2");
        assertTrue(output.contains(describe(chosen)) && !output.contains("an update takes"), output);
        output = output("train", "--resume", run.toString(), "--epochs", "3", "--convolutions", other(chosen));
        assertTrue(output.contains(describe(other(chosen))) && !output.contains("an update takes"), output);
    }

    private static String other(String convolutions) {
        return convolutions.equals("native") ? "cudnn" : "native";
    }

    /** In the description of the engine. */
    private static String describe(String convolutions) {
        return convolutions.equals("native") ? ", native convolutions, " : ", cuDNN ";
    }

    private static String output(String... arguments) {
        PrintStream before = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(bytes, true));
        try {
            assertEquals(0, DaeGpu.run(arguments));
        } finally {
            System.setOut(before);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void listsDevices() {
        String output = output("devices");
        assertTrue(output.contains("Driver:    for CUDA up to "), output);
        assertTrue(output.contains("GPUs:\n  0: "), output);
        assertTrue(output.contains("libcudnn.so"), output);
        assertTrue(output.contains("--engine auto takes cuda: the fastest engine that runs here"), output);
    }

    /** A GPU before Ampere: one line, status 2; and with fp32 it goes. */
    @Test
    void precisionsThatTuringLacksAreRefused() throws IOException, InterruptedException {
        Path libraries = Path.of(System.getProperty(Configuration.CUDA_LIBRARIES.property(), "target/emulator"));
        assumeTrue(Files.exists(libraries.resolve("libcuda.so.1")), "there is no emulated device");
        for (Precision precision : List.of(Precision.TF32, Precision.BF16, Precision.FP32)) {
            ProcessBuilder builder = ThisJava.process(
                            "-D" + Configuration.CUDA_LIBRARIES.property() + "=" + libraries,
                            "-cp",
                            System.getProperty("java.class.path"),
                            "daegpu.Main",
                            "parity",
                            "tests/golden/tiny.safetensors",
                            "--engine",
                            "cuda",
                            "--convolutions",
                            "native",
                            "--precision",
                            precision.toString())
                    .redirectErrorStream(true);
            builder.environment().put("DAEGPU_EMULATOR_CAPABILITY", "7.5");
            Process process = builder.start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            int status = process.waitFor();
            if (precision == Precision.FP32) {
                assertTrue(status == 0 && output.contains("PASS"), output);
            } else {
                assertEquals(2, status, output);
                assertTrue(
                        output.matches(
                                "dae-gpu parity: " + precision + " needs compute capability 8\\.0 \\(Ampere\\) or "
                                        + "later, and .* has 7\\.5; use --precision fp32"),
                        output);
            }
        }
    }
}
