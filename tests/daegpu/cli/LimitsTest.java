package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import daegpu.cli.Program.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever a file is said to be, it is not read without a limit, and a message about it fits a screen. */
class LimitsTest {

    private static final Path ENDLESS = Path.of("/dev/zero");

    @TempDir
    private Path folder;

    @Test
    void endlessFilesAreRefused() throws IOException {
        assumeTrue(Files.exists(ENDLESS));
        Path data = Program.writeImages(folder.resolve("data"));
        Path run = Program.train(data, folder.resolve("run"));
        Path csv = Files.createSymbolicLink(folder.resolve("latents.csv"), ENDLESS);
        Path npy = Files.createSymbolicLink(folder.resolve("latents.npy"), ENDLESS);
        Program.run("train", "--config", ENDLESS, "--output", folder.resolve("new"))
                .assertRefused("/dev/zero has over");
        Program.run("train", "--data", ENDLESS, "--output", folder.resolve("new"))
                .assertRefused("/dev/zero");
        Program.run("train", "--init-from", ENDLESS, "--output", folder.resolve("new"))
                .assertRefused("/dev/zero");
        Program.run("import", ENDLESS, "--output", folder.resolve("new.safetensors"))
                .assertRefused("/dev/zero");
        Program.run("parity", ENDLESS).assertRefused("/dev/zero");
        Program.run("decode", run, csv, "--output", folder.resolve("new")).assertRefused("latents.csv has over");
        Program.run("decode", run, npy, "--output", folder.resolve("new")).assertRefused("latents.npy has over");
        Program.run("evaluate", run, "--data", ENDLESS).assertRefused("/dev/zero");
        for (String part : List.of("config.json", "metrics.csv", "last.safetensors")) {
            Path copy = Files.createDirectories(folder.resolve("copies/without-" + part));
            for (String name : List.of("config.json", "metrics.csv", "last.safetensors", "best.safetensors")) {
                if (name.equals(part)) {
                    Files.createSymbolicLink(copy.resolve(name), ENDLESS);
                } else {
                    Files.copy(run.resolve(name), copy.resolve(name));
                }
            }
            Program.run("train", "--resume", copy, "--epochs", "3").assertRefused(part);
        }
        Result listed = Program.run("runs", folder.resolve("copies"));
        assertEquals(3, listed.err().lines().count(), listed.err());
    }

    @Test
    void messagesAreNotAsLongAsTheFile() throws IOException {
        Path run = Program.train(Program.writeImages(folder.resolve("data")), folder.resolve("run"));
        String cell = "y".repeat(100_000);
        Path csv = Files.writeString(folder.resolve("latents.csv"), "image,latent1,latent2,latent3\na,1,2," + cell);
        Path yaml = Files.writeString(folder.resolve("options.yaml"), "epochs: " + cell);
        Path key = Files.writeString(folder.resolve("key.yaml"), cell + ": 1");
        Path model = Files.writeString(folder.resolve("model.safetensors"), cell);
        List<Result> results = List.of(
                Program.run("decode", run, csv, "--output", folder.resolve("new")),
                Program.run("train", "--config", yaml),
                Program.run("train", "--config", key),
                Program.run("train", "--epochs", cell),
                Program.run("train", "--" + cell),
                Program.run("denoise", model, csv, "--output", folder.resolve("new")),
                Program.run("denoise", cell, csv, "--output", folder.resolve("new")));
        for (Result result : results) {
            assertEquals(2, result.status(), result.err());
            assertTrue(result.err().length() < 3000, result.err().length() + " characters");
        }
    }

    /** Not in the words of the library that reads them. */
    @Test
    void deepNestingIsRefusedInPlainWords() throws IOException {
        String deep = "[".repeat(100_000);
        Path json =
                Files.writeString(Files.createDirectories(folder.resolve("run")).resolve("config.json"), deep);
        Files.writeString(folder.resolve("run/last.safetensors"), "none");
        for (Result result : List.of(
                Program.run("train", "--config", json), Program.run("train", "--resume", folder.resolve("run")))) {
            assertTrue(result.status() == 2 || result.status() == 3, result.err());
            assertTrue(!result.err().contains("`") && !result.err().contains("get"), result.err());
        }
    }

    /** Each option of a record in turn is something that it cannot be. */
    @Test
    void recordsWithWrongOptionsAreRefused() throws IOException {
        Path data = Program.writeImages(folder.resolve("data"));
        Path run = Program.train(data, folder.resolve("run"));
        Path config = run.resolve("config.json");
        String good = Files.readString(config);
        List<String> names = good.lines()
                .map(line -> line.replaceFirst("^    \"([a-z-]+)\" : .*", "$1"))
                .filter(name -> name.matches("[a-z-]+"))
                .toList();
        assertTrue(names.size() > 20, names.toString());
        for (String name : names) {
            for (String wrong : List.of("\"\"", "{}")) {
                Files.writeString(
                        config, good.replaceFirst("(?m)^(    \"" + name + "\" : ).*?(,?)$", "$1" + wrong + "$2"));
                for (Result result : List.of(
                        Program.run(
                                "train",
                                "--config",
                                config,
                                "--output",
                                folder.resolve("new"),
                                "--dry-run",
                                "--data",
                                folder.resolve("absent")),
                        Program.run("train", "--resume", run),
                        Program.run("runs", run))) {
                    assertTrue(result.status() < 5, name + " = " + wrong + ": " + result.err());
                }
            }
        }
    }
}
