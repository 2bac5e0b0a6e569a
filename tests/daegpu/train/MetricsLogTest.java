package daegpu.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.data.InvalidInputException;
import daegpu.engine.Loss;
import daegpu.train.Evaluation.Scores;
import daegpu.train.MetricsLog.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class MetricsLogTest {

    private static final Row FIRST =
            new Row(1, 1.5, 1000.5, 0.1 + 0.2, new Scores(1.0 / 3, Double.POSITIVE_INFINITY, -0.25));
    private static final Row SECOND = new Row(2, 0.001, 12.3, 1e-9, new Scores(0.25, 6.0, 1));

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void nameFile() {
        file = folder.resolve("metrics.csv");
    }

    private void write() throws IOException {
        MetricsLog log = MetricsLog.create(file, Loss.MSE, false);
        log.add(FIRST);
        log.add(SECOND);
    }

    @Test
    void givesBackEveryDigit() throws IOException {
        MetricsLog log = MetricsLog.create(file, Loss.MSE, false);
        assertEquals(List.of(), MetricsLog.read(file));
        assertTrue(MetricsLog.isEmpty(file));
        assertEquals(Double.POSITIVE_INFINITY, log.bestValidationMse());
        write();
        assertEquals(List.of(FIRST, SECOND), MetricsLog.read(file));
        assertEquals(0.25, MetricsLog.resume(file, 2).bestValidationMse());
        assertEquals(1.0 / 3, MetricsLog.resume(file, 1).bestValidationMse());
    }

    @ParameterizedTest
    @EnumSource(Loss.class)
    void namesTheLoss(Loss loss) throws IOException {
        MetricsLog log = MetricsLog.create(file, loss, false);
        assertTrue(MetricsLog.isEmpty(file));
        log.add(FIRST);
        assertFalse(MetricsLog.isEmpty(file));
        assertEquals(
                "epoch,seconds,images_per_second,train_" + loss + ",val_mse,val_psnr,val_ssim",
                Files.readAllLines(file).get(0));
        assertEquals(loss, MetricsLog.open(file).loss());
        MetricsLog.resume(file, 1).add(SECOND);
        assertEquals(loss, MetricsLog.open(file).loss());
        assertEquals(List.of(FIRST, SECOND), MetricsLog.read(file));
    }

    @Test
    void isTheSameInEveryLocale() throws IOException {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.GERMANY);
        try {
            write();
        } finally {
            Locale.setDefault(before);
        }
        assertEquals(
                "1,1.500,1000.5,0.30000000000000004,0.3333333333333333,Infinity,-0.25",
                Files.readAllLines(file).get(1));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2,1.0",
                "",
                "x,1.0,1.0,1.0,1.0,1.0,1.0",
                "1.5,1.0,1.0,1.0,1.0,1.0,1.0",
                "3,1.0,1.0,1.0,one,1.0,1.0",
                "3,1.0,1.0,1.0,1.0,1.0,1.0,1.0"
            })
    void namesADamagedLine(String line) throws IOException {
        write();
        Files.writeString(file, Files.readString(file) + line + "\n");
        InvalidInputException refusal = assertThrows(InvalidInputException.class, () -> MetricsLog.read(file));
        assertEquals(file + " line 4 is damaged: " + line, refusal.getMessage());
    }

    @Test
    void refusesOtherFiles() throws IOException {
        InvalidInputException refusal = assertThrows(InvalidInputException.class, () -> MetricsLog.read(file));
        assertEquals(file + " does not exist", refusal.getMessage());
        Files.writeString(file, "epoch,loss\n1,0.5\n");
        refusal = assertThrows(InvalidInputException.class, () -> MetricsLog.read(file));
        assertTrue(
                refusal.getMessage()
                        .startsWith(file + " is not the log of a run: it does not begin with epoch,seconds,"),
                refusal.getMessage());
        Files.write(file, new byte[] {(byte) 0xFF, (byte) 0xFE, 0});
        refusal = assertThrows(InvalidInputException.class, () -> MetricsLog.read(file));
        assertEquals(file + " is not UTF-8 text", refusal.getMessage());
    }

    @Test
    void resumesOnlyWithEveryEpoch() throws IOException {
        write();
        assertEquals(List.of(FIRST), MetricsLog.resume(file, 1).rows());
        assertEquals(List.of(), MetricsLog.resume(file, 0).rows());
        InvalidInputException refusal = assertThrows(InvalidInputException.class, () -> MetricsLog.resume(file, 3));
        assertEquals(file + " has 2 epochs where the last checkpoint has 3", refusal.getMessage());
        assertThrows(InvalidInputException.class, () -> MetricsLog.resume(file, Long.MAX_VALUE));
    }
}
