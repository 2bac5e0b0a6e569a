package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import daegpu.Denoiser;
import daegpu.Training;
import daegpu.cli.Program.Result;
import daegpu.data.Depth;
import daegpu.data.IdxFile;
import daegpu.data.ImageFile;
import daegpu.data.ImageFiles;
import daegpu.data.InvalidInputException;
import daegpu.data.Photo;
import daegpu.data.Preparation;
import daegpu.data.Preparation.Colour;
import daegpu.data.Preparation.Fit;
import daegpu.data.Remedy;
import daegpu.engine.EngineName;
import daegpu.engine.LearningRule;
import daegpu.engine.Loss;
import daegpu.engine.Optimizer;
import daegpu.engine.Precision;
import daegpu.model.Autoencoder;
import daegpu.noise.Noise;
import daegpu.train.Checkpoint;
import daegpu.train.DivergedException;
import daegpu.train.LearningRate.Schedule;
import daegpu.train.MetricsLog;
import daegpu.train.Trainer.Outcome;
import daegpu.train.TrainingListener;
import daegpu.train.TrainingResult;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that a program begins and the command line continues, and the other way round. */
class LibraryRunTest {

    private static final int EPOCHS = 2;

    @TempDir
    private Path folder;

    private Path data;
    private Path run;

    @BeforeEach
    void writeImages() throws IOException {
        data = Program.writeImages(folder.resolve("data"));
        run = folder.resolve("run");
    }

    /** The training of {@link Program#training}. */
    private Training training() {
        return tiny(new Training(ImageFiles.in(data)));
    }

    private static Training inMemory() {
        return tiny(
                new Training(Program.images(Program.TRAINING_IMAGES, 1), Program.images(Program.VALIDATION_IMAGES, 2)));
    }

    private static Training tiny(Training training) {
        return training.epochs(EPOCHS)
                .batchSize(4)
                .network(Autoencoder.smallest(List.of(2, 4), 3, 3))
                .engine(EngineName.REFERENCE)
                .threads(1);
    }

    /** Asks a training to stop in the middle of its second epoch. */
    private static Training interruptedInTheSecondEpoch(Training training) {
        Program.interruptInTheSecondEpoch(training, Program.TRAINING_IMAGES / 2);
        return training;
    }

    private Map<String, String> uninterrupted() throws IOException {
        return Program.result(Program.train(data, folder.resolve("uninterrupted")));
    }

    private static ObjectNode options(Path of) throws IOException {
        return (ObjectNode) config(of).get("options");
    }

    private static JsonNode config(Path of) throws IOException {
        return new ObjectMapper().readTree(of.resolve("config.json").toFile());
    }

    @Test
    void aProgramAndTheCommandLineMakeTheSameRun() throws IOException {
        Map<String, String> expected = uninterrupted();
        TrainingResult result = training().run(run);
        assertEquals(expected, Program.result(run));
        assertTrue(Files.exists(result.report()) && Files.exists(run.resolve("tensorboard/train")));

        ObjectNode its = options(folder.resolve("uninterrupted"));
        its.put("output", run.toAbsolutePath().toString());
        assertEquals(its, options(run), "the defaults are the same, too");
        assertEquals(
                config(folder.resolve("uninterrupted")).get("versions"),
                config(run).get("versions"));
    }

    @Test
    void theResultSaysWhatCameOfIt() throws IOException {
        TrainingResult result = training().run(run);
        assertEquals(Outcome.FINISHED, result.outcome());
        List<MetricsLog.Row> rows = MetricsLog.read(run.resolve("metrics.csv"));
        assertEquals(
                rows.stream().map(MetricsLog.Row::validation).toList(),
                result.epochs().stream().map(MetricsLog.Row::validation).toList());
        MetricsLog.Row best = result.bestEpoch().orElseThrow();
        assertEquals(MetricsLog.best(rows).orElseThrow().epoch(), best.epoch());
        assertEquals(run.resolve("best.safetensors"), result.best());
        assertEquals(run.resolve("last.safetensors"), result.last());
        assertEquals(run.resolve("samples/epoch-002.png"), result.sample(2));
        for (Path file : List.of(result.best(), result.last(), result.metrics(), result.report(), result.sample(2))) {
            assertTrue(Files.exists(file), file::toString);
        }
    }

