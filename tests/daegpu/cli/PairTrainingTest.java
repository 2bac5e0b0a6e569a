package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.Seeds;
import daegpu.Training;
import daegpu.data.Depth;
import daegpu.data.ImageFile;
import daegpu.data.NoisyFiles;
import daegpu.data.Photo;
import daegpu.data.Preparation;
import daegpu.data.Preparation.Colour;
import daegpu.data.Preparation.Fit;
import daegpu.engine.EngineName;
import daegpu.model.UNet;
import daegpu.noise.BlindSpots;
import daegpu.train.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code train --noisy}, {@code --pairs} and {@code --blind-spot}, and {@code evaluate --noisy}. */
@ExtendWith(Seeds.class)
class PairTrainingTest {

    private static final int SCENES = 10;

    @TempDir
    private Path folder;

    private Path noisy;
    private Path clean;
    private Path run;
    private Random random;

    @BeforeEach
    void writePictures() throws IOException {
        random = Seeds.random(1);
        noisy = folder.resolve("noisy");
        clean = folder.resolve("clean");
        run = folder.resolve("run");
        for (int i = 0; i < SCENES; i++) {
            float[] values = picture(12 + i % 3, 16);
            write(clean.resolve("s" + i + ".png"), 12 + i % 3, values, Depth.BITS_8);
            write(noisy.resolve("s" + i + ".png"), 12 + i % 3, noise(values), Depth.BITS_16);
        }
    }

