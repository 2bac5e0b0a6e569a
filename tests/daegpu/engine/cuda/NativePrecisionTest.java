package daegpu.engine.cuda;

import static daegpu.engine.cuda.CudaEngineTest.order;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import daegpu.data.EmbeddedMnist;
import daegpu.data.ImageSet;
import daegpu.engine.Convolutions;
import daegpu.engine.EngineOptions;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Precision;
import daegpu.engine.TrainingState;
import daegpu.engine.cuda.driver.CudaLibraries;
import daegpu.engine.reference.ReferenceTrainingEngine;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.noise.Noise;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Networks by {@code --convolutions native} in TF32 and bf16, on a GPU where there is one, else on the emulated device.
 */
@RequiresCuda
class NativePrecisionTest {

    private static final int STEPS = 10;
    /** Layers of 16 and of 32 channels: tiles of several taps and of one. */
    private static final Autoencoder NETWORK = new Autoencoder(28, 28, 1, List.of(16, 32), 3, 8);

    static Stream<Arguments> recordings() throws IOException {
        List<String> files = CudaEngineTest.goldenFiles();
        return Stream.of(Precision.TF32, Precision.BF16)
                .flatMap(precision -> files.stream().map(file -> Arguments.of(precision, file)));
    }

    private static EngineOptions options(int batch, Precision precision) {
        return new EngineOptions(batch, precision, 0, 0, Convolutions.NATIVE);
    }

    @ParameterizedTest
    @MethodSource("recordings")
    void agreesWithKeras(Precision precision, String golden) {
        CudaEngineTest.assertAgreesWithKeras(golden, precision, Convolutions.NATIVE);
    }

    /** Every step's loss within 5 % of the reference engine's, it goes down, and another run gives the same bits. */
    @ParameterizedTest
    @EnumSource(names = {"TF32", "BF16"})
    void trainsLikeTheReference(Precision precision) {
        double[] expected = train(
                new ReferenceTrainingEngine(NETWORK.network(), LearningRule.DEFAULT, EngineOptions.fp32(2)),
                new ArrayList<>());
        List<float[]> ends = new ArrayList<>();
        double[] actual =
                train(new CudaTrainingEngine(NETWORK.network(), LearningRule.DEFAULT, options(2, precision)), ends);
        assertEquals(STEPS, actual.length);
        for (int i = 0; i < STEPS; i++) {
            assertEquals(expected[i], actual[i], 0.05 * expected[i], "loss of step " + i);
        }
        assertTrue(actual[STEPS - 1] < 0.8 * actual[0], actual[0] + " to " + actual[STEPS - 1]);
        assertArrayEquals(
                actual,
                train(new CudaTrainingEngine(NETWORK.network(), LearningRule.DEFAULT, options(2, precision)), ends));
        assertArrayEquals(ends.get(0), ends.get(1));
    }

    private static double[] train(InspectableEngine opened, List<float[]> ends) {
        try (InspectableEngine engine = opened) {
            ImageSet digits = EmbeddedMnist.training(2 * STEPS);
            engine.load(TrainingState.initial(Initializer.glorotUniform(engine.network(), 3)));
            engine.startEpoch(digits, Noise.gaussian(0.5f, 0.5f), 3, 1, order(digits.count()));
            for (int step = 0; step < STEPS; step++) {
                engine.trainStep(2 * step, 2, 3e-3f);
            }
            ends.add(engine.state().parameters().values());
            return engine.takeLosses();
        }
    }

    /** A GPU before Ampere: one line, status 2; and with fp32 it goes. */
    @Test
    void isRefusedOnTuring() throws IOException, InterruptedException {
        Path libraries = Path.of(System.getProperty(CudaLibraries.FOLDER, "target/emulator"));
        assumeTrue(Files.exists(libraries.resolve("libcuda.so.1")), "there is no emulated device");
        for (Precision precision : List.of(Precision.TF32, Precision.BF16, Precision.FP32)) {
            ProcessBuilder builder = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-D" + CudaLibraries.FOLDER + "=" + libraries,
                            "-cp",
                            System.getProperty("java.class.path"),
                            "daegpu.Main",
                            "parity",
                            "tests/golden/tiny.safetensors",
                            "--engine",
                            "cuda",
                            "--convolutions",
                            "native",
                            "--precision",
                            precision.toString())
                    .redirectErrorStream(true);
            builder.environment().put("DAEGPU_EMULATOR_CAPABILITY", "7.5");
            Process process = builder.start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            int status = process.waitFor();
            if (precision == Precision.FP32) {
                assertTrue(status == 0 && output.contains("PASS"), output);
            } else {
                assertEquals(2, status, output);
                assertTrue(
                        output.matches(
                                "dae-gpu parity: " + precision + " needs compute capability 8\\.0 \\(Ampere\\) or "
                                        + "later, and .* has 7\\.5; use --precision fp32"),
                        output);
            }
        }
    }
}
