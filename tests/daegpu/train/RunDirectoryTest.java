package daegpu.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.data.InvalidInputException;
import daegpu.data.Remedy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunDirectoryTest {

    private static final String HEADER = "epoch,seconds,images_per_second,train_mse,val_mse,val_psnr,val_ssim\n";

    @TempDir
    private Path folder;

    private Path run;

    @BeforeEach
    void nameRun() {
        run = folder.resolve("run");
    }

    private void assertTaken(Remedy... remedies) {
        InvalidInputException refusal = assertThrows(InvalidInputException.class, () -> RunDirectory.create(run));
        assertEquals(run + " exists already", refusal.getMessage());
        assertEquals(List.of(remedies), refusal.remedies());
    }

    @Test
    void makesAFolderAndThoseAboveIt() throws IOException {
        run = folder.resolve("a/b/run");
        RunDirectory.create(run).close();
        assertTrue(Files.isDirectory(run.resolve("samples")));
    }

    @Test
    void takesAnEmptyFolderAndWhatARunLeavesThatWasKilledAtOnce() throws IOException {
        Files.createDirectories(run);
        RunDirectory.create(run).close();
        Files.writeString(run.resolve("config.json"), "{}");
        RunDirectory.create(run).close();
        Files.writeString(run.resolve("metrics.csv"), HEADER);
        Files.writeString(run.resolve(".dae-gpu-0123abcd.tmp"), "half");
        Files.writeString(run.resolve("samples/.dae-gpu-0123abcd.tmp"), "half");
        RunDirectory.create(run).close();
    }

    /** At once: while the folder is locked, whatever is half written there is nobody's. */
    @Test
    void whatAKilledProcessLeftIsRemovedWhenTheRunIsOpened() throws IOException {
        List<Path> left = new ArrayList<>();
        for (String place : List.of(".", "samples", "checkpoints", "tensorboard")) {
            Path made = Files.createDirectories(run.resolve(place));
            left.add(Files.writeString(made.resolve(".dae-gpu-0123abcd.tmp"), "half"));
        }
        Path other = Files.writeString(run.resolve("samples/mine.tmp"), "not this program's");
        Files.writeString(run.resolve("last.safetensors"), "checkpoint");
        try (RunDirectory open = RunDirectory.resume(run)) {
            assertTrue(open.isLocked());
            assertEquals(List.of(), left.stream().filter(Files::exists).toList());
        }
        assertTrue(Files.exists(other));
    }

    @Test
    void refusesAFile() throws IOException {
        Files.writeString(run, "a file");
        assertTaken(Remedy.OTHER_FOLDER);
        assertEquals("a file", Files.readString(run));
    }

    @Test
    void refusesAFolderWithSomethingElse() throws IOException {
        Files.createDirectories(run);
        Files.writeString(run.resolve("thesis.txt"), "text");
        assertTaken(Remedy.OTHER_FOLDER);
        assertFalse(Files.exists(run.resolve("samples")));
    }

    @Test
    void refusesARun() throws IOException {
        Files.createDirectories(run);
        Files.writeString(run.resolve("last.safetensors"), "checkpoint");
        assertTaken(Remedy.OTHER_FOLDER, Remedy.RESUME);
    }

    @Test
    void refusesWhatSomeoneKeptOfARun() throws IOException {
        Files.createDirectories(run.resolve("samples"));
        Path best = Files.writeString(run.resolve("best.safetensors"), "checkpoint");
        assertTaken(Remedy.OTHER_FOLDER);
        Files.delete(best);
        Path metrics = Files.writeString(run.resolve("metrics.csv"), HEADER + "1,1.0,100.0,0.1,0.1,10.0,0.5\n");
        assertTaken(Remedy.OTHER_FOLDER);
        Files.delete(metrics);
        Path sample = Files.writeString(run.resolve("samples/epoch-001.png"), "picture");
        assertTaken(Remedy.OTHER_FOLDER);
        Files.delete(sample);
        RunDirectory.create(run).close();
    }

    @Test
    void isRefusedWhileItIsOpen() throws IOException {
        try (RunDirectory open = RunDirectory.create(run)) {
            InvalidInputException refusal = assertThrows(InvalidInputException.class, () -> RunDirectory.create(run));
            assertEquals(run + " is in use: another process trains there", refusal.getMessage());
            Files.writeString(open.last(), "checkpoint");
            refusal = assertThrows(InvalidInputException.class, () -> RunDirectory.resume(run));
            assertEquals(run + " is in use: another process trains there", refusal.getMessage());
        }
        RunDirectory.resume(run).close();
    }

    @Test
    void resumesOnlyWhatHasACheckpoint() throws IOException {
        InvalidInputException refusal = assertThrows(InvalidInputException.class, () -> RunDirectory.resume(run));
        assertTrue(refusal.getMessage().startsWith(run + " is not the folder of a run"), refusal.getMessage());
        Files.createDirectories(run);
        refusal = assertThrows(InvalidInputException.class, () -> RunDirectory.resume(run));
        assertTrue(refusal.getMessage().startsWith(run + " has no last.safetensors"), refusal.getMessage());
        try (var entries = Files.list(run)) {
            assertEquals(0, entries.count(), "something was made in a folder that was refused");
        }
    }

    @Test
    void samplesSortByEpoch() throws IOException {
        try (RunDirectory directory = RunDirectory.create(run)) {
            assertEquals(run.resolve("samples/epoch-007.png"), directory.sample(7));
            assertEquals(run.resolve("samples/epoch-1234.png"), directory.sample(1234));
        }
    }
}