    @Test
    void theCommandLineGoesOnWithAProgramsRun() throws IOException {
        Map<String, String> expected = uninterrupted();
        TrainingResult result = interruptedInTheSecondEpoch(training()).run(run);
        assertEquals(Outcome.INTERRUPTED, result.outcome());
        assertEquals(1, result.epochs().size());
        Program.run("train", "--resume", run).assertDone();
        assertEquals(expected, Program.result(run));
    }

    @Test
    void aProgramGoesOnWithARunOfTheCommandLine() throws IOException {
        List<Object> arguments = Program.training(data, run);
        arguments.addAll(List.of("--schedule", "constant", "--keep", "1"));
        arguments.set(arguments.indexOf("--epochs") + 1, "1");
        Program.run(arguments.toArray()).assertDone();
        Path straight = folder.resolve("straight");
        arguments.set(arguments.indexOf(run), straight);
        arguments.set(arguments.indexOf("--epochs") + 1, "3");
        Program.run(arguments.toArray()).assertDone();

        TrainingResult result = new Training().epochs(3).resume(run);
        assertEquals(Outcome.FINISHED, result.outcome());
        assertEquals(3, result.epochs().size());
        assertEquals(Program.result(straight), Program.result(run));
        assertEquals(3, options(run).get("epochs").intValue());

        // There is nothing left to do, and nothing is done.
        Map<String, String> before = Program.content(run);
        assertEquals(3, new Training().resume(run).epochs().size());
        assertEquals(before, Program.content(run));
    }

    /** Nobody knows in which files the images are, until the user says so. */
    @Test
    void imagesFromMemoryHaveToBeNamedOnTheCommandLine() throws IOException {
        Map<String, String> expected = uninterrupted();
        interruptedInTheSecondEpoch(inMemory()).run(run);
        JsonNode identities = config(run).get("images-in-memory");
        assertEquals(
                Program.images(Program.TRAINING_IMAGES, 1).identity(),
                identities.get("training-images").textValue());
        assertTrue(options(run).get("data").isNull());

        Map<String, String> before = Program.content(run);
        Program.run("train", "--resume", run)
                .assertRefused(
                        "config.json does not say where the images are: a program gave them, from its memory",
                        "name them with --data");
        Program.run("train", "--resume", run, "--limit", "10", "--data", data)
                .assertRefused("the training images are not those of the run in " + run);
        Program.run("train", "--resume", run, "--seed", "2", "--data", data)
                .assertRefused("--seed cannot be given with --resume");
        assertEquals(before, Program.content(run));

        Program.run("train", "--resume", run, "--data", data).assertDone();
        assertEquals(expected, Program.result(run));
        assertFalse(config(run).has("images-in-memory"), "now they are known");
        assertEquals(data.toAbsolutePath().toString(), options(run).get("data").textValue());
        Program.run("train", "--resume", run, "--epochs", "3").assertDone();
        Program.run("train", "--resume", run, "--epochs", "4", "--limit", "10")
                .assertRefused("--limit cannot be given with --resume");
    }

    /** A part of the files' images, too, can be named for a run that had them from memory. */
    @Test
    void aPartOfFilesIsNamedForImagesFromMemory() throws IOException {
        tiny(new Training(
                        Program.images(Program.TRAINING_IMAGES, 1).range(0, 30),
                        Program.images(Program.VALIDATION_IMAGES, 2).range(0, 5)))
                .epochs(1)
                .learningRate(1e-3, Schedule.CONSTANT)
                .run(run);
        Program.run(
                        "train",
                        "--resume",
                        run,
                        "--epochs",
                        "2",
                        "--data",
                        data,
                        "--limit",
                        "30",
                        "--validation-limit",
                        "5")
                .assertDone();
        assertEquals(30, options(run).get("limit").intValue());
        Program.run("train", "--resume", run, "--epochs", "3").assertDone();
    }

