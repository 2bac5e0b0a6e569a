package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A run one of whose files is lost or damaged: resuming it says so, and that its best model can be trained further. */
class DamagedRunTest {

    @TempDir
    private static Path shared;

    private static Path run;

    @TempDir
    private Path folder;

    @BeforeAll
    static void train() throws IOException {
        run = Program.train(Program.writeImages(shared.resolve("data")), shared.resolve("run"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"config.json", "metrics.csv", "last.safetensors"})
    void resumingSaysWhatHelps(String file) throws IOException {
        for (String content : List.of("lost", "", "garbage", "{", "epoch,seconds\n1,2\n")) {
            Path runs = Files.createTempDirectory(folder, "runs");
            Path copy = Files.createDirectory(runs.resolve("copy"));
            for (String name : List.of("config.json", "metrics.csv", "last.safetensors", "best.safetensors")) {
                Files.copy(run.resolve(name), copy.resolve(name));
            }
            Files.delete(copy.resolve(file));
            if (!content.equals("lost")) {
                Files.writeString(copy.resolve(file), content);
            }
            String advice = "start a new run from its best model with --init-from " + copy.resolve("best.safetensors");
            Program.run("train", "--resume", copy, "--epochs", "3").assertRefused(copy + "", "resumed", advice);
            if (!file.equals("last.safetensors")) {
                Program.run("train", "--resume", runs, "--epochs", "3").assertRefused(file, "resumed", advice);
            }
            Program.Result advised = Program.run(
                    "train",
                    "--init-from",
                    copy.resolve("best.safetensors"),
                    "--data",
                    shared.resolve("data"),
                    "--epochs",
                    "1",
                    "--engine",
                    "reference",
                    "--output",
                    runs.resolve("new"));
            assertEquals(0, advised.status(), advised.err());
        }
    }
}
