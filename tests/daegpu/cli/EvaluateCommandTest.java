package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.Seeds;
import daegpu.cli.Program.Result;
import daegpu.data.DataSets;
import daegpu.data.IdxFile;
import daegpu.data.ImageFile;
import daegpu.data.ImageSet;
import daegpu.data.Preparation;
import daegpu.data.ReadingListener;
import daegpu.data.ValidationSet;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.InferenceEngine;
import daegpu.noise.Noise;
import daegpu.preview.Lettering;
import daegpu.train.Checkpoint;
import daegpu.train.Evaluation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(Seeds.class)
class EvaluateCommandTest {

    @TempDir
    private static Path shared;

    private static Path data;
    private static Path model;

    @TempDir
    private Path folder;

    @BeforeAll
    static void train() throws IOException {
        data = Program.writeImages(shared.resolve("data"));
        model = Program.train(data, shared.resolve("model"));
    }

    private Result evaluate(Object... arguments) {
        List<Object> all = new ArrayList<>(List.of(
                "evaluate",
                model,
                "--data",
                data,
                "--engine",
                "reference",
                "--threads",
                "1",
                "--overwrite",
                "--output",
                folder.resolve("figure.png")));
        all.addAll(List.of(arguments));
        return Program.run(all.toArray());
    }

    private static Evaluation.Result expected(ImageSet images, Noise noise, long seed) {
        Checkpoint checkpoint = Checkpoint.read(model.resolve("best.safetensors"));
        try (InferenceEngine engine = Engines.open(
                        EngineName.REFERENCE, checkpoint.options().network(), EngineOptions.fp32(1))
                .engine()) {
            engine.load(checkpoint.state().weights());
            return Evaluation.of(engine, ValidationSet.of(images), noise, seed);
        }
    }

    @Test
    void tableHasTheNumbersOfTheEngine() throws IOException {
        String out = evaluate("--noise-std", "0.25,1", "--seed", "5", "--noise-mean", "0.1")
                .assertDone()
                .out();
        ImageSet images = IdxFile.read(data.resolve("t10k-images-idx3-ubyte"), 0);
        for (float std : new float[] {0.25f, 1}) {
            Evaluation.Result result = expected(images, Noise.gaussian(0.1f, std), 5);
            String row = String.format(
                    Locale.ROOT,
                    "%s %.5f %.2f %.4f %.5f %.2f %.4f",
                    std,
                    result.noisy().mse(),
                    result.noisy().psnr(),
                    result.noisy().ssim(),
                    result.denoised().mse(),
                    result.denoised().psnr(),
                    result.denoised().ssim());
            assertTrue(out.replaceAll(" +", " ").contains(row), row + " is not in\n" + out);
        }
        assertTrue(out.contains("Images: 12 of 8x8 grey from " + data) && out.contains("seed 5"), out);
        assertTrue(
                out.lines()
                        .allMatch(line -> line.length() <= 80
                                || line.contains(folder.toString())
                                || line.contains(data.toString())),
                out);
        // Nine images wide, two blocks of three rows below a caption, each image magnified to 64 pixels.
        int captions = Lettering.missing().isEmpty() ? 2 * 20 : 0;
        assertEquals(
                4 + 9 * 68, ImageIO.read(folder.resolve("figure.png").toFile()).getWidth());
        assertEquals(
                4 + 6 * 68 + 16 + captions,
                ImageIO.read(folder.resolve("figure.png").toFile()).getHeight());
        assertEquals(Lettering.missing().isEmpty(), Files.exists(folder.resolve("figure-chart.png")));
    }

    @Test
    void defaultsAreTheModels() {
        String out = evaluate().assertDone().out();
        assertTrue(out.contains("Noise:  gaussian of mean 0.5, seed 1"), out);
        for (String std : List.of("0.25", "0.5", "1.0")) {
            assertTrue(out.lines().anyMatch(line -> line.startsWith(std + " ")), out);
        }
    }