    private float[] picture(int height, int width) {
        float[] values = new float[height * width];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (0.5 + 0.3 * Math.sin(i / 5.0 + random.nextInt(2)));
        }
        return values;
    }

    private float[] noise(float[] clean) {
        float[] values = clean.clone();
        for (int i = 0; i < values.length; i++) {
            values[i] += (float) random.nextGaussian() * 0.1f;
        }
        return values;
    }

    private static void write(Path file, int height, float[] values, Depth depth) throws IOException {
        Files.createDirectories(file.getParent());
        Files.write(file, ImageFile.encode(new Photo(height, values.length / height, 1, values, null, depth, "png")));
    }

    /** Options of a small training. */
    private static List<Object> training(Path output, Object... options) {
        return training(2, output, options);
    }

    private static List<Object> training(int epochs, Path output, Object... options) {
        List<Object> arguments = new ArrayList<>(List.of(
                "train",
                "--output",
                output,
                "--filters",
                "3,4",
                "--blocks",
                "1,0",
                "--patches",
                "8x8",
                "--patches-per-epoch",
                20,
                "--batch-size",
                4,
                "--epochs",
                epochs,
                "--schedule",
                "constant",
                "--engine",
                "reference"));
        arguments.addAll(List.of(options));
        return arguments;
    }

    private static Program.Result train(Path output, Object... options) {
        return Program.run(training(output, options).toArray());
    }

    private List<Object> pairs() {
        return List.of("--noisy", noisy, "--clean", clean);
    }

    private static JsonNode json(Object... arguments) throws IOException {
        List<Object> all = new ArrayList<>(List.of(arguments));
        all.add("--json");
        return new ObjectMapper()
                .readTree(Program.run(all.toArray()).assertDone().out());
    }

    @Test
    void trainsOnPairsWithoutAddingNoise() throws IOException {
        String out = train(run, pairs().toArray()).assertDone().out();
        assertTrue(
                out.contains(
                        "training: 20 patches of 8x8 grey an epoch, cut anywhere, flipped and turned, from 9 pairs in"
                                + " 16 bits in " + noisy + " to " + clean),
                out);
        assertTrue(out.contains("Noise:   none is added"), out);
        assertTrue(out.contains("denoise " + run), out);
        assertTrue(Checkpoint.read(run.resolve("last.safetensors"))
                .options()
                .noise()
                .isNone());
        // The record is enough to do it again.
        Path again = folder.resolve("again");
        Program.run("train", "--config", run.resolve("config.json"), "--output", again)
                .assertDone();
        assertEquals(Program.result(run), Program.result(again));
        assertTrue(Files.readString(run.resolve("report.html")).contains("--noisy"));
    }

    /** A single patch of the one scene that is left: the network can be right only if it is given that very pair. */
    @Test
    void learnsTheTargetAndNotTheInput() throws IOException {
        Path inputs = folder.resolve("inputs");
        Path targets = folder.resolve("targets");
        for (int i = 0; i < 2; i++) {
            float[] values = picture(8, 8);
            float[] inverse = values.clone();
            for (int j = 0; j < inverse.length; j++) {
                inverse[j] = 1 - inverse[j];
            }
            write(inputs.resolve(i + ".png"), 8, values, Depth.BITS_8);
            write(targets.resolve(i + ".png"), 8, inverse, Depth.BITS_8);
        }
        Program.run(
                        "train",
                        "--noisy",
                        inputs,
                        "--clean",
                        targets,
                        "--output",
                        run,
                        "--filters",
                        "4",
                        "--blocks",
                        "1",
                        "--patches",
                        "8x8",
                        "--patches-per-epoch",
                        64,
                        "--batch-size",
                        4,
                        "--epochs",
                        60,
                        "--engine",
                        "cpu")
                .assertDone();
        JsonNode row = json(
                        "evaluate",
                        run,
                        "--noisy",
                        inputs,
                        "--clean",
                        targets,
                        "--output",
                        folder.resolve("figure.png"))
                .at("/levels/0");
        assertTrue(
                row.at("/denoised/mse").doubleValue()
                        < 0.02 * row.at("/noisy/mse").doubleValue(),
                row.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"pairs", "alone", "blind"})
    void resumedIsBitEqual(String how) throws IOException {
        Path several = several();
        List<Object> options =
                switch (how) {
                    case "pairs" -> List.of("--noisy", several, "--clean", clean, "--noise-std", "0..0.1");
                    case "alone" -> List.of("--noisy", several);
                    default ->
                        List.of("--data", noisy, "--blind-spot", "--structure", "1x3", "--validation-clean", clean);
                };
        train(run, options.toArray()).assertDone();
        Path resumed = folder.resolve("resumed");
        Program.run(training(1, resumed, options.toArray()).toArray()).assertDone();
        Program.run("train", "--resume", resumed, "--epochs", 2).assertDone();
        assertEquals(Program.result(run), Program.result(resumed));
        // Other pictures are not those of the run.
        write(noisy.resolve("s3.png"), 12, picture(12, 16), Depth.BITS_16);
        write(several.resolve("s3_0.png"), 12, picture(12, 16), Depth.BITS_16);
        Program.run("train", "--resume", resumed, "--epochs", 3).assertRefused("images");
    }

    /** Each scene has two noisy pictures. */
    private Path several() throws IOException {
        Path several = folder.resolve("several");
        for (int i = 0; i < SCENES; i++) {
            Photo photo = ImageFile.open(clean.resolve("s" + i + ".png"));
            for (int j = 0; j < 2; j++) {
                write(
                        several.resolve("s" + i + "_" + j + ".png"),
                        photo.height(),
                        noise(photo.values()),
                        Depth.BITS_16);
            }
        }
        return several;
    }

    /** The same scenes by any way to name them give the same training. */
    @Test
    void scenesAreFoundByName() throws IOException {
        Path several = several();
        train(run, "--noisy", several, "--clean", clean).assertDone();
        Path folders = folder.resolve("folders");
        StringBuilder table = new StringBuilder("clean,noisy\n");
        for (int i = 0; i < SCENES; i++) {
            for (int j = 0; j < 2; j++) {
                Path file = folders.resolve("s" + i).resolve(j + ".png");
                Files.createDirectories(file.getParent());
                Files.copy(several.resolve("s" + i + "_" + j + ".png"), file);
                table.append("clean/s" + i + ".png,\"several/s" + i + "_" + j + ".png\"\n");
            }
        }
        Path csv = Files.writeString(folder.resolve("pairs.csv"), table);
        Path byFolder = folder.resolve("by-folder");
        train(byFolder, "--noisy", folders, "--clean", clean).assertDone();
        Path byTable = folder.resolve("by-table");
        train(byTable, "--pairs", csv).assertDone();
        assertEquals(Program.result(run), Program.result(byFolder));
        assertEquals(Program.result(run), Program.result(byTable));
        Path other = Files.writeString(
                folder.resolve("other.csv"),
                "\uFEFF" + table.toString().replace(',', ';').replaceFirst("clean;noisy\n", ""));
        Program.run(training(folder.resolve("exchanged"), "--pairs", other).toArray())
                .assertDone(); // without a heading, the clean pictures are those that go in
        assertNotEquals(Program.result(run), Program.result(folder.resolve("exchanged")));
        Path alone = folder.resolve("alone");
        String out = train(alone, "--noisy", several).assertDone().out();
        assertTrue(out.contains("from 9 scenes in 16 bits in " + several + " alone"), out);
        assertTrue(out.contains("PSNR of at least"), out);
        Path aloneInFolders = folder.resolve("alone-in-folders");
        train(aloneInFolders, "--noisy", folders).assertDone();
        assertEquals(Program.result(alone), Program.result(aloneInFolders));
        assertNotEquals(Program.result(run), Program.result(alone));
    }

    /** What cannot be used is named at the end; the rest is trained on. */
    @Test
    void whatDoesNotBelongTogetherIsNamed() throws IOException {
        write(noisy.resolve("s0.png"), 11, picture(11, 16), Depth.BITS_8);
        write(noisy.resolve("lonely.png"), 12, picture(12, 16), Depth.BITS_8);
        write(clean.resolve("unseen.png"), 12, picture(12, 16), Depth.BITS_8);
        Files.writeString(noisy.resolve("s1.png"), "no picture");
        Program.Result result = train(run, pairs().toArray());
        assertEquals(3, result.status());
        for (String problem : List.of(
                noisy.resolve("s0.png") + " is 11x16 and " + clean.resolve("s0.png") + " is 12x16",
                noisy.resolve("lonely.png") + " has no clean picture of its name",
                clean.resolve("unseen.png") + " has no noisy picture of its name",
                noisy.resolve("s1.png") + " is not a picture")) {
            assertTrue(result.err().contains(problem), result.err());
        }
        assertTrue(result.out().contains("from 7 pairs"), result.out());
        Program.Result evaluated = Program.run(
                "evaluate", run, "--noisy", noisy, "--clean", clean, "--output", folder.resolve("figure.png"));
        assertEquals(3, evaluated.status());
        assertTrue(evaluated.err().contains("s0.png is 11x16"), evaluated.err());
        assertTrue(evaluated.out().contains("8 whole pictures"), evaluated.out());
    }

    /** Compared with the files themselves, read and written by the program's other commands. */
    @Test
    void evaluatesPairs() throws IOException {
        train(run, pairs().toArray()).assertDone();
        JsonNode root = json(
                "evaluate",
                run,
                "--noisy",
                noisy,
                "--clean",
                clean,
                "--engine",
                "reference",
                "--output",
                folder.resolve("figure.png"));
        assertEquals("none", root.get("noise").textValue());
        JsonNode level = root.at("/levels/0");
        assertEquals(SCENES, level.get("pictures").size());
        Path results = folder.resolve("results");
        Program.run("denoise", run, noisy, "--engine", "reference", "--output", results)
                .assertDone();
        double sum = 0;
        for (int i = 0; i < SCENES; i++) {
            String name = "s" + i + ".png";
            JsonNode picture = level.get("pictures").get(i);
            assertEquals(noisy.resolve(name).toString(), picture.get("file").textValue());
            Photo target = ImageFile.open(clean.resolve(name));
            double before = mse(target, ImageFile.open(noisy.resolve(name)));
            assertEquals(before, picture.at("/noisy/mse").doubleValue(), 1e-6 * before);
            double after = mse(target, ImageFile.open(results.resolve(name)));
            assertEquals(after, picture.at("/denoised/mse").doubleValue(), 1e-3 * after);
            sum += picture.at("/denoised/mse").doubleValue();
        }
        assertEquals(sum / SCENES, level.at("/denoised/mse").doubleValue(), 1e-9);
        // The run's own validation images are pairs, too.
        String own = Program.run("evaluate", run, "--output", folder.resolve("own.png"))
                .assertDone()
                .out();
        assertTrue(own.contains("Noise:  that of the pictures"), own);
        Program.run("evaluate", run, "--data", clean, "--output", folder.resolve("other.png"))
                .assertRefused("trained on pictures that are noisy already", "--noisy and --clean", "--noise-std");
        Program.run("evaluate", run, "--data", clean, "--noise-std", "0.1", "--output", folder.resolve("other.png"))
                .assertDone();
        String alone = Program.run("evaluate", run, "--noisy", several(), "--output", folder.resolve("alone.png"))
                .assertDone()
                .out();
        assertTrue(alone.contains("The targets are noisy as well"), alone);
    }

    /** --clean may hold second noisy pictures, and then the PSNR is called a lower bound. */
    @Test
    void noisyTargetsAreNoticed() throws IOException {
        Path first = folder.resolve("first");
        Path second = folder.resolve("second");
        for (int i = 0; i < SCENES; i++) {
            float[] values = picture(40, 48);
            write(first.resolve(i + ".png"), 40, noise(values), Depth.BITS_16);
            write(second.resolve(i + ".png"), 40, noise(values), Depth.BITS_16);
        }
        String out =
                train(run, "--noisy", first, "--clean", second).assertDone().out();
        assertTrue(out.contains("The targets are noisy as well"), out);
        assertTrue(out.contains("PSNR of at least"), out);
        for (Object[] options : new Object[][] {{"--noisy", first, "--clean", second}, {}}) {
            List<Object> arguments =
                    new ArrayList<>(List.of("evaluate", run, "--output", folder.resolve("figure.png"), "--overwrite"));
            arguments.addAll(List.of(options));
            out = Program.run(arguments.toArray()).assertDone().out();
            assertTrue(out.contains("The targets are noisy as well"), out);
        }
        out = train(folder.resolve("clean-run"), pairs().toArray()).assertDone().out();
        assertFalse(out.contains("The targets are noisy"), out);
    }

    @Test
    void shiftedPairsAreNamed() throws IOException {
        Path shifted = folder.resolve("shifted");
        Path targets = folder.resolve("targets");
        for (int i = 0; i < SCENES; i++) {
            float[] large = new float[40 * 48];
            for (int j = 0; j < large.length; j++) {
                large[j] = random.nextFloat();
            }
            float[] target = new float[36 * 44];
            float[] input = new float[36 * 44];
            for (int j = 0; j < target.length; j++) {
                target[j] = large[(j / 44 + 1) * 48 + j % 44 + 3];
                input[j] = large[j / 44 * 48 + j % 44 + 1];
            }
            write(shifted.resolve(i + ".png"), 36, noise(input), Depth.BITS_16);
            write(targets.resolve(i + ".png"), 36, target, Depth.BITS_8);
        }
        String message = "the noisy pictures lie 1 row below and 2 columns right of where their targets are";
        List<Object> arguments = training(1, run, "--noisy", shifted, "--clean", targets);
        arguments.set(arguments.indexOf("8x8"), "32x32");
        Program.Result result = Program.run(arguments.toArray());
        assertEquals(0, result.status());
        assertTrue(result.err().contains(message), result.err());
        result = Program.run(
                "evaluate", run, "--noisy", shifted, "--clean", targets, "--output", folder.resolve("figure.png"));
        assertTrue(result.err().contains(message), result.err());
    }

    private static double mse(Photo expected, Photo actual) {
        double sum = 0;
        for (int i = 0; i < expected.values().length; i++) {
            double difference = expected.values()[i] - actual.values()[i];
            sum += difference * difference;
        }
        return sum / expected.values().length;
    }

    @Test
    void blindSpotsAreJudgedAsSuch() throws IOException {
        String out = train(run, "--data", noisy, "--blind-spot").assertDone().out();
        assertTrue(out.contains("MSE at blind spots"), out);
        assertTrue(out.contains("from 9 noisy pictures"), out);
        String metrics = Files.readString(run.resolve("metrics.csv"));
        assertTrue(metrics.startsWith("epoch,seconds,images_per_second,train_mse,val_masked_mse,val_psnr,val_ssim\n"));
        assertTrue(metrics.contains(",NaN,NaN"), metrics);
        assertTrue(Files.readString(run.resolve("report.html")).contains("validation MSE at blind spots"));
        Path known = folder.resolve("known");
        String withClean = train(known, "--data", noisy, "--blind-spot", "--validation-clean", clean)
                .assertDone()
                .out();
        assertTrue(withClean.contains(" dB)"), withClean);
        Program.run("runs", "--json", folder).assertDone();
        String alone = Program.run("evaluate", run, "--output", folder.resolve("figure.png"))
                .assertDone()
                .out();
        assertTrue(alone.contains("The MSE after denoising is that at blind spots"), alone);
        assertFalse(alone.contains("NaN"), alone);
        Path structured = folder.resolve("structured");
        train(structured, "--data", noisy, "--blind-spot", "--structure", "1x5", "--blind-spot-share", "0.01")
                .assertDone();
        assertNotEquals(
                Program.result(run).get("last.safetensors"),
                Program.result(structured).get("last.safetensors"));
        Path again = folder.resolve("again");
        Program.run("train", "--config", structured.resolve("config.json"), "--output", again)
                .assertDone();
        assertEquals(Program.result(structured), Program.result(again));
    }

    /** Folders may have moved when a run is resumed. */
    @Test
    void movedPicturesAreFound() throws IOException {
        train(run, pairs().toArray()).assertDone();
        Path moved = folder.resolve("moved");
        Files.move(noisy, moved);
        Program.run("train", "--resume", run, "--epochs", 3).assertRefused("noisy does not exist");
        Program.run("train", "--resume", run, "--epochs", 3, "--noisy", moved).assertDone();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--noisy NOISY --data CLEAN|give one of --data and --noisy",
                "--clean CLEAN|--clean goes with --noisy",
                "--noisy NOISY --pairs NOISY/s0.png|give one of --noisy and --pairs",
                "--data NOISY --blind-spot --noise-std 0.1|no noise can be added",
                "--blind-spot|name it with --data",
                "--noisy NOISY --blind-spot|--blind-spot",
                "--data NOISY --structure 1x3|--structure goes with --blind-spot",
                "--data NOISY --blind-spot --structure 2x3|odd number",
                "--data NOISY --blind-spot --blind-spot-share 0.5|the share of blind spots must be",
                "--noisy NOISY --clean CLEAN --validation-noisy NOISY|needs the clean pictures",
                "--noisy NOISY --clean CLEAN --validation-data NOISY|--validation-noisy",
                "--noisy NOISY|holds no two pictures of one scene",
                "--noisy NOISY --clean missing|missing does not exist",
                "--pairs NOISY/s0.png|s0.png",
                "--pairs missing.csv|missing.csv does not exist",
            })
    void whatMakesNoSenseIsRefused(String options, String message) {
        Object[] arguments = options.replace("NOISY", noisy.toString())
                .replace("CLEAN", clean.toString())
                .split(" ", -1);
        Program.run(training(run, arguments).toArray()).assertRefused(message);
        assertTrue(Files.notExists(run));
    }

    @Test
    void namesThatNeverMatchAreShown() throws IOException {
        Path others = folder.resolve("others");
        write(others.resolve("x.png"), 12, picture(12, 16), Depth.BITS_8);
        train(run, "--noisy", noisy, "--clean", others).assertRefused("s0.png", "x.png");
    }

    /** As whole images of one size, scaled, cropped or cut into tiles. */
    @ParameterizedTest
    @ValueSource(strings = {"--resize", "--crop", "--tiles"})
    void pairsAreFitted(String fit) throws IOException {
        List<Object> arguments = new ArrayList<>(List.of(
                "train",
                "--output",
                run,
                "--network",
                "autoencoder",
                "--filters",
                "2",
                "--latent-dim",
                "3",
                fit,
                "8x8",
                "--epochs",
                1,
                "--engine",
                "reference"));
        arguments.addAll(pairs());
        Program.run(arguments.toArray()).assertDone();
        Program.run("evaluate", run, "--noisy", noisy, "--clean", clean, "--output", folder.resolve("figure.png"))
                .assertDone();
    }

    @Test
    void libraryTrainsOnThem() throws IOException {
        Preparation patches = new Preparation(Fit.PATCHES, 8, 8, 0, Colour.AUTO, 20);
        for (NoisyFiles files : List.of(
                NoisyFiles.pairs(noisy, clean, patches),
                NoisyFiles.blind(noisy, patches, new BlindSpots(0.01, 1, 1)))) {
            Path output = folder.resolve(files.blindSpots().isPresent() ? "blind" : "pairs");
            new Training(files)
                    .network(UNet.smallest(List.of(3, 4), List.of(1, 0), true, true))
                    .epochs(1)
                    .batchSize(4)
                    .engine(EngineName.REFERENCE)
                    .run(output);
            new Training().epochs(2).resume(output);
        }
    }
}
