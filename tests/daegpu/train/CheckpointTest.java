package daegpu.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.data.Allocation;
import daegpu.data.InvalidInputException;
import daegpu.engine.LearningRule;
import daegpu.engine.Loss;
import daegpu.engine.Optimizer;
import daegpu.engine.TrainingState;
import daegpu.format.Safetensors;
import daegpu.format.Safetensors.StoredTensor;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.model.Parameters;
import daegpu.noise.Noise;
import daegpu.train.LearningRate.Schedule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {

    private static final Autoencoder ARCHITECTURE = new Autoencoder(8, 4, 3, List.of(2, 5), 5, 3);

    @TempDir
    private Path folder;

    private Path file;
    private Checkpoint checkpoint;

    @BeforeEach
    void writeCheckpoint() throws IOException {
        file = folder.resolve("model.safetensors");
        TrainingOptions options = new TrainingOptions(
                ARCHITECTURE,
                new Noise(0.1f, 0.2f, 0.7f, true),
                -3,
                17,
                LearningRate.over(Schedule.COSINE, 0.003, 100));
        checkpoint = new Checkpoint(
                options,
                "images A",
                "images B",
                new TrainingState(
                        Initializer.glorotUniform(ARCHITECTURE.network(), 1),
                        Initializer.glorotUniform(ARCHITECTURE.network(), 2),
                        Initializer.glorotUniform(ARCHITECTURE.network(), 3),
                        25),
                OptionalDouble.of(1.0 / 3));
        checkpoint.write(file);
    }

    private static void assertSame(Parameters expected, Parameters actual) {
        assertEquals(expected.network(), actual.network());
        assertArrayEquals(expected.values(), actual.values());
    }

    private void rewrite(Map<String, String> metadata, List<StoredTensor> tensors) throws IOException {
        new Safetensors(metadata, tensors).write(file);
    }

    private Map<String, String> metadata() {
        return new TreeMap<>(Safetensors.read(file).metadata());
    }

    private List<StoredTensor> tensors() {
        Safetensors content = Safetensors.read(file);
        return new ArrayList<>(content.names().stream().map(content::tensor).toList());
    }

    private String refusal() {
        String message = assertThrows(InvalidInputException.class, () -> Checkpoint.read(file))
                .getMessage();
        assertTrue(message.contains(file.toString()), message);
        assertFalse(message.contains("Exception"), message);
        return message;
    }

    @Test
    void comesBackAsItWas() throws IOException {
        Checkpoint read = Checkpoint.read(file);
        assertEquals(checkpoint.options(), read.options());
        assertEquals("images A", read.trainingData());
        assertEquals("images B", read.validationData());
        assertEquals(25, read.state().step());
        assertEquals(OptionalDouble.of(1.0 / 3), read.epochLoss());
        assertSame(checkpoint.state().parameters(), read.state().parameters());
        assertSame(checkpoint.state().firstMoment(), read.state().firstMoment());
        assertSame(checkpoint.state().secondMoment(), read.state().secondMoment());

        Path again = folder.resolve("again.safetensors");
        read.write(again);
        assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(again));
    }

    @Test
    void holdsWhatDecidesTheArithmeticAndNothingElse() {
        assertEquals(
                Set.of(
                        "format",
                        "format_version",
                        "image",
                        "filters",
                        "kernel",
                        "latent",
                        "seed",
                        "noise_mean",
                        "noise_std",
                        "noise_once",
                        "batch_size",
                        "learning_rate",
                        "schedule",
                        "schedule_horizon",
                        "training_data",
                        "validation_data",
                        "step",
                        "epoch_loss"),
                metadata().keySet());
    }

    /** Gaussian noise stays what older programs wrote and read; what they do not know, they refuse. */
    @Test
    void gaussianNoiseNeedsNoKind() throws IOException {
        assertFalse(metadata().containsKey("noise"));
        Map<String, String> metadata = metadata();
        metadata.put("noise", "gaussian");
        rewrite(metadata, tensors());
        assertEquals(checkpoint.options(), Checkpoint.read(file).options());
    }

    /** A program that knows no noise that is not clipped finds no level, and does not take it for one that is. */
    @ParameterizedTest
    @EnumSource(
            value = Noise.Kind.class,
            names = {"GAUSSIAN", "UNIFORM", "SPECKLE", "POISSON", "POISSON_GAUSSIAN"})
    void noiseThatIsNotClippedComesBackAsItWas(Noise.Kind kind) throws IOException {
        TrainingOptions options = new TrainingOptions(
                ARCHITECTURE,
                new Noise(kind, kind.defaultMean(), 0.25f, 0.75f, true, false),
                9,
                17,
                checkpoint.options().learningRate());
        new Checkpoint(options, "images A", "images B", checkpoint.state(), OptionalDouble.empty()).write(file);
        assertEquals(options, Checkpoint.read(file).options());
        assertFalse(metadata().containsKey("noise_std"));
        assertFalse(metadata().containsKey("noise_level"));
        Map<String, String> metadata = metadata();
        metadata.put("noise", "masking");
        metadata.put("noise_mean", "0");
        rewrite(metadata, tensors());
        assertEquals(file + ": masking noise stays from 0 to 1, so it cannot be left unclipped", refusal());
    }

    /** Which noise of other kinds has not, so that an older program can read it. */
    @Test
    void gainsComeBackAsTheyWere() throws IOException {
        assertFalse(metadata().containsKey("noise_gain"));
        TrainingOptions options = new TrainingOptions(
                ARCHITECTURE,
                new Noise(Noise.Kind.POISSON_GAUSSIAN, 0, 0.25f, 0.75f, 0.01f, 0.02f, false, false),
                9,
                17,
                checkpoint.options().learningRate());
        new Checkpoint(options, "images A", "images B", checkpoint.state(), OptionalDouble.empty()).write(file);
        assertEquals(options, Checkpoint.read(file).options());
        for (String wrong : new String[] {"[0.01]", "[0.02, 0.01]", "[-1, 1]", "x", null}) {
            Map<String, String> metadata = metadata();
            if (wrong == null) {
                metadata.remove("noise_gain");
            } else {
                metadata.put("noise_gain", wrong);
            }
            rewrite(metadata, tensors());
            assertTrue(refusal().contains("gain"), refusal());
            new Checkpoint(options, "images A", "images B", checkpoint.state(), OptionalDouble.empty()).write(file);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Noise.Kind.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"GAUSSIAN"})
    void otherNoiseComesBackAsItWas(Noise.Kind kind) throws IOException {
        TrainingOptions options = new TrainingOptions(
                ARCHITECTURE,
                new Noise(kind, kind.defaultMean(), 0.25f, 0.75f, true),
                9,
                17,
                checkpoint.options().learningRate());
        new Checkpoint(options, "images A", "images B", checkpoint.state(), OptionalDouble.empty()).write(file);
        assertEquals(options, Checkpoint.read(file).options());
        assertFalse(metadata().containsKey("noise_std"), "an older program would add Gaussian noise");
        for (String[] wrong : new String[][] {
            {"noise", "pink"},
            {"noise", "gaussian"},
            {"noise_level", "[0.5]"},
            {"noise_level", "[-1, 2]"},
            {"noise_level", "x"},
            {"noise_mean", "NaN"},
            {"noise_level", null},
            {"noise", null}
        }) {
            Map<String, String> metadata = metadata();
            metadata.put(wrong[0], wrong[1]);
            metadata.values().removeIf(Objects::isNull);
            List<StoredTensor> tensors = tensors();
            Path whole = file;
            file = folder.resolve("wrong.safetensors");
            rewrite(metadata, tensors);
            refusal();
            file = whole;
        }
    }

    @Test
    void everyTextIsNeeded() throws IOException {
        Map<String, String> metadata = metadata();
        List<StoredTensor> tensors = tensors();
        for (String key : metadata.keySet()) {
            if (!key.equals("epoch_loss")) {
                Map<String, String> less = new TreeMap<>(metadata);
                less.remove(key);
                rewrite(less, tensors);
                String message = refusal();
                assertTrue(
                        message.contains(key.equals("format") ? "not a model of this program" : key.replace('_', ' '))
                                || message.contains(key),
                        key + ": " + message);
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "format_version | 2",
                "image | [8, 4]",
                "image | [8, 4, 3, 1]",
                "image | 8, 4, 3",
                "image | null",
                "image | {}",
                "image | [8, 4, -3]",
                "image | [9, 4, 3]",
                "image | [99999999999, 4, 3]",
                "image | [8.5, 4, 3]",
                "image | [null, 4, 3]",
                "filters | []",
                "filters | [2]",
                "filters | [0, 5]",
                "filters | [2, 6]",
                "filters | x",
                "filters | [2, 5",
                "kernel | 4",
                "kernel | 3",
                "kernel | 5.0",
                "kernel | 99999999999",
                "latent | 0",
                "latent | 4",
                "latent | -1",
                "latent | ''",
                "seed | 1.5",
                "seed | 99999999999999999999",
                "noise_mean | NaN",
                "noise_mean | x",
                "noise_mean | 1e99",
                "noise_std | [0.7, 0.2]",
                "noise_std | [-1.0, 0.2]",
                "noise_std | 0.5",
                "noise_std | [0.5]",
                "noise_std | null",
                "noise_once | yes",
                "noise_once | TRUE",
                "batch_size | 0",
                "batch_size | -1",
                "batch_size | 65537",
                "batch_size | 1e3",
                "learning_rate | 0",
                "learning_rate | NaN",
                "learning_rate | 2",
                "learning_rate | Infinity",
                "learning_rate | 1e-60",
                "schedule | linear",
                "schedule | constant",
                "schedule_horizon | 0",
                "schedule_horizon | -5",
                "step | -1",
                "step | x",
                "step | 1.0",
                "epoch_loss | NaN",
                "epoch_loss | Infinity",
                "epoch_loss | -1",
                "epoch_loss | x",
                "loss | huber",
                "weight_decay | -1",
                "weight_decay | x",
                "ema | 1",
                "ema | 0.999"
            })
    void everyTextIsChecked(String key, String value) throws IOException {
        Map<String, String> metadata = metadata();
        metadata.put(key, value);
        rewrite(metadata, tensors());
        refusal();
    }

    @Test
    void anotherLearningRuleComesBackWithItsAverage() throws IOException {
        TrainingOptions given = checkpoint.options();
        LearningRule rule = new LearningRule(Loss.CHARBONNIER, Optimizer.adamW(0.01), OptionalDouble.of(0.99));
        TrainingOptions options = new TrainingOptions(
                given.architecture(), given.noise(), given.seed(), given.batchSize(), given.learningRate(), rule);
        Parameters average = Initializer.glorotUniform(ARCHITECTURE.network(), 4);
        TrainingState state = checkpoint.state();
        new Checkpoint(
                        options,
                        "images A",
                        "images B",
                        new TrainingState(
                                state.parameters(),
                                state.firstMoment(),
                                state.secondMoment(),
                                Optional.of(average),
                                state.step()),
                        OptionalDouble.empty())
                .write(file);
        Checkpoint read = Checkpoint.read(file);
        assertEquals(options, read.options());
        assertSame(average, read.state().average().orElseThrow());
        assertSame(average, read.state().weights());
        assertSame(state.parameters(), read.state().parameters());
    }

    /** What a program that knows no other rule reads, too. */
    @Test
    void theDefaultRuleLeavesNoTrace() {
        for (String key : List.of("loss", "weight_decay", "ema")) {
            assertFalse(metadata().containsKey(key), key);
        }
        assertEquals(LearningRule.DEFAULT, Checkpoint.read(file).options().learningRule());
    }

    @Test
    void lossOfAnEpochThatHasNoUpdateIsRefused() throws IOException {
        Map<String, String> metadata = metadata();
        metadata.put("step", "0");
        rewrite(metadata, tensors());
        refusal();
    }

    @Test
    void quotesNoMoreOfATextThanFitsALine() throws IOException {
        Map<String, String> metadata = metadata();
        metadata.put("kernel", "x".repeat(10_000) + "\n\u001b[31m");
        rewrite(metadata, tensors());
        String message = refusal();
        assertTrue(message.length() < 400 + file.toString().length(), message.length() + " characters");
        assertFalse(message.contains("\u001b"), "an escape code of the file would reach the terminal");
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void valuesThatAreNotFiniteAreRefused(float value) throws IOException {
        for (String name :
                List.of("conv2.kernel", "adam.first_moment.latent.bias", "adam.second_moment.output.kernel")) {
            writeCheckpoint();
            List<StoredTensor> tensors = tensors();
            tensors.stream()
                    .filter(tensor -> tensor.name().equals(name))
                    .findAny()
                    .orElseThrow()
                    .values()[0] = value;
            rewrite(metadata(), tensors);
            assertEquals(file + ": " + name + " has values that are not finite", refusal());
        }
    }

    @Test
    void everyTensorIsNeededAndNoOther() throws IOException {
        Map<String, String> metadata = metadata();
        List<StoredTensor> tensors = tensors();
        for (StoredTensor tensor : tensors) {
            List<StoredTensor> less = new ArrayList<>(tensors);
            less.remove(tensor);
            rewrite(metadata, less);
            assertEquals(file + " has no tensor called " + tensor.name(), refusal());
        }
        List<StoredTensor> more = new ArrayList<>(tensors);
        more.add(new StoredTensor("conv3.kernel", new int[] {1}, new float[1]));
        rewrite(metadata, more);
        assertTrue(refusal().contains("conv3.kernel"));
    }

    @Test
    void shapesAreChecked() throws IOException {
        List<StoredTensor> tensors = tensors();
        StoredTensor kernel = tensors.get(0);
        tensors.set(0, new StoredTensor(kernel.name(), new int[] {kernel.values().length}, kernel.values()));
        rewrite(metadata(), tensors);
        assertEquals(file + ": conv1.kernel is [150] where its architecture needs [5, 5, 3, 2]", refusal());
    }

    @Test
    void takesNoMemoryForWhatOnlyTheMetadataAnnounce() throws IOException {
        Map<String, String> metadata = metadata();
        metadata.put("latent", "10000000");
        rewrite(metadata, tensors());
        Allocation.assertAtMost(10_000_000, this::refusal);
    }

    @Test
    void otherSafetensorsFilesAreRefused() {
        file = Path.of("tests/golden/tiny.safetensors");
        assertEquals(file + " is a safetensors file, but not a model of this program", refusal());
    }

    @Test
    void finishedEpochsNeedTheirValidation() {
        TrainingState state = checkpoint.state();
        TrainingState atEnd = new TrainingState(state.parameters(), state.firstMoment(), state.secondMoment(), 24);
        assertEquals(2, checkpoint.finishedEpochs(12));
        assertEquals(2, new Checkpoint(checkpoint.options(), "", "", atEnd, OptionalDouble.empty()).finishedEpochs(12));
        assertEquals(1, new Checkpoint(checkpoint.options(), "", "", atEnd, OptionalDouble.of(0)).finishedEpochs(12));
    }
}