    @Test
    void jsonHoldsTheSame() throws IOException {
        JsonNode root = new ObjectMapper()
                .readTree(evaluate("--json", "--limit", "5").assertDone().out());
        assertEquals(5, root.get("images").intValue());
        assertEquals(3, root.get("levels").size());
        assertEquals(folder.resolve("figure.png").toString(), root.get("figure").textValue());
        Evaluation.Result result =
                expected(IdxFile.read(data.resolve("t10k-images-idx3-ubyte"), 5), Noise.gaussian(0.5f, 1), 1);
        JsonNode level = root.get("levels").get(2);
        assertEquals(1, level.get("noise_std").doubleValue(), 1e-6);
        assertEquals(result.denoised().mse(), level.at("/denoised/mse").doubleValue());
        assertEquals(result.noisy().psnr(), level.at("/noisy/psnr").doubleValue());
        assertEquals(result.denoised().ssim(), level.at("/denoised/ssim").doubleValue());
        assertTrue(Files.exists(folder.resolve("figure.png")));
    }

    /** By default of the model's own kind, at levels of its own; any other can be asked for. */
    @Test
    void measuresAnyKindOfNoise() throws IOException {
        ImageSet images = IdxFile.read(data.resolve("t10k-images-idx3-ubyte"), 0);
        JsonNode asked = new ObjectMapper()
                .readTree(evaluate("--json", "--noise", "speckle", "--noise-std", "0.3")
                        .assertDone()
                        .out());
        assertEquals("speckle", asked.get("noise").textValue());
        assertEquals(0, asked.get("noise_mean").doubleValue(), "the model's mean is that of another kind");
        assertEquals(
                expected(images, new Noise(Noise.Kind.SPECKLE, 0, 0.3f, 0.3f, false), 1)
                        .denoised()
                        .mse(),
                asked.at("/levels/0/denoised/mse").doubleValue());

        Path other = folder.resolve("poisson");
        List<Object> training = Program.training(data, other);
        training.addAll(List.of("--noise", "poisson", "--noise-peak", "2..8"));
        Program.run(training.toArray()).assertDone();
        Result result = Program.run("evaluate", other, "--data", data, "--engine", "reference")
                .assertDone();
        assertTrue(result.out().contains("Noise:  poisson, seed 1"), result.out());
        assertTrue(result.out().contains("noise peak "), result.out());
        for (String peak : List.of("1.0", "2.0", "5.0", "8.0", "16.0")) {
            assertTrue(result.out().lines().anyMatch(line -> line.startsWith(peak + " ")), result.out());
        }
        assertTrue(
                result.out()
                        .lines()
                        .allMatch(line -> line.length() <= 80
                                || line.contains(folder.toString())
                                || line.contains(data.toString())),
                result.out());
        JsonNode root = new ObjectMapper()
                .readTree(Program.run(
                                "evaluate",
                                other,
                                "--data",
                                data,
                                "--noise",
                                "masking",
                                "--noise-amount",
                                "0,0.5",
                                "--json")
                        .assertDone()
                        .out());
        assertEquals(0, root.at("/levels/0/noisy/mse").doubleValue());
        assertEquals(0.5, root.at("/levels/1/noise_amount").doubleValue());
        Program.run("evaluate", other, "--data", data, "--noise-std", "0.5")
                .assertRefused("--noise-std goes with", "this is poisson, which takes --noise-peak");
        Program.run("evaluate", other, "--data", data, "--noise-peak", "4,0").assertRefused("peak", "above 0");
        evaluate("--noise", "masking", "--noise-mean", "0.5").assertRefused("--noise-mean goes with");
    }

