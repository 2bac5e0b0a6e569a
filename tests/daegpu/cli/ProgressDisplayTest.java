package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.engine.Loss;
import daegpu.train.ElapsedTime;
import daegpu.train.Evaluation.Scores;
import daegpu.train.MetricsLog.Row;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ProgressDisplayTest {

    private static final Row ROW = new Row(7, 1234.56, 2000, 0.0123456, new Scores(0.0158, 18.951, 0.8));

    private final StringWriter lines = new StringWriter();
    private final ByteArrayOutputStream screen = new ByteArrayOutputStream();

    @Test
    void drawsABarThatFitsALineAndTakesItAway() throws InterruptedException {
        try (ProgressDisplay display =
                new ProgressDisplay(new PrintWriter(lines), new PrintStream(screen, true), Loss.MSE, "MSE")) {
            display.epochStarted(7, 10, 0, 60_000);
            display.progressed(32_000, 0.05621);
            // The bar is drawn by a thread of its own.
            while (!screen.toString(StandardCharsets.UTF_8).contains("loss 0.05621")) {
                Thread.sleep(10);
            }
            display.epochFinished(ROW, 10, true);
        }
        String[] drawn = screen.toString(StandardCharsets.UTF_8).split("\r");
        String bar = Arrays.stream(drawn)
                .filter(text -> text.contains("loss"))
                .findFirst()
                .orElseThrow();
        assertTrue(
                bar.startsWith("epoch  7/10 [###")
                        && bar.contains("] ")
                        && bar.contains(" 53% ")
                        && bar.stripTrailing().endsWith(" left"),
                bar);
        for (String text : drawn) {
            assertTrue(text.length() <= 80, text);
        }
        assertTrue(drawn[drawn.length - 1].isBlank(), "the bar stays on the screen");
        assertFalse(screen.toString(StandardCharsets.UTF_8).contains("\n"), "the bar moves on to another line");
    }

    @Test
    void printsALineForEachEpochThatFitsATerminal() {
        try (ProgressDisplay display = new ProgressDisplay(new PrintWriter(lines), null, Loss.MSE, "MSE")) {
            display.epochStarted(7, 10, 0, 60_000);
            display.progressed(60_000, 0.05621);
            display.epochFinished(ROW, 10, true);
            display.epochStarted(8, 10, 0, 60_000);
            display.epochFinished(ROW, 10, false);
        }
        String expected = "epoch  7/10: 1234.6 s, MSE 0.01235 training, 0.01580 validation (18.95 dB)";
        assertEquals(
                expected + ", best" + System.lineSeparator() + expected.replace(" 7/", " 8/") + System.lineSeparator(),
                lines.toString());
        assertTrue(expected.length() + ", best".length() <= 80);
    }

    @Test
    void namesALossThatIsNotTheMeanSquaredError() {
        try (ProgressDisplay display = new ProgressDisplay(new PrintWriter(lines), null, Loss.CHARBONNIER, "MSE")) {
            display.epochStarted(7, 10, 0, 60_000);
            display.epochFinished(ROW, 10, false);
        }
        assertEquals(
                "epoch  7/10: 1234.6 s, Charbonnier 0.01235 training, MSE 0.01580 validation (18.95 dB)",
                lines.toString().strip());
    }

    @Test
    void durationsAreReadable() {
        assertEquals("0:00", ElapsedTime.format(0.2));
        assertEquals("1:05", ElapsedTime.format(65));
        assertEquals("59:59", ElapsedTime.format(3599.4));
        assertEquals("1:00:00", ElapsedTime.format(3600));
        assertEquals("27:46:40", ElapsedTime.format(100_000));
    }
}
