package daegpu.parity;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.GivenBatch;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Precision;
import daegpu.engine.TrainingState;
import daegpu.engine.reference.ReferenceTrainingEngine;
import daegpu.format.Safetensors;
import daegpu.format.Safetensors.Tensor;
import daegpu.model.Layer;
import daegpu.model.ParameterTensor;
import daegpu.model.Parameters;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ParityTest {

    private static final Path GOLDEN = Path.of("tests/golden");
    private static final Path TINY = GOLDEN.resolve("tiny.safetensors");

    @TempDir
    private Path folder;

    @ParameterizedTest
    @MethodSource("goldenFiles")
    void theReferenceEngineAgreesWithKeras(Path golden) {
        RecordedValues recorded = RecordedValues.read(golden);
        List<Comparison> comparisons = replay(golden);
        assertAll(comparisons.stream().map(comparison -> () -> assertTrue(comparison.passed(), comparison::toString)));
        List<String> expected = new ArrayList<>(List.of("denoise", "encode"));
        recorded.network().layers().stream()
                .map(Layer::name)
                .map("activation."::concat)
                .forEach(expected::add);
        List<String> tensors = recorded.network().parameterTensors().stream()
                .map(ParameterTensor::name)
                .toList();
        tensors.stream().map("gradient."::concat).forEach(expected::add);
        tensors.stream().map("after1."::concat).forEach(expected::add);
        tensors.stream().map("after5."::concat).forEach(expected::add);
        expected.add("losses");
        tensors.stream().map("adam."::concat).forEach(expected::add);
        assertEquals(expected, comparisons.stream().map(Comparison::name).toList());
    }

    static Stream<Path> goldenFiles() throws IOException {
        try (Stream<Path> files = Files.list(GOLDEN)) {
            List<Path> recorded = files.filter(file -> file.toString().endsWith(".safetensors"))
                    .sorted()
                    .toList();
            assertEquals(9, recorded.size());
            return recorded.stream();
        }
    }

    private static List<Comparison> replay(Path file) {
        RecordedValues recorded = RecordedValues.read(file);
        EngineOptions options = new EngineOptions(recorded.batch(), Precision.FP32, 1);
        try (ReferenceTrainingEngine engine =
                new ReferenceTrainingEngine(recorded.network(), LearningRule.DEFAULT, options)) {
            return Parity.replay(recorded, engine, Tolerance.of(EngineName.REFERENCE, Precision.FP32));
        }
    }

    private static Set<String> failures(Path file) {
        return replay(file).stream()
                .filter(comparison -> !comparison.passed())
                .map(Comparison::name)
                .collect(Collectors.toSet());
    }

    /** The file tiny.safetensors with one tensor changed. */
    private Path tinyWith(String name, UnaryOperator<float[]> change) throws IOException {
        Safetensors content = Safetensors.read(TINY);
        List<Tensor> tensors = content.names().stream()
                .map(content::tensor)
                .map(tensor -> tensor.name().equals(name)
                        ? new Tensor(
                                name,
                                tensor.shape(),
                                change.apply(tensor.values().clone()))
                        : tensor)
                .toList();
        Path file = folder.resolve("changed.safetensors");
        new Safetensors(content.metadata(), tensors).write(file);
        return file;
    }

    private static int largest(float[] values) {
        int largest = 0;
        for (int i = 1; i < values.length; i++) {
            if (Math.abs(values[i]) > Math.abs(values[largest])) {
                largest = i;
            }
        }
        return largest;
    }

    /**
     * No recorded value goes unread: each tensor in turn gets one wrong element, and exactly its own comparisons fail.
     */
    @Test
    void oneWrongElementFailsItsOwnComparisons() {
        List<String> names = new ArrayList<>(Safetensors.read(TINY).names());
        names.removeIf(name -> name.startsWith("input.") || name.startsWith("initial."));
        assertEquals(7 + 14 + 14 + 14 + 1, names.size());
        assertAll(names.stream().map(name -> () -> {
            Path wrong = tinyWith(name, values -> {
                int at = largest(values);
                // Of parameters a hundredth may be off, though none by more than twice the learning rate an update.
                values[at] += name.startsWith("after") ? 2.1f * 0.001f * 5 : 1e-4f * values[at];
                return values;
            });
            Set<String> expected =
                    switch (name) {
                        case "activation.latent" -> Set.of(name, "encode");
                        case "activation.output" -> Set.of(name, "denoise");
                        default ->
                            name.startsWith("after1.") ? Set.of(name, name.replace("after1.", "adam.")) : Set.of(name);
                    };
            assertEquals(expected, failures(wrong), name);
        }));
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void whatIsNotANumberFails(float value) throws IOException {
        for (String name : new String[] {"activation.conv2", "gradient.expand.bias", "after5.conv1.kernel", "losses"}) {
            Set<String> expected = name.startsWith("gradient.") ? Set.of(name, "adam.expand.bias") : Set.of(name);
            assertEquals(expected, failures(tinyWith(name, values -> {
                values[1] = value;
                return values;
            })));
        }
    }

    @Test
    void otherInputIsNoticed() throws IOException {
        assertFalse(failures(tinyWith("input.noisy", values -> {
                    values[7] = 1 - values[7];
                    return values;
                }))
                .isEmpty());
        Set<String> failed = failures(tinyWith("input.clean", values -> {
            values[7] = 1 - values[7];
            return values;
        }));
        assertTrue(failed.contains("losses") && failed.contains("gradient.output.bias"), failed::toString);
        assertFalse(failed.contains("activation.output"));
    }

    /** Adam is checked more closely than the training around it. */
    @Test
    void aSlightlyWrongUpdateFailsAdamAlone() throws IOException {
        assertEquals(Set.of("adam.expand.kernel"), failures(tinyWith("after1.expand.kernel", values -> {
            values[largest(values)] *= 1 + 1e-5f;
            return values;
        })));
    }

    /** Fewer than one in a hundred may go astray, but no further than updates can take it. */
    @Test
    void parametersNearAGradientOfZeroMayStepTheOtherWay() throws IOException {
        for (int astray : new int[] {1, 5, 6, 7}) {
            Set<String> failed = failures(tinyWith("after5.deconv1.kernel", values -> {
                for (int i = 0; i < astray; i++) {
                    values[80 * i] += 2e-3f;
                }
                return values;
            }));
            // 576 elements: 571 of them must agree.
            assertEquals(astray <= 5 ? Set.of() : Set.of("after5.deconv1.kernel"), failed);
        }
    }

    /** Whatever the engine did before, and twice in a row. */
    @Test
    @SuppressWarnings("ArgumentSelectionDefectChecker") // Swapped, to make a step unlike the recorded one.
    void replayingLeavesNothingBehind() {
        RecordedValues recorded = RecordedValues.read(TINY);
        try (ReferenceTrainingEngine engine = new ReferenceTrainingEngine(
                recorded.network(), LearningRule.DEFAULT, new EngineOptions(32, Precision.FP32, 1))) {
            engine.trainStep(new GivenBatch(recorded.noisy(), recorded.clean(), 2), 0.1f);
            List<Comparison> once = Parity.replay(recorded, engine, Tolerance.of(EngineName.REFERENCE, Precision.FP32));
            assertTrue(once.stream().allMatch(Comparison::passed));
            assertEquals(once, Parity.replay(recorded, engine, Tolerance.of(EngineName.REFERENCE, Precision.FP32)));
        }
    }

    /** A bias next to zero, of a unit without weights, so that it alone decides whether the unit's ReLU opens. */
    @ParameterizedTest
    @CsvSource({"1e-9, -1e-9, true", "-1e-9, 1e-9, true", "1e-9, 2e-9, false", "1e-2, -1e-2, false"})
    void roundingOpensAReluOnlyNextToZero(float expectedBias, float actualBias, boolean opens) {
        RecordedValues recorded = RecordedValues.read(TINY);
        EngineOptions options = new EngineOptions(32, Precision.FP32, 1);
        try (InspectableEngine expected = withBias(
                        new ReferenceTrainingEngine(recorded.network(), LearningRule.DEFAULT, options), expectedBias);
                InspectableEngine actual = withBias(
                        new ReferenceTrainingEngine(recorded.network(), LearningRule.DEFAULT, options), actualBias)) {
            assertEquals(opens, Parity.roundingOpensRelu(recorded, expected, actual, 1e-4));
        }
    }

    /** The engine, but for the first unit of the second convolution. */
    private static InspectableEngine withBias(InspectableEngine engine, float bias) {
        return (InspectableEngine) Proxy.newProxyInstance(
                InspectableEngine.class.getClassLoader(),
                new Class<?>[] {InspectableEngine.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("load")) {
                        TrainingState state = ((TrainingState) arguments[0]).copy();
                        Parameters parameters = state.parameters();
                        float[] kernel = parameters.get("conv2.kernel");
                        int units = parameters.get("conv2.bias").length;
                        for (int i = 0; i < kernel.length; i += units) {
                            kernel[i] = 0;
                        }
                        parameters.set("conv2.kernel", kernel);
                        float[] biases = parameters.get("conv2.bias");
                        biases[0] = bias;
                        parameters.set("conv2.bias", biases);
                        return method.invoke(engine, state);
                    }
                    return method.invoke(engine, arguments);
                });
    }
}