    /** By default as the model was trained, if at noise of the same kind; levels may be fractions. */
    @Test
    void measuresNoiseThatIsNotClipped() throws IOException {
        Path other = folder.resolve("unclipped");
        List<Object> training = Program.training(data, other);
        training.addAll(List.of("--noise-mean", "0", "--noise-std", "25/255", "--no-clip"));
        Program.run(training.toArray()).assertDone();
        List<Object> evaluate = List.of("evaluate", other, "--data", data, "--engine", "reference");
        String levels = "15/255,25/255,50/255";
        List<Object> table = new ArrayList<>(evaluate);
        table.addAll(List.of("--noise-std", levels));
        String out = Program.run(table.toArray()).assertDone().out();
        assertTrue(out.contains("Noise:  gaussian of mean 0.0, not clipped, seed 1"), out);
        for (String level : List.of("0.05882353", "0.09803922", "0.19607843")) {
            assertTrue(out.lines().anyMatch(line -> line.startsWith(level + " ")), out);
        }
        double[] noisy = new double[3];
        String[][] all = {
            {"--noise-std", levels}, {"--noise-std", levels, "--clip"}, {"--noise", "uniform", "--noise-mean", "0"}
        };
        for (int i = 0; i < all.length; i++) {
            List<Object> json = new ArrayList<>(evaluate);
            json.addAll(List.of(all[i]));
            json.add("--json");
            JsonNode root = new ObjectMapper()
                    .readTree(Program.run(json.toArray()).assertDone().out());
            // Noise of another kind has the defaults for pictures, as the model's has mean 0 and is not clipped.
            assertEquals(i == 1, root.get("noise_clipped").booleanValue());
            noisy[i] = root.at("/levels/1/noisy/mse").doubleValue();
        }
        // 12 images of 64 values: four standard errors of a variance.
        double variance = Math.pow(25 / 255.0, 2);
        assertEquals(variance, noisy[0], 4 * variance * Math.sqrt(2 / (12 * 64.0)));
        assertTrue(noisy[1] < noisy[0], noisy[1] + " is not below " + noisy[0]);
        Program.run("evaluate", other, "--data", data, "--noise", "masking", "--no-clip")
                .assertRefused("--no-clip goes with");
    }

    @Test
    void jsonIsJsonWithoutNoise() throws IOException {
        // Images that nothing was done to have an error of zero and so an infinite ratio, which JSON has no number for.
        JsonNode root = new ObjectMapper()
                .readTree(evaluate("--json", "--noise-std", "0", "--noise-mean", "0")
                        .assertDone()
                        .out());
        assertEquals(0, root.at("/levels/0/noisy/mse").doubleValue());
        assertTrue(root.at("/levels/0/noisy/psnr").isNull(), root.toString());
    }

    private static String figure(Object... options) {
        List<Object> arguments = new ArrayList<>(List.of("evaluate", "--engine", "reference", "--data", data));
        arguments.addAll(List.of(options));
        String out = Program.run(arguments.toArray()).assertDone().out();
        return out.lines()
                .filter(line -> line.startsWith("Figure: "))
                .map(line -> line.replaceFirst("^Figure: (.*) \\(a block.*", "$1"))
                .findFirst()
                .orElseThrow(() -> new AssertionError(out));
    }

    /** What an evaluation drew stays when there is another, and the report has all; the same is drawn once. */
    @Test
    void figuresGoIntoTheRunBesideEarlierOnes() throws IOException {
        Path run = Program.train(data, folder.resolve("run"));
        Path last = run.resolve("last.safetensors");
        assertEquals(run.resolve("robustness.png").toString(), figure(run));
        byte[] first = Files.readAllBytes(run.resolve("robustness.png"));
        assertEquals(run.resolve("robustness-2.png").toString(), figure(last, "--noise-std", "0.1"));
        assertEquals(run.resolve("robustness.png").toString(), figure(run), "the same again");
        assertEquals(run.resolve("robustness-2.png").toString(), figure(last, "--noise-std", "0.1"));
        assertEquals(run.resolve("robustness-3.png").toString(), figure(run, "--noise", "poisson"));
        assertArrayEquals(first, Files.readAllBytes(run.resolve("robustness.png")));
        String report = Files.readString(run.resolve("report.html"));
        for (String name : List.of("robustness.png", "robustness-2.png", "robustness-3.png")) {
            assertTrue(
                    report.contains(Base64.getEncoder().encodeToString(Files.readAllBytes(run.resolve(name)))),
                    "the report has not " + name);
        }
        assertTrue(report.contains("<h2>Robustness (3)</h2>"), "the charts have no numbers");
        assertFalse(report.contains("by standard deviation"), "not all noise has one");
        assertEquals(run.resolve("robustness.png").toString(), figure(run, "--overwrite", "--noise-std", "0.3"));
        assertFalse(Arrays.equals(first, Files.readAllBytes(run.resolve("robustness.png"))));
    }

