package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import daegpu.cli.Program.Result;
import java.awt.Point;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page that a run ends with: what it holds, what a browser makes of it, and that its commands do what it says. */
class ReportTest {

    @TempDir
    private static Path shared;

    private static Path run;
    private static String html;

    @TempDir
    private Path folder;

    @BeforeAll
    static void train() throws IOException {
        Path data = Program.writeImages(shared.resolve("data"));
        run = Program.train(data, shared.resolve("a <b> & \"c\""));
        html = Files.readString(run.resolve("report.html"));
    }

    @Test
    void isWholeInItself() {
        Matcher sources = Pattern.compile("(?:src|href)=\"([^\"]{0,30})").matcher(html);
        int pictures = 0;
        while (sources.find()) {
            assertTrue(sources.group(1).startsWith("data:image/png;base64,"), sources.group(1));
            pictures++;
        }
        assertEquals(3, pictures);
        assertFalse(
                html.contains("<script") || html.contains("@import") || html.contains("url("), "it fetches something");
    }

    @Test
    void namesWithMarkupAreText() {
        assertTrue(html.contains("<h1>Run a &lt;b&gt; &amp; &quot;c&quot;</h1>"), html.substring(0, 2000));
    }

    /** A browser would break "learning-rate" after its hyphen, and "convolutions" anywhere. */
    @Test
    void namesOfOptionsStayInOneLine() {
        assertTrue(html.contains("<td>learning-rate</td>") && html.contains("<td>convolutions</td>"), "no options");
        assertTrue(html.contains(".named td:first-child { white-space: nowrap; }"), "they may be broken");
    }

    @Test
    void commandsMakeTheSameRun() throws IOException, InterruptedException {
        Matcher matcher = Pattern.compile("<pre>[^\\n]*? (train .*?)\\n").matcher(html);
        assertTrue(matcher.find(), "the report has no command");
        // Only Java's own unescaping is missing here; the paths of this test have none of the others.
        String[] arguments = matcher.group(1).replace("&quot;", "\"").split(" ");
        String[] elsewhere = Arrays.stream(arguments)
                .map(text -> text.equals("again") ? folder.resolve("again").toString() : text)
                .toArray(String[]::new);
        Program.run((Object[]) elsewhere).assertDone();
        assertEquals(Program.result(run), Program.result(folder.resolve("again")));
    }

    /** Told by the colours of the legend and the points: one without labels, one for each digit with them. */
    @Test
    void latentsHaveTheColoursOfTheirLabels() throws IOException {
        Path data = Program.writeImages(folder.resolve("data"));
        int[] plain = {0x1F77B4};
        int[] coloured = {0x1F77B4, 0xFF7F0E, 0x2CA02C};
        assertArrayEquals(plain, colours(Program.train(data, folder.resolve("plain")), coloured));
        byte[] labels = {0, 0, 8, 1, 0, 0, 0, Program.VALIDATION_IMAGES, 3, 5, 9, 3, 5, 9, 3, 5, 9, 3, 5, 9};
        Path file = Files.write(data.resolve("t10k-labels-idx1-ubyte"), labels);
        assertArrayEquals(coloured, colours(Program.train(data, folder.resolve("coloured")), coloured));
        Files.write(file, new byte[] {0, 0, 8, 1});
        Result result =
                Program.run(Program.training(data, folder.resolve("damaged")).toArray());
        result.assertRefusedWith(0, file.toString(), "the map of latents has no colours");
        assertArrayEquals(plain, colours(folder.resolve("damaged"), coloured));
        Files.write(file, new byte[] {0, 0, 8, 1, 0, 0, 0, 1, 3});
        Program.run(Program.training(data, folder.resolve("short")).toArray())
                .assertRefusedWith(0, "1 label", "12 images", "the map of latents has no colours");
    }

    private static int[] colours(Path run, int[] wanted) throws IOException {
        BufferedImage map = ImageIO.read(run.resolve("latents.png").toFile());
        int[] found = map.getRGB(0, 0, map.getWidth(), map.getHeight(), null, 0, map.getWidth());
        return Arrays.stream(wanted)
                .filter(colour -> Arrays.stream(found).anyMatch(pixel -> (pixel & 0xFFFFFF) == colour))
                .toArray();
    }

    /** The run was killed after its last checkpoint, before its report. */
    @Test
    void aFinishedRunWithoutReportIsGivenOne() throws IOException {
        Path whole = Program.train(Program.writeImages(folder.resolve("data")), folder.resolve("whole"));
        byte[] map = Files.readAllBytes(whole.resolve("latents.png"));
        for (String name : List.of("report.html", "latents.png", "loss.png")) {
            Files.delete(whole.resolve(name));
        }
        assertTrue(Program.run("train", "--resume", whole).assertDone().out().contains("has done 2 epochs already"));
        assertTrue(Files.exists(whole.resolve("report.html")) && Files.exists(whole.resolve("loss.png")));
        assertArrayEquals(map, Files.readAllBytes(whole.resolve("latents.png")));
    }

    @Test
    void opensInABrowser() throws IOException, InterruptedException {
        Optional<String> browser = Stream.of("chromium", "chromium-browser", "google-chrome")
                .filter(Screen::onPath)
                .findFirst();
        assumeTrue(browser.isPresent(), "no chromium is on the PATH: apt-get install chromium");
        Path screenshot = folder.resolve("screenshot.png");
        Path log = folder.resolve("log");
        Process process = new ProcessBuilder(
                        browser.get(),
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--hide-scrollbars",
                        "--force-device-scale-factor=1",
                        "--force-color-profile=srgb",
                        "--window-size=1100,2600",
                        "--user-data-dir=" + folder.resolve("profile"),
                        "--screenshot=" + screenshot,
                        run.resolve("report.html").toUri().toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the browser does not end");
        } finally {
            process.destroyForcibly();
        }
        assertTrue(Files.exists(screenshot), Files.readString(log));
        BufferedImage page = ImageIO.read(screenshot.toFile());
        Point chart = Screen.place(page, ImageIO.read(run.resolve("loss.png").toFile()));
        Point samples = Screen.place(
                page, ImageIO.read(run.resolve("samples/epoch-002.png").toFile()));
        assertNotNull(chart, "the browser does not show the loss chart");
        assertNotNull(samples, "the browser does not show the samples");
        assertNotNull(
                Screen.place(page, ImageIO.read(run.resolve("latents.png").toFile())),
                "the browser does not show the map of latents");
        assertTrue(chart.y < samples.y, chart + " " + samples);
    }
}
