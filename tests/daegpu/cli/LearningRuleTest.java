package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import daegpu.Training;
import daegpu.cli.Program.Result;
import daegpu.data.IdxFile;
import daegpu.data.ImageFiles;
import daegpu.data.ImageSet;
import daegpu.data.ValidationSet;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.InferenceEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Loss;
import daegpu.engine.Optimizer;
import daegpu.engine.TrainingState;
import daegpu.model.Autoencoder;
import daegpu.model.Parameters;
import daegpu.train.Checkpoint;
import daegpu.train.Evaluation;
import daegpu.train.MetricsLog;
import daegpu.train.Trainer.Outcome;
import daegpu.train.TrainingOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code train --loss}, {@code --weight-decay} and {@code --ema}, and what later commands make of them. */
class LearningRuleTest {

    private static final List<String> FLAGS =
            List.of("--loss", "charbonnier", "--weight-decay", "1e-2", "--ema", "0.9");
    private static final LearningRule RULE =
            new LearningRule(Loss.CHARBONNIER, Optimizer.adamW(0.01), OptionalDouble.of(0.9));

    @TempDir
    private Path folder;

    private Path data;
    private Path run;

    @BeforeEach
    void writeImages() throws IOException {
        data = Program.writeImages(folder.resolve("data"));
        run = folder.resolve("run");
    }

    private Result train(Path output, List<?> options) {
        List<Object> arguments = Program.training(data, output);
        arguments.addAll(options);
        return Program.run(arguments.toArray()).assertDone();
    }

    private static Path config(Path of) {
        return of.resolve("config.json");
    }

    private static ObjectNode record(Path of) throws IOException {
        return (ObjectNode) new ObjectMapper().readTree(config(of).toFile());
    }

    /** Turns the record of a run with the default rule into one from before there were other rules. */
    private static void forgetTheRule(Path of) throws IOException {
        ObjectNode record = record(of);
        ((ObjectNode) record.get("options")).remove(List.of("loss", "weight-decay", "ema"));
        new ObjectMapper().writeValue(config(of).toFile(), record);
    }

    @Test
    void isSaidBeforeTheTrainingAndRecorded() throws IOException {
        String out = train(run, FLAGS).out();
        for (String line : List.of(
                "Loss:    charbonnier",
                "10 an epoch of 4 images, AdamW at 0.004 (cosine), weight decay 0.01, seed 1",
                "Average: of the weights, with decay 0.9:",
                " s, Charbonnier 0.")) {
            assertTrue(out.contains(line), line + " is not in\n" + out);
        }
        assertTrue(out.lines().allMatch(line -> line.length() <= 100 || line.contains(folder.toString())), out);
        assertEquals("charbonnier", record(run).at("/options/loss").textValue());
        assertEquals(0.01, record(run).at("/options/weight-decay").doubleValue());
        assertEquals(0.9, record(run).at("/options/ema").doubleValue());
        for (String model : List.of("best", "last")) {
            Checkpoint checkpoint = Checkpoint.read(run.resolve(model + ".safetensors"));
            assertEquals(RULE, checkpoint.options().learningRule());
            assertTrue(checkpoint.state().average().isPresent());
        }
        assertTrue(Files.readString(run.resolve("metrics.csv")).contains(",train_charbonnier,val_mse,"));
        String report = Files.readString(run.resolve("report.html"));
        for (String text : List.of("training Charbonnier", "--loss charbonnier", "--weight-decay 0.01", "--ema 0.9")) {
            assertTrue(report.contains(text), text);
        }
        assertFalse(report.contains("training MSE"));
    }