    /** A network without training, or trained on next to nothing, of digits or of pictures; and one that is of use. */
    @Test
    void saysItWhereAModelIsOfNoUse() throws IOException {
        String useless = "This model is of no use here: at no level is it clearly better than the noisy\nimages";
        String out = evaluate().assertDone().out();
        assertTrue(out.contains(useless + " or than the mean of the images, which has an MSE of 0.0"), out);
        assertTrue(evaluate("--noise-std", "0.5").assertDone().out().contains(useless));
        assertFalse(evaluate("--json").assertDone().out().contains("of no use"));

        Path pictures = Files.createDirectories(folder.resolve("pictures"));
        for (int i = 0; i < 6; i++) {
            byte[] pixels = new byte[24 * 20];
            for (int j = 0; j < pixels.length; j++) {
                int row = j / 20;
                pixels[j] = (byte) (128 + 100 * Math.sin(j % 20 / 4.0 + i) * Math.cos(row / 5.0));
            }
            Files.write(pictures.resolve(i + ".png"), ImageFile.encode(new ImageSet(24, 20, 1, pixels), 0, "png"));
        }
        Path unet = folder.resolve("unet");
        List<Object> training = Program.training(
                pictures, unet, "--network", "unet", "--filters", "2,3", "--blocks", "0,0", "--tiles", "8x8");
        training.addAll(List.of("--learning-rate", "1e-9"));
        out = Program.run(training.toArray()).assertDone().out();
        assertTrue(
                out.contains("This model is of no use yet: without any network, the noisy images have an MSE of "),
                out);
        List<List<Object>> evaluations = List.of(
                List.of("evaluate", unet, "--engine", "reference"),
                List.of("evaluate", unet, "--engine", "reference", "--data", pictures));
        for (List<Object> each : evaluations) {
            out = Program.run(each.toArray()).assertDone().out();
            assertTrue(out.contains(useless), out);
        }
        out = Program.run("evaluate", "photo-grey", "--data", pictures, "--output", folder.resolve("photo.png"))
                .assertDone()
                .out();
        assertFalse(out.contains("of no use"), out);
        out = Program.run("evaluate", "digits", "--limit", "50", "--output", folder.resolve("digits.png"))
                .assertDone()
                .out();
        assertFalse(out.contains("of no use"), out);
    }

    @Test
    void noFigureIsReplacedUnlessItIsAskedFor() throws IOException {
        for (String there : List.of("figure.png", "figure-chart.png")) {
            Path precious = Files.writeString(folder.resolve(there), "precious");
            Path output = folder.resolve("figure.png");
            Program.run("evaluate", model, "--data", data, "--output", output)
                    .assertRefused(precious + " exists already; --overwrite replaces it");
            assertEquals("precious", Files.readString(precious));
            assertEquals(output.toString(), figure(model, "--output", output, "--overwrite"));
            Files.delete(output);
            Files.deleteIfExists(folder.resolve("figure-chart.png"));
        }
    }

    /** A model that is only a file has no folder of its own: what is drawn goes to where the user is. */
    @Test
    void aModelThatIsOnlyAFileKeepsItsFolderClean() throws IOException, InterruptedException {
        Path models = Files.createDirectories(folder.resolve("models"));
        Path lone = Files.copy(model.resolve("best.safetensors"), models.resolve("lone.safetensors"));
        Path here = Files.createDirectories(folder.resolve("here"));
        for (int i = 0; i < 2; i++) {
            Result result = Program.finish(
                    Program.fork(List.of(), "evaluate", lone, "--data", data, "--seed", i, "--engine", "reference")
                            .directory(here.toFile())
                            .start());
            assertEquals(0, result.status(), result.err());
        }
        assertArrayEquals(new String[] {"lone.safetensors"}, models.toFile().list());
        assertTrue(Files.exists(here.resolve("robustness.png")) && Files.exists(here.resolve("robustness-2.png")));
    }

