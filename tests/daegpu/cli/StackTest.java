package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.Denoiser;
import daegpu.Seeds;
import daegpu.cli.Program.Result;
import daegpu.data.Depth;
import daegpu.data.ImageFile;
import daegpu.data.ImageFiles;
import daegpu.data.InvalidInputException;
import daegpu.data.Photo;
import daegpu.data.PictureDescription;
import daegpu.data.PictureFormat;
import daegpu.data.PictureReader;
import daegpu.data.PictureWriter;
import daegpu.data.Preparation;
import daegpu.data.ReadingListener;
import daegpu.data.TiffFiles;
import daegpu.data.ValueRange;
import daegpu.engine.EngineName;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
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

/** TIFF files of several pages and of floats, through models with and without a bottleneck. */
@ExtendWith(Seeds.class)
class StackTest {

    private static final ValueRange RANGE = new ValueRange(-20, 400);

    @TempDir
    private static Path shared;

    private static Map<String, Path> models;

    @TempDir
    private Path folder;

    @BeforeAll
    static void train() throws IOException {
        Path data = Program.writeImages(shared.resolve("data"));
        Path unet = shared.resolve("unet");
        Program.run(Program.training(data, unet, "--network", "unet", "--filters", "3,4", "--blocks", "1,0")
                        .toArray())
                .assertDone();
        models = Map.of("unet", unet, "autoencoder", Program.train(data, shared.resolve("autoencoder")));
    }

    private static Result denoise(String model, Object... arguments) {
        List<Object> all =
                new ArrayList<>(List.of("denoise", models.get(model), "--engine", "reference", "--threads", "1"));
        all.addAll(List.of(arguments));
        return Program.run(all.toArray());
    }

    private static Photo photo(Random random, Depth depth, ValueRange range) {
        int height = 8 + random.nextInt(20);
        int width = 8 + random.nextInt(20);
        int channels = random.nextBoolean() ? 1 : 3;
        float[] values = new float[height * width * channels];
        for (int i = 0; i < values.length; i++) {
            values[i] = range != null
                    ? 1.4f * random.nextFloat() - 0.2f
                    : random.nextInt(depth.white() + 1) / (float) depth.white();
        }
        return new Photo(height, width, channels, values, null, depth, "tiff", range);
    }

