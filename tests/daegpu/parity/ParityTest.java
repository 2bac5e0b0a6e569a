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
import daegpu.engine.Optimizer;
import daegpu.engine.Precision;
import daegpu.engine.TrainingState;
import daegpu.engine.reference.ReferenceTrainingEngine;
import daegpu.format.Safetensors;
import daegpu.format.Safetensors.StoredTensor;
import daegpu.model.Layer;
import daegpu.model.ParameterTensor;
import daegpu.model.Parameters;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.BiConsumer;
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
    private static final Path UNET = GOLDEN.resolve("unet-color.safetensors");
    private static final Tolerance REFERENCE = Tolerance.of(EngineName.REFERENCE, Precision.FP32);

    @TempDir
    private Path folder;

    /** In the order in which it is computed; that all of it agrees with Keras is a matter of the engines' own tests. */
    @ParameterizedTest
    @MethodSource("networks")
    void everythingIsCompared(Path golden) {
        RecordedValues recorded = RecordedValues.read(golden);
        List<Comparison> comparisons = replay(golden);
        assertAll(comparisons.stream().map(comparison -> () -> assertTrue(comparison.passed(), comparison::toString)));
        List<String> expected = new ArrayList<>(List.of("denoise"));
        recorded.network().latent().ifPresent(latent -> expected.add("encode"));
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
        recorded.average()
                .ifPresent(average -> tensors.stream().map("average5."::concat).forEach(expected::add));
        expected.add("losses");
        tensors.stream().map("adam."::concat).forEach(expected::add);
        recorded.average()
                .ifPresent(average -> tensors.stream().map("ema."::concat).forEach(expected::add));
        assertEquals(expected, comparisons.stream().map(Comparison::name).toList());
    }

    static List<Path> networks() {
        return List.of(TINY, UNET);
    }

    private static List<Comparison> replay(Path file) {
        RecordedValues recorded = RecordedValues.read(file);
        return replay(recorded, recorded.rule(), UnaryOperator.identity(), REFERENCE);
    }

    /** Replays on the reference engine with another rule, or with something wrong about it. */
    private static List<Comparison> replay(
            RecordedValues recorded, LearningRule rule, UnaryOperator<InspectableEngine> wrong, Tolerance tolerance) {
        EngineOptions options = new EngineOptions(recorded.batch(), Precision.FP32, 1);
        try (InspectableEngine engine = new ReferenceTrainingEngine(recorded.network(), rule, options)) {
            return Parity.replay(recorded, wrong.apply(engine), tolerance);
        }
    }

    private static Set<String> failures(Path file) {
        return failures(replay(file));
    }

    private static Set<String> failures(List<Comparison> comparisons) {
        return comparisons.stream()
                .filter(comparison -> !comparison.passed())
                .map(Comparison::name)
                .collect(Collectors.toSet());
    }

    /** The file tiny.safetensors with one tensor changed. */
    private Path tinyWith(String name, UnaryOperator<float[]> change) throws IOException {
        Safetensors content = Safetensors.read(TINY);
        List<StoredTensor> tensors = content.names().stream()
                .map(content::tensor)
                .map(tensor -> tensor.name().equals(name)
                        ? new StoredTensor(
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
                // Of updates a hundredth may be off, though none by more than twice the learning rate an update.
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
    void whatIsNotFiniteInAFileFails(float value) throws IOException {
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

    /** Everything that an engine can be asked for, in turn: what fails is what was asked for, and nothing else. */
    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void whatIsNotFiniteInAnEngineFails(float value) {
        RecordedValues unet = RecordedValues.read(UNET);
        RecordedValues tiny = RecordedValues.read(TINY);
        assertEquals(
                Set.of("denoise"), failuresOf(unet, "denoise", (result, given) -> ((float[]) given[2])[7] = value));
        assertEquals(Set.of("encode"), failuresOf(tiny, "encode", (result, given) -> ((float[]) given[2])[7] = value));
        assertEquals(Set.of("losses"), failuresOf(tiny, "takeLosses", (result, given) -> {
            double[] losses = (double[]) result;
            if (losses.length > 0) {
                losses[2] = value;
            }
        }));
        assertEquals(
                namesOf(unet, "activation"),
                failuresOf(unet, "activation", (result, given) -> ((float[]) result)[3] = value));
        assertEquals(
                namesOf(unet, "gradient"),
                failuresOf(unet, "gradients", (result, given) -> fill((Parameters) result, value)));
        assertEquals(
                namesOf(unet, "after1", "after5", "adam"),
                failuresOf(unet, "state", (result, given) -> fill(((TrainingState) result).parameters(), value)));
        assertEquals(
                namesOf(unet, "average5", "ema"),
                failuresOf(
                        unet,
                        "state",
                        (result, given) ->
                                fill(((TrainingState) result).average().orElseThrow(), value)));
    }

    private static void fill(Parameters parameters, float value) {
        Arrays.fill(parameters.values(), value);
    }

    /** Names of what is compared for each layer or parameter tensor. */
    private static Set<String> namesOf(RecordedValues recorded, String... kinds) {
        return Stream.of(kinds)
                .flatMap(kind -> (kind.equals("activation")
                                ? recorded.network().layers().stream().map(Layer::name)
                                : recorded.network().parameterTensors().stream().map(ParameterTensor::name))
                        .map(name -> kind + "." + name))
                .collect(Collectors.toSet());
    }

    private static Set<String> failuresOf(RecordedValues recorded, String method, BiConsumer<Object, Object[]> spoil) {
        return failures(replay(recorded, recorded.rule(), engine -> intercept(engine, method, null, spoil), REFERENCE));
    }

    /**
     * Parameters hardly show that every step is some parts in ten thousand too long; what the steps add to them does.
     */
    @Test
    void aStepThatIsTooLongFailsTheUpdates() {
        RecordedValues tiny = RecordedValues.read(TINY);
        assertEquals(namesOf(tiny, "after1", "after5"), failuresOfSteps(tiny, 1.0003f, REFERENCE));
        assertEquals(Set.of(), failuresOfSteps(tiny, 1.00003f, REFERENCE));
        Tolerance bf16 = Tolerance.of(EngineName.CUDA, Precision.BF16);
        assertEquals(namesOf(tiny, "after1", "after5"), failuresOfSteps(tiny, 1.06f, bf16));
        assertEquals(namesOf(tiny, "after1", "after5"), failuresOfSteps(tiny, 0.94f, bf16));
        assertFalse(failuresOfSteps(tiny, 1.04f, bf16).stream().anyMatch(name -> name.startsWith("after1.")));
    }

    private static Set<String> failuresOfSteps(RecordedValues recorded, float factor, Tolerance tolerance) {
        UnaryOperator<Object[]> lengthen = given -> new Object[] {given[0], (float) given[1] * factor};
        return failures(replay(
                recorded,
                recorded.rule(),
                engine -> intercept(engine, "trainStep", lengthen, (result, given) -> {}),
                tolerance));
    }

    /** Compared as parameters, those that never change would pass in TF32 and bf16. */
    @Test
    void noStepAtAllFailsTheUpdatesInEveryPrecision() {
        RecordedValues tiny = RecordedValues.read(TINY);
        assertEquals(
                namesOf(tiny, "after1", "after5"),
                failuresOfSteps(tiny, 0, Tolerance.of(EngineName.CUDA, Precision.BF16)));
    }

    /** A bound of its own loosens one tensor and no other, and only so far. */
    @Test
    void aNamedTensorHasItsOwnBound() throws IOException {
        RecordedValues wrong = RecordedValues.read(tinyWith("gradient.conv2.kernel", values -> {
            values[largest(values)] *= 1.05f;
            return values;
        }));
        Tolerance bf16 = Tolerance.of(EngineName.CPU, Precision.BF16);
        Set<String> name = Set.of("gradient.conv2.kernel");
        assertEquals(name, failuresWithin(bf16, wrong));
        assertEquals(name, failuresWithin(bf16.except(Map.of("gradient.conv2.kernel", 4.5e-2)), wrong));
        assertEquals(name, failuresWithin(bf16.except(Map.of("gradient.conv2.bias", 6e-2)), wrong));
        assertEquals(Set.of(), failuresWithin(bf16.except(Map.of("gradient.conv2.kernel", 6e-2)), wrong));
    }

    private static Set<String> failuresWithin(Tolerance tolerance, RecordedValues recorded) {
        return failures(replay(recorded, recorded.rule(), UnaryOperator.identity(), tolerance));
    }

    /** Whatever an engine multiplies in, its update alone is held to float32. */
    @Test
    void aSlightlyWrongUpdateFailsItselfAlone() throws IOException {
        RecordedValues wrong = RecordedValues.read(tinyWith("after1.expand.kernel", values -> {
            values[largest(values)] *= 1 + 2e-6f;
            return values;
        }));
        assertEquals(
                Set.of("adam.expand.kernel"),
                failures(replay(
                        wrong, wrong.rule(), UnaryOperator.identity(), Tolerance.of(EngineName.CPU, Precision.BF16))));
    }

    @ParameterizedTest
    @CsvSource({
        "0.01,0.9,",
        "0.013,0.9,adam",
        "0,0.9,adam",
        "0.01,0.9002,average5",
        "0.01,0.8985,ema",
        "0.01,0.9015,ema"
    })
    void aSlightlyWrongRuleFailsTheUpdate(double weightDecay, double averageDecay, String kind) {
        RecordedValues recorded = RecordedValues.read(UNET);
        LearningRule rule =
                new LearningRule(recorded.rule().loss(), Optimizer.adamW(weightDecay), OptionalDouble.of(averageDecay));
        Set<String> expected = kind == null ? Set.of() : namesOf(recorded, kind);
        Set<String> failed = failures(replay(recorded, rule, UnaryOperator.identity(), REFERENCE));
        assertTrue(failed.containsAll(expected), failed::toString);
        assertEquals(kind != null, !failed.isEmpty(), failed::toString);
    }

    /** Fewer than one in a hundred may go astray, but no further than updates can take it. */
    @Test
    void updatesNearAGradientOfZeroMayStepTheOtherWay() throws IOException {
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
            engine.trainStep(
                    new GivenBatch(recorded.given().noisy(), recorded.given().clean(), 2), 0.1f);
            List<Comparison> once = Parity.replay(recorded, engine, REFERENCE);
            assertTrue(once.stream().allMatch(Comparison::passed));
            assertEquals(once, Parity.replay(recorded, engine, REFERENCE));
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
        return intercept(
                engine,
                "load",
                given -> {
                    TrainingState state = ((TrainingState) given[0]).copy();
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
                    return new Object[] {state};
                },
                (result, given) -> {});
    }

    /**
     * The engine, but for one method.
     *
     * @param before what the method is given instead; null for the same
     * @param after changes what it gave, or what it wrote into the arrays that it was given
     */
    private static InspectableEngine intercept(
            InspectableEngine engine, String name, UnaryOperator<Object[]> before, BiConsumer<Object, Object[]> after) {
        return (InspectableEngine) Proxy.newProxyInstance(
                InspectableEngine.class.getClassLoader(),
                new Class<?>[] {InspectableEngine.class},
                (proxy, method, given) -> {
                    if (!method.getName().equals(name)) {
                        return method.invoke(engine, given);
                    }
                    Object[] arguments = before == null ? given : before.apply(given);
                    Object result = method.invoke(engine, arguments);
                    after.accept(result, arguments);
                    return result;
                });
    }
}