    /** The figures are printed, and one line says that they were not kept, whatever keeps them from being written. */
    @Test
    void runsThatCannotBeWrittenAreEvaluated() throws IOException, InterruptedException {
        Path run = Program.train(data, folder.resolve("run"));
        Path library = Program.preload(folder, """
                #include <errno.h>
                #include <fcntl.h>
                #include <stdarg.h>
                #include <string.h>
                #include <sys/stat.h>

                static int refuses(const char *path, int flags) {
                    if ((flags & O_CREAT) && strstr(path, ".dae-gpu-")) {
                        errno = EROFS;
                        return 1;
                    }
                    return 0;
                }

                int open(const char *path, int flags, ...) {
                    va_list list;
                    va_start(list, flags);
                    mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
                    return refuses(path, flags) ? -1 : openat(AT_FDCWD, path, flags, mode);
                }

                int open64(const char *path, int flags, ...) {
                    va_list list;
                    va_start(list, flags);
                    mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
                    return refuses(path, flags) ? -1 : openat(AT_FDCWD, path, flags, mode);
                }
                """);
        Map<String, String> before = Program.content(run);
        for (String option : List.of("--limit=12", "--json")) {
            ProcessBuilder builder =
                    Program.fork(List.of(), "evaluate", run, "--data", data, "--engine", "reference", option);
            builder.environment().put("LD_PRELOAD", library.toString());
            Result result = Program.finish(builder.start());
            assertEquals(0, result.status(), result.err());
            assertTrue(
                    result.err()
                            .startsWith("dae-gpu evaluate: note: the figure was not kept: cannot write "
                                    + run.resolve("robustness.png") + ": "),
                    result.err());
            assertTrue(result.err().contains("Read-only file system; --output FILE.png draws it"), result.err());
            assertEquals(1, result.err().lines().count(), result.err());
            assertTrue(result.out().contains("0.25"), result.out());
            assertFalse(result.out().contains("Figure: "), result.out());
            if (option.equals("--json")) {
                JsonNode root = new ObjectMapper().readTree(result.out());
                assertTrue(root.get("figure").isNull() && root.get("chart").isNull(), result.out());
            }
        }
        assertEquals(before, Program.content(run));
    }

    @Test
    void figureReplacesNoOtherKindOfFile() throws IOException {
        Path precious = Files.writeString(folder.resolve("precious.safetensors"), "precious");
        Program.run("evaluate", model, "--data", data, "--output", precious).assertRefused(precious.toString(), ".png");
        assertEquals("precious", Files.readString(precious));
    }

