package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.cli.Program.Result;
import daegpu.format.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ParityCommandTest {

    private static final Path GOLDEN = Path.of("tests/golden/tiny.safetensors");

    @TempDir
    private Path folder;

    private Path altered(String tensor, float by) throws IOException {
        Safetensors content = Safetensors.read(GOLDEN);
        content.tensor(tensor).values()[0] += by;
        Path file = folder.resolve("altered.safetensors");
        new Safetensors(
                        content.metadata(),
                        content.names().stream().map(content::tensor).toList())
                .write(file);
        return file;
    }

    @Test
    void passesOnRecordedValues() {
        String out = Program.run("parity", GOLDEN, "--engine", "reference")
                .assertDone()
                .out();
        assertTrue(out.contains("against " + GOLDEN), out);
        assertTrue(
                out.strip().lines().reduce((first, last) -> last).orElseThrow().startsWith("PASS: all "), out);
    }

    @ParameterizedTest
    @CsvSource({
        "activation.conv1,activation.conv1",
        "gradient.latent.kernel,gradient.latent.kernel",
        "losses,losses",
        "activation.output,denoise"
    })
    void failsOnOneAlteredTensor(String tensor, String reported) throws IOException {
        Result result = Program.run("parity", GOLDEN, altered(tensor, 0.5f), "--engine", "reference");
        assertEquals(1, result.status());
        assertEquals("", result.err());
        assertTrue(
                result.out().lines().anyMatch(line -> line.startsWith(reported + " ") && line.contains(" FAIL ")),
                result.out());
        assertTrue(result.out().contains("PASS: all ") && result.out().contains("FAIL: "), result.out());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 100, 5000})
    void refusesADamagedFile(int length) throws IOException {
        Path file = Files.write(folder.resolve("cut.safetensors"), Arrays.copyOf(Files.readAllBytes(GOLDEN), length));
        Program.run("parity", file, "--engine", "reference").assertRefused(file.toString());
    }

    @Test
    void refusesWhatCannotBeReplayed() throws IOException {
        Path missing = folder.resolve("missing.safetensors");
        Program.run("parity", missing).assertRefused(missing + " does not exist");
        Program.run("parity", folder).assertRefused(folder + " is a folder");
        Path model = Program.train(Program.writeImages(folder.resolve("data")), folder.resolve("model"))
                .resolve("best.safetensors");
        Program.run("parity", model).assertRefused(model.toString());
        Program.run("parity", GOLDEN, "--engine", "quantum").assertRefused("quantum");
        Program.run("parity", GOLDEN, "--precision", "fp7").assertRefused("fp7");
        Program.run("parity", GOLDEN, "--threads", "-1").assertRefused("--threads");
        Program.run("parity", "--seed", "x").assertRefused("--seed");
        Program.run("parity", GOLDEN, "--seed", "3").assertRefused("--seed");
    }

    @Test
    void comparesWithTheReferenceWhereThereIsNoFile() {
        String out = Program.run("parity", "--engine", "reference", "--seed", "183")
                .assertDone()
                .out();
        assertTrue(out.startsWith("Random network: --seed 183, "), out);
        assertTrue(out.contains("PASS: all "), out);
        assertEquals(
                out,
                Program.run("parity", "--engine", "reference", "--seed", "183")
                        .assertDone()
                        .out());
    }

    /** Compared with fp32, hardly any random network would pass in bf16: rounding turns ReLUs on and off. */
    @Test
    void comparesWithTheReferenceInTheSamePrecision() {
        String out = Program.run("parity", "--engine", "reference", "--precision", "bf16", "--seed", "183")
                .assertDone()
                .out();
        assertTrue(out.contains("against reference (plain Java, bf16, "), out);
        assertTrue(out.contains("PASS: all "), out);
    }

    /**
     * Networks in which rounding opened a ReLU on one engine only (seen with AVX2), in the second step or in the first.
     */
    @ParameterizedTest
    @ValueSource(ints = {61914, 188, 240})
    void passesWhereRoundingOpensARelu(int seed) {
        String out = Program.run("parity", "--engine", "cpu", "--seed", seed)
                .assertDone()
                .out();
        assertTrue(out.startsWith("Random network: --seed " + seed + ", "), out);
    }
}