    private Path write(String name, Photo... pages) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (PictureWriter writer = new PictureWriter(bytes, PictureFormat.TIFF, 95)) {
            for (Photo page : pages) {
                writer.write(page, PictureDescription.NONE);
            }
        }
        return write(name, bytes.toByteArray());
    }

    private Path write(String name, byte[] content) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.write(file, content);
    }

    private static List<Photo> pages(Path file) {
        List<Photo> pages = new ArrayList<>();
        try (PictureReader reader = PictureReader.open(file, RANGE)) {
            for (int page = 0; page < reader.pages(); page++) {
                pages.add(reader.photo(page));
            }
        }
        return pages;
    }

    /** Of any sizes, kinds and numbers, also of more pages than go through the network together. */
    @ParameterizedTest
    @ValueSource(strings = {"unet", "autoencoder"})
    void aStackBecomesWhatItsPagesBecomeAlone(String model) {
        Seeds.check(6, random -> {
            boolean floats = random.nextBoolean();
            Photo[] photos = new Photo[2 + random.nextInt(5)];
            Arrays.setAll(
                    photos,
                    i -> photo(
                            random,
                            floats || random.nextBoolean() ? Depth.BITS_16 : Depth.BITS_8,
                            floats ? RANGE : null));
            List<Object> options = new ArrayList<>(List.of("--overwrite", "--strength", "0.7"));
            if (random.nextBoolean()) {
                options.add(random.nextBoolean() ? "--resize" : "--crop");
            }
            if (random.nextBoolean()) {
                options.add("--add-noise");
            }
            if (floats) {
                options.addAll(List.of("--range", RANGE.option()));
            }
            Path out = folder.resolve("out.tif");
            Result result = denoise(model, with(options, write("stack.tif", photos), "--output", out));
            assertEquals(0, result.status(), result.err());
            List<Photo> stack = pages(out);
            assertEquals(photos.length, stack.size());
            for (int page = 0; page < photos.length; page++) {
                Result one = denoise(model, with(options, write("one.tif", photos[page]), "--output", out));
                assertEquals(0, one.status(), one.err());
                Photo alone = pages(out).get(0);
                assertEquals(alone.depth(), stack.get(page).depth());
                assertEquals(alone.range(), stack.get(page).range());
                assertEquals(alone.height(), stack.get(page).height());
                assertArrayEquals(alone.values(), stack.get(page).values(), options.toString());
            }
        });
    }

    private static Object[] with(List<Object> options, Object... arguments) {
        List<Object> all = new ArrayList<>(List.of(arguments));
        all.addAll(options);
        return all.toArray();
    }

    /** More values than the network is given at a time, in pages of tiles and of whole pictures. */
    @Test
    void manyPagesGoThroughInSeveralParts() throws IOException {
        Random random = Seeds.random(0);
        Photo[] photos = new Photo[5];
        for (int i = 0; i < photos.length; i++) {
            float[] values = new float[300 * 400];
            for (int j = 0; j < values.length; j++) {
                values[j] = random.nextInt(65_536) / 65_535f;
            }
            photos[i] = new Photo(300, 400, 1, values, null, Depth.BITS_16, "tiff");
        }
        Path out = folder.resolve("out.tif");
        denoise("autoencoder", write("stack.tif", photos), "--output", out, "--strength", "0")
                .assertDone();
        List<Photo> pages = pages(out);
        assertEquals(5, pages.size());
        for (int i = 0; i < photos.length; i++) {
            assertArrayEquals(photos[i].values(), pages.get(i).values());
        }
    }

    /** Values outside of the range, too; compared with what Java's reader finds. */
    @ParameterizedTest
    @CsvSource({"unet, true", "unet, false", "autoencoder, true", "autoencoder, false"})
    void floatsComeBackInTheirOwnRange(String model, boolean given) throws IOException {
        Random random = Seeds.random(1);
        float[] grey = new float[12 * 17];
        float[] colour = new float[9 * 8 * 3];
        for (float[] values : List.of(grey, colour)) {
            for (int i = 0; i < values.length; i++) {
                values[i] = 500 + 100 * (float) random.nextGaussian();
            }
            values[3] = -4000;
            values[7] = 1e6f;
        }
        Path in = write(
                "in.tif",
                TiffFiles.write(
                        "LZW", TiffFiles.floats(12, 17, 1, grey.clone()), TiffFiles.floats(9, 8, 3, colour.clone())));
        Path out = folder.resolve("out.tif");
        List<Object> options = new ArrayList<>(List.of("--strength", "0"));
        if (given) {
            options.addAll(List.of("--range", "100..900"));
        }
        Result result = denoise(model, with(options, in, "--output", out)).assertDone();
        assertEquals(!given, result.out().contains(in + " has floats: those from "), result.out());
        List<BufferedImage> pages = TiffFiles.read(Files.readAllBytes(out));
        assertEquals(2, pages.size());
        // Without a range, 1e6 is the greatest value in the range: all are kept relative to that.
        double tolerance = 1e-6 * (given ? 1000 : 1e6);
        assertValues(grey, pages.get(0), 17, tolerance);
        assertValues(colour, pages.get(1), 8, tolerance);
    }

    private static void assertValues(float[] expected, BufferedImage page, int width, double tolerance) {
        assertEquals(32, page.getSampleModel().getSampleSize(0));
        int height = page.getHeight();
        float[] found = page.getRaster().getPixels(0, 0, width, height, (float[]) null);
        assertEquals(expected.length, found.length);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], found[i], Math.max(tolerance, 1e-6 * Math.abs(expected[i])), "value " + i);
        }
    }

    /** The same noise and the same network: floats of whole numbers become what these become with 16 bits. */
    @ParameterizedTest
    @ValueSource(strings = {"unet", "autoencoder"})
    void floatsBecomeWhatWholeNumbersBecome(String model) throws IOException {
        Random random = Seeds.random(2);
        int[] samples = random.ints(16 * 16, 0, 65_536).toArray();
        float[] floats = new float[samples.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = samples[i];
        }
        Path deep = write("deep.tif", TiffFiles.write(null, TiffFiles.deep(16, 16, samples)));
        Path real = write("real.tif", TiffFiles.write(null, TiffFiles.floats(16, 16, 1, floats)));
        denoise(model, deep, "--add-noise", "--output", folder.resolve("deep-out.tif"));
        denoise(model, real, "--add-noise", "--range", "0..65535", "--output", folder.resolve("real-out.tif"));
        float[] expected = pages(folder.resolve("deep-out.tif")).get(0).values();
        BufferedImage found = TiffFiles.read(Files.readAllBytes(folder.resolve("real-out.tif")))
                .get(0);
        for (int i = 0; i < expected.length; i++) {
            double value = found.getRaster().getSampleDouble(i % 16, i / 16, 0);
            assertEquals(expected[i] * 65_535, Math.max(0, Math.min(65_535, value)), 0.6, "value " + i);
        }
    }

    @Test
    void floatsAreCutOffWhereTheFormatHasNone() throws IOException {
        Path in = write("in.tif", TiffFiles.write(null, TiffFiles.floats(1, 4, 1, -5, 0, 5, 20)));
        Path out = folder.resolve("out.png");
        Result result = denoise("unet", in, "--strength", "0", "--range", "0..10", "--output", out)
                .assertDone();
        assertTrue(
                result.out()
                        .contains(in
                                + " has floats, which a PNG file cannot have: those from 0 to 10 are black to white"),
                result.out());
        assertArrayEquals(
                new float[] {0, 0, 32_768 / 65_535f, 1}, ImageFile.open(out).values());
    }

    @Test
    void aRangeIsForFloats() throws IOException {
        Path in = write("in.tif", photo(Seeds.random(3), Depth.BITS_16, null));
        for (String model : models.keySet()) {
            denoise(model, in, "--range", "0..10", "--output", folder.resolve("out.tif"))
                    .assertRefused(in + " has whole numbers for samples; --range is for TIFF files of 32-bit floats");
            denoise(model, in, "--range", "10..0", "--output", folder.resolve("out.tif"))
                    .assertRefused("--range", "from 10.0 to 0.0");
        }
        assertFalse(Files.exists(folder.resolve("out.tif")));
    }

    /** A stack without one of its pages would have all after it in the wrong places. */
    @ParameterizedTest
    @ValueSource(strings = {"unet", "autoencoder"})
    void aStackWithADamagedPageIsNotWritten(String model) throws IOException {
        int[] samples = new int[64 * 64];
        Arrays.setAll(samples, i -> i * 37 % 65_536);
        BufferedImage image = TiffFiles.deep(64, 64, samples);
        byte[] file = TiffFiles.write("ZLib", image, image, image);
        Path whole = write("in/whole.tif", file);
        Path cut = write("in/cut.tif", Arrays.copyOf(file, 2 * file.length / 3));
        Arrays.fill(file, file.length / 3 + 300, file.length / 3 + 340, (byte) 0x55);
        Path damaged = write("in/damaged.tif", file);
        Path out = folder.resolve("out");
        Result result = denoise(model, whole.getParent(), "--output", out);
        assertEquals(3, result.status(), result.err());
        assertTrue(result.err().contains(cut + " is truncated"), result.err());
        assertTrue(result.err().contains(damaged + ", page 2 is damaged"), result.err());
        try (var files = Files.list(out)) {
            assertEquals(List.of(out.resolve("whole.tif")), files.toList());
        }
    }

    @Test
    void aStackGoesThroughAPipe() throws IOException, InterruptedException {
        Random random = Seeds.random(4);
        Path in = write("in.tif", photo(random, Depth.BITS_16, null), photo(random, Depth.BITS_8, null));
        Path out = folder.resolve("out.tif");
        denoise("unet", in, "--output", out);
        Path piped = folder.resolve("piped.tif");
        Process process = Program.fork(
                        List.of(),
                        "denoise",
                        models.get("unet"),
                        "--engine",
                        "reference",
                        "--threads",
                        "1",
                        "-",
                        "--output",
                        "-")
                .redirectInput(in.toFile())
                .redirectOutput(piped.toFile())
                .start();
        Result result = Program.finish(process);
        assertEquals(0, result.status(), result.err());
        assertArrayEquals(Files.readAllBytes(out), Files.readAllBytes(piped));
    }

    @ParameterizedTest
    @ValueSource(strings = {"unet", "autoencoder"})
    void theLibraryDenoisesStacks(String model) throws IOException {
        Random random = Seeds.random(5);
        Path in = write(
                "in.tif",
                photo(random, Depth.BITS_16, null),
                photo(random, Depth.BITS_8, null),
                photo(random, Depth.BITS_16, null));
        Path expected = folder.resolve("expected.tif");
        denoise(model, in, "--output", expected);
        try (Denoiser denoiser = Denoiser.load(models.get(model), EngineName.REFERENCE)) {
            denoiser.denoise(in, in); // The file that is read may be the one that is replaced.
        }
        List<Photo> pages = pages(in);
        assertEquals(3, pages.size());
        for (int page = 0; page < 3; page++) {
            assertArrayEquals(
                    pages(expected).get(page).values(), pages.get(page).values());
        }
    }

    private Path stacksToTrain() throws IOException {
        BufferedImage[] pages = new BufferedImage[9];
        Random random = Seeds.random(6);
        for (int i = 0; i < pages.length; i++) {
            float[] values = new float[8 * 8];
            for (int j = 0; j < values.length; j++) {
                values[j] = 100 * i + 100 * random.nextFloat();
            }
            pages[i] =
                    i == 4 ? TiffFiles.floats(9, 8, 1, Arrays.copyOf(values, 72)) : TiffFiles.floats(8, 8, 1, values);
        }
        Path data = folder.resolve("data");
        write("data/a.tif", TiffFiles.write(null, pages));
        write(
                "data/b.tif",
                TiffFiles.write(
                        null, TiffFiles.deep(8, 8, random.ints(64, 0, 65_536).toArray())));
        return data;
    }

    /** Each page is an image, which messages name. */
    @Test
    void pagesAreTrainedOnAndMeasured() throws IOException {
        Path data = stacksToTrain();
        Path run = folder.resolve("run");
        Result trained = Program.run(
                Program.training(data, run, "--crop", "8x8", "--range", "0..900", "--validation-split", "0.5")
                        .toArray());
        trained.assertDone();
        assertTrue(trained.out().contains("training: 5 images of 8x8 grey in 16 bits"), trained.out());
        JsonNode options =
                new ObjectMapper().readTree(run.resolve("config.json").toFile()).get("options");
        assertEquals("0.0..900.0", options.get("range").textValue());
        Program.run("train", "--resume", run, "--epochs", "3").assertDone();

        Result other = Program.run(
                Program.training(data, folder.resolve("other"), "--filters", "2,4", "--latent-dim", "3", "--limit", "4")
                        .toArray());
        other.assertRefused("pictures of different sizes, such as 8x8 (a.tif, page 1) and 9x8 (a.tif, page 5)");

        Result measured = Program.run(
                "evaluate",
                models.get("unet"),
                "--data",
                data,
                "--limit",
                "7",
                "--json",
                "--output",
                folder.resolve("figure.png"),
                "--engine",
                "reference");
        measured.assertDone();
        JsonNode pictures =
                new ObjectMapper().readTree(measured.out()).get("levels").get(0).get("pictures");
        assertEquals(7, pictures.size());
        assertEquals(
                data.resolve("a.tif") + ", page 7", pictures.get(6).get("file").textValue());
    }

    /** The range decides what the values are. */
    @Test
    void floatsAreCutToTheRangeInTraining() throws IOException {
        write(
                "data/a.tif",
                TiffFiles.write(
                        null, TiffFiles.floats(2, 2, 1, -10, 0, 50, 200), TiffFiles.floats(2, 2, 1, 25, 75, 100, 101)));
        var files = ImageFiles.in(folder.resolve("data")).prepared(Preparation.NONE.in(new ValueRange(0, 100)));
        var sets = files.open(ReadingListener.SILENT);
        float[] values = new float[4];
        sets.training().scaleInput(0, 0, 0, values, 0);
        assertArrayEquals(new float[] {0, 0, 32_768 / 65_535f, 1}, values);
        sets.validation().target().scale(0, values, 0);
        assertArrayEquals(new float[] {16_384 / 65_535f, 49_151 / 65_535f, 1, 1}, values);
    }

    @Test
    void aPageThatCannotBeUsedIsLeftOut() throws IOException {
        int[] samples = new int[64 * 64];
        Arrays.setAll(samples, i -> i * 37 % 65_536);
        BufferedImage image = TiffFiles.deep(64, 64, samples);
        byte[] file = TiffFiles.write("ZLib", image, image, image, image);
        Arrays.fill(file, file.length / 4 + 300, file.length / 4 + 340, (byte) 0x55);
        Path stack = write("data/a.tif", file);
        var sets = ImageFiles.in(folder.resolve("data")).open(ReadingListener.SILENT);
        assertEquals(2, sets.training().count());
        assertEquals(1, sets.unusable().size());
        InvalidInputException problem = sets.unusable().get(0);
        assertTrue(problem.getMessage().startsWith(stack + ", page 2 is damaged"), problem.getMessage());
    }
}