    @Test
    void tableIsNotLostWithTheFigure() throws IOException {
        Path figure = folder.resolve("none/figure.png");
        Result result = Program.run("evaluate", model, "--data", data, "--output", figure);
        result.assertRefused(figure.toString(), "its folder does not exist");
        assertTrue(result.out().contains("0.25 "), result.out());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--noise-std | ''",
                "--noise-std | -1",
                "--noise-std | 0.5,,1",
                "--noise-std | NaN",
                "--noise-std | 0.25..1",
                "--noise-std | 1e39",
                "--noise-std | 15/255,25/0",
                "--noise-std | 15/255,/255",
                "--noise-std | 5/255..25/255",
                "--noise-std | x",
                "--noise | pink",
                "--noise-amount | 0.5",
                "--noise-peak | 1",
                "--noise-mean | NaN",
                "--noise-mean | x",
                "--seed | 1.5",
                "--limit | -1",
                "--limit | 99999999999",
                "--engine | quantum",
                "--precision | fp7",
                "--threads | -1",
                "--threads | 1000000",
                "--bogus | 1"
            })
    void refusesWhatIsOutOfRange(String option, String value) throws IOException {
        Program.run("evaluate", model, "--data", data, "--output", folder.resolve("figure.png"), option, value)
                .assertRefused("dae-gpu evaluate: ");
        assertFalse(Files.exists(folder.resolve("figure.png")));
    }

    @Test
    void refusesImagesThatDoNotFit() throws IOException {
        Path lone = Files.copy(model.resolve("best.safetensors"), folder.resolve("lone.safetensors"));
        Map<String, String> before = Program.content(folder);
        Path figure = folder.resolve("figure.png");
        Program.run("evaluate", lone, "--output", figure)
                .assertRefused("8x8 grey", "those of the embedded MNIST's test set are 28x28 grey", "--data");
        Program.run("evaluate", model, "--data", folder.resolve("none"), "--output", figure)
                .assertRefused(folder.resolve("none") + " does not exist");
        Program.run("evaluate", model, "--data", folder, "--output", figure)
                .assertRefused(folder + " holds no validation images");
        Program.run("evaluate", "tests/golden/tiny.safetensors", "--data", data, "--output", figure)
                .assertRefused("not a model of this program");
        assertEquals(before, Program.content(folder));
    }

    private JsonNode json(Object... arguments) throws IOException {
        List<Object> all = new ArrayList<>(List.of(arguments));
        // Or the figures of a model in no run would go into the working directory.
        Path figure = folder.resolve("figure.png");
        all.addAll(List.of("--json", "--noise-std", "0.5", "--output", figure, "--overwrite"));
        Result result = Program.run(all.toArray());
        assertTrue(result.status() == 0 || result.status() == 3, result.err());
        return new ObjectMapper().readTree(result.out());
    }

    private double denoisedMse(ImageSet images) {
        return expected(images, Noise.gaussian(0.5f, 0.5f), 1).denoised().mse();
    }

    @Test
    void defaultImagesAreThoseOfTheTraining() throws IOException {
        double mse = denoisedMse(IdxFile.read(data.resolve("t10k-images-idx3-ubyte"), 0));
        for (String name : List.of("best.safetensors", "last.safetensors", "checkpoints/epoch-002.safetensors")) {
            Files.createDirectories(folder.resolve(name).getParent());
            Files.copy(model.resolve("best.safetensors"), folder.resolve(name));
        }
        Files.copy(model.resolve("config.json"), folder.resolve("config.json"));
        for (String name : List.of("", "last.safetensors", "checkpoints/epoch-002.safetensors")) {
            JsonNode root = json("evaluate", folder.resolve(name), "--engine", "reference");
            assertEquals(mse, root.at("/levels/0/denoised/mse").doubleValue());
            assertEquals(
                    data.resolve("t10k-images-idx3-ubyte").toString(),
                    root.get("data").textValue());
        }
        // A file of another program counts as none.
        Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"bert\"}");
        Program.run("evaluate", folder).assertRefused("MNIST's test set");
        Files.writeString(folder.resolve("config.json"), "{");
        Program.run("evaluate", folder).assertRefused("config.json is damaged");
    }

    @Test
    void splitAndLimitAreThoseOfTheTraining() throws IOException {
        List<Object> training = Program.training(data, folder.resolve("run"));
        training.addAll(List.of("--validation-split", "0.25", "--validation-limit", "6"));
        Program.run(training.toArray()).assertDone();
        JsonNode root = json("evaluate", folder.resolve("run"));
        assertEquals(6, root.get("images").intValue());
        assertEquals(
                data.resolve("train-images-idx3-ubyte") + ", split off its end",
                root.get("data").textValue());
        assertEquals(
                10,
                json("evaluate", folder.resolve("run"), "--limit", "0")
                        .get("images")
                        .intValue());
        assertEquals(
                3,
                json("evaluate", folder.resolve("run"), "--limit", "3")
                        .get("images")
                        .intValue());
    }

    /** Six pictures of several sizes, one of them in a folder inside, and a file that is no picture. */
    private Path photos() throws IOException {
        Path photos = Files.createDirectories(folder.resolve("photos/sub")).getParent();
        for (int i = 0; i < 6; i++) {
            byte[] pixels = new byte[(9 + i) * 20 * 3];
            Seeds.random(i).nextBytes(pixels);
            Files.write(
                    photos.resolve((i == 5 ? "sub/" : "") + i + ".png"),
                    ImageFile.encode(new ImageSet(9 + i, 20, 3, pixels), 0, "png"));
        }
        Files.write(photos.resolve("broken.jpg"), new byte[] {1});
        return photos;
    }

    /** The images that the training was validated on are measured; when the folder has changed, a note says so. */
    @ParameterizedTest
    @CsvSource({"--tiles, 8x8, TILES, 2", "--crop, 8x8, CROP, 0", "--resize, 8, RESIZE, 0"})
    void picturesArePreparedAsForTheTraining(String option, String size, Preparation.Fit fit, int overlap)
            throws IOException {
        Path photos = photos();
        Path run = folder.resolve("run");
        List<Object> training = Program.training(photos, run);
        training.addAll(List.of(option, size, "--overlap", overlap, "--color", "grey", "--validation-split", "0.4"));
        assertEquals(3, Program.run(training.toArray()).status());
        Result result = Program.run("evaluate", run, "--json");
        assertEquals(3, result.status());
        assertEquals(
                "dae-gpu evaluate: left out: " + photos.resolve("broken.jpg")
                        + " is not a picture that can be read: those are PNG, JPEG, TIFF, BMP, GIF or WebP",
                result.err().strip());
        JsonNode root = new ObjectMapper().readTree(result.out());
        assertEquals(1, root.get("left_out").size());
        ImageSet images = DataSets.open(
                        photos,
                        null,
                        0.4,
                        0,
                        0,
                        new Preparation(fit, 8, 8, overlap, Preparation.Colour.GREY),
                        ReadingListener.SILENT)
                .validation()
                .target();
        assertEquals(images.count(), root.get("images").intValue());
        Checkpoint checkpoint = Checkpoint.read(run.resolve("best.safetensors"));
        try (InferenceEngine engine = Engines.open(
                        EngineName.REFERENCE, checkpoint.options().network(), EngineOptions.fp32(1))
                .engine()) {
            engine.load(checkpoint.state().weights());
            assertEquals(
                    Evaluation.of(
                                    engine,
                                    ValidationSet.of(images),
                                    Noise.Kind.GAUSSIAN.pictureNoise().withLevel(55 / 255f / 2),
                                    1)
                            .denoised()
                            .mse(),
                    root.at("/levels/0/denoised/mse").doubleValue(),
                    1e-6);
        }
        Files.delete(photos.resolve("broken.jpg"));
        Program.run("evaluate", run).assertDone();
        Files.delete(photos.resolve("0.png"));
        Result changed = Program.run("evaluate", run);
        assertEquals(0, changed.status());
        assertEquals(
                "dae-gpu evaluate: note: the images in " + photos
                        + ", split off its end are not those that the training "
                        + "was validated on, so the model may have been trained on some of them",
                changed.err().strip());
        Files.move(photos, folder.resolve("moved"));
        Program.run("evaluate", run).assertRefused("training", photos + " does not exist", "name others with --data");
        Program.run("evaluate", run, "--data", folder.resolve("moved")).assertDone();
    }

    /** Where the training of a model is unknown, pictures must have its size, or be made to have it. */
    @Test
    void otherPicturesAreMadeToFit() throws IOException {
        Path lone = Files.copy(model.resolve("best.safetensors"), folder.resolve("lone.safetensors"));
        Path photos = photos();
        Program.run("evaluate", lone, "--data", photos)
                .assertRefused(
                        "no picture in " + photos,
                        "is 9x20 where 8x8 is wanted",
                        "; make pictures fit with --resize, --crop or --tiles");
        Files.write(photos.resolve("fits.png"), ImageFile.encode(Program.images(1, 3), 0, "png"));
        assertEquals(1, json("evaluate", lone, "--data", photos).get("images").intValue());
        for (Preparation.Fit fit : List.of(Preparation.Fit.RESIZE, Preparation.Fit.CROP, Preparation.Fit.TILES)) {
            JsonNode root =
                    json("evaluate", lone, "--data", photos, "--" + fit.name().toLowerCase(Locale.ROOT));
            ImageSet images = DataSets.validation(
                            null,
                            photos,
                            0,
                            0,
                            new Preparation(fit, 8, 8, 0, Preparation.Colour.GREY),
                            ReadingListener.SILENT)
                    .images()
                    .target();
            assertEquals(fit == Preparation.Fit.TILES ? 6 * 6 + 1 : 7, images.count());
            assertEquals(denoisedMse(images), root.at("/levels/0/denoised/mse").doubleValue(), 1e-6);
        }
        // Two rows of four, three where the picture is 14 high, and the one that fits.
        assertEquals(
                5 * 2 * 4 + 3 * 4 + 1,
                json("evaluate", lone, "--data", photos, "--tiles", "--overlap", "3")
                        .get("images")
                        .intValue());
        Program.run("evaluate", lone, "--tiles", "8x8").assertRefused("'8x8'", "the size of the model's images");
        Program.run("evaluate", lone, "--tiles", "--crop").assertRefused("give one of");
        Program.run("evaluate", lone, "--overlap", "3").assertRefused("--overlap goes with --tiles");
        Program.run("evaluate", lone, "--tiles", "--overlap", "8").assertRefused("0 to 7 pixels, not 8");
    }
}