    @Test
    void aProgramGoesOnWithImagesFromMemory() throws IOException {
        Map<String, String> expected = uninterrupted();
        interruptedInTheSecondEpoch(inMemory()).run(run);
        InvalidInputException refusal = assertThrows(InvalidInputException.class, () -> new Training().resume(run));
        assertEquals(List.of(Remedy.NAMED_IMAGES), refusal.remedies());
        Training same =
                new Training(Program.images(Program.TRAINING_IMAGES, 1), Program.images(Program.VALIDATION_IMAGES, 2));
        assertEquals(Outcome.FINISHED, same.resume(run).outcome());
        assertEquals(expected, Program.result(run));
        assertTrue(config(run).has("images-in-memory"));
        // In memory are the same images as in the files of a record, which stays as it is.
        Path files = folder.resolve("files");
        interruptedInTheSecondEpoch(training()).run(files);
        same.resume(files);
        assertEquals(expected, Program.result(files));
        assertFalse(config(files).has("images-in-memory"));
        assertEquals(
                data.toAbsolutePath().toString(), options(files).get("data").textValue());
    }

    @Test
    void theOtherCommandsTakeAProgramsRun() throws IOException {
        inMemory().run(run);
        Result listed = Program.run("runs", folder).assertDone();
        assertTrue(listed.out().contains("2/2") && listed.out().contains("finished"), listed.out());
        Program.run("runs", "--compare", run, Program.train(data, folder.resolve("other")))
                .assertDone();
        Program.run("evaluate", run, "--engine", "reference")
                .assertRefused("were given by a program, from its memory", "name them with --data");
        String report = Files.readString(run.resolve("report.html"));
        assertFalse(report.contains("Robustness"), report);
        Result evaluated = Program.run("evaluate", run, "--data", data, "--engine", "reference")
                .assertDone();
        assertFalse(evaluated.err().contains("note"), "these are the images that it was validated on");
        assertTrue(Files.readString(run.resolve("report.html")).contains("Robustness"));
        Program.run("train", "--config", run.resolve("config.json"), "--output", folder.resolve("again"))
                .assertRefused("config.json does not say where the images are", "name them with --data");
        Path again = folder.resolve("again");
        Program.run("train", "--config", run.resolve("config.json"), "--output", again, "--data", data)
                .assertDone();
        assertEquals(
                Program.result(run).get("last.safetensors"),
                Program.result(again).get("last.safetensors"));
    }

    /** Pictures that are prepared: the record says how, and the command line prepares them alike. */
    @Test
    void picturesAreRecordedAsTheyWerePrepared() throws IOException {
        Path photos = Files.createDirectory(folder.resolve("photos"));
        for (int i = 0; i < 6; i++) {
            Files.write(photos.resolve(i + ".png"), ImageFile.encode(Program.images(9, i), i, "png"));
        }
        ImageFiles tiles = ImageFiles.in(photos).prepared(new Preparation(Fit.TILES, 4, 4, 1, Colour.GREY));
        tiny(new Training(tiles))
                .learningRate(1e-3, Schedule.CONSTANT)
                .epochs(1)
                .run(run);
        assertEquals("4x4", options(run).get("tiles").textValue());
        assertEquals(1, options(run).get("overlap").intValue());
        assertEquals("grey", options(run).get("color").textValue());
        Path straight = folder.resolve("straight");
        tiny(new Training(tiles)).learningRate(1e-3, Schedule.CONSTANT).run(straight);
        Program.run("train", "--resume", run, "--epochs", "2").assertDone();
        assertEquals(Program.result(straight), Program.result(run));
    }

