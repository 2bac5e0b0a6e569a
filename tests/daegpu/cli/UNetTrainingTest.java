package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Training;
import daegpu.cli.Program.Result;
import daegpu.data.ImageFiles;
import daegpu.engine.EngineName;
import daegpu.format.Safetensors;
import daegpu.format.WeightsFile;
import daegpu.format.WeightsFile.Convention;
import daegpu.model.UNet;
import daegpu.train.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code train --network unet}, and what later commands make of such a model. */
class UNetTrainingTest {

    private static final UNet TRAINED = new UNet(8, 8, 1, List.of(3, 4), List.of(1, 0), true, false);

    @TempDir
    private Path folder;

    private Path data;
    private Path run;

    @BeforeEach
    void writeImages() throws IOException {
        data = Program.writeImages(folder.resolve("data"));
        run = folder.resolve("run");
    }

    private static List<Object> training(Path data, Path output) {
        return Program.training(data, output, "--network", "unet", "--filters", "3,4", "--blocks", "1,0", "--no-bias");
    }

    private Result train() {
        return Program.run(training(data, run).toArray()).assertDone();
    }

    @Test
    void trainsTheNetworkThatIsAskedFor() throws IOException {
        String out = train().out();
        assertTrue(out.contains("transposed convolution 3x3/2, linear + down1_1"), out);
        Checkpoint checkpoint = Checkpoint.read(run.resolve("best.safetensors"));
        assertEquals(TRAINED, checkpoint.options().architecture());
        assertFalse(Files.exists(run.resolve("latents.png")), "a network without a bottleneck has no latents");
        assertTrue(Files.exists(run.resolve("report.html")));
    }

    /** By default it begins with He-normal kernels, as a run that learns nothing shows. */
    @Test
    void beginsWithTheInitialParametersOfItsNetwork() {
        List<Object> arguments = training(data, run);
        arguments.addAll(List.of("--learning-rate", "1e-30", "--seed", "5"));
        Program.run(arguments.toArray()).assertDone();
        assertArrayEquals(
                TRAINED.initialParameters(5).values(),
                Checkpoint.read(run.resolve("last.safetensors"))
                        .state()
                        .parameters()
                        .values(),
                1e-25f);
    }

    @Test
    void resumedEndsWithTheSameBytes() throws IOException {
        train();
        Path parts = folder.resolve("parts");
        List<Object> first = training(data, parts);
        first.set(first.indexOf("--epochs") + 1, "1");
        first.addAll(List.of("--schedule", "constant"));
        Program.run(first.toArray()).assertDone();
        Program.run("train", "--resume", parts, "--epochs", "2").assertDone();
        Path whole = folder.resolve("whole");
        List<Object> atOnce = training(data, whole);
        atOnce.addAll(List.of("--schedule", "constant"));
        Program.run(atOnce.toArray()).assertDone();
        assertEquals(Program.result(whole), Program.result(parts));
    }

    /** From the record of the run, and from the command that its report names. */
    @Test
    void theRecordMakesTheSameRunAgain() throws IOException {
        train();
        Path again = folder.resolve("again");
        Program.run("train", "--config", run.resolve("config.json"), "--output", again)
                .assertDone();
        assertEquals(Program.result(run), Program.result(again));
        String report = Files.readString(run.resolve("report.html"));
        assertTrue(report.contains("--network unet --filters 3,4 --blocks 1,0 --residual --no-bias"), report);
        Path other = folder.resolve("other");
        Program.run(
                        "train",
                        "--config",
                        run.resolve("config.json"),
                        "--network",
                        "autoencoder",
                        "--filters",
                        "2",
                        "--output",
                        other)
                .assertDone();
        Path biased = folder.resolve("biased");
        Program.run("train", "--config", run.resolve("config.json"), "--bias", "--no-residual", "--output", biased)
                .assertDone();
        assertEquals(
                new UNet(8, 8, 1, List.of(3, 4), List.of(1, 0), false, true),
                Checkpoint.read(biased.resolve("best.safetensors")).options().architecture());
    }

    @Test
    void theLibraryTrainsIt() throws IOException {
        train();
        Path library = folder.resolve("library");
        new Training(ImageFiles.in(data))
                .network(UNet.smallest(List.of(3, 4), List.of(1, 0), true, false))
                .epochs(2)
                .batchSize(4)
                .engine(EngineName.REFERENCE)
                .threads(1)
                .run(library);
        assertArrayEquals(
                Files.readAllBytes(run.resolve("last.safetensors")),
                Files.readAllBytes(library.resolve("last.safetensors")));
    }