    @Test
    void theDefaultRuleIsSaidAndRecorded() throws IOException {
        String out = train(run, List.of()).out();
        assertTrue(out.contains("Loss:    mse") && out.contains("Adam at 0.004 (cosine), seed 1"), out);
        assertFalse(out.contains("Average:") || out.contains("weight decay"), out);
        assertEquals("mse", record(run).at("/options/loss").textValue());
        assertEquals(0, record(run).at("/options/weight-decay").doubleValue());
        assertTrue(record(run).at("/options/ema").isNumber());
        assertEquals(0, record(run).at("/options/ema").doubleValue());
        assertTrue(Files.readString(run.resolve("metrics.csv")).contains(",train_mse,val_mse,"));
        // Giving the defaults as flags changes nothing.
        Path other = folder.resolve("other");
        train(other, List.of("--loss", "MSE", "--weight-decay", "0", "--ema", "0"));
        assertEquals(Program.result(run), Program.result(other));
    }

    /** Each of the three alone leads elsewhere, and where it leads is the same every time. */
    @Test
    void eachPartOfItCounts() throws IOException {
        TreeSet<String> results = new TreeSet<>();
        train(run, List.of());
        results.add(Program.result(run).get("last.safetensors"));
        for (List<String> flags :
                List.of(List.of("--loss", "l1"), List.of("--weight-decay", "0.01"), List.of("--ema", "0.9"), FLAGS)) {
            Path first = folder.resolve("first " + String.join(" ", flags));
            Path second = folder.resolve("second " + String.join(" ", flags));
            train(first, flags);
            train(second, flags);
            assertEquals(Program.result(first), Program.result(second));
            results.add(Program.result(first).get("last.safetensors"));
        }
        assertEquals(5, results.size());
    }

    /** A program begins it, is interrupted in the middle of the second epoch, and the command line ends it. */
    @ParameterizedTest
    @EnumSource(names = {"REFERENCE", "CPU"})
    void interruptedAndResumedEndsAsThoughNothingHadHappened(EngineName engine) throws IOException {
        Path straight = folder.resolve("straight");
        List<Object> arguments = Program.training(data, straight);
        arguments.set(arguments.indexOf("--engine") + 1, engine);
        arguments.addAll(FLAGS);
        Program.run(arguments.toArray()).assertDone();

        Training training = new Training(ImageFiles.in(data))
                .epochs(2)
                .batchSize(4)
                .network(Autoencoder.smallest(List.of(2, 4), 3, 3))
                .engine(engine)
                .threads(1)
                .learningRule(RULE);
        Program.interruptInTheSecondEpoch(training, Program.TRAINING_IMAGES / 2);
        assertEquals(Outcome.INTERRUPTED, training.run(run).outcome());
        assertEquals(
                15, Checkpoint.read(run.resolve("last.safetensors")).state().step());
        String out = Program.run("train", "--resume", run).assertDone().out();
        assertTrue(out.contains("Loss:    charbonnier") && out.contains("Average: "), out);
        assertEquals(Program.result(straight), Program.result(run));
    }

    /** In the record, in a file of options and as flags it is the same. */
    @Test
    void filesOfOptionsTakeIt() throws IOException {
        train(run, FLAGS);
        Path again = folder.resolve("again");
        Program.run("train", "--config", config(run), "--output", again).assertDone();
        assertEquals(Program.result(run), Program.result(again));

        Path file = Files.writeString(
                folder.resolve("rule.yaml"), "loss: charbonnier\nweight-decay: 1e-2\nema: 0.9\nseed: 1\n");
        Path written = folder.resolve("written");
        train(written, List.of("--config", file));
        assertEquals(Program.result(run), Program.result(written));

        // A flag wins, also one that turns the average off.
        Path plain = folder.resolve("plain");
        Program.run("train", "--config", config(run), "--ema", "0", "--output", plain)
                .assertDone();
        assertEquals(
                new LearningRule(RULE.loss(), RULE.optimizer(), OptionalDouble.empty()),
                Checkpoint.read(plain.resolve("last.safetensors")).options().learningRule());
    }

