package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.cli.Program.Result;
import daegpu.data.Depth;
import daegpu.data.EmbeddedMnist;
import daegpu.data.IdxFile;
import daegpu.data.ImageFile;
import daegpu.data.ImageSet;
import daegpu.data.Photo;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.InferenceEngine;
import daegpu.noise.Noise;
import daegpu.noise.Philox;
import daegpu.train.Checkpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeds.class)
class DenoiseCommandTest {

    private static final ImageSet IMAGES = Program.images(4, 9);

    @TempDir
    private static Path shared;

    private static Path model;

    @TempDir
    private Path folder;

    @BeforeAll
    static void train() throws IOException {
        model = Program.train(Program.writeImages(shared.resolve("data")), shared.resolve("model"));
    }

    private Result denoise(Object... arguments) {
        List<Object> all = new ArrayList<>(List.of("denoise", model, "--engine", "reference", "--threads", "1"));
        all.addAll(List.of(arguments));
        return Program.run(all.toArray());
    }

    private Path write(String name, int index, String format) throws IOException {
        return write(name, ImageFile.encode(IMAGES, index, format));
    }

    private Path write(String name, byte[] content) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.write(file, content);
    }

    private static byte[] read(Path file) {
        return ImageFile.read(file, 8, 8, 1).image().pixels();
    }

    private static byte[] expected(ImageSet images) {
        return expected(images, null, 0);
    }

    /** What the engine makes of images, corrupted first where there is noise for them, rounded to bytes. */
    private static byte[] expected(ImageSet images, Noise noise, long seed) {
        Checkpoint checkpoint = Checkpoint.read(model.resolve("best.safetensors"));
        float[] clean = new float[images.count() * 64];
        float[] noisy = new float[clean.length];
        float[] denoised = new float[clean.length];
        for (int i = 0; i < images.count(); i++) {
            images.scale(i, clean, i * 64);
            images.scale(i, noisy, i * 64);
            if (noise != null) {
                noise.corrupt(seed, Philox.VALIDATION + i, 0, clean, noisy, i * 64, 64);
            }
        }
        try (InferenceEngine engine = Engines.open(
                        EngineName.REFERENCE, checkpoint.options().network(), EngineOptions.fp32(1))
                .engine()) {
            engine.load(checkpoint.state().weights());
            engine.denoise(noisy, images.count(), denoised);
        }
        byte[] pixels = new byte[denoised.length];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) Math.round(denoised[i] * 255);
        }
        return pixels;
    }

    @Test
    void pngIsDenoisedAsTheEngineDoes() throws IOException {
        Path in = write("a.png", 2, "png");
        Path out = folder.resolve("clean.png");
        assertEquals(
                "Denoised 1 of 1 file into " + out + System.lineSeparator(),
                denoise(in, "--output", out).assertDone().out());
        assertArrayEquals(expected(IMAGES.range(2, 3)), read(out));
        assertEquals("png", ImageFile.formatOf(out));
    }

    @Test
    void jpegStaysJpeg() throws IOException {
        Path in = write("a.jpg", 0, "jpeg");
        Path out = folder.resolve("clean.jpeg");
        denoise(in, "--output", out).assertDone();
        assertEquals("jpeg", ImageFile.formatOf(out));
        byte[] expected = expected(new ImageSet(8, 8, 1, read(in)));
        byte[] actual = read(out);
        for (int i = 0; i < 64; i++) {
            assertEquals(expected[i] & 0xFF, actual[i] & 0xFF, 16, "further off than JPEG accounts for");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"images.idx3-ubyte", "images.idx3-ubyte.gz"})
    void idxIsDenoisedAsTheEngineDoes(String name) throws IOException {
        Path in = folder.resolve(name);
        IdxFile.write(in, IMAGES);
        Path out = folder.resolve("clean-" + name);
        denoise(in, "--output", out).assertDone();
        assertArrayEquals(expected(IMAGES), IdxFile.read(out, 0).pixels());
        assertEquals(name.endsWith(".gz"), Files.readAllBytes(out)[0] == 0x1F);
    }

    @Test
    void foldersAndFilesGoToAFolder() throws IOException {
        write("scans/b.PNG", 1, "png");
        write("scans/a.png", 0, "png");
        write("scans/notes.txt", new byte[] {1});
        Path more = folder.resolve("more.idx");
        IdxFile.write(more, IMAGES);
        Path out = folder.resolve("new/cleaned");
        Result result = denoise(folder.resolve("scans"), more, "--output", out).assertDone();
        assertTrue(result.out().contains("Denoised 3 of 3 files"), result.out());
        assertEquals(4, Program.content(out).size());
        assertArrayEquals(expected(IMAGES.range(0, 1)), read(out.resolve("a.png")));
        assertArrayEquals(expected(IMAGES.range(1, 2)), read(out.resolve("b.PNG")));
        assertArrayEquals(
                expected(IMAGES), IdxFile.read(out.resolve("more.idx"), 0).pixels());
    }

    @Test
    void oneFileGoesIntoAFolderThatIsThere() throws IOException {
        Path in = write("a.png", 0, "png");
        Path out = Files.createDirectory(folder.resolve("cleaned"));
        denoise(in, "--output", out).assertDone();
        assertTrue(Files.exists(out.resolve("a.png")));
    }

    @Test
    void addedNoiseIsTheEnginesAndTheSameEachTime() throws IOException {
        Path in = folder.resolve("images.idx");
        IdxFile.write(in, IMAGES);
        Noise trained =
                Checkpoint.read(model.resolve("best.safetensors")).options().noise();
        denoise(in, "--add-noise", "--output", folder.resolve("1.idx")).assertDone();
        denoise(in, "--add-noise", "--output", folder.resolve("2.idx")).assertDone();
        assertArrayEquals(
                expected(IMAGES, trained, 1),
                IdxFile.read(folder.resolve("1.idx"), 0).pixels());
        assertArrayEquals(Files.readAllBytes(folder.resolve("1.idx")), Files.readAllBytes(folder.resolve("2.idx")));
        denoise(in, "--add-noise", "--noise-std", "0.1", "--seed", "-7", "--output", folder.resolve("3.idx"))
                .assertDone();
        assertArrayEquals(
                expected(IMAGES, Noise.gaussian(trained.mean(), 0.1f), -7),
                IdxFile.read(folder.resolve("3.idx"), 0).pixels());
    }

    /** It follows from the picture's pixels, whatever else is denoised with it. */
    @Test
    void addedNoiseOfAPictureIsItsOwn() throws IOException {
        write("scans/0.png", 0, "png");
        Path picture = write("scans/1.png", 1, "png");
        denoise(folder.resolve("scans"), "--add-noise", "--output", folder.resolve("out"))
                .assertDone();
        Path alone = folder.resolve("alone.png");
        denoise(picture, "--add-noise", "--output", alone).assertDone();
        byte[] denoised = read(alone);
        assertArrayEquals(read(folder.resolve("out/1.png")), denoised);
        assertFalse(Arrays.equals(expected(IMAGES.range(1, 2)), denoised), "no noise was added");
        denoise(picture, "--add-noise", "--seed", "2", "--output", alone, "--overwrite")
                .assertDone();
        assertFalse(Arrays.equals(denoised, read(alone)), "another seed gives the same noise");
    }

    @Test
    void replacesNothingUnlessAsked() throws IOException {
        Path in = write("a.png", 0, "png");
        Path out = Files.writeString(folder.resolve("out.png"), "precious");
        denoise(in, "--output", out).assertRefused(out + " exists already", "--overwrite");
        assertEquals("precious", Files.readString(out));
        denoise(in, "--output", out, "--overwrite").assertDone();
        assertArrayEquals(expected(IMAGES.range(0, 1)), read(out));
        byte[] before = Files.readAllBytes(in);
        denoise(in, "--output", in).assertRefused(in + " exists already");
        assertArrayEquals(before, Files.readAllBytes(in));
        denoise(in, "--output", in, "--overwrite").assertDone();
        assertArrayEquals(expected(IMAGES.range(0, 1)), read(in));
    }

    /**
     * A picture of any size, through a model of 8x8 grey images: its own size, depth and alpha come back, in its own
     * folder.
     */
    @ParameterizedTest
    @CsvSource({"20, 33, 3, BITS_16, true", "3, 5, 1, BITS_8, false", "8, 30, 1, BITS_8, true"})
    void picturesOfAnySizeKeepSizeDepthAndAlpha(int height, int width, int channels, Depth depth, boolean transparent)
            throws IOException {
        Random random = Seeds.random(height);
        float[] values = new float[height * width * channels];
        float[] alpha = new float[height * width];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(256) / 255f;
            alpha[i / channels] = random.nextInt(256) / 255f;
        }
        write(
                "in/sub/a.png",
                ImageFile.encode(new Photo(height, width, channels, values, transparent ? alpha : null, depth, "png")));
        Path out = folder.resolve("in/cleaned");
        denoise(folder.resolve("in"), "--output", out).assertDone();
        Photo clean = ImageFile.open(out.resolve("sub/a.png"));
        assertEquals(
                List.of(height, width, channels, depth),
                List.of(clean.height(), clean.width(), clean.channels(), clean.depth()));
        if (transparent) {
            assertArrayEquals(alpha, clean.alpha());
        }
        // The same again: results of the first time, inside the folder, are no inputs.
        assertTrue(denoise(folder.resolve("in"), "--output", out, "--overwrite")
                .assertDone()
                .out()
                .contains("1 of 1"));
        for (String option : new String[] {"--resize", "--crop"}) {
            Path fitted = folder.resolve(option + ".png");
            denoise(folder.resolve("in/sub/a.png"), option, "--output", fitted).assertDone();
            assertEquals(new ImageFile.Header(8, 8, channels, depth), ImageFile.header(fitted));
        }
    }

    /** Without overlap the tiles of a picture that they divide are what the model makes of each. */
    @Test
    void tilesAreDenoisedAsTheEngineDoes() throws IOException {
        byte[] wide = new byte[8 * 32];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = IMAGES.pixels()[i % 32 / 8 * 64 + i / 32 * 8 + i % 8];
        }
        Path in = write("wide.png", ImageFile.encode(new ImageSet(8, 32, 1, wide), 0, "png"));
        denoise(in, "--overlap", "0", "--output", folder.resolve("out.png")).assertDone();
        byte[] expected = expected(IMAGES);
        byte[] actual =
                ImageFile.read(folder.resolve("out.png"), 8, 32, 1).image().pixels();
        for (int i = 0; i < actual.length; i++) {
            assertEquals(expected[i % 32 / 8 * 64 + i / 32 * 8 + i % 8], actual[i]);
        }
        denoise(in, "--overlap", "8", "--output", folder.resolve("x.png"))
                .assertRefused("--overlap must be 0 to 7", "not 8");
        denoise(in, "--resize", "--crop", "--output", folder.resolve("x.png")).assertRefused("give one of");
    }

    @Test
    void doesTheGoodAndNamesTheBad() throws IOException {
        Path good = write("scans/good.png", 0, "png");
        Path cut = write("scans/cut.png", Arrays.copyOf(Files.readAllBytes(good), 60));
        Path large = write("scans/large.png", ImageFile.encode(new ImageSet(8, 12, 1, new byte[96]), 0, "png"));
        Path broken = write("scans/sub/broken.jpg", new byte[] {(byte) 0xFF, (byte) 0xD8, (byte) 0xFF, 0});
        Path missing = folder.resolve("missing.png");
        Path text = write("text.idx", "no image at all".getBytes(StandardCharsets.UTF_8));
        Path out = folder.resolve("out");
        Result result = denoise(folder.resolve("scans"), missing, text, "--output", out);
        assertEquals(3, result.status());
        assertEquals(
                List.of(
                        cut + " is truncated or damaged",
                        broken + " is damaged: its pixels cannot be decoded",
                        missing + " does not exist",
                        text + " is a text, not an IDX file"),
                result.err()
                        .lines()
                        .map(line -> {
                            assertTrue(line.startsWith("dae-gpu denoise: "), line);
                            return line.substring("dae-gpu denoise: ".length());
                        })
                        .sorted((a, b) -> Boolean.compare(
                                a.startsWith(missing.toString()) || a.startsWith(text.toString()),
                                b.startsWith(missing.toString()) || b.startsWith(text.toString())))
                        .toList());
        assertTrue(result.out().contains("Denoised 2 of 6 files"), result.out());
        assertEquals(3, Program.content(out).size());
        assertEquals(new ImageFile.Header(8, 12, 1, Depth.BITS_8), ImageFile.header(out.resolve(large.getFileName())));
    }

    @Test
    void namesPicturesThatAreNone() throws IOException {
        Path text = write("scans/notes.png", "no image at all".getBytes(StandardCharsets.UTF_8));
        write("scans/a.png", 0, "png");
        denoise(folder.resolve("scans"), "--output", folder.resolve("out"))
                .assertRefusedWith(
                        3, text + " is not a picture that can be read: those are PNG, JPEG, TIFF, BMP, GIF or WebP");
    }

    @Test
    void leavesNothingWhereNothingWasDone() throws IOException {
        Path cut = write("cut.png", Arrays.copyOf(ImageFile.encode(IMAGES, 0, "png"), 60));
        Map<String, String> before = Program.content(folder);
        denoise(cut, "--output", folder.resolve("out.png")).assertRefused(cut + " is truncated");
        Result result = denoise(cut, folder.resolve("missing.png"), "--output", folder.resolve("out"));
        assertEquals(2, result.status());
        assertEquals(2, result.err().lines().count(), result.err());
        assertEquals(before, Program.content(folder));
    }

    @Test
    void refusesOtherSizesByName() throws IOException {
        Path idx = folder.resolve("large.idx");
        IdxFile.write(idx, new ImageSet(16, 16, 1, new byte[256]));
        denoise(idx, "--output", folder.resolve("out.idx"))
                .assertRefused(idx + " holds images of 16x16 grey", "the model wants 8x8 grey");
        IdxFile.write(idx, new ImageSet(8, 8, 3, colours()));
        denoise(idx, "--output", folder.resolve("out.idx")).assertRefused(idx + " holds images of 8x8 colour");
    }

    private static byte[] colours() {
        byte[] pixels = new byte[192];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) i;
        }
        return pixels;
    }

    @Test
    void slashAtTheEndMakesAFolder() throws IOException {
        Path in = write("a.png", 2, "png");
        denoise(in, "--output", folder.resolve("new") + "/").assertDone();
        assertArrayEquals(expected(IMAGES.range(2, 3)), read(folder.resolve("new/a.png")));
        denoise(in, "--output", in + "/").assertRefused(in + " is a file");
    }

    @Test
    void refusesWhatHasNoPlace() throws IOException {
        Path a = write("1/a.png", 0, "png");
        Path b = write("2/a.png", 1, "png");
        Path file = write("file", new byte[1]);
        Map<String, String> before = Program.content(folder);
        denoise(a, b, "--output", folder.resolve("out"))
                .assertRefused(a.toString(), b.toString(), "would both be written to");
        denoise(a, folder.resolve("missing.png"), "--output", file).assertRefused(file + " is a file");
        denoise(a, folder.resolve("2"), "--output", file.resolve("out")).assertRefused(file.toString());
        denoise(a, "--output", folder.resolve("none/a.png")).assertRefused("none/a.png", "folder does not exist");
        denoise(Files.createDirectory(folder.resolve("empty")), "--output", folder.resolve("out"))
                .assertRefused(folder.resolve("empty") + " holds no pictures that can be read", "it is empty");
        Files.delete(folder.resolve("empty"));
        assertEquals(before, Program.content(folder));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--noise | pink",
                "--noise-mean | NaN",
                "--noise-std | 1..0.5",
                "--noise-std | -1",
                "--noise-std | NaN",
                "--noise-std | x",
                "--noise-std | ''",
                "--noise-std | 1e39",
                "--seed | x",
                "--seed | 99999999999999999999",
                "--engine | quantum",
                "--precision | fp7",
                "--threads | -1",
                "--threads | 1000000",
                "--output | ''",
                "--bogus | 1"
            })
    void refusesWhatIsOutOfRange(String option, String value) throws IOException {
        Path in = write("a.png", 0, "png");
        Map<String, String> before = Program.content(folder);
        List<Object> arguments = new ArrayList<>(List.of("denoise", model, in, "--add-noise", option, value));
        if (!option.equals("--output")) {
            arguments.addAll(List.of("--output", folder.resolve("out.png")));
        }
        Program.run(arguments.toArray()).assertRefused("dae-gpu denoise: ");
        assertEquals(before, Program.content(folder));
    }

    @Test
    void addsAnyKindOfNoise() throws IOException {
        Path in = folder.resolve("in.idx");
        IdxFile.write(in, IMAGES);
        denoise(
                        in,
                        "--add-noise",
                        "--noise",
                        "salt-pepper",
                        "--noise-amount",
                        "0.1..0.4",
                        "--output",
                        folder.resolve("1.idx"))
                .assertDone();
        assertArrayEquals(
                expected(IMAGES, new Noise(Noise.Kind.SALT_PEPPER, 0, 0.1f, 0.4f, false), 1),
                IdxFile.read(folder.resolve("1.idx"), 0).pixels());
        denoise(in, "--add-noise", "--noise", "poisson", "--output", folder.resolve("2.idx"))
                .assertDone();
        assertArrayEquals(
                expected(IMAGES, new Noise(Noise.Kind.POISSON, 0, 4, 4, false), 1),
                IdxFile.read(folder.resolve("2.idx"), 0).pixels());
        denoise(in, "--add-noise", "--noise-mean", "0.1", "--output", folder.resolve("3.idx"))
                .assertDone();
        assertArrayEquals(
                expected(IMAGES, Noise.gaussian(0.1f, 0.5f), 1),
                IdxFile.read(folder.resolve("3.idx"), 0).pixels());
    }

    @Test
    void addsNoiseThatIsNotClipped() throws IOException {
        Path in = folder.resolve("in.idx");
        IdxFile.write(in, IMAGES);
        denoise(in, "--add-noise", "--no-clip", "--noise-std", "1/4", "--output", folder.resolve("1.idx"))
                .assertDone();
        byte[] expected = expected(IMAGES, Noise.gaussian(0.5f, 0.25f).clipped(false), 1);
        assertArrayEquals(expected, IdxFile.read(folder.resolve("1.idx"), 0).pixels());
        Path picture = write("a.png", 0, "png");
        denoise(picture, "--add-noise", "--no-clip", "--output", folder.resolve("1.png"))
                .assertDone();
        denoise(picture, "--add-noise", "--output", folder.resolve("2.png")).assertDone();
        assertFalse(Arrays.equals(read(folder.resolve("2.png")), read(folder.resolve("1.png"))), "it was clipped");
        denoise(in, "--no-clip", "--output", folder.resolve("2.idx")).assertRefused("--clip goes with --add-noise");
    }

    @Test
    void refusesUsageThatMakesNoSense() throws IOException {
        Path in = write("a.png", 0, "png");
        Program.run("denoise").assertRefused("--output");
        Program.run("denoise", "--output", folder).assertRefused("[MODEL] INPUT");
        Program.run("denoise", model, "--output", folder)
                .assertRefused("name the pictures to denoise after the model " + model);
        Program.run("denoise", model, in).assertRefused("--output");
        denoise(in, "--noise-std", "1", "--output", folder.resolve("b.png"))
                .assertRefused("--noise-std goes with --add-noise");
        denoise(in, "--seed", "1", "--output", folder.resolve("b.png")).assertRefused("--seed goes with --add-noise");
        denoise(in, "--noise", "masking", "--output", folder.resolve("b.png"))
                .assertRefused("--noise goes with --add-noise");
        denoise(in, "--add-noise", "--noise-peak", "1", "--output", folder.resolve("b.png"))
                .assertRefused("--noise-peak goes with poisson noise, and this is gaussian, which takes --noise-std");
        denoise(in, "--add-noise", "--noise", "masking", "--noise-amount", "2", "--output", folder.resolve("b.png"))
                .assertRefused("amount", "from 0 to 1", "2.0");
        denoise("", "--output", folder.resolve("b")).assertRefused("empty");
    }

    @Test
    void refusesModelsThatAreNone() throws IOException {
        Path in = write("a.png", 0, "png");
        Path out = folder.resolve("out.png");
        Path missing = folder.resolve("missing");
        Program.run("denoise", missing, in, "--output", out)
                .assertRefused(missing + " does not exist", "digits, photo-grey, photo-color");
        Path run = Files.createDirectories(folder.resolve("run"));
        Files.copy(model.resolve("config.json"), run.resolve("config.json"));
        Program.run("denoise", run, in, "--output", out)
                .assertRefused(run.resolve("best.safetensors") + " does not exist");
        Program.run("denoise", "tests/golden/tiny.safetensors", in, "--output", out)
                .assertRefused("tests/golden/tiny.safetensors is a safetensors file, but not a model of this program");
        byte[] whole = Files.readAllBytes(model.resolve("best.safetensors"));
        Path cut = write("cut.safetensors", Arrays.copyOf(whole, whole.length - 1));
        Program.run("denoise", cut, in, "--output", out).assertRefused(cut + " is truncated");
        assertFalse(Files.exists(out));
    }

    @Test
    void takesFilesWithNamesOfAnyKind() throws IOException {
        Path odd = write("@a b'\n.png", 0, "png");
        denoise(odd, "--output", folder.resolve("x.png")).assertDone();
        denoise(folder.resolve("none\n\u001b[31m.png"), "--output", folder.resolve("y.png"))
                .assertRefused("does not exist");
    }

    /** A smooth picture with an edge, and noise of 25/255. */
    private Path writeNoisy(String name, int channels, float[] clean) throws IOException {
        Random random = new Random(5);
        byte[] noisy = new byte[clean.length];
        for (int i = 0; i < clean.length; i++) {
            int row = i / channels / 90;
            int column = i / channels % 90;
            clean[i] = column < 40 ? 0.3f : 0.5f + 0.2f * (float) Math.sin(0.1 * row);
            double value = 255 * clean[i] + 25 * random.nextGaussian();
            noisy[i] = (byte) Math.round(Math.max(0, Math.min(255, value)));
        }
        return write(name, ImageFile.encode(new ImageSet(70, 90, channels, noisy), 0, "png"));
    }

    private static double error(Path file, int channels, float[] clean) {
        byte[] pixels = ImageFile.read(file, 70, 90, channels).image().pixels();
        double sum = 0;
        for (int i = 0; i < clean.length; i++) {
            double difference = (pixels[i] & 0xff) / 255.0 - clean[i];
            sum += difference * difference;
        }
        return sum / clean.length;
    }

    /** Each picture goes through the model of the program that fits it, and comes out with far less noise. */
    @Test
    void takesTheModelThatFitsWhereNoneIsNamed() throws IOException {
        float[] grey = new float[70 * 90];
        float[] colour = new float[70 * 90 * 3];
        Path greyIn = writeNoisy("in/grey.png", 1, grey);
        Path colourIn = writeNoisy("in/sub/colour.png", 3, colour);
        Path out = folder.resolve("out");
        String text = Program.run("denoise", folder.resolve("in"), "--output", out)
                .assertDone()
                .out();
        assertTrue(text.contains("Model: photo-grey, for grey photographs of any size"), text);
        assertTrue(text.contains("Model: photo-color, for colour photographs of any size"), text);
        assertTrue(error(out.resolve("grey.png"), 1, grey) < error(greyIn, 1, grey) / 10);
        assertTrue(error(out.resolve("sub/colour.png"), 3, colour) < error(colourIn, 3, colour) / 10);

        Path digits = folder.resolve("three.idx3-ubyte");
        IdxFile.write(digits, EmbeddedMnist.test(3));
        text = Program.run("denoise", digits, "--add-noise", "--output", folder.resolve("clean.idx3-ubyte"))
                .assertDone()
                .out();
        assertTrue(text.contains("Model: digits"), text);
    }

    /** No model is named for them. */
    @Test
    void whatCannotBeReadTakesNoModel() throws IOException {
        Path missing = folder.resolve("missing.jpg");
        Program.Result result = Program.run("denoise", missing, "--output", folder.resolve("out.jpg"));
        result.assertRefused(missing + " does not exist");
        assertEquals("", result.out());
        Path in = writeNoisy("in/a.png", 1, new float[70 * 90]);
        Files.writeString(in.resolveSibling("b.png"), "no picture");
        result = Program.run("denoise", in.getParent(), "--output", folder.resolve("out"));
        result.assertRefusedWith(3, "b.png is not a picture that can be read");
        assertTrue(result.out().contains("Denoised 1 of 2 files into"), result.out());
        assertTrue(Files.exists(folder.resolve("out/a.png")));
    }

    /** A folder of the same name comes first. */
    @Test
    void modelsOfTheProgramHaveNames() throws IOException {
        Path in = writeNoisy("in.png", 1, new float[70 * 90]);
        Path named = folder.resolve("named.png");
        Path fitting = folder.resolve("fitting.png");
        Program.run("denoise", "photo-grey", in, "--output", named).assertDone();
        Program.run("denoise", in, "--output", fitting).assertDone();
        assertArrayEquals(Files.readAllBytes(named), Files.readAllBytes(fitting));
    }
}