    @Test
    void theModelDenoisesIsEvaluatedAndTrainedFurther() {
        train();
        Path out = folder.resolve("out.idx3-ubyte");
        Program.run("denoise", run, data.resolve("t10k-images-idx3-ubyte"), "--output", out)
                .assertDone();
        assertTrue(Files.exists(out));
        Program.run("evaluate", run, "--output", folder.resolve("figure.png")).assertDone();
        Program.run("train", "--init-from", run, "--data", data, "--epochs", "1", "--output", folder.resolve("more"))
                .assertDone();
        assertEquals(
                TRAINED,
                Checkpoint.read(folder.resolve("more/best.safetensors"))
                        .options()
                        .architecture());
    }

    @Test
    void hasNoLatentVectors() throws IOException {
        train();
        Path latents = folder.resolve("latents.csv");
        Program.run("encode", run, data.resolve("t10k-images-idx3-ubyte"), "--output", latents)
                .assertRefused("no latent vectors", "no bottleneck");
        Files.writeString(latents, "image,latent1\na,0.5\n");
        Program.run("decode", run, latents, "--output", folder.resolve("pictures"))
                .assertRefused("no latent vectors", "no bottleneck");
    }

    @ParameterizedTest
    @ValueSource(strings = {"keras", "pytorch"})
    void exportAndImportGiveTheSameModel(String layout) {
        train();
        Path weights = folder.resolve("weights.safetensors");
        Path back = folder.resolve("back.safetensors");
        Program.run("export", run, "--to", "safetensors", "--layout", layout, "--output", weights)
                .assertDone();
        Program.run("import", weights, "--output", back).assertDone();
        Checkpoint before = Checkpoint.read(run.resolve("best.safetensors"));
        Checkpoint after = Checkpoint.read(back);
        assertArrayEquals(
                before.state().parameters().values(), after.state().parameters().values());
        assertEquals(before.options(), after.options());
    }

    /** What is in the file is tested with ONNX Runtime, in OnnxFileTest. */
    @Test
    void exportsOnnxForImagesOfAnySize() {
        train();
        Path file = folder.resolve("model.onnx");
        String out = Program.run("export", run, "--to", "onnx", "--output", file)
                .assertDone()
                .out();
        assertTrue(out.contains("for images whose height and width are multiples of 2"), out);
        assertTrue(Files.exists(file));
    }

    /** As another program would write them: names, shapes and values. */
    @ParameterizedTest
    @EnumSource(Convention.class)
    void importsWeightsThatSayNothingElse(Convention convention) throws IOException {
        UNet written = new UNet(24, 16, 3, List.of(3, 4, 2), List.of(1, 0, 2), true, true);
        Path weights = folder.resolve("weights.safetensors");
        WeightsFile.write(weights, written.initialParameters(1), convention, Map.of());
        Path back = folder.resolve("back.safetensors");
        Program.run("import", weights, "--image-size", "24x16", "--output", back)
                .assertDone();
        Checkpoint checkpoint = Checkpoint.read(back);
        assertEquals(written, checkpoint.options().architecture());
        assertArrayEquals(
                written.initialParameters(1).values(),
                checkpoint.state().parameters().values());
        Program.run("import", weights, "--image-size", "24x18", "--output", back, "--overwrite")
                .assertRefused(weights.toString(), "divisible by 4");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "--network pyramid;there is no network called pyramid",
                "--network unet --latent-dim 4;--latent-dim is not an option of --network unet",
                "--network unet-small --kernel-size 5;--kernel-size is not an option of --network unet-small",
                "--blocks 1,1;--blocks is not an option of --network autoencoder",
                "--no-bias;--bias is not an option of --network autoencoder",
                "--network unet --filters 3,4;give --blocks a number for each",
                "--network unet --filters 3,4 --blocks 1;blocks must name as many levels as filters",
                "--network unet --filters 3,0 --blocks 1,1;each entry of --filters must be positive",
                "--network unet --filters 2,2,2,2,2 --blocks 0,0,0,0,0;5 levels need a height and width divisible by 16"
            })
    void refusesInOneLine(String flags, String message) {
        List<Object> arguments = new ArrayList<>(List.of("train", "--data", data, "--output", run));
        arguments.addAll(List.of(flags.split(" ")));
        Program.run(arguments.toArray()).assertRefused(message);
        assertFalse(Files.exists(run));
    }

    @Test
    void damagedNetworksInCheckpointsAreNamed() throws IOException {
        train();
        Safetensors best = Safetensors.read(run.resolve("best.safetensors"));
        Path damaged = folder.resolve("damaged.safetensors");
        Map<String, String> metadata = new TreeMap<>(best.metadata());
        metadata.put("network", "pyra");
        new Safetensors(metadata, best.tensors()).write(damaged);
        Program.run(
                        "denoise",
                        damaged,
                        data.resolve("t10k-images-idx3-ubyte"),
                        "--output",
                        folder.resolve("x.idx3-ubyte"))
                .assertRefused(damaged.toString(), "its network is pyra");
    }
}
