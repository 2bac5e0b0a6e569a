package daegpu.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import daegpu.train.Trainer.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Early stops, kept checkpoints and the newest of many runs. */
class LongRunTest {

    private static final int EPOCHS = 60;
    private static final int PATIENCE = 2;

    @TempDir
    private Path folder;

    private static TinyTraining training() {
        return TinyTraining.constant().onCall((trainer, method) -> {
            trainer.keepCheckpoints(3);
            trainer.stopEarlyAfter(PATIENCE);
        });
    }

    /** Where a run without an early stop says that one with it must end. */
    private static int expectedEnd(List<MetricsLog.Row> rows) {
        double best = Double.POSITIVE_INFINITY;
        int since = 0;
        for (MetricsLog.Row row : rows) {
            since = row.validation().mse() < best ? 0 : since + 1;
            best = Math.min(best, row.validation().mse());
            if (since == PATIENCE) {
                return row.epoch();
            }
        }
        throw new AssertionError("the error fell in every epoch: choose other images");
    }

    private static List<String> kept(Path run) throws IOException {
        try (Stream<Path> files = Files.list(run.resolve("checkpoints"))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void stopsEarlyAtTheSameBytesWhetherInterruptedOrNot() throws IOException {
        Path whole = folder.resolve("whole");
        Path never = folder.resolve("never");
        assertEquals(Outcome.FINISHED, TinyTraining.constant().start(never, EPOCHS));
        int end = expectedEnd(MetricsLog.read(never.resolve("metrics.csv")));
        assertEquals(Outcome.STOPPED_EARLY, training().start(whole, EPOCHS));
        assertEquals(end, MetricsLog.read(whole.resolve("metrics.csv")).size());
        assertEquals(
                Stream.of(end - 2, end - 1, end)
                        .map(epoch -> String.format(Locale.ROOT, "epoch-%03d.safetensors", epoch))
                        .toList(),
                kept(whole));
        assertArrayEquals(
                Files.readAllBytes(whole.resolve("last.safetensors")),
                Files.readAllBytes(whole.resolve("checkpoints")
                        .resolve(String.format(Locale.ROOT, "epoch-%03d.safetensors", end))));

        // In the epoch before the last: patience is half used up then.
        Path broken = folder.resolve("broken");
        int breakAt = (end - 1) * TinyTraining.UPDATES_PER_EPOCH - 5;
        AtomicInteger updates = new AtomicInteger();
        assertEquals(
                Outcome.INTERRUPTED,
                TinyTraining.constant()
                        .onCall((trainer, method) -> {
                            trainer.keepCheckpoints(3);
                            trainer.stopEarlyAfter(PATIENCE);
                            if (method.equals("trainStep") && updates.incrementAndGet() == breakAt) {
                                trainer.interrupt();
                            }
                        })
                        .start(broken, EPOCHS));
        assertEquals(Outcome.STOPPED_EARLY, training().resume(broken, EPOCHS));
        assertEquals(Outcome.STOPPED_EARLY, training().resume(broken, EPOCHS), "stays where it stopped");
        assertEquals(kept(whole), kept(broken));
        for (String name : List.of(
                "last.safetensors",
                "best.safetensors",
                "checkpoints/" + kept(whole).get(0))) {
            assertArrayEquals(Files.readAllBytes(whole.resolve(name)), Files.readAllBytes(broken.resolve(name)), name);
        }
    }

    @Test
    void findsNewestRun() throws IOException {
        for (int i = 0; i < 3; i++) {
            Path last = Files.createDirectories(folder.resolve("run-" + i)).resolve("last.safetensors");
            Files.setLastModifiedTime(Files.createFile(last), FileTime.fromMillis(i == 1 ? 9_000_000 : 1_000_000));
        }
        Files.createDirectories(folder.resolve("run-9"));
        assertEquals(folder.resolve("run-1"), RunDirectory.newest(folder));
        assertEquals(folder.resolve("run-0"), RunDirectory.newest(folder.resolve("run-0")));
        assertEquals(folder.resolve("run-9"), RunDirectory.newest(folder.resolve("run-9")));
    }
}
