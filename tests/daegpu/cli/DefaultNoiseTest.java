package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import daegpu.Training;
import daegpu.data.ImageFile;
import daegpu.data.ImageFiles;
import daegpu.data.ImageSet;
import daegpu.engine.EngineName;
import daegpu.model.Architecture;
import daegpu.model.Autoencoder;
import daegpu.model.UNet;
import daegpu.noise.Noise;
import daegpu.train.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What corrupts the images of a training that does not say it: for digits another noise than for pictures. */
class DefaultNoiseTest {

    private static final Noise DIGITS = Noise.gaussian(0.5f, 0.5f);
    private static final Noise PICTURES = new Noise(0, 0, 55 / 255f, false).clipped(false);
    private static final Object[] UNET = {"--network", "unet", "--filters", "2,3", "--blocks", "0,0"};
    private static final Object[] AUTOENCODER = {"--filters", "2,4", "--latent-dim", "3"};

    @TempDir
    private Path folder;

    private Path digits;
    private Path pictures;
    private int runs;

    @BeforeEach
    void writeImages() throws IOException {
        digits = Program.writeImages(folder.resolve("digits"));
        pictures = Files.createDirectories(folder.resolve("pictures/inside")).getParent();
        for (int i = 0; i < 6; i++) {
            byte[] pixels = new byte[8 * 8];
            new Random(i).nextBytes(pixels);
            Files.write(
                    pictures.resolve((i < 3 ? "inside/" : "") + i + ".png"),
                    ImageFile.encode(new ImageSet(8, 8, 1, pixels), 0, "png"));
        }
    }

    private Path train(Path data, Object[] network, Object... options) {
        Path run = folder.resolve("run-" + ++runs);
        List<Object> arguments = Program.training(data, run, network);
        arguments.set(arguments.indexOf("--epochs") + 1, "1");
        arguments.addAll(List.of(options));
        out = Program.run(arguments.toArray()).assertDone().out();
        return run;
    }

    private String out;

    private static Noise noise(Path run) {
        return Checkpoint.ofModel(run).options().noise();
    }

    @Test
    void picturesAndUNetsHaveNoiseOfMeanZero() {
        Path idx = digits.resolve("train-images-idx3-ubyte");
        assertEquals(DIGITS, noise(train(digits, AUTOENCODER)));
        assertTrue(out.contains("drawn afresh in each epoch\n         the default for MNIST and IDX files\n"), out);
        assertEquals(DIGITS, noise(train(idx, AUTOENCODER)));
        assertEquals(PICTURES, noise(train(pictures, AUTOENCODER)));
        assertTrue(out.contains("         the default for pictures\n"), out);
        assertEquals(PICTURES, noise(train(pictures, UNET)));
        assertEquals(PICTURES, noise(train(idx, UNET)));
        assertTrue(out.contains("         the default for a U-Net\n"), out);
        assertEquals(PICTURES, noise(train(pictures, AUTOENCODER, "--tiles", "4x4")));
        assertEquals(PICTURES, noise(train(pictures, UNET, "--patches", "4x4", "--patches-per-epoch", "8")));
    }

    @Test
    void whatIsGivenWins() {
        assertEquals(
                Noise.gaussian(0.5f, 0.5f),
                noise(train(pictures, AUTOENCODER, "--noise-mean", "0.5", "--noise-std", "0.5", "--clip")));
        assertFalse(out.contains("the default for"), out);
        assertEquals(PICTURES.withLevel(25 / 255f), noise(train(pictures, UNET, "--noise-std", "25/255")));
        assertEquals(PICTURES.clipped(true), noise(train(pictures, AUTOENCODER, "--clip")));
        assertEquals(DIGITS.clipped(false), noise(train(digits, AUTOENCODER, "--no-clip")));
        assertEquals(
                new Noise(Noise.Kind.UNIFORM, 0, 0, 55 / 255f, false, false),
                noise(train(pictures, AUTOENCODER, "--noise", "uniform")));
        assertEquals(
                new Noise(Noise.Kind.UNIFORM, 0.5f, 0.5f, 0.5f, false, true),
                noise(train(digits, AUTOENCODER, "--noise", "uniform")));
        assertEquals(
                new Noise(Noise.Kind.POISSON, 0, 4, 4, false, false),
                noise(train(pictures, AUTOENCODER, "--noise", "poisson")));
        assertEquals(
                new Noise(Noise.Kind.MASKING, 0, 0.5f, 0.5f, false, true),
                noise(train(pictures, UNET, "--noise", "masking")));
    }

    @Test
    void aModelThatIsTrainedFurtherDecidesByItsNetwork() {
        Path unet = train(digits, UNET);
        assertEquals(PICTURES, noise(train(digits, new Object[0], "--init-from", unet)));
        Path autoencoder = train(digits, AUTOENCODER);
        assertEquals(DIGITS, noise(train(digits, new Object[0], "--init-from", autoencoder)));
        assertEquals(PICTURES, noise(train(pictures, new Object[0], "--init-from", autoencoder)));
    }

