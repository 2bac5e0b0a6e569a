package daegpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bench/photographs} with a program that only says what it measured. */
class PhotographsTest {

    @TempDir
    private Path folder;

    private Path ours;
    private Path jar;
    private Path pictures;
    private Path model;

    @BeforeEach
    void needsPython() throws IOException {
        try {
            new ProcessBuilder("python3", "--version")
                    .redirectErrorStream(true)
                    .start()
                    .destroy();
        } catch (IOException e) {
            assumeTrue(false, "there is no python3 here");
        }
        ours = folder.resolve("java");
        jar = Files.writeString(folder.resolve("dae-gpu.jar"), "");
        pictures = Files.createDirectory(folder.resolve("pictures"));
        model = Files.createDirectory(folder.resolve("model"));
        answer(0, "", """
                {"images": 68, "data": "pictures", "levels": [
                 {"noisy": {"psnr": 24.606, "ssim": 0.5}, "denoised": {"psnr": 31.004, "ssim": 0.87654}},
                 {"noisy": {"psnr": 14.1, "ssim": 0.1}, "denoised": {"psnr": null, "ssim": 1}}]}
                """);
    }

    private void answer(int status, String errors, String output) throws IOException {
        Files.writeString(folder.resolve("errors"), errors);
        Files.writeString(folder.resolve("output"), output);
        Files.writeString(ours, """
                #!/bin/sh
                folder=$(dirname "$0")
                echo "$*" >> "$folder/calls"
                cat "$folder/errors" >&2
                cat "$folder/output"
                exit STATUS
                """.replace("STATUS", String.valueOf(status)));
        assertTrue(ours.toFile().setExecutable(true));
    }

    private record Result(int status, List<String> lines, List<String> errors) {}

    private Result run(Object... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("python3", "bench/photographs", "--java", ours.toString()));
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        assertTrue(process.waitFor(2, TimeUnit.MINUTES));
        return new Result(process.exitValue(), Files.readAllLines(out), Files.readAllLines(err));
    }

    @Test
    void hasARowForEachModelBesideThoseOfPapers() throws Exception {
        Path other = Files.createDirectory(folder.resolve("other"));
        Result result = run("--jar", jar, "--data", pictures, "--sigmas", "15,50", model, other);
        assertEquals(0, result.status(), result.toString());
        assertEquals(
                "| PSNR in dB, SSIM | pictures | sigma 15 | sigma 50 |",
                result.lines().get(0));
        // The noise is that of the pictures, whatever the model.
        assertEquals(
                List.of(
                        "| noisy | 68 of pictures | 24.61, 0.5000 | 14.10, 0.1000 |",
                        "| " + model + " | 68 of pictures | 31.00, 0.8765 | ∞, 1.0000 |",
                        "| " + other + " | 68 of pictures | 31.00, 0.8765 | ∞, 1.0000 |",
                        "| BM3D [1] | BSD68 | 31.08 | 25.60 |"),
                result.lines().subList(2, 6));
        assertTrue(result.lines().contains("| DRUNet [3] | Set12 | 33.25 | 27.90 |"), result.toString());
        String call = Files.readAllLines(folder.resolve("calls")).get(0);
        assertTrue(
                call.contains(" evaluate " + model + " --data " + pictures
                        + " --json --noise gaussian --noise-mean 0 --noise-std 15/255,50/255 --no-clip --limit 0 "),
                call);
    }

    @Test
    void saysThatPicturesWereLeftOut() throws Exception {
        answer(3, "dae-gpu evaluate: a.png is damaged\n", Files.readString(folder.resolve("output")));
        Result result = run("--jar", jar, "--data", pictures, "--sigmas", "15,50", model);
        assertEquals(3, result.status());
        assertTrue(result.errors().contains("dae-gpu evaluate: a.png is damaged"), result.toString());
        assertTrue(result.lines().size() > 10, result.toString());
    }

    @Test
    void refusesInOneLine() throws Exception {
        assertRefused("the following arguments are required", "--jar", jar, "--data", pictures);
        assertRefused("there is no model", "--jar", jar, "--data", pictures, folder.resolve("none"));
        assertRefused("is not a folder", "--jar", jar, "--data", jar, model);
        assertRefused("mvn -q package", "--jar", folder.resolve("none"), "--data", pictures, model);
        assertRefused("0 is not a standard deviation", "--jar", jar, "--data", pictures, "--sigmas", "15,0", model);
        assertRefused("x is not a standard deviation", "--jar", jar, "--data", pictures, "--sigmas", "x", model);
        answer(2, "dae-gpu evaluate: no pictures\n", "");
        Result result = run("--jar", jar, "--data", pictures, model);
        assertEquals(2, result.status());
        assertEquals(
                "bench/photographs: " + model + ": evaluate ended with status 2: dae-gpu evaluate: no pictures",
                result.errors().get(1));
    }

    private void assertRefused(String message, Object... arguments) throws IOException, InterruptedException {
        Result result = run(arguments);
        assertEquals(2, result.status(), result.toString());
        assertEquals(1, result.errors().size(), result.toString());
        assertTrue(result.errors().get(0).contains(message), result.toString());
    }
}
