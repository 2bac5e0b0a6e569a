package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.cli.Program.Result;
import daegpu.data.ImageFile;
import daegpu.data.ImageSet;
import daegpu.noise.Noise;
import daegpu.train.Checkpoint;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The noise that commands see in users' pictures. */
class SeenNoiseTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    /** A smooth picture with noise of variance {@code gain · x + std²}. */
    private Path noisy(String name, int channels, double gain, double std) throws IOException {
        int height = 150;
        int width = 200;
        Random random = new Random(name.hashCode());
        byte[] pixels = new byte[height * width * channels];
        for (int i = 0; i < pixels.length; i++) {
            int x = i / channels % width;
            int y = i / channels / width;
            double clean = 0.5 + 0.4 * Math.sin(5.0 * x / width + i % channels) * Math.cos(2.0 * y / height);
            double value = clean + Math.sqrt(gain * clean + std * std) * random.nextGaussian();
            pixels[i] = (byte) Math.round(255 * Math.max(0, Math.min(1, value)));
        }
        return write(name, new ImageSet(height, width, channels, pixels));
    }

    private Path write(String name, ImageSet image) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.write(file, ImageFile.encode(image, 0, "png"));
    }

    private static JsonNode json(Object... arguments) throws IOException {
        return JSON.readTree(Program.run(arguments).assertDone().out());
    }

    @Test
    void evaluateTellsTheLevelAndWhetherItGrowsWithTheBrightness() throws IOException {
        Path gaussian = noisy("gaussian.png", 1, 0, 10 / 255.0);
        Path camera = noisy("camera.png", 3, 0.01, 0.02);
        JsonNode root = json("evaluate", gaussian, camera, "--json");
        JsonNode first = root.get("pictures").get(0);
        assertEquals(gaussian.toString(), first.get("file").textValue());
        assertEquals(10 / 255.0, first.get("noise_std").doubleValue(), 0.5 / 255);
        assertTrue(first.get("reliable").booleanValue());
        assertFalse(first.get("signal_dependent").booleanValue());
        assertFalse(first.has("gain"));
        assertEquals("photo-grey", first.get("model").textValue());
        JsonNode second = root.get("pictures").get(1);
        assertTrue(second.get("signal_dependent").booleanValue());
        for (double x : new double[] {0.1, 0.5, 0.9}) {
            double std = second.get("black_std").doubleValue();
            double expected = Math.sqrt(0.01 * x + 0.02 * 0.02);
            assertEquals(expected, Math.sqrt(second.get("gain").doubleValue() * x + std * std), 0.1 * expected);
        }
        assertEquals("photo-color", second.get("model").textValue());
        assertEquals(0, root.get("left_out").size());

        String out = Program.run("evaluate", gaussian).assertDone().out();
        String number = SeenNoise.number(first.get("noise_std").doubleValue());
        assertTrue(out.contains("--noise gaussian --noise-std " + number + "\n"), out);
        assertTrue(out.contains("A model for it: photo-grey"), out);
        assertFalse(out.contains("ncertain"), out);
    }

    /** What it prints can be pasted: it is what train then does. */
    @Test
    void theOptionsThatItPrintsMakeTheNoise() throws IOException {
        Path camera = noisy("camera.png", 1, 0.01, 0.02);
        Noise found = SeenNoise.of(List.of(camera), 1, (task, done, all) -> {}).range();
        String out = Program.run("evaluate", camera).assertDone().out();
        String options = out.lines()
                .filter(line -> line.contains("--noise "))
                .map(line -> line.substring(line.indexOf("--noise ")))
                .findFirst()
                .orElseThrow();
        Path run = folder.resolve("run");
        Object[] arguments = Program.training(Program.writeImages(folder.resolve("data")), run, "--no-clip")
                .toArray();
        Program.run(concatenated(arguments, (Object[]) options.split(" ", -1))).assertDone();
        assertEquals(found, noiseOf(run));
    }

    private static Object[] concatenated(Object[] first, Object... second) {
        Object[] all = java.util.Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    private static Noise noiseOf(Path run) {
        return Checkpoint.read(run.resolve("best.safetensors")).options().noise();
    }

    @Test
    void aFolderHasARangeAndBadPicturesAreNamed() throws IOException {
        for (int i = 0; i < 4; i++) {
            noisy("scans/" + i + ".png", 1, 0, (5 + 5 * i) / 255.0);
        }
        Files.write(folder.resolve("scans/broken.png"), new byte[] {1, 2, 3});
        write("scans/tiny.png", new ImageSet(8, 8, 1, new byte[64]));
        Result result = Program.run("evaluate", folder.resolve("scans"), "--json");
        assertEquals(3, result.status());
        assertEquals(2, result.err().lines().count(), result.err());
        assertTrue(result.err().contains("broken.png"), result.err());
        assertTrue(result.err().contains("tiny.png, of 8x8 pixels, is too small to tell its noise"), result.err());
        JsonNode root = JSON.readTree(result.out());
        assertEquals(4, root.get("pictures").size());
        assertEquals(2, root.get("left_out").size());
        String[] range = root.get("training").get("noise-std").textValue().split("\\.\\.", -1);
        assertEquals(6.5 / 255, Double.parseDouble(range[0]), 0.5 / 255);
        assertEquals(18.5 / 255, Double.parseDouble(range[1]), 1 / 255.0);
    }

    @Test
    void aPictureWithMoreNoiseThanAModelKnowsAndOneWithoutAreSaidToBe() throws IOException {
        Path strong = noisy("strong.png", 1, 0, 80 / 255.0);
        String out = Program.run("evaluate", strong).assertDone().out();
        assertTrue(out.contains("1 picture has more noise than that"), out);
        Path flat = write("flat.png", new ImageSet(64, 64, 1, new byte[64 * 64]));
        assertTrue(Program.run("evaluate", flat).assertDone().out().contains("There is hardly any noise."));
    }

    @Test
    void theStandardInputIsAPicture() throws IOException, InterruptedException {
        Path picture = noisy("a.png", 1, 0, 0.05);
        Process process = Program.fork(List.of(), "evaluate", "-", "--json").start();
        try (OutputStream out = process.getOutputStream()) {
            out.write(Files.readAllBytes(picture));
        }
        JsonNode found = JSON.readTree(Program.finish(process).assertDone().out())
                .get("pictures")
                .get(0);
        assertEquals("the standard input", found.get("file").textValue());
        assertEquals(0.05, found.get("noise_std").doubleValue(), 0.003);
    }

    @Test
    void whatDoesNotGoTogetherIsRefused() throws IOException {
        Path picture = noisy("a.png", 1, 0, 0.05);
        Path model = Program.train(Program.writeImages(folder.resolve("data")), folder.resolve("model"));
        Program.run("evaluate", picture, "--seed", "3", "--limit", "2")
                .assertRefused("--seed, --limit goes with a model, and " + picture + " is none");
        for (Object each : new Object[] {model, model.resolve("best.safetensors"), "photo-grey"}) {
            Program.run("evaluate", each, picture).assertRefused(each + " is a model", "--data", picture.toString());
            Program.run("evaluate", picture, each).assertRefused(each + " is a model", "--data", picture.toString());
        }
        Program.run("evaluate", picture, "photo-gray").assertRefusedWith(3, "left out: photo-gray does not exist");
        Program.run("evaluate", Program.writeImages(folder.resolve("data")).resolve("t10k-images-idx3-ubyte"))
                .assertRefused("is no picture, whose noise could be estimated");
        Path pictures = Files.createDirectories(folder.resolve("empty"));
        Program.run("evaluate", pictures).assertRefused(pictures.toString());
        Program.run("evaluate", folder.resolve("missing.png")).assertRefused("missing.png does not exist");
    }

    @Test
    void denoiseTellsWhatItSees() throws IOException {
        Path picture = noisy("a.png", 1, 0, 10 / 255.0);
        String expected =
                Program.run("evaluate", picture).out().lines().toList().get(1).split(" ", 2)[0];
        Result result = Program.run("denoise", picture, "--output", folder.resolve("out.png"))
                .assertDone();
        assertTrue(result.out().contains("Noise seen in " + picture + ": std " + expected + " ("), result.out());
        // A model with a bottleneck, through which pictures go in tiles.
        Result tiles = Program.run("denoise", "digits", picture, "--output", folder.resolve("tiles.png"));
        assertTrue(tiles.out().contains("Noise seen in " + picture + ": std " + expected + " ("), tiles.out());
        for (int i = 0; i < 6; i++) {
            noisy("many/" + i + ".png", 1, 0, (3 + i) / 255.0);
        }
        String many = Program.run("denoise", folder.resolve("many"), "--output", folder.resolve("cleaned"))
                .assertDone()
                .out();
        assertEquals(
                1, many.lines().filter(line -> line.startsWith("Noise seen")).count(), many);
        assertTrue(many.contains("Noise seen in 6 files: std "), many);
    }

    @Test
    void nothingGetsIntoAPictureOnTheStandardOutput() throws IOException, InterruptedException {
        Path picture = noisy("a.png", 1, 0, 10 / 255.0);
        Path expected = folder.resolve("out.png");
        Program.run("denoise", picture, "--output", expected).assertDone();
        Process process =
                Program.fork(List.of(), "denoise", picture, "--output", "-").start();
        process.getOutputStream().close();
        assertArrayEquals(Files.readAllBytes(expected), process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor());
    }

    /** The run needs the pictures no more: it has the numbers. */
    @ParameterizedTest
    @CsvSource({"0.01, 0.02, poisson-gaussian", "0, 0.05, gaussian"})
    void trainMakesTheNoiseOfPictures(double gain, double std, String kind) throws IOException {
        for (int i = 0; i < 3; i++) {
            noisy("mine/" + i + ".png", 1, gain, std);
        }
        Path pictures = folder.resolve("mine");
        Noise found =
                SeenNoise.of(List.of(pictures), 9, (task, done, all) -> {}).range();
        assertEquals(kind, found.kind().toString());
        Path data = Program.writeImages(folder.resolve("data"));
        Path run = folder.resolve("run");
        Result result = Program.run(Program.training(data, run, "--noise", "estimated:" + pictures)
                        .toArray())
                .assertDone();
        assertTrue(result.out().contains("estimated from 3 pictures in " + pictures), result.out());
        assertEquals(found, noiseOf(run));
        JsonNode options = JSON.readTree(run.resolve("config.json").toFile()).get("options");
        assertEquals(kind, options.get("noise").textValue());
        assertEquals(found.levels(), options.get("noise-std").textValue());
        assertEquals(gain == 0 ? null : found.gains(), options.get("noise-gain").textValue());
        assertFalse(options.get("clip").booleanValue());

        for (int i = 0; i < 3; i++) {
            Files.delete(pictures.resolve(i + ".png"));
        }
        Path again = folder.resolve("again");
        Program.run("train", "--config", run.resolve("config.json"), "--output", again)
                .assertDone();
        assertEquals(Program.result(run), Program.result(again));
        Program.run("train", "--resume", run, "--epochs", "3").assertDone();
        assertEquals(found, noiseOf(run));
    }

    @Test
    void aSinglePictureWillDoAndClippingIsTheUsers() throws IOException {
        Path picture = noisy("a.png", 1, 0.01, 0.02);
        Path run = folder.resolve("run");
        Result result = Program.run(Program.training(
                                Program.writeImages(folder.resolve("data")),
                                run,
                                "--noise",
                                "estimated:" + picture,
                                "--clip",
                                "--noise-once")
                        .toArray())
                .assertDone();
        assertTrue(result.out().contains("estimated from " + picture + ": std "), result.out());
        Noise noise = noiseOf(run);
        assertTrue(noise.clipped() && noise.once());
        assertEquals(noise.lowestGain(), noise.highestGain());
    }

    @Test
    void picturesThatTellNothingAreNamedAtTheEnd() throws IOException {
        noisy("mine/a.png", 1, 0, 0.05);
        Files.write(folder.resolve("mine/broken.png"), new byte[] {1, 2, 3});
        Result result = Program.run(Program.training(
                        Program.writeImages(folder.resolve("data")),
                        folder.resolve("run"),
                        "--noise",
                        "estimated:" + folder.resolve("mine"))
                .toArray());
        assertEquals(3, result.status(), result.err());
        assertEquals(1, result.err().lines().count(), result.err());
        assertTrue(result.err().contains("left out: ") && result.err().contains("broken.png"), result.err());
    }

    @Test
    void noiseThatCannotBeEstimatedIsRefused() throws IOException {
        Path picture = noisy("a.png", 1, 0, 0.05);
        Path flat = write("flat.png", new ImageSet(64, 64, 1, new byte[64 * 64]));
        Path empty = Files.createDirectories(folder.resolve("empty"));
        Path run = folder.resolve("run");
        train("estimated:" + folder.resolve("nowhere")).assertRefused("nowhere does not exist");
        train("estimated:" + empty).assertRefused(empty + " holds no pictures");
        train("estimated:" + flat).assertRefused("no noise is seen in " + flat);
        train("estimated:").assertRefused("--noise", "a path cannot be empty");
        train("estimate").assertRefused("there is no noise called estimate", "estimated:PATH");
        train("estimated:" + picture, "--noise-std", "0.1").assertRefused("--noise estimated:" + picture, "levels");
        train("estimated:" + picture, "--noise-gain", "0.1").assertRefused("--noise estimated:" + picture, "levels");
        train("gaussian", "--noise-gain", "0.1")
                .assertRefused("--noise-gain goes with poisson-gaussian noise, and this is gaussian");
        train("poisson-gaussian", "--noise-mean", "0.1").assertRefused("--noise-mean goes with gaussian, uniform");
        train("poisson-gaussian", "--noise-gain", "0.2..0.1").assertRefused("--noise-gain: ", "ascend");
        train("poisson-gaussian", "--noise-gain", "10").assertRefused("--noise-gain is for pixels from 0");
        train("poisson-gaussian", "--noise-gain", "0.1,0.2")
                .assertRefused("--noise-gain takes one level or range here");
        assertFalse(Files.exists(run));
    }

    private Result train(String noise, Object... options) {
        return Program.run(
                concatenated(new Object[] {"train", "--output", folder.resolve("run"), "--noise", noise}, options));
    }

    /** Half and double of the deviation, at every value; or in pairs that are given. */
    @Test
    void aModelIsMeasuredAtLevelsAndGains() throws IOException {
        Path data = Program.writeImages(folder.resolve("data"));
        Path run = folder.resolve("run");
        Program.run(Program.training(
                                data, run, "--noise", "poisson-gaussian", "--noise-std", "0.1", "--noise-gain", "0.04")
                        .toArray())
                .assertDone();
        assertEquals("[0.05, 0.1, 0.2] [0.01, 0.04, 0.16]", levels("evaluate", run));
        assertEquals(
                "[0.1, 0.2] [0.04, 0.03]",
                levels("evaluate", run, "--noise-std", "0.1,0.2", "--noise-gain", "0.04,0.03"));
        assertEquals("[0.1, 0.1] [0.04, 0.03]", levels("evaluate", run, "--noise-gain", "0.04,0.03"));
        Program.run("evaluate", run, "--noise-std", "0.1,0.2,0.3", "--noise-gain", "0.04,0.03")
                .assertRefused("go in pairs", "3 and 2");
        String out = Program.run("evaluate", run, "--engine", "reference", "--output", folder.resolve("a.png"))
                .assertDone()
                .out();
        assertTrue(
                out.contains("\n0.05, 0.01   ")
                        && out.lines().allMatch(line -> line.length() <= 80 || line.contains(folder.toString())),
                out);
    }

    private String levels(Object... arguments) throws IOException {
        JsonNode levels = json(concatenated(
                        arguments,
                        "--json",
                        "--engine",
                        "reference",
                        "--overwrite",
                        "--output",
                        folder.resolve("figure.png")))
                .get("levels");
        return levels.findValuesAsText("noise_std") + " " + levels.findValuesAsText("noise_gain");
    }

    @Test
    void aModelWithoutAGainHasNone() throws IOException {
        Path run = Program.train(Program.writeImages(folder.resolve("data")), folder.resolve("run"));
        JsonNode record = JSON.readTree(run.resolve("config.json").toFile()).get("options");
        assertTrue(record.get("noise-gain").isNull());
        assertNull(Checkpoint.read(run.resolve("best.safetensors"))
                .optionsMetadata()
                .get("noise_gain"));
    }
}