    @Test
    void recordsAndRunsThatGoOnKeepTheirs() throws IOException {
        Path run = train(digits, AUTOENCODER);
        Path config = run.resolve("config.json");
        assertEquals(DIGITS, noise(train(pictures, new Object[0], "--config", config)));
        Path photos = train(pictures, AUTOENCODER);
        assertEquals(PICTURES, noise(train(digits, new Object[0], "--config", photos.resolve("config.json"))));
        Program.run("train", "--resume", photos, "--epochs", "2").assertDone();
        assertEquals(PICTURES, noise(photos));

        // A record of an older version, which clipped all noise and did not say so.
        ObjectMapper json = new ObjectMapper();
        ObjectNode record = (ObjectNode) json.readTree(config.toFile());
        ((ObjectNode) record.get("options")).remove("clip");
        Path old = Files.write(folder.resolve("old.json"), json.writeValueAsBytes(record));
        assertEquals(DIGITS, noise(train(pictures, new Object[0], "--config", old)));
        // A file of a user's own has no such past.
        Path own = Files.writeString(folder.resolve("own.yaml"), "noise-std: 0.1\n");
        assertEquals(PICTURES.withLevel(0.1f), noise(train(pictures, AUTOENCODER, "--config", own)));
    }

    @Test
    void programsHaveTheSameDefaults() throws IOException {
        Architecture autoencoder = Autoencoder.smallest(List.of(2, 4), 3, 3);
        Architecture unet = UNet.smallest(List.of(2, 3), List.of(0, 0), true, true);
        assertEquals(DIGITS, noise(training(new Training(ImageFiles.in(digits)), autoencoder)));
        assertEquals(PICTURES, noise(training(new Training(ImageFiles.in(pictures)), autoencoder)));
        assertEquals(PICTURES, noise(training(new Training(ImageFiles.in(digits)), unet)));
        ImageSet grey = Program.images(8, 1);
        assertEquals(DIGITS, noise(training(new Training(grey, grey), autoencoder)));
        ImageSet colour = new ImageSet(8, 8, 3, new byte[3 * 64]);
        assertEquals(PICTURES, noise(training(new Training(colour, colour), autoencoder)));
        assertEquals(
                Noise.gaussian(0.25f, 0.5f),
                noise(training(new Training(ImageFiles.in(pictures)).noise(0.25f, 0.5f), unet)));
    }

    private Path training(Training training, Architecture network) throws IOException {
        Path run = folder.resolve("run-" + ++runs);
        training.epochs(1)
                .network(network)
                .engine(EngineName.REFERENCE)
                .threads(1)
                .run(run);
        return run;
    }

    /** Commands that try a model take its own noise; of another kind, what suits the images that it is for. */
    @Test
    void whatTriesAModelFollowsItsNoise() throws IOException {
        Path photos = train(pictures, AUTOENCODER);
        JsonNode root = evaluate(photos);
        assertEquals(0, root.get("noise_mean").doubleValue());
        assertFalse(root.get("noise_clipped").booleanValue());
        List<Double> levels = new ArrayList<>();
        root.get("levels").forEach(level -> levels.add(level.get("noise_std").doubleValue()));
        assertEquals(
                List.of(27.5, 55.0, 110.0),
                levels.stream().map(level -> Math.rint(level * 2550) / 10).toList());
        for (Path model : List.of(photos, train(digits, UNET, "--noise", "masking"))) {
            root = evaluate(model, "--noise", "uniform", "--noise-std", "0.1");
            assertEquals(0, root.get("noise_mean").doubleValue());
            assertFalse(root.get("noise_clipped").booleanValue());
        }
        root = evaluate(train(digits, AUTOENCODER), "--noise", "uniform", "--noise-std", "0.1");
        assertEquals(0.5, root.get("noise_mean").doubleValue());
        assertTrue(root.get("noise_clipped").booleanValue());

        Path picture = pictures.resolve("4.png");
        Path byDefault = folder.resolve("default.png");
        Path said = folder.resolve("said.png");
        Program.run("denoise", photos, picture, "--add-noise", "--output", byDefault);
        Program.run(
                "denoise",
                photos,
                picture,
                "--add-noise",
                "--noise",
                "gaussian",
                "--noise-mean",
                "0",
                "--noise-std",
                "0..55/255",
                "--no-clip",
                "--output",
                said);
        assertEquals(-1, Files.mismatch(byDefault, said));
    }

    private JsonNode evaluate(Path model, Object... options) throws IOException {
        List<Object> arguments = new ArrayList<>(List.of("evaluate", model, "--json", "--engine", "reference"));
        arguments.addAll(List.of(options));
        return new ObjectMapper()
                .readTree(Program.run(arguments.toArray()).assertDone().out());
    }
}
