package daegpu.parity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.data.InvalidInputException;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.GivenBatch;
import daegpu.engine.LearningRule;
import daegpu.engine.Loss;
import daegpu.engine.Optimizer;
import daegpu.engine.Precision;
import daegpu.engine.reference.ReferenceTrainingEngine;
import daegpu.format.Safetensors;
import daegpu.format.Safetensors.StoredTensor;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.model.Parameters;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecordedValuesTest {

    private static final Path TINY = Path.of("tests/golden/tiny.safetensors");

    @TempDir
    private Path folder;

    @Test
    void everythingInTheFileIsRead() {
        Safetensors content = Safetensors.read(TINY);
        RecordedValues recorded = RecordedValues.read(TINY);
        assertEquals(TINY.toString(), recorded.name());
        assertEquals(new Autoencoder(8, 8, 1, List.of(4, 8), 3, 3).network(), recorded.network());
        assertEquals(5, recorded.batch());
        assertEquals(5, recorded.steps());
        assertEquals(0.001f, recorded.learningRate());
        assertArrayEquals(
                content.tensor("input.clean").values(), recorded.given().clean());
        assertArrayEquals(
                content.tensor("input.noisy").values(), recorded.given().noisy());
        assertArrayEquals(
                content.tensor("initial.conv2.kernel").values(),
                recorded.initial().get("conv2.kernel"));
        assertArrayEquals(
                content.tensor("activation.expand").values(),
                recorded.activations().get("expand"));
        assertArrayEquals(
                content.tensor("gradient.output.kernel").values(),
                recorded.gradients().get("output.kernel"));
        assertArrayEquals(
                content.tensor("after1.latent.bias").values(),
                recorded.afterFirst().get("latent.bias"));
        assertArrayEquals(
                content.tensor("after5.deconv1.kernel").values(),
                recorded.afterLast().get("deconv1.kernel"));
    }

    @Test
    void theLearningRuleIsRead() {
        assertEquals(LearningRule.DEFAULT, RecordedValues.read(TINY).rule());
        RecordedValues color = RecordedValues.read(Path.of("tests/golden/unet-color.safetensors"));
        assertEquals(new LearningRule(Loss.CHARBONNIER, Optimizer.adamW(0.01), OptionalDouble.of(0.9)), color.rule());
        Safetensors content = Safetensors.read(Path.of("tests/golden/unet-color.safetensors"));
        assertArrayEquals(
                content.tensor("average5.up1_0.kernel").values(),
                color.average().orElseThrow().get("up1_0.kernel"));
        RecordedValues grey = RecordedValues.read(Path.of("tests/golden/unet-grey.safetensors"));
        assertEquals(LearningRule.DEFAULT, grey.rule()); // with an "ema" of 0, and a weight decay of 0
        assertTrue(grey.average().isEmpty());
    }

    /** What one engine recorded, another one replays; here the same, so that not a bit may differ. */
    @Test
    void anEngineReplaysItsOwnRecordExactly() {
        Autoencoder architecture = new Autoencoder(6, 4, 2, List.of(3), 5, 4);
        float[] clean = new float[3 * architecture.imageSize()];
        float[] noisy = new float[clean.length];
        for (int i = 0; i < clean.length; i++) {
            clean[i] = i % 5 / 4f;
            noisy[i] = i % 7 / 6f;
        }
        try (ReferenceTrainingEngine engine = new ReferenceTrainingEngine(
                architecture.network(), LearningRule.DEFAULT, new EngineOptions(3, Precision.FP32, 1))) {
            // Steps made before are no part of the record.
            engine.trainStep(new GivenBatch(clean, noisy, 2), 0.01f);
            Parameters initial = Initializer.glorotUniform(architecture.network(), 1);
            RecordedValues recorded = RecordedValues.record(
                    engine, LearningRule.DEFAULT, initial, new GivenBatch(clean, noisy, 3), 0.001f, 4);
            assertEquals(engine.description(), recorded.name());
            assertEquals(4, recorded.steps());
            for (Comparison comparison :
                    Parity.replay(recorded, engine, Tolerance.of(EngineName.REFERENCE, Precision.FP32))) {
                assertTrue(comparison.passed(), comparison::toString);
                assertEquals(0, comparison.absolute(), comparison::toString);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"image", "filters", "kernel", "latent", "batch", "steps", "optimizer"})
    void missingMetadataIsNamed(String key) throws IOException {
        Map<String, String> metadata = new HashMap<>(Safetensors.read(TINY).metadata());
        metadata.remove(key);
        Path file = tinyWith(metadata);
        assertEquals(file + " holds no recorded values: its metadata has no \"" + key + "\"", refusal(file));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "image | [8, 8]          | its image must be [height, width, channels], not [8, 8]",
                "image | 8               | its image must be a list of whole numbers, not 8",
                "image | null            | its image must be a list of whole numbers, not null",
                "image | [8, 8, 1        | its image must be a list of whole numbers, not [8, 8, 1",
                "image | [8, 8, 1e30]    | its image must be a list of whole numbers, not [8, 8, 1e30]",
                "image | [8, 9, 1]       | 2 convolutions of stride 2 need a height and width divisible "
                        + "by 4, not 8x9; take 8x8 or 8x12",
                "filters | null          | its filters must be a list of whole numbers, not null",
                "filters | [4, 8.5]      | its filters must be a list of whole numbers, not [4, 8.5]",
                "filters | []            | filters must name 1 to 16 convolutions, not 0",
                "filters | [4, -8]       | each entry of filters must be positive, not -8",
                "filters | [4, \"x\"]    | its filters must be a list of whole numbers, not [4, \"x\"]",
                "kernel | three          | its kernel must be a whole number, not three",
                "kernel | 4              | the kernel size must be 1, 3, 5 or 7, not 4",
                "latent | 99999999999    | its latent must be a whole number, not 99999999999",
                "batch | 0               | its batch and steps must be positive, not 0 and 5",
                "steps | -1              | its batch and steps must be positive, not 5 and -1",
                "optimizer | Adam        | its optimizer names no lr=…: Adam",
                "optimizer | lr=-        | its optimizer has no number for lr: lr=-",
                "optimizer | lr=1 weight_decay=- | its optimizer has no number for weight_decay: lr=1 weight_decay=-",
                "ema | often             | its ema must be a number, not often",
                "ema | 1                 | the decay of the average must be more than 0 and less than 1, not 1.0",
                "loss | huber            | there is no loss called huber; choose one of mse, l1, charbonnier",
                "batch | 4               | activation.conv1 has 320 values where the network needs 256",
                "batch | 2147483647      | activation.conv1 has 320 values where the network needs 137438953408",
                "channels | 1            | "
            })
    void contradictoryMetadataIsRefused(String key, String value, String message) throws IOException {
        Map<String, String> metadata = new HashMap<>(Safetensors.read(TINY).metadata());
        metadata.put(key, value);
        Path file = tinyWith(metadata);
        if (message == null) {
            assertEquals(5, RecordedValues.read(file).batch(), "what nobody reads may say anything");
        } else {
            assertEquals(file + ": " + message, refusal(file));
        }
    }

    @Test
    void aGraphOfLayersIsRead() {
        RecordedValues recorded = RecordedValues.read(Path.of("tests/golden/unet-color.safetensors"));
        assertEquals(7, recorded.network().layers().size());
        assertEquals(
                "down1_1",
                recorded.network().layer("up1_0").added().orElseThrow().name());
        assertEquals(
                recorded.network().input(),
                recorded.network().layer("output").added().orElseThrow());
        assertTrue(recorded.network().layer("output").bias().isEmpty());
        assertEquals(
                new LearningRule(Loss.CHARBONNIER, Optimizer.adamW(0.01), OptionalDouble.of(0.9)), recorded.rule());
        assertTrue(recorded.average().isPresent());
        recorded = RecordedValues.read(TINY);
        assertEquals(LearningRule.DEFAULT, recorded.rule());
        assertTrue(recorded.average().isEmpty());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "layers | []       | a network has at least one layer",
                "layers | null     | its layers are not a list",
                "layers | [null]   | its layers are not a list",
                "layers | [{}]     | its layers cannot be read",
                "layers | nonsense | its layers cannot be read",
                "loss | huber: …   | there is no loss called huber; choose one of mse, l1, charbonnier",
                "ema | 1           | the decay of the average must be more than 0 and less than 1, not 1.0",
                "ema | much        | its ema must be a number, not much"
            })
    void graphsAndRulesThatThereAreNotAreRefused(String key, String value, String message) throws IOException {
        Map<String, String> metadata = new HashMap<>(Safetensors.read(TINY).metadata());
        metadata.put(key, value);
        String refusal = refusal(tinyWith(metadata));
        assertTrue(refusal.contains(": " + message), refusal);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            convolution|nowhere|relu|its layers read nowhere before any layer puts that out
            pooling|input|relu|its layers name pooling, which is none of [convolution, dense, transposed_convolution]
            convolution|input|tanh|its layers name tanh, which is none of [linear, relu, sigmoid]
            """)
    void layersThatThereAreNotAreRefused(String operation, String input, String activation, String message)
            throws IOException {
        Map<String, String> metadata = new HashMap<>(Safetensors.read(TINY).metadata());
        metadata.put(
                "layers",
                "[{\"name\": \"output\", \"operation\": \"" + operation + "\", \"input\": \"" + input
                        + "\", \"added\": null, \"filters\": 1, \"kernel\": 3, \"stride\": 1, \"activation\": \""
                        + activation + "\", \"bias\": true}]");
        Path file = tinyWith(metadata);
        assertEquals(file + ": " + message, refusal(file));
    }

    @Test
    void tensorsOfAnotherNetworkAreRefused() throws IOException {
        Map<String, String> metadata = new HashMap<>(Safetensors.read(TINY).metadata());
        metadata.put("latent", "4");
        Path file = tinyWith(metadata);
        assertEquals(file + ": activation.latent has 15 values where the network needs 20", refusal(file));
        metadata.put("latent", "3");
        metadata.put("kernel", "5");
        file = tinyWith(metadata);
        String message = refusal(file);
        String beginning = file + ": initial.conv1.kernel is [3, 3, 1, 4] where the network needs [5, 5, 1, 4]; ";
        assertTrue(message.startsWith(beginning), message);
        metadata.put("kernel", "3");
        metadata.put("steps", "4");
        file = tinyWith(metadata);
        assertEquals(file + ": losses has 5 values where the network needs 4", refusal(file));
    }

    /** tiny.safetensors with other metadata. */
    private Path tinyWith(Map<String, String> metadata) throws IOException {
        Safetensors content = Safetensors.read(TINY);
        List<StoredTensor> tensors =
                content.names().stream().map(content::tensor).toList();
        Path file = folder.resolve("changed.safetensors");
        new Safetensors(metadata, tensors).write(file);
        return file;
    }

    private static String refusal(Path file) {
        return assertThrows(InvalidInputException.class, () -> RecordedValues.read(file))
                .getMessage();
    }
}
