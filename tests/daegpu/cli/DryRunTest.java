package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.cli.Program.Result;
import daegpu.data.ImageFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code train --dry-run}. */
class DryRunTest {

    @TempDir
    private Path folder;

    private Path data;
    private Path run;

    @BeforeEach
    void writeImages() throws IOException {
        data = Program.writeImages(folder.resolve("data"));
        run = folder.resolve("runs/run");
    }

    private Result dryRun(Object... options) {
        List<Object> arguments = Program.training(data, run);
        arguments.add("--dry-run");
        arguments.addAll(List.of(options));
        return Program.run(arguments.toArray());
    }

    @Test
    void newRunIsPlannedAndNotMade() throws IOException {
        Map<String, String> before = Program.content(folder);
        String out = dryRun("--keep", "5", "--early-stop", "4", "--preview-file", folder.resolve("p.png"))
                .assertDone()
                .out();
        assertEquals(before, Program.content(folder));
        // Two epochs of ten updates each; 452 parameters and two moments of each in a checkpoint.
        for (String line : List.of(
                "Total parameters: 452",
                "Run:     " + run,
                "at most 0:00 for 20 updates and 2 validations",
                "a new folder " + run + ": 4 checkpoints of 0.0 MiB and a picture for each of 2 epochs",
                " are free there",
                "         " + folder.resolve("p.png"),
                "Nothing was written.")) {
            assertTrue(out.contains(line), line + " is not in\n" + out);
        }
        assertFalse(out.contains("GPU,"), out);
        Matcher timed = Pattern.compile("Timed: +([\\d,]+) updates, (\\S+) ms each \\(([\\d,]+) images/s\\)")
                .matcher(out);
        assertTrue(timed.find(), out);
        double milliseconds = Double.parseDouble(timed.group(2));
        assertEquals(
                1000 * 4 / milliseconds,
                Double.parseDouble(timed.group(3).replace(",", "")),
                0.01 * 1000 * 4 / milliseconds,
                "batches of four");
        assertTrue(
                Integer.parseInt(timed.group(1).replace(",", "")) * milliseconds > 1990,
                "timed for two seconds: " + out);
        Matcher memory = Pattern.compile("Memory: +([\\d.]+) MiB").matcher(out);
        assertTrue(memory.find() && Double.parseDouble(memory.group(1)) > 20, "the JVM alone takes more: " + out);
    }

    @Test
    void resumedRunIsPlannedAndLeftAsItWas() throws IOException {
        Program.train(data, run);
        Map<String, String> before = Program.content(folder);
        String out = Program.run("train", "--resume", run.getParent(), "--epochs", "5", "--dry-run")
                .assertDone()
                .out();
        assertTrue(out.contains("for 30 updates and 3 validations"), out);
        assertTrue(out.contains("Going on after update 20 of 50.") && out.contains("Files:   in " + run + ": "), out);
        assertEquals(before, Program.content(folder));
    }

    @Test
    void digitsAreTheSameInEveryLocale() throws IOException {
        Program.train(data, run);
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG"));
        try {
            String out = Program.run("train", "--resume", run, "--epochs", "5", "--dry-run")
                    .assertDone()
                    .out();
            assertTrue(out.contains("Going on after update 20 of 50."), out);
            assertTrue(out.contains("Updates: 10 an epoch of 4 images"), out);
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void whatTrainRefusesIsRefused() throws IOException {
        Program.train(data, run);
        dryRun().assertRefused(run + " exists already");
        Path file = Files.writeString(folder.resolve("file"), "here");
        List<Object> arguments = Program.training(data, file.resolve("run"));
        Program.run(arguments.toArray()).assertRefused(file + " is not a folder, and a folder is needed there");
        arguments.add("--dry-run");
        Program.run(arguments.toArray()).assertRefused(file + " is not a folder, and a folder is needed there");
        Program.run("train", "--resume", folder.resolve("none"), "--dry-run").assertRefused("there is no such folder");
        assertEquals("here", Files.readString(file));
    }

    @Test
    void picturesThatCannotBeUsedAreNamed() throws IOException {
        Path photos = Files.createDirectory(folder.resolve("photos"));
        for (int i = 0; i < 4; i++) {
            Files.write(photos.resolve(i + ".png"), ImageFile.encode(Program.images(1, i), 0, "png"));
        }
        Path broken = Files.write(photos.resolve("broken.png"), new byte[] {1});
        List<Object> arguments = new ArrayList<>(Program.training(photos, run));
        arguments.add("--dry-run");
        Program.run(arguments.toArray()).assertRefusedWith(3, broken.toString(), "left out");
        assertFalse(Files.exists(run));
    }

    @Test
    void noFileSwitchesItOn() throws IOException {
        Path config = Files.writeString(folder.resolve("c.yaml"), "dry-run: true\n");
        Program.run("train", "--config", config)
                .assertRefused("has dry-run, which is not an option for a configuration");
    }
}