    @Test
    void isInterruptedFromAnotherThread() throws IOException, InterruptedException, ExecutionException {
        Map<String, String> expected = uninterrupted();
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        Training training = training().logEvery(1).listener(new TrainingListener() {
            @Override
            public void progressed(int done, double loss) {
                begun.countDown();
                try {
                    interrupted.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        });
        ExecutorService other = Executors.newSingleThreadExecutor();
        try {
            Future<TrainingResult> result = other.submit(() -> training.run(run));
            begun.await();
            training.interrupt();
            interrupted.countDown();
            assertEquals(Outcome.INTERRUPTED, result.get().outcome());
        } finally {
            other.shutdown();
        }
        assertEquals(1, Checkpoint.read(run.resolve("last.safetensors")).state().step());
        assertEquals(Outcome.FINISHED, new Training().resume(run).outcome(), "it was asked for once");
        assertEquals(expected, Program.result(run));
    }

    /** The interruption may be asked for before the training has begun. */
    @Test
    void anInterruptionIsNotForgottenBeforeTheTrainingBegins() throws IOException {
        Training training = training();
        training.interrupt();
        assertEquals(Outcome.INTERRUPTED, training.run(run).outcome());
        assertEquals(0, Checkpoint.read(run.resolve("last.safetensors")).state().step());
        Program.run("train", "--resume", run).assertDone();
        assertEquals(uninterrupted(), Program.result(run));
    }

    @Test
    void stopsEarlyAndKeepsAsTheCommandLineDoes() throws IOException {
        List<Object> arguments = Program.training(data, folder.resolve("its"));
        arguments.set(arguments.indexOf("--epochs") + 1, "9");
        arguments.addAll(List.of(
                "--learning-rate",
                "0.2",
                "--schedule",
                "constant",
                "--early-stop",
                "2",
                "--keep",
                "2",
                "--noise",
                "masking",
                "--noise-amount",
                "0.1..0.4",
                "--noise-once"));
        Program.run(arguments.toArray()).assertDone();
        TrainingResult result = training()
                .epochs(9)
                .learningRate(0.2, Schedule.CONSTANT)
                .earlyStop(2)
                .keep(2)
                .noise(new Noise(Noise.Kind.MASKING, 0, 0.1f, 0.4f, true))
                .run(run);
        assertEquals(Outcome.STOPPED_EARLY, result.outcome());
        assertEquals(Program.result(folder.resolve("its")), Program.result(run));
        ObjectNode its = options(folder.resolve("its"));
        its.put("output", run.toAbsolutePath().toString());
        assertEquals(its, options(run));
    }

    @Test
    void noiseThatIsNotClippedIsTheCommandLines() throws IOException {
        List<Object> arguments = Program.training(data, folder.resolve("its"));
        arguments.addAll(List.of("--noise-std", "25/255", "--noise-mean", "0", "--no-clip"));
        Program.run(arguments.toArray()).assertDone();
        training().noise(Noise.gaussian(0, 25 / 255f).clipped(false)).run(run);
        assertEquals(Program.result(folder.resolve("its")), Program.result(run));
        ObjectNode its = options(folder.resolve("its"));
        its.put("output", run.toAbsolutePath().toString());
        assertEquals(its, options(run));
    }

    @Test
    void precisionAndModelAreTheCommandLines() throws IOException {
        Program.train(data, folder.resolve("model"));
        Path its = folder.resolve("its");
        Program.run(
                        "train",
                        "--data",
                        data,
                        "--output",
                        its,
                        "--epochs",
                        "1",
                        "--init-from",
                        folder.resolve("model"),
                        "--engine",
                        "reference",
                        "--precision",
                        "bf16")
                .assertDone();
        new Training(ImageFiles.in(data))
                .epochs(1)
                .initFrom(folder.resolve("model"))
                .engine(EngineName.REFERENCE)
                .precision(Precision.BF16)
                .run(run);
        assertEquals(Program.result(its), Program.result(run));
        assertEquals("bf16", options(run).get("precision").textValue());
    }

    @Test
    void divergenceIsAnExceptionOfItsOwn() throws IOException {
        training().epochs(1).run(run);
        Path last = run.resolve("last.safetensors");
        Checkpoint checkpoint = Checkpoint.read(last);
        Arrays.fill(checkpoint.state().parameters().values(), 3e38f);
        checkpoint.state().parameters().values()[0] = -3e38f;
        checkpoint.write(last);
        byte[] before = Files.readAllBytes(last);
        Files.delete(run.resolve("report.html"));
        DivergedException diverged = assertThrows(
                DivergedException.class, () -> new Training().epochs(2).resume(run));
        assertEquals(last, diverged.lastGood());
        assertTrue(diverged.getMessage().contains(last.toString()), diverged.getMessage());
        assertTrue(Arrays.equals(before, Files.readAllBytes(last)));
        assertTrue(Files.exists(run.resolve("report.html")), "what there is to see is drawn");
    }

    @Test
    void aRunThatIsResumedHasOptionsOfItsOwn() throws IOException {
        training().epochs(1).run(run);
        Map<String, String> before = Program.content(run);
        for (Training training : List.of(
                new Training().seed(2),
                new Training().noise(0, 1),
                new Training().batchSize(8),
                new Training().learningRate(1e-3, Schedule.CONSTANT),
                new Training().learningRule(LearningRule.DEFAULT),
                new Training().network(Autoencoder.smallest(List.of(2), 3, 2)),
                new Training().initFrom(run))) {
            assertThrows(IllegalStateException.class, () -> training.epochs(2).resume(run));
        }
        assertThrows(
                IllegalArgumentException.class, () -> new Training().threads(-1).resume(run));
        Path other = folder.resolve("other.idx");
        IdxFile.write(other, Program.images(Program.TRAINING_IMAGES, 5));
        assertThrows(
                InvalidInputException.class,
                () -> new Training(ImageFiles.in(other)).epochs(2).resume(run));
        assertEquals(before, Program.content(run));
    }

    /** Checkpoints do not hold these constants, so a resumed run would go on with others. */
    @Test
    void constantsOfAdamThatNoCheckpointHoldsAreRefused() {
        for (Optimizer optimizer :
                List.of(new Optimizer(0.8, 0.999, 1e-7f, 0), new Optimizer(0.9, 0.999, 1e-8f, 0.01))) {
            LearningRule rule = new LearningRule(Loss.MSE, optimizer, OptionalDouble.empty());
            IllegalArgumentException refusal = assertThrows(
                    IllegalArgumentException.class,
                    () -> training().learningRule(rule).run(run));
            assertTrue(refusal.getMessage().contains("weight decay"), refusal.getMessage());
        }
        assertFalse(Files.exists(run));
    }

    /** The preview, the bar and the command's texts hear what a listener of a program hears. */
    @Test
    void aListenerHearsTheEndBeforeTheReportIsDrawn() throws IOException {
        boolean[] heard = new boolean[1];
        training()
                .listener(new TrainingListener() {
                    @Override
                    public void trainingEnded(TrainingResult result) {
                        heard[0] = true;
                        assertEquals(EPOCHS, result.epochs().size());
                        assertTrue(Files.exists(result.last()));
                        assertFalse(Files.exists(result.report()));
                    }
                })
                .run(run);
        assertTrue(heard[0]);
    }

    private static float[] picture(int height, int width, int channels, long seed) {
        float[] values = new float[height * width * channels];
        Random random = new Random(seed);
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(256) / 255f;
        }
        return values;
    }

    /** A file, an image of Java 2D and an array, as the command does it: by tiles, and as a whole. */
    @Test
    void picturesOfAnySizeAreDenoisedAsTheCommandDoes() throws IOException {
        Path tiled = training().epochs(1).run(run).best();
        for (Path model : List.of(tiled, Path.of("photo-grey"), Path.of("photo-color"))) {
            try (Denoiser denoiser = Denoiser.load(model, EngineName.CPU)) {
                for (int channels : new int[] {1, 3}) {
                    float[] values = picture(19, 70, channels, channels);
                    Photo photo = new Photo(19, 70, channels, values, null, Depth.BITS_8, "png");
                    Path file = folder.resolve("noisy.png");
                    Files.write(file, ImageFile.encode(photo));
                    String name = model + ", " + channels;

                    Path byCommand = folder.resolve("command.png");
                    Program.run("denoise", model, file, "--output", byCommand, "--overwrite", "--engine", "cpu")
                            .assertDone();
                    Path byFile = folder.resolve("file.png");
                    denoiser.denoise(file, byFile);
                    assertArrayEquals(Files.readAllBytes(byCommand), Files.readAllBytes(byFile), name);

                    float[] byArray = denoiser.denoise(values, 19, 70, channels);
                    float[] expected = ImageFile.open(byFile).values();
                    BufferedImage image = denoiser.denoise(ImageIO.read(file.toFile()));
                    assertEquals(
                            channels == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_3BYTE_BGR,
                            image.getType());
                    float[] samples = image.getRaster().getPixels(0, 0, 70, 19, (float[]) null);
                    for (int i = 0; i < expected.length; i++) {
                        float shown = Math.min(Math.max(byArray[i], 0), 1);
                        assertEquals(expected[i], shown, 0.5001 / 255, name);
                        assertEquals(expected[i] * 255, samples[i], 1e-3, name);
                    }
                }
            }
        }
    }
}
