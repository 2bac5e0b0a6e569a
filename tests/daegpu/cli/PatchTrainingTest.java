package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.Training;
import daegpu.data.Depth;
import daegpu.data.ImageFile;
import daegpu.data.ImageFiles;
import daegpu.data.Photo;
import daegpu.data.PictureFolder;
import daegpu.data.Preparation;
import daegpu.data.Preparation.Colour;
import daegpu.data.Preparation.Fit;
import daegpu.engine.EngineName;
import daegpu.model.UNet;
import daegpu.train.Checkpoint;
import daegpu.train.Trainer.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code train --patches}. */
class PatchTrainingTest {

    /** Patches of an epoch; with batches of 4, five updates. */
    private static final int PATCHES = 20;

    @TempDir
    private Path folder;

    private Path data;
    private Path run;

    @BeforeEach
    void writePictures() throws IOException {
        data = Files.createDirectories(folder.resolve("pictures"));
        run = folder.resolve("run");
        Random random = new Random(1);
        for (int i = 0; i < 12; i++) {
            writePicture(data.resolve("p" + (char) ('a' + i) + ".png"), 8 + 3 * (i % 4), 20 - 2 * (i % 5), random);
        }
    }

    private static void writePicture(Path file, int height, int width, Random random) throws IOException {
        writePicture(file, height, width, Depth.BITS_8, random);
    }

