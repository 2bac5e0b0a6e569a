package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.cli.Program.Result;
import daegpu.data.ImageFile;
import daegpu.data.ImageSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run draws among the pictures that it is trained on becomes none of them. */
class RunAmongPicturesTest {

    @TempDir
    private Path folder;

    private Path data;

    @BeforeEach
    void writePictures() throws IOException {
        data = Files.createDirectories(folder.resolve("data"));
        ImageSet images = Program.images(10, 3);
        for (int i = 0; i < 10; i++) {
            Files.write(data.resolve(i + ".png"), ImageFile.encode(images, i, "png"));
        }
    }

    @Test
    void aRunInsideItsDataFolderCanBeGoneOnWith() {
        Path run = Program.train(data, data.resolve("runs/first"));
        Result resumed = Program.run("train", "--resume", run, "--epochs", "3").assertDone();
        assertTrue(resumed.out().contains("Trained"), resumed.out());
        Path second = Program.train(data, data.resolve("second"));
        assertTrue(Files.exists(second.resolve("samples/epoch-002.png")));
        Program.run("train", "--resume", run, "--epochs", "4").assertDone();
    }

    @Test
    void thePreviewIsNotDrawnThere() {
        List<Object> training = Program.training(data, folder.resolve("run"));
        training.addAll(List.of("--preview-file", data.resolve("preview.png")));
        Program.run(training.toArray()).assertRefused("--preview-file", "choose another folder");
        Path run = Program.train(data, folder.resolve("run"));
        Program.run("train", "--resume", run, "--epochs", "3", "--preview-file", data.resolve("preview.png"))
                .assertRefused("--preview-file");
    }

    @Test
    void moreThreadsThanProcessorsAreSaid() {
        int more = Runtime.getRuntime().availableProcessors() + 1;
        Path run = Program.train(data, folder.resolve("run"));
        Result resumed = Program.run("train", "--resume", run, "--epochs", "3", "--threads", more);
        assertEquals(0, resumed.status(), resumed.err());
        assertTrue((resumed.out() + resumed.err()).contains(more + " threads on "), resumed.out() + resumed.err());
        Result again = Program.run("train", "--resume", run, "--epochs", "4");
        assertTrue((again.out() + again.err()).contains(more + " threads on "), again.out() + again.err());
        Result denoised = Program.run(
                "denoise", run, data.resolve("0.png"), "--output", folder.resolve("a.png"), "--threads", more);
        assertEquals(0, denoised.status(), denoised.err());
        assertTrue(denoised.err().contains(more + " threads on "), denoised.err());
    }
}
