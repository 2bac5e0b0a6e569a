package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.format.Safetensors;
import daegpu.format.Safetensors.StoredTensor;
import daegpu.format.WeightsFile;
import daegpu.format.WeightsFile.Convention;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.model.UNet;
import daegpu.noise.Noise;
import daegpu.train.Checkpoint;
import daegpu.train.LearningRate;
import daegpu.train.LearningRate.Schedule;
import daegpu.train.TrainingOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code export} and {@code import}. What is in an ONNX file is tested with ONNX Runtime, in OnnxFileTest. */
class ExportCommandTest {

    @TempDir
    private static Path shared;

    private static Path model;

    @TempDir
    private Path folder;

    @BeforeAll
    static void train() throws IOException {
        model = Program.train(Program.writeImages(shared.resolve("data")), shared.resolve("model"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"keras", "pytorch"})
    void importGivesBackTheSameModel(String layout) {
        Path weights = folder.resolve("weights.safetensors");
        Path back = folder.resolve("back.safetensors");
        Program.run("export", model, "--to", "safetensors", "--layout", layout, "--output", weights)
                .assertDone();
        assertTrue(Program.run("import", weights, "--output", back)
                .assertDone()
                .out()
                .contains(back.toString()));
        Checkpoint before = Checkpoint.read(model.resolve("best.safetensors"));
        Checkpoint after = Checkpoint.read(back);
        assertArrayEquals(
                before.state().parameters().values(), after.state().parameters().values());
        assertEquals(before.options(), after.options());
        assertEquals(0, after.state().step());
        assertArrayEquals(
                new float[before.options().architecture().parameterCount()],
                after.state().firstMoment().values());
    }

    @Test
    void importedModelIsUsedLikeAnyOther() {
        Path weights = folder.resolve("weights.safetensors");
        Path back = folder.resolve("back.safetensors");
        Program.run("export", model, "--to", "safetensors", "--output", weights).assertDone();
        Program.run("import", weights, "--output", back).assertDone();
        Path data = shared.resolve("data");
        List<String> tables = List.of(model, back).stream()
                .map(path -> Program.run(
                                "evaluate",
                                path,
                                "--data",
                                data,
                                "--engine",
                                "reference",
                                "--threads",
                                "1",
                                "--output",
                                folder.resolve("figure.png"),
                                "--overwrite")
                        .assertDone()
                        .out())
                .toList();
        assertEquals(tables.get(0), tables.get(1));
        Program.run(
                        "train",
                        "--init-from",
                        back,
                        "--data",
                        data,
                        "--epochs",
                        "1",
                        "--engine",
                        "reference",
                        "--output",
                        folder.resolve("run"))
                .assertDone();
    }

    /** As Keras names layers that nobody named; what was taken for what is told. */
    @Test
    void importsLayersOfOtherNames() throws IOException {
        Path weights = folder.resolve("weights.safetensors");
        Program.run("export", model, "--to", "safetensors", "--output", weights).assertDone();
        List<String> own = List.of("conv1", "conv2", "latent", "expand", "deconv1", "deconv2", "output");
        List<String> others = List.of(
                "encoder/conv2d",
                "encoder/conv2d_1",
                "encoder/dense",
                "decoder/dense_1",
                "decoder/conv2d_transpose",
                "decoder/conv2d_transpose_1",
                "decoder/conv2d_transpose_2");
        List<StoredTensor> tensors = new ArrayList<>();
        for (StoredTensor tensor : Safetensors.read(weights).tensors()) {
            int slash = tensor.name().indexOf('/');
            String name = others.get(own.indexOf(tensor.name().substring(0, slash)));
            tensors.add(0, new StoredTensor(name + tensor.name().substring(slash), tensor.shape(), tensor.values()));
        }
        new Safetensors(Map.of(), tensors).write(weights);
        Path back = folder.resolve("back.safetensors");
        String out =
                Program.run("import", weights, "--output", back).assertDone().out();
        assertTrue(out.contains("conv1 is encoder/conv2d, conv2 is encoder/conv2d_1, latent is encoder/dense,"), out);
        assertArrayEquals(
                Checkpoint.read(model.resolve("best.safetensors"))
                        .state()
                        .parameters()
                        .values(),
                Checkpoint.read(back).state().parameters().values());
        tensors.remove(3);
        new Safetensors(Map.of(), tensors).write(weights);
        Program.run("import", weights, "--output", back, "--overwrite")
                .assertRefused(weights.toString(), "encoder/conv2d_1/kernel[3,3,2,4]", "down1_0", "latent");
    }

    /** A file of another program says nothing but names, shapes and values. */
    @Test
    void importsWhatDoesNotSayHowItWasTrained() throws IOException {
        Autoencoder architecture = new Autoencoder(4, 8, 1, List.of(2), 3, 3);
        Path weights = folder.resolve("weights.safetensors");
        WeightsFile.write(weights, Initializer.glorotUniform(architecture.network(), 1), Convention.PYTORCH, Map.of());
        Path back = folder.resolve("back.safetensors");
        Program.run("import", weights, "--output", back).assertRefused(weights.toString(), "--image-size");
        assertTrue(Files.notExists(back));
        Program.run("import", weights, "--image-size", "4x8", "--output", back).assertDone();
        assertEquals(architecture, Checkpoint.read(back).options().architecture());
        Program.run("import", weights, "--image-size", "4x9", "--output", back, "--overwrite")
                .assertRefused(weights.toString());
        Program.run("import", weights, "--image-size", "4", "--output", back, "--overwrite")
                .assertRefused(weights.toString());
        Program.run("import", weights, "--image-size", "4x", "--output", back, "--overwrite")
                .assertRefused("--image-size", "96x128");
    }

    /**
     * What adds its input and what does not have the same weights: the export says it, also where the size is given.
     */
    @Test
    void importKeepsWhatTheExportSaysOfANetwork() throws IOException {
        UNet unet = new UNet(16, 16, 1, List.of(2, 3), List.of(1, 0), false, false);
        TrainingOptions options = new TrainingOptions(
                unet,
                new Noise(0, 0.1f, 0.2f, false).clipped(false),
                9,
                7,
                LearningRate.over(Schedule.CONSTANT, 0.01, 0));
        Path model = folder.resolve("model.safetensors");
        Checkpoint.untrained(options, unet.initialParameters(1)).write(model);
        Path weights = folder.resolve("weights.safetensors");
        Program.run("export", model, "--to", "safetensors", "--output", weights).assertDone();
        Path back = folder.resolve("back.safetensors");
        Program.run("import", weights, "--output", back).assertDone();
        assertEquals(options, Checkpoint.read(back).options());
        Program.run("import", weights, "--image-size", "8x12", "--output", back, "--overwrite")
                .assertDone();
        assertEquals(options.of(unet.sizedFor(8, 12, 1)), Checkpoint.read(back).options());
        Program.run("import", weights, "--residual", "--output", back, "--overwrite")
                .assertDone();
        assertEquals(options.of(unet.withResidual(true)), Checkpoint.read(back).options());
        Program.run("import", weights, "--image-size", "7x12", "--output", back, "--overwrite")
                .assertRefused(weights.toString(), "divisible by 2");
    }

    /** Where the file does not say it, the user can. */
    @Test
    void importIsToldWhetherAnUnetAddsItsInput() throws IOException {
        UNet unet = new UNet(128, 128, 1, List.of(2, 3), List.of(1, 0), false, true);
        Path weights = folder.resolve("weights.safetensors");
        WeightsFile.write(weights, unet.initialParameters(1), Convention.PYTORCH, Map.of());
        Path back = folder.resolve("back.safetensors");
        Program.run("import", weights, "--output", back).assertDone();
        assertEquals(unet.withResidual(true), Checkpoint.read(back).options().architecture());
        Program.run("import", weights, "--no-residual", "--output", back, "--overwrite")
                .assertDone();
        assertEquals(unet, Checkpoint.read(back).options().architecture());
        WeightsFile.write(
                weights,
                Initializer.glorotUniform(new Autoencoder(8, 8, 1, List.of(2), 3, 3).network(), 1),
                Convention.PYTORCH,
                Map.of());
        Program.run("import", weights, "--no-residual", "--output", back, "--overwrite")
                .assertRefused("the weights of an autoencoder, and --residual is for a unet");
    }

    @Test
    void writesOnnx() throws IOException {
        Path file = folder.resolve("model.onnx");
        String out = Program.run("export", model, "--to", "onnx", "--output", file)
                .assertDone()
                .out();
        assertTrue(out.contains("opset 13, for images of 8x8"), out);
        assertTrue(Files.size(file) > 1000);
    }

    @Test
    void mistakesAreOneLine() throws IOException {
        Path file = Files.writeString(folder.resolve("there"), "precious");
        Program.run("export", model, "--to", "onnx", "--output", file).assertRefused(file.toString(), "--overwrite");
        Program.run("import", model.resolve("best.safetensors"), "--output", file)
                .assertRefused(file.toString(), "--overwrite");
        assertEquals("precious", Files.readString(file));
        Program.run("export", model, "--to", "onnx", "--layout", "keras", "--output", folder.resolve("a"))
                .assertRefused("--layout");
        Program.run("export", model, "--to", "word", "--output", folder.resolve("a"))
                .assertRefused("--to", "onnx");
        Program.run("export", model, "--to", "onnx", "--output", folder.resolve("no/such/a"))
                .assertRefused("no/such/a");
        Program.run("export", folder.resolve("none"), "--to", "onnx", "--output", folder.resolve("a"))
                .assertRefused("none");
        Program.run("import", file, "--output", folder.resolve("a")).assertRefused(file.toString());
        Program.run("import", model.resolve("best.safetensors"), "--output", folder.resolve("a"))
                .assertRefused("output/kernel", "output.weight");
    }

    @Test
    void exportIsASafetensorsFileWithKerasNames() {
        Path weights = folder.resolve("weights.safetensors");
        Program.run("export", model, "--to", "safetensors", "--output", weights).assertDone();
        Safetensors content = Safetensors.read(weights);
        assertTrue(
                content.names().containsAll(List.of("conv1/kernel", "conv1/bias", "latent/kernel", "output/bias")),
                content.names().toString());
        assertArrayEquals(new int[] {3, 3, 1, 2}, content.tensor("conv1/kernel").shape());
    }
}