    @Test
    void runsOfOlderVersionsHadTheDefaultRule() throws IOException {
        Path straight = folder.resolve("straight");
        train(straight, List.of("--schedule", "constant"));
        List<Object> arguments = Program.training(data, run);
        arguments.set(arguments.indexOf("--epochs") + 1, "1");
        arguments.addAll(List.of("--schedule", "constant"));
        Program.run(arguments.toArray()).assertDone();
        forgetTheRule(run);

        String list = Program.run("runs", folder).assertDone().out();
        assertTrue(list.contains("run ") && list.contains("straight "), list);
        String differences =
                Program.run("runs", "--compare", run, straight).assertDone().out();
        assertTrue(differences.contains("epochs") && !differences.contains("loss"), differences);
        Path copy = folder.resolve("copy");
        Program.run("train", "--config", config(run), "--output", copy).assertDone();
        assertEquals(Program.result(run), Program.result(copy));

        Program.run("train", "--resume", run, "--epochs", "2").assertDone();
        assertEquals(Program.result(straight), Program.result(run));
        assertEquals("mse", record(run).at("/options/loss").textValue());
    }

    @Test
    void twoRunsDifferInIt() throws IOException {
        train(run, List.of());
        Path other = folder.resolve("other");
        train(other, FLAGS);
        forgetTheRule(run);
        String out = Program.run("runs", "--compare", run, other).assertDone().out();
        for (String line : List.of("loss +mse +charbonnier", "weight-decay +0.0 +0.01", "ema +0.0 +0.9")) {
            assertTrue(out.lines().anyMatch(each -> each.strip().matches(line)), line + " is not in\n" + out);
        }
    }

    /** A checkpoint then holds a fourth value for each parameter. */
    @Test
    void aDryRunCountsTheAverage() {
        List<String> wide = List.of("--dry-run", "--latent-dim", "2000");
        List<Object> arguments = Program.training(data, run);
        arguments
                .subList(arguments.indexOf("--latent-dim"), arguments.indexOf("--latent-dim") + 2)
                .clear();
        arguments.addAll(wide);
        String out = Program.run(arguments.toArray()).assertDone().out();
        assertTrue(out.contains("Total parameters: 66,353") && out.contains("2 checkpoints of 0.8 MiB"), out);
        arguments.addAll(FLAGS);
        out = Program.run(arguments.toArray()).assertDone().out();
        assertTrue(out.contains("2 checkpoints of 1.0 MiB") && out.contains("Loss:    charbonnier"), out);
        assertFalse(Files.exists(run));
    }

    @Test
    void theAverageIsWhatIsValidated() throws IOException {
        train(run, FLAGS);
        List<MetricsLog.Row> rows = MetricsLog.read(run.resolve("metrics.csv"));
        Checkpoint last = Checkpoint.read(run.resolve("last.safetensors"));
        TrainingOptions options = last.options();
        ImageSet validation = IdxFile.read(data.resolve("t10k-images-idx3-ubyte"), 0);
        try (InferenceEngine engine = Engines.open(EngineName.REFERENCE, options.network(), EngineOptions.fp32(1))
                .engine()) {
            engine.load(last.state().average().orElseThrow());
            Evaluation.Scores average = Evaluation.of(
                            engine, ValidationSet.of(validation), options.noise(), options.seed())
                    .denoised();
            assertEquals(average, rows.get(1).validation());
            engine.load(last.state().parameters());
            Evaluation.Scores parameters = Evaluation.of(
                            engine, ValidationSet.of(validation), options.noise(), options.seed())
                    .denoised();
            assertNotEquals(average, parameters);
        }
    }

    /** Every command takes a model with an average as it would take one whose parameters are that average. */
    @Test
    void theAverageIsWhatEveryCommandTakes() throws IOException {
        train(run, FLAGS);
        Checkpoint trained = Checkpoint.read(run.resolve("best.safetensors"));
        Path average = modelOf(trained, trained.state().average().orElseThrow(), "average");
        Path parameters = modelOf(trained, trained.state().parameters(), "parameters");
        Map<String, String> expected = outputs(run, "run");
        assertEquals(expected, outputs(average, "average"));
        Map<String, String> others = outputs(parameters, "parameters");
        expected.forEach((command, output) -> assertNotEquals(output, others.get(command), command));
    }