    private static void writePicture(Path file, int height, int width, Depth depth, Random random) throws IOException {
        float[] values = new float[height * width];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(depth.white() + 1) / (float) depth.white();
        }
        Files.write(file, ImageFile.encode(new Photo(height, width, 1, values, null, depth, "png")));
    }

    private List<Object> training(Path output, Object engine) {
        List<Object> arguments = Program.training(
                data,
                output,
                "--network",
                "unet",
                "--filters",
                "3,4",
                "--blocks",
                "1,0",
                "--patches",
                "8x8",
                "--patches-per-epoch",
                PATCHES);
        arguments.set(arguments.indexOf("--engine") + 1, engine);
        return arguments;
    }

    @Test
    void trainsOnPatchesAndValidatesOnTiles() throws IOException {
        String out =
                Program.run(training(run, "reference").toArray()).assertDone().out();
        assertTrue(
                out.contains("training: 20 patches of 8x8 grey an epoch, cut anywhere, flipped and turned, from 10 "
                        + "pictures"),
                out);
        assertTrue(out.contains("Updates: 5 an epoch of 4 images"), out);
        assertEquals(
                10, Checkpoint.read(run.resolve("last.safetensors")).state().step());
        String evaluated = Program.run("evaluate", run, "--output", folder.resolve("figure.png"))
                .assertDone()
                .out();
        assertTrue(evaluated.contains("split off its end"), evaluated);
        Path again = folder.resolve("again");
        Program.run("train", "--config", run.resolve("config.json"), "--output", again)
                .assertDone();
        assertEquals(Program.result(run), Program.result(again));
        String report = Files.readString(run.resolve("report.html"));
        assertTrue(report.contains("--patches 8x8 --patches-per-epoch 20"), report);
        Path tiles = folder.resolve("tiles");
        Program.run("train", "--config", run.resolve("config.json"), "--tiles", "8x8", "--output", tiles)
                .assertDone();
        assertNotEquals(Program.result(run), Program.result(tiles));
    }

    /** Pictures of any size, as a whole; the figures of one do not depend on the others. */
    @Test
    void evaluatesWholePictures() throws IOException {
        Program.run(training(run, "reference").toArray()).assertDone();
        Path pictures = Files.createDirectories(folder.resolve("more"));
        writePicture(pictures.resolve("a.png"), 31, 150, new Random(3));
        writePicture(pictures.resolve("b.png"), 140, 133, new Random(4));
        List<Object> arguments = List.of(
                "evaluate",
                run,
                "--data",
                pictures,
                "--noise-mean",
                "0",
                "--noise-std",
                "0.1,0.2",
                "--engine",
                "reference",
                "--output",
                folder.resolve("figure.png"),
                "--overwrite");
        String table = Program.run(arguments.toArray()).assertDone().out();
        assertTrue(table.contains("Images: 2 whole pictures in grey from " + pictures), table);
        assertTrue(Files.exists(folder.resolve("figure.png")));
        JsonNode both = json(arguments);
        assertEquals(2, both.get("levels").size());
        JsonNode level = both.get("levels").get(1);
        assertEquals(0.2f, level.get("noise_std").floatValue());
        double[] psnr = new double[2];
        for (int i = 0; i < 2; i++) {
            psnr[i] = level.get("pictures").get(i).at("/denoised/psnr").doubleValue();
        }
        assertEquals((psnr[0] + psnr[1]) / 2, level.at("/denoised/psnr").doubleValue(), 1e-12);
        List<Object> little = new ArrayList<>(arguments);
        little.addAll(List.of("--memory", "100k"));
        assertEquals(
                psnr[1],
                json(little)
                        .get("levels")
                        .get(1)
                        .at("/pictures/1/denoised/psnr")
                        .doubleValue(),
                1e-4,
                "in smaller tiles");
        little.set(little.size() - 1, "1k");
        Program.run(little.toArray()).assertRefused("smallest tiles", "raise --memory");
        Program.run("evaluate", run, "--memory", "1M", "--output", folder.resolve("other.png"))
                .assertRefused("--memory is for whole pictures");
        Files.delete(pictures.resolve("a.png"));
        Files.writeString(pictures.resolve("broken.png"), "no picture");
        Program.Result partly = Program.run(arguments.toArray());
        assertEquals(3, partly.status());
        assertTrue(partly.err().contains("broken.png"), partly.err());
        Files.delete(pictures.resolve("broken.png"));
        assertEquals(
                psnr[1],
                json(arguments).get("levels").get(1).at("/denoised/psnr").doubleValue());
    }

    private static JsonNode json(List<Object> arguments) throws IOException {
        List<Object> all = new ArrayList<>(arguments);
        all.add("--json");
        return new ObjectMapper()
                .readTree(Program.run(all.toArray()).assertDone().out());
    }

    /** A picture that is larger than a tile keeps its size; --overlap is for other networks. */
    @Test
    void denoisesWholePictures() throws IOException {
        Program.run(training(run, "reference").toArray()).assertDone();
        Path picture = folder.resolve("large.png");
        writePicture(picture, 301, 270, new Random(5));
        Path clean = folder.resolve("clean.png");
        Program.run("denoise", run, picture, "--output", clean).assertDone();
        Photo result = ImageFile.open(clean);
        assertEquals(301, result.height());
        assertEquals(270, result.width());
        Program.run("denoise", run, picture, "--overlap", "2", "--output", clean, "--overwrite")
                .assertRefused("--overlap is for networks with a bottleneck");
    }

    /** Without a number, an epoch has about as many pixels as the pictures. */
    @Test
    void defaultNumberOfPatchesHasThePixelsOfThePictures() {
        List<Object> arguments = training(run, "reference");
        arguments.remove(arguments.indexOf("--patches-per-epoch") + 1);
        arguments.remove("--patches-per-epoch");
        arguments.add("--dry-run");
        String out = Program.run(arguments.toArray()).assertDone().out();
        int pixels = 0;
        for (int i = 0; i < 10; i++) {
            pixels += (8 + 3 * (i % 4)) * (20 - 2 * (i % 5));
        }
        assertTrue(out.contains("training: " + pixels / 64 + " patches of 8x8"), out);
        assertFalse(Files.exists(run));
    }

    /** A program begins it, is interrupted in the middle of the second epoch, and the command line ends it. */
    @ParameterizedTest
    @CsvSource({"REFERENCE, BITS_8", "REFERENCE, BITS_16", "CPU, BITS_8", "CPU, BITS_16"})
    void interruptedAmidAnEpochAndResumedEndsWithTheSameBytes(EngineName engine, Depth depth) throws IOException {
        writePicture(data.resolve("pc.png"), 14, 16, depth, new Random(7)); // one is enough
        Path straight = folder.resolve("straight");
        Program.run(training(straight, engine).toArray()).assertDone();
        Training training = new Training(
                        ImageFiles.in(data).prepared(new Preparation(Fit.PATCHES, 8, 8, 0, Colour.AUTO, PATCHES)))
                .epochs(2)
                .batchSize(4)
                .network(UNet.smallest(List.of(3, 4), List.of(1, 0), true, true))
                .engine(engine)
                .threads(1);
        Program.interruptInTheSecondEpoch(training, 8);
        assertEquals(Outcome.INTERRUPTED, training.run(run).outcome());
        assertEquals(7, Checkpoint.read(run.resolve("last.safetensors")).state().step());
        Program.run("train", "--resume", run).assertDone();
        assertEquals(Program.result(straight), Program.result(run));
    }

    /** Pictures whose 16 bits say what 8 bits could: the same network comes out, to the bit. */
    @ParameterizedTest
    @EnumSource(names = {"REFERENCE", "CPU"})
    void sixteenBitsThatAreBytesTrainAsTheseDo(EngineName engine) throws IOException {
        Program.run(training(run, engine).toArray()).assertDone();
        for (Path file : PictureFolder.filesIn(data).files()) {
            Photo photo = ImageFile.open(file);
            Photo deeper = new Photo(photo.height(), photo.width(), 1, photo.values(), null, Depth.BITS_16, "png");
            Files.write(file, ImageFile.encode(deeper));
        }
        Path again = folder.resolve("again");
        String out = Program.run(training(again, engine).toArray()).assertDone().out();
        assertTrue(out.contains("flipped and turned, from 10 pictures in 16 bits from " + data), out);
        assertTrue(out.contains(" of 8x8 grey in 16 bits, split off"), out);
        assertArrayEquals(weights(run), weights(again));
        assertEquals(metrics(run), metrics(again));
        Program.Result evaluated = Program.run("evaluate", again, "--output", folder.resolve("figure.png"))
                .assertDone();
        assertEquals("", evaluated.err(), "these are the images of the training");
    }

    private static float[] weights(Path run) {
        return Checkpoint.read(run.resolve("last.safetensors"))
                .state()
                .parameters()
                .values();
    }

    /** Losses and scores of each epoch. */
    private static List<String> metrics(Path run) throws IOException {
        return Files.readAllLines(run.resolve("metrics.csv")).stream()
                .map(line -> line.replaceFirst("^([^,]*),[^,]*,[^,]*,", "$1,"))
                .toList();
    }

    /** Other pictures than those of the run are noticed, also where only their sizes differ. */
    @Test
    void resumeWantsTheSamePictures() throws IOException {
        Program.run(training(run, "reference").toArray()).assertDone();
        writePicture(data.resolve("pb.png"), 11, 18, new Random(9));
        Program.run("train", "--resume", run, "--epochs", "3")
                .assertRefused("the training images are not those of the run");
    }

    @Test
    void picturesThatAreTooSmallAreNamedAtTheEnd() throws IOException {
        writePicture(data.resolve("paa.png"), 7, 20, new Random(2));
        Program.Result result = Program.run(training(run, "reference").toArray());
        assertEquals(3, result.status(), result.err());
        assertTrue(result.err().contains("paa.png is 7x20, smaller than the patches of 8x8"), result.err());
        assertTrue(Files.exists(run.resolve("best.safetensors")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "--patches 8x8 --tiles 8x8;give one of --resize, --crop, --tiles and --patches",
                "--patches-per-epoch 5;--patches-per-epoch goes with --patches",
                "--patches 8x8 --patches-per-epoch 0;--patches-per-epoch must be 1 or more, not 0",
                "--patches 8x8 --overlap 2;--overlap goes with --tiles",
                "--patches 8x;--patches",
                "--patches 64x64;no picture in",
                "--patches 6x6 --network unet;divisible by 4"
            })
    void refusesInOneLine(String flags, String message) {
        List<Object> arguments = new ArrayList<>(List.of("train", "--data", data, "--output", run));
        arguments.addAll(List.of(flags.split(" ")));
        Program.run(arguments.toArray()).assertRefused(message);
        assertFalse(Files.exists(run));
    }

    @Test
    void otherImagesThanPicturesAreRefused() throws IOException {
        Path digits = Program.writeImages(folder.resolve("digits"));
        Program.run("train", "--data", digits, "--patches", "4x4", "--output", run)
                .assertRefused("only folders of pictures can be");
    }
}