    /** A model with these parameters, which the default rule trained. */
    private Path modelOf(Checkpoint trained, Parameters parameters, String name) throws IOException {
        TrainingOptions options = trained.options();
        Path file = folder.resolve(name + ".safetensors");
        new Checkpoint(
                        new TrainingOptions(
                                options.architecture(),
                                options.noise(),
                                options.seed(),
                                options.batchSize(),
                                options.learningRate()),
                        trained.trainingData(),
                        trained.validationData(),
                        TrainingState.initial(parameters),
                        OptionalDouble.empty())
                .write(file);
        return file;
    }

    /** What commands make of a model. */
    private Map<String, String> outputs(Path model, String name) throws IOException {
        Path to = Files.createDirectory(folder.resolve("outputs of " + name));
        Path images = data.resolve("t10k-images-idx3-ubyte");
        Path latents = folder.resolve("latents.csv");
        List<List<Object>> commands = new ArrayList<>();
        commands.add(List.of("denoise", model, images, "--output", to.resolve("denoised-idx3-ubyte")));
        commands.add(List.of("encode", model, images, "--output", to.resolve("latents.csv")));
        if (Files.notExists(latents)) {
            Program.run("encode", model, images, "--output", latents, "--engine", "reference")
                    .assertDone();
        }
        commands.add(List.of("decode", model, latents, "--output", to.resolve("decoded-idx3-ubyte")));
        commands.add(List.of("evaluate", model, "--data", data, "--json", "--output", to.resolve("figure.png")));
        for (List<Object> command : commands) {
            List<Object> arguments = new ArrayList<>(command);
            arguments.addAll(List.of("--engine", "reference"));
            Result result = Program.run(arguments.toArray()).assertDone();
            if (command.get(0).equals("evaluate")) {
                Files.writeString(
                        to.resolve("evaluation"),
                        new ObjectMapper().readTree(result.out()).get("levels").toString());
            }
        }
        Path weights = to.resolve("weights.safetensors");
        Program.run("export", model, "--to", "onnx", "--output", to.resolve("model.onnx"))
                .assertDone();
        Program.run("export", model, "--to", "safetensors", "--output", weights).assertDone();
        Path imported = to.resolve("imported.safetensors");
        Program.run("import", weights, "--output", imported).assertDone();
        Map<String, String> content = Program.content(to);
        content.remove("");
        // These say how the model was trained, too.
        content.remove("weights.safetensors");
        content.put(
                "imported.safetensors",
                Arrays.toString(Checkpoint.read(imported).state().weights().values()));
        return content;
    }

    @Test
    void anotherRunBeginsWithTheAverage() throws IOException {
        train(run, FLAGS);
        Path second = folder.resolve("second");
        Program.run(
                        "train",
                        "--data",
                        data,
                        "--output",
                        second,
                        "--epochs",
                        "1",
                        "--engine",
                        "reference",
                        "--learning-rate",
                        "1e-30",
                        "--init-from",
                        run)
                .assertDone();
        // At this rate nothing moves.
        Checkpoint model = Checkpoint.read(run.resolve("best.safetensors"));
        TrainingState state =
                Checkpoint.read(second.resolve("last.safetensors")).state();
        assertArrayEquals(model.state().weights().values(), state.parameters().values(), 1e-25f);
        assertTrue(state.average().isEmpty(), "the rule is the new run's own");
    }

    @Test
    void divergenceNamesTheDecay() {
        List<Object> arguments = Program.training(data, run);
        arguments.addAll(List.of("--weight-decay", "1e30"));
        Program.run(arguments.toArray())
                .assertRefusedWith(4, "no longer a finite number", "--learning-rate or --weight-decay.");
    }
}
