package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.Seeds;
import daegpu.cli.Program.Result;
import daegpu.data.IdxFile;
import daegpu.data.ImageFile;
import daegpu.data.ImageSet;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.model.Parameters;
import daegpu.noise.Noise;
import daegpu.train.Checkpoint;
import daegpu.train.LearningRate;
import daegpu.train.LearningRate.Schedule;
import daegpu.train.MetricsLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

@ExtendWith(Seeds.class)
class TrainCommandTest {

    @TempDir
    private Path folder;

    private Path data;
    private Path run;

    @BeforeEach
    void writeImages() throws IOException {
        data = Program.writeImages(folder.resolve("data"));
        run = folder.resolve("run");
    }

    /** The tiny training with some options instead of or besides its own. */
    private Result train(Object... options) {
        List<Object> arguments = Program.training(data, run);
        for (int i = 0; i < options.length; i++) {
            int at = arguments.indexOf(options[i]);
            if (at >= 0) {
                arguments.subList(at, at + 2).clear();
            }
            arguments.add(options[i]);
            boolean flag =
                    i + 1 == options.length || String.valueOf(options[i + 1]).startsWith("--");
            if (!flag) {
                arguments.add(options[++i]);
            }
        }
        return Program.run(arguments.toArray());
    }

    private static Result resume(Path run, Object... options) {
        List<Object> arguments = new ArrayList<>(List.of("train", "--resume", run));
        arguments.addAll(List.of(options));
        return Program.run(arguments.toArray());
    }

    @Test
    void leavesWhatItSays() throws IOException {
        Result result = train().assertDone();
        Set<String> names = Program.content(run).keySet().stream()
                .map(name -> name.replaceFirst("tfevents\\..*", "tfevents"))
                .collect(Collectors.toSet());
        assertEquals(
                Set.of(
                        "",
                        ".lock",
                        "config.json",
                        "metrics.csv",
                        "best.safetensors",
                        "last.safetensors",
                        "samples",
                        "samples/epoch-001.png",
                        "samples/epoch-002.png",
                        "loss.png",
                        "latents.png",
                        "report.html",
                        "tensorboard",
                        "tensorboard/train",
                        "tensorboard/train/events.out.tfevents",
                        "tensorboard/validation",
                        "tensorboard/validation/events.out.tfevents"),
                names);
        for (String line : List.of(
                "Total parameters: 452",
                "training: 40 images of 8x8 grey",
                "10 an epoch of 4 images",
                "epoch 2/2: ",
                "evaluate " + run,
                "  " + run.resolve("best.safetensors") + "  the best model")) {
            assertTrue(result.out().contains(line), line + " is not in\n" + result.out());
        }
        assertEquals(2, MetricsLog.read(run.resolve("metrics.csv")).size());
    }

    @Test
    void printsPlainLinesWhereThereIsNoTerminal() {
        String out = train().assertDone().out();
        assertFalse(out.contains("\u001b") || out.contains("\r") || out.contains("%"), out);
        assertEquals(2, out.lines().filter(line -> line.startsWith("epoch ")).count(), out);
        String first = out.lines()
                .filter(line -> line.startsWith("epoch 1/2: "))
                .findAny()
                .orElseThrow();
        assertTrue(
                first.matches("epoch 1/2: [0-9.]+ s, MSE 0\\.\\d{5} training, 0\\.\\d{5} validation \\(\\d+\\.\\d\\d "
                        + "dB\\), best"),
                first);
    }

    @Test
    void summaryFitsATerminal() {
        for (String line :
                train("--kernel-size", "5").assertDone().out().lines().limit(12).toList()) {
            assertTrue(line.length() < 80, line);
        }
        List<String> table = train("--output", folder.resolve("other"))
                .assertDone()
                .out()
                .lines()
                .limit(11)
                .toList();
        assertEquals(
                1,
                table.subList(0, 10).stream()
                        .mapToInt(String::length)
                        .distinct()
                        .count(),
                String.join("\n", table));
    }

    @Test
    void recordsEveryOption() throws IOException {
        train("--noise-std", "0.25..1.0", "--schedule", "Cosine", "--threads", "0")
                .assertDone();
        JsonNode options =
                new ObjectMapper().readTree(run.resolve("config.json").toFile()).get("options");
        Set<String> expected = new TreeSet<>();
        new CommandLine(new TrainCommand())
                .getCommandSpec()
                .options()
                .forEach(option -> expected.add(option.longestName().substring(2)));
        expected.removeAll(Set.of("help", "version", "resume", "preview", "preview-file", "config", "dry-run"));
        Set<String> recorded = new TreeSet<>();
        options.fieldNames().forEachRemaining(recorded::add);
        assertEquals(expected, recorded);
        assertEquals("cosine", options.get("schedule").textValue());
        assertEquals("[2,4]", options.get("filters").toString());
        assertEquals("0.25..1.0", options.get("noise-std").asText());
        assertEquals(data.toAbsolutePath().toString(), options.get("data").textValue());
        assertTrue(
                options.get("threads").intValue() > 0,
                "the number of processors that 0 meant decides the bits of an engine");
        JsonNode versions =
                new ObjectMapper().readTree(run.resolve("config.json").toFile()).get("versions");
        assertTrue(
                StreamSupport.stream(versions.spliterator(), false)
                        .allMatch(version -> !version.asText().isEmpty()),
                versions.toString());
        assertEquals(Set.of("dae-gpu", "commit", "java", "system", "natives"), Set.copyOf(names(versions)));
    }

    private static List<String> names(JsonNode node) {
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }

    @Test
    void givesTheSameBytesEachTime() throws IOException {
        train().assertDone();
        Path again = folder.resolve("again");
        train("--output", again, "--threads", "2").assertDone();
        assertEquals(Program.result(run), Program.result(again));
        Path other = folder.resolve("other");
        train("--output", other, "--seed", "2").assertDone();
        assertFalse(Program.result(run).equals(Program.result(other)));
    }

    @Test
    void finishedRunGoesOnToMoreEpochs() throws IOException {
        Path longer = folder.resolve("longer");
        train("--output", longer, "--epochs", "4", "--schedule", "constant").assertDone();
        train("--epochs", "2", "--schedule", "constant").assertDone();
        String out = resume(run, "--epochs", "4", "--threads", "2").assertDone().out();
        assertTrue(out.contains("Going on after update 20 of 40."), out);
        assertEquals(Program.result(longer), Program.result(run));
        assertEquals(
                4,
                new ObjectMapper()
                        .readTree(run.resolve("config.json").toFile())
                        .at("/options/epochs")
                        .intValue());
    }

    @Test
    void finishedRunIsLeftAloneWithoutMoreEpochs() throws IOException {
        train().assertDone();
        Map<String, String> before = Program.content(run);
        for (Result result : List.of(resume(run), resume(run, "--epochs", "2"), resume(run, "--epochs", "1"))) {
            result.assertDone();
            assertTrue(result.out().contains(" has done 2 epochs already"), result.out());
            assertTrue(result.out().strip().endsWith("train --resume " + run + " --epochs 4"), result.out());
            assertEquals(1, result.out().lines().count(), result.out());
        }
        assertEquals(before, Program.content(run));
    }

    @Test
    void cosineFollowsTheNumberOfEpochsAndSaysSo() throws IOException {
        train("--schedule", "cosine").assertDone();
        Parameters trained =
                Checkpoint.read(run.resolve("last.safetensors")).state().parameters();
        String out = resume(run, "--epochs", "3").assertDone().out();
        assertTrue(
                out.contains("The cosine schedule of the learning rate now ends after update 30 instead of 20."), out);
        Checkpoint longer = Checkpoint.read(run.resolve("last.safetensors"));
        assertEquals(30, longer.options().learningRate().horizon());
        assertFalse(
                Arrays.equals(trained.values(), longer.state().parameters().values()),
                "the third epoch learned nothing");
    }

    @Test
    void learningRateFollowsTheSchedule() throws IOException {
        train().assertDone();
        assertEquals(new LearningRate(Schedule.COSINE, 4e-3, 20), learningRate(run));
        train("--schedule", "constant", "--output", folder.resolve("constant")).assertDone();
        assertEquals(new LearningRate(Schedule.CONSTANT, 1e-3, 0), learningRate(folder.resolve("constant")));
        List<String> unet = List.of("--network", "unet", "--filters", "2,3", "--blocks", "0,0");
        Path small = folder.resolve("unet");
        List<Object> training = Program.training(data, small, unet.toArray());
        Program.run(training.toArray()).assertDone();
        assertEquals(new LearningRate(Schedule.COSINE, 2e-3, 20), learningRate(small));
        // The network may come from a model.
        Path more = folder.resolve("more");
        Program.run("train", "--init-from", small, "--data", data, "--epochs", "1", "--output", more)
                .assertDone();
        assertEquals(2e-3, learningRate(more).peak());
        train("--learning-rate", "0.02", "--output", folder.resolve("other")).assertDone();
        assertEquals(new LearningRate(Schedule.COSINE, 0.02, 20), learningRate(folder.resolve("other")));
    }

    private static LearningRate learningRate(Path of) throws IOException {
        JsonNode options =
                new ObjectMapper().readTree(of.resolve("config.json").toFile()).get("options");
        LearningRate rate =
                Checkpoint.read(of.resolve("last.safetensors")).options().learningRate();
        assertEquals(rate.peak(), options.get("learning-rate").doubleValue());
        assertEquals(rate.schedule().toString(), options.get("schedule").textValue());
        return rate;
    }

    @Test
    void anotherEngineGoesOn() throws IOException {
        train("--epochs", "1").assertDone();
        resume(run, "--epochs", "2", "--engine", "auto", "--threads", "2").assertDone();
        JsonNode options =
                new ObjectMapper().readTree(run.resolve("config.json").toFile()).get("options");
        assertFalse(options.get("engine").textValue().equals("auto"));
        Path straight = folder.resolve("straight");
        train("--output", straight).assertDone();
        double expected =
                MetricsLog.read(straight.resolve("metrics.csv")).get(1).trainLoss();
        assertEquals(
                expected, MetricsLog.read(run.resolve("metrics.csv")).get(1).trainLoss(), expected / 1000);
    }

    @Test
    void imagesMayMoveBetweenSessions() throws IOException {
        train("--epochs", "1").assertDone();
        Path moved = Files.move(data, folder.resolve("moved"));
        resume(run, "--epochs", "2").assertRefused(data.toString(), "does not exist");
        resume(run, "--epochs", "2", "--data", moved).assertDone();
        resume(run, "--epochs", "3").assertDone();
    }

    @Test
    void resumeRefusesWhatDecidesTheArithmetic() throws IOException {
        train("--epochs", "1").assertDone();
        Map<String, String> before = Program.content(folder);
        for (String option : List.of(
                "--batch-size 8",
                "--learning-rate 0.1",
                "--noise-mean 0",
                "--noise-std 0",
                "--noise masking",
                "--noise-amount 0",
                "--noise-peak 1",
                "--clip",
                "--latent-dim 16",
                "--filters 8",
                "--kernel-size 5",
                "--schedule cosine",
                "--loss l1",
                "--weight-decay 0.01",
                "--ema 0.9",
                "--seed 2",
                "--limit 10",
                "--validation-limit 5",
                "--validation-split 0.5",
                "--output elsewhere",
                "--init-from model",
                "--noise-once")) {
            List<Object> options = new ArrayList<>(List.of("--epochs", "2"));
            options.addAll(List.of(option.split(" ", -1)));
            resume(run, options.toArray()).assertRefused(option.split(" ", -1)[0] + " cannot be given with --resume");
        }
        assertEquals(before, Program.content(folder));
    }

    @Test
    void resumeRefusesOtherImagesAndForgetsThem() throws IOException {
        train("--epochs", "1").assertDone();
        Path other = Files.createDirectories(folder.resolve("other"));
        IdxFile.write(other.resolve("train-images-idx3-ubyte"), Program.images(Program.TRAINING_IMAGES, 5));
        IdxFile.write(other.resolve("t10k-images-idx3-ubyte"), Program.images(Program.VALIDATION_IMAGES, 2));
        Map<String, String> before = Program.content(run);
        resume(run, "--epochs", "2", "--data", other)
                .assertRefused("the training images are not those of the run in " + run);
        resume(run, "--epochs", "2", "--validation-data", other.resolve("train-images-idx3-ubyte"))
                .assertRefused("the validation images are not those of the run in " + run);
        assertEquals(before, Program.content(run));
        resume(run, "--epochs", "2").assertDone();
    }

    @Test
    void resumeRefusesADamagedRun() throws IOException {
        train().assertDone();
        Path whole = Files.move(run, folder.resolve("whole"));
        String header = "epoch,seconds,images_per_second,train_mse,val_mse,val_psnr,val_ssim\n";
        for (List<String> damage : List.of(
                List.of("config.json", "MISSING", "FOLDER", "TRUNCATED", "", "{", "[]", "{\"options\": {}}"),
                List.of("metrics.csv", "MISSING", "FOLDER", "TRUNCATED", "", "x", header),
                List.of("last.safetensors", "MISSING", "FOLDER", "TRUNCATED", "", "12345678", "GOLDEN"),
                List.of("samples", "FILE"))) {
            for (String kind : damage.subList(1, damage.size())) {
                copy(whole, run);
                damage(run.resolve(damage.get(0)), kind);
                Map<String, String> before = Program.content(run);
                resume(run, "--epochs", "3").assertRefused(damage.get(0));
                assertEquals(before, Program.content(run), kind);
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        delete(to);
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file)));
            }
        }
    }

    private static void delete(Path path) throws IOException {
        if (Files.exists(path)) {
            try (Stream<Path> files = Files.walk(path)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static void damage(Path file, String kind) throws IOException {
        byte[] whole = Files.isDirectory(file) ? new byte[0] : Files.readAllBytes(file);
        delete(file);
        switch (kind) {
            case "MISSING" -> {}
            case "FOLDER" -> Files.createDirectory(file);
            case "TRUNCATED" -> Files.write(file, Arrays.copyOf(whole, whole.length / 2));
            case "GOLDEN" -> Files.copy(Path.of("tests/golden/tiny.safetensors"), file);
            default -> Files.writeString(file, kind);
        }
    }

    @Test
    void resumeRefusesATamperedRecord() throws IOException {
        train().assertDone();
        Path config = run.resolve("config.json");
        String record = Files.readString(config);
        for (String line : List.of(
                "epochs: 0",
                "epochs: -1",
                "epochs: null",
                "threads: 100000",
                "threads: -1",
                "engine: \"quantum\"",
                "engine: null",
                "precision: \"fp7\"",
                "data: \"nowhere\"",
                "data: 5",
                "limit: 7",
                "limit: -1",
                "validation-limit: 2",
                "validation-split: 7",
                "validation-split: \"x\"",
                "data: \"a\\u0000b\"")) {
            String option = line.split(": ", -1)[0];
            Matcher matcher =
                    Pattern.compile("\"" + option + "\" : .*?(?=,?\n)").matcher(record);
            Files.writeString(
                    config, matcher.replaceFirst(Matcher.quoteReplacement("\"" + line.replace(": ", "\" : "))));
            Map<String, String> before = Program.content(run);
            Result result = option.equals("epochs") ? resume(run) : resume(run, "--epochs", "3");
            result.assertRefused(option.equals("epochs") ? config.toString() : "dae-gpu train: ");
            assertEquals(before, Program.content(run), line);
        }
    }

    @Test
    void resumeWithoutAFolderSaysThatThereIsNoRunYet() throws IOException, InterruptedException {
        Path here = Files.createDirectory(folder.resolve("here"));
        ProcessBuilder program = Program.fork(List.of(), "train", "--resume").directory(here.toFile());
        Program.finish(program.start())
                .assertRefused(
                        "runs is not the folder of a run: there is no such folder",
                        "train one first, without --resume");
        assertEquals(1, Program.content(here).size());
        Files.createDirectories(here.resolve("runs/other"));
        Program.finish(program.start())
                .assertRefused(
                        "runs has no last.safetensors, nor has a folder in it", "train one first, without --resume");
    }

    @Test
    void resumeRefusesWhatIsNoRun() throws IOException {
        resume(folder.resolve("nothing")).assertRefused(folder.resolve("nothing") + " is not the folder of a run");
        resume(data).assertRefused(data + " has no last.safetensors");
        resume(data.resolve("train-images-idx3-ubyte")).assertRefused("is not the folder of a run");
        assertEquals(3, Program.content(data).size());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--epochs | 0",
                "--epochs | -1",
                "--epochs | 1.5",
                "--epochs | 99999999999",
                "--epochs | x",
                "--epochs | ''",
                "--epochs | ' '",
                "--batch-size | 0",
                "--batch-size | -1",
                "--batch-size | 65537",
                "--batch-size | 99999999999",
                "--batch-size | 1e3",
                "--learning-rate | 0",
                "--learning-rate | -1",
                "--learning-rate | NaN",
                "--learning-rate | Infinity",
                "--learning-rate | 1.5",
                "--learning-rate | 1e-60",
                "--learning-rate | x",
                "--learning-rate | ''",
                "--learning-rate | 0,001",
                "--loss | huber",
                "--loss | ''",
                "--weight-decay | -1",
                "--weight-decay | -1e-30",
                "--weight-decay | NaN",
                "--weight-decay | nan",
                "--weight-decay | Infinity",
                "--weight-decay | x",
                "--weight-decay | ''",
                "--ema | 1",
                "--ema | 1.5",
                "--ema | -1",
                "--ema | -1e-30",
                "--ema | NaN",
                "--ema | nan",
                "--ema | Infinity",
                "--ema | x",
                "--ema | ''",
                "--schedule | linear",
                "--schedule | ''",
                "--seed | 1.5",
                "--seed | 99999999999999999999",
                "--seed | x",
                "--seed | ''",
                "--noise-mean | NaN",
                "--noise-mean | Infinity",
                "--noise-mean | 1e39",
                "--noise-mean | x",
                "--noise-mean | ''",
                "--noise-mean | 1/0",
                "--noise-mean | /255",
                "--noise-mean | 1e300/1e-300",
                "--noise-std | -1",
                "--noise-std | NaN",
                "--noise-std | 1e39",
                "--noise-std | 1..0.5",
                "--noise-std | 0.1..0.2..0.3",
                "--noise | pink",
                "--noise | ''",
                "--noise-amount | 0.5",
                "--noise-peak | 4",
                "--noise-std | ..",
                "--noise-std | 0.1..",
                "--noise-std | x",
                "--noise-std | ''",
                "--noise-std | -0.1..0.5",
                "--noise-std | 25/-255",
                "--noise-std | 55/255..5/255",
                "--noise-std | 15/255,25/255",
                "--filters | 0",
                "--filters | -1",
                "--filters | ''",
                "--filters | 2,,4",
                "--filters | 99999999999",
                "--filters | 2.5",
                "--filters | 2,4,8,16",
                "--filters | 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",
                "--filters | 100000,100000",
                "--filters | 2;4",
                "--filters | 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",
                "--kernel-size | 0",
                "--kernel-size | 2",
                "--kernel-size | 9",
                "--kernel-size | -3",
                "--kernel-size | 99999999999",
                "--latent-dim | 0",
                "--latent-dim | -1",
                "--latent-dim | 2000000000",
                "--latent-dim | 99999999999",
                "--validation-split | -0.1",
                "--validation-split | 1",
                "--validation-split | NaN",
                "--validation-split | 0.999",
                "--limit | -1",
                "--limit | 99999999999",
                "--validation-limit | -1",
                "--validation-limit | x",
                "--engine | quantum",
                "--engine | ''",
                "--precision | fp7",
                "--precision | ''",
                "--threads | -1",
                "--threads | 1000000",
                "--threads | x",
                "--data | nowhere",
                "--data | ''",
                "--validation-data | nowhere",
                "--validation-data | ''",
                "--init-from | nowhere",
                "--init-from | tests/golden/tiny.safetensors",
                "--init-from | tests",
                "--init-from | ''",
                "--output | pom.xml",
                "--output | tests",
                "--output | pom.xml/run",
                "--output | ''",
                "--resume | nowhere",
                "--resume | ''",
                "--bogus | 1",
                "--Epochs | 3",
                "-e | 3",
                "--epoch | 3"
            })
    void refusesWhatIsOutOfRange(String option, String value) throws IOException {
        Map<String, String> before = Program.content(folder);
        train(option, value).assertRefused("dae-gpu train: ");
        assertEquals(before, Program.content(folder));
    }

    @ParameterizedTest
    @EnumSource(Noise.Kind.class)
    void resumesWithAnyNoiseAsIfNeverInterrupted(Noise.Kind kind) throws IOException {
        String measure = "--noise-" + kind.measure();
        String range = kind.defaultLevel() + ".." + 1.5f * kind.defaultLevel();
        List<Object> given = new ArrayList<>(List.of("--noise", kind, measure, range, "--schedule", "constant"));
        if (kind.hasGain()) {
            given.addAll(List.of("--noise-gain", "0.1..0.2"));
        }
        String out = train(given.toArray()).assertDone().out();
        int longest = kind.hasGain() ? 110 : 100;
        assertTrue(
                out.lines()
                        .anyMatch(line ->
                                line.startsWith("Noise:   ") && line.contains(range) && line.length() <= longest),
                out);
        Path resumed = folder.resolve("resumed");
        given.addAll(List.of("--epochs", "1", "--output", resumed));
        train(given.toArray()).assertDone();
        resume(resumed, "--epochs", "2").assertDone();
        assertEquals(Program.result(run), Program.result(resumed));
        Noise noise =
                Checkpoint.read(resumed.resolve("last.safetensors")).options().noise();
        Noise expected = new Noise(kind, kind.defaultMean(), kind.defaultLevel(), 1.5f * kind.defaultLevel(), false);
        assertEquals(kind.hasGain() ? expected.withGains(0.1f, 0.2f) : expected, noise);
        JsonNode options =
                new ObjectMapper().readTree(run.resolve("config.json").toFile()).get("options");
        assertEquals(kind.toString(), options.get("noise").textValue());
        assertEquals(
                kind.hasMean() ? String.valueOf(kind.defaultMean()) : "null",
                options.get("noise-mean").asText());
        assertEquals(
                kind.hasGain() ? "0.1..0.2" : "null", options.get("noise-gain").asText());
        for (Noise.Measure each : Noise.Measure.values()) {
            assertEquals(
                    each == kind.measure() ? range : "null",
                    options.get("noise-" + each).asText());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "gaussian, --noise-std, 5/255..55/255, 0.019607844..0.21568628, 'image + N(0.5, 5/255..55/255), '",
        "uniform, --noise-std, 1/4, 0.25, 'image + U(mean 0.5, std 0.25), '",
        "speckle, --noise-std, 1/4..0.5, 0.25..0.5, 'image + image * N(0.0, 0.25..0.5), '",
        "poisson, --noise-peak, 9/2, 4.5, 'Poisson(image * peak) / peak, '",
        "poisson-gaussian, --noise-gain, 0.01..1/4, 0.01..0.25, 'image + N(0, sqrt(0.01..0.25 * image + 0.1^2)), '",
        "poisson-gaussian, --noise-std, 0.1..0.2, 0.1..0.2, 'image + N(0, sqrt(0.25 * image + (0.1..0.2)^2)), '"
    })
    void resumesWithNoiseThatIsNotClippedAsIfNeverInterrupted(
            String kind, String measure, String level, String recorded, String formula) throws IOException {
        List<Object> noise = List.of("--noise", kind, measure, level, "--no-clip", "--schedule", "constant");
        String out = train(noise.toArray()).assertDone().out();
        assertTrue(
                out.lines()
                        .anyMatch(line -> line.startsWith("Noise:   " + formula + "not clipped")
                                && line.endsWith(", drawn afresh in each epoch")
                                && line.length() <= 100),
                out);
        Path resumed = folder.resolve("resumed");
        List<Object> half = new ArrayList<>(noise);
        half.addAll(List.of("--epochs", "1", "--output", resumed));
        train(half.toArray()).assertDone();
        resume(resumed, "--epochs", "2").assertDone();
        assertEquals(Program.result(run), Program.result(resumed));
        assertFalse(Checkpoint.read(resumed.resolve("last.safetensors"))
                .options()
                .noise()
                .clipped());
        JsonNode options =
                new ObjectMapper().readTree(run.resolve("config.json").toFile()).get("options");
        assertFalse(options.get("clip").booleanValue());
        assertEquals(recorded, options.get(measure.substring(2)).asText());
        String report = Files.readString(run.resolve("report.html"));
        assertTrue(report.contains(measure + " " + recorded + " ") && report.contains(" --no-clip "), report);
        Path again = folder.resolve("again");
        Program.run("train", "--config", run.resolve("config.json"), "--output", again)
                .assertDone();
        assertEquals(Program.result(run), Program.result(again));
        Path clipped = folder.resolve("clipped");
        Program.run("train", "--config", run.resolve("config.json"), "--clip", "--output", clipped)
                .assertDone();
        assertNotEquals(Program.result(run), Program.result(clipped));
    }

    @Test
    void noiseIsClippedUnlessSaidOtherwise() throws IOException {
        train().assertDone();
        train("--clip", "--output", folder.resolve("clipped")).assertDone();
        assertEquals(Program.result(run), Program.result(folder.resolve("clipped")));
        assertTrue(new ObjectMapper()
                .readTree(run.resolve("config.json").toFile())
                .at("/options/clip")
                .booleanValue());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "25/0      | '25/0' divides by 0",
                "0/0       | '0/0' divides by 0",
                "0..25/0   | '25/0' divides by 0",
                "/255      | '/255' is neither a number, such as 0.5 or 25/255, nor a range",
                "25/       | '25/' is neither",
                "/         | '/' is neither",
                "1/2/3     | '1/2/3' is neither",
                "nan/2     | 'nan/2' is neither",
                "NaN/2     | 'NaN/2' is neither",
                "1/Infinity | '1/Infinity' is neither",
                "1/2../    | '1/2../' is neither"
            })
    void refusesWhatIsNoFraction(String level, String problem) {
        train("--noise-std", level).assertRefused("'--noise-std': " + problem);
        if (!level.contains("..")) {
            train("--noise-mean", level).assertRefused("'--noise-mean': " + problem.replaceFirst(" a number.*", ""));
        }
        train("--noise", "masking", "--noise-amount", level).assertRefused("'--noise-amount': " + problem);
    }

    @Test
    void fractionsAreTheFloatsNearestToThem() throws IOException {
        train("--noise-std", "5/255..25/255", "--noise-mean", "1/3").assertDone();
        JsonNode options =
                new ObjectMapper().readTree(run.resolve("config.json").toFile()).get("options");
        assertEquals("0.019607844..0.09803922", options.get("noise-std").asText());
        assertEquals("0.33333334", options.get("noise-mean").asText());
        assertEquals(
                new Noise(1 / 3f, 5 / 255f, 25 / 255f, false),
                Checkpoint.read(run.resolve("last.safetensors")).options().noise());
    }

    @Test
    void refusesNoiseOptionsOfAnotherKind() throws IOException {
        Map<String, String> before = Program.content(folder);
        train("--noise-amount", "0.1")
                .assertRefused(
                        "--noise-amount goes with salt-pepper and masking noise",
                        "this is gaussian, which takes --noise-std");
        train("--noise", "Poisson", "--noise-std", "1")
                .assertRefused(
                        "--noise-std goes with gaussian, uniform, speckle and poisson-gaussian noise",
                        "this is poisson, which takes --noise-peak");
        train("--noise", "masking", "--noise-peak", "1").assertRefused("--noise-peak goes with poisson noise");
        train("--noise", "masking", "--noise-mean", "0")
                .assertRefused("--noise-mean goes with gaussian, uniform and speckle noise", "this is masking");
        train("--noise", "masking", "--no-clip")
                .assertRefused(
                        "--no-clip goes with gaussian, uniform, speckle, poisson and poisson-gaussian noise",
                        "this is masking, which stays from 0 to 1");
        train("--noise", "pink").assertRefused("--noise", "no noise called pink", "salt-pepper");
        train("--noise", "masking", "--noise-amount", "0.5..1.5").assertRefused("amount", "from 0 to 1", "0.5..1.5");
        train("--noise", "poisson", "--noise-peak", "0").assertRefused("peak", "above 0", "0.0");
        train("--noise", "poisson", "--noise-peak", "x").assertRefused("--noise-peak", "'x'");
        assertEquals(before, Program.content(folder));
    }

    @Test
    void namesTheOptionAndTheValue() {
        train("--batch-size", "65537").assertRefused("--batch-size", "65537");
        train("--threads", "1000000").assertRefused("--threads", "1000000");
        train("--epochs", "99999999999").assertRefused("--epochs", "99999999999");
        train("--engine", "quantum").assertRefused("quantum", "reference");
        train("--limit", "-1").assertRefused("--limit", "-1");
        train("--log-every", "0").assertRefused("--log-every", "0");
        train("--schedule", "linear").assertRefused("--schedule", "linear", "constant and cosine");
        train("--loss", "huber").assertRefused("--loss", "huber", "mse, l1, charbonnier");
        train("--weight-decay", "-1").assertRefused("--weight-decay must be 0 or more, not -1.0");
        train("--ema", "1").assertRefused("--ema must be 0 or more and less than 1, not 1.0");
        train("--ema", "nan").assertRefused("--ema", "nan");
        train("--data", "").assertRefused("--data");
    }

    @Test
    void refusesAnOptionGivenTwice() throws IOException {
        // Taking the last one would be fine, but the parser would forget other options of the group as well.
        List<Object> arguments = Program.training(data, run);
        arguments.addAll(List.of("--noise-std", "1", "--epochs", "3"));
        Program.run(arguments.toArray()).assertRefused("--epochs", "once");
        arguments = Program.training(data, run);
        arguments.addAll(List.of("--noise-once", "--noise-mean", "0.1", "--noise-once"));
        Program.run(arguments.toArray()).assertRefused("--noise-once", "once");
        for (List<String> both : List.of(List.of("--no-clip", "--clip"), List.of("--no-clip", "--no-clip"))) {
            arguments = Program.training(data, run);
            arguments.addAll(List.of(both.get(0), "--noise-std", "0.1", both.get(1)));
            Program.run(arguments.toArray()).assertRefused("--clip can be given only once");
        }
        arguments = Program.training(data, run);
        arguments.addAll(List.of("--kernel-size", "5", "--filters=2"));
        Program.run(arguments.toArray()).assertRefused("--filters", "once");
        assertFalse(Files.exists(run));
    }

    @Test
    void takesNoOptionForAValue() {
        Program.run("train", "--data", data, "--output", "--noise-onc").assertRefused("--output");
        Program.run("train", "--data", data, "--output", "--noise-once").assertRefused("--output");
        Program.run("train", "--data", data, "--output").assertRefused("--output");
        assertFalse(Files.exists(Path.of("--noise-onc")));
        train("--seed", "-5", "--noise-mean", "-1e-1", "--epochs", "1").assertDone();
        assertEquals(
                -5, Checkpoint.read(run.resolve("last.safetensors")).options().seed());
        assertEquals(
                -0.1f,
                Checkpoint.read(run.resolve("last.safetensors"))
                        .options()
                        .noise()
                        .mean());
    }

    @Test
    void readsNoArgumentsFromFiles() throws IOException {
        Path file = Files.writeString(folder.resolve("arguments"), "--epochs 1");
        Program.run("train", "@" + file).assertRefused("@" + file);
    }

    @Test
    void refusesImagesThatCannotBeUsed() throws IOException {
        Path images = data.resolve("train-images-idx3-ubyte");
        byte[] whole = Files.readAllBytes(images);
        for (int length : new int[] {0, 3, 10, 16, whole.length - 1}) {
            Files.write(images, Arrays.copyOf(whole, length));
            train().assertRefused(images.toString());
        }
        Files.write(images, Arrays.copyOf(whole, whole.length + 1));
        train().assertRefused(images.toString());
        IdxFile.write(images, new ImageSet(6, 8, 1, new byte[48 * 4]));
        train().assertRefused("validation images must be like the training images");
        Files.delete(data.resolve("t10k-images-idx3-ubyte"));
        train().assertRefused("divisible by 4", "6x8");
        IdxFile.write(images, Program.images(1, 1));
        train().assertRefused(images.toString(), "cannot be split");
        Files.delete(images);
        train().assertRefused(data.toString(), "holds no training images");
        assertFalse(Files.exists(run));
    }

    /**
     * A rate so high that the error goes up at once: the options reach the trainer, and are the run's own from then on.
     */
    @Test
    void stopsEarlyAndKeepsTheNewestCheckpoints() throws IOException {
        Result result = train(
                        "--epochs",
                        "9",
                        "--learning-rate",
                        "0.2",
                        "--schedule",
                        "constant",
                        "--early-stop",
                        "2",
                        "--keep",
                        "2")
                .assertDone();
        List<MetricsLog.Row> rows = MetricsLog.read(run.resolve("metrics.csv"));
        int best = MetricsLog.best(rows).orElseThrow().epoch();
        int last = rows.get(rows.size() - 1).epoch();
        assertTrue(last < 9 && last == best + 2, "best " + best + ", last " + last);
        assertTrue(
                result.out().contains("Stopped early: no lower validation error in the last 2 epochs."), result.out());
        assertEquals(
                Set.of(
                        "checkpoints/epoch-00" + (last - 1) + ".safetensors",
                        "checkpoints/epoch-00" + last + ".safetensors"),
                kept());

        result = resume(run, "--epochs", "9").assertDone();
        assertEquals(last, MetricsLog.read(run.resolve("metrics.csv")).size(), "no patience is left: " + result.out());
        resume(run, "--epochs", String.valueOf(last + 2), "--early-stop", "0", "--keep", "1")
                .assertDone();
        assertEquals(last + 2, MetricsLog.read(run.resolve("metrics.csv")).size());
        assertEquals(Set.of(String.format(Locale.ROOT, "checkpoints/epoch-%03d.safetensors", last + 2)), kept());
    }

    private Set<String> kept() throws IOException {
        return Program.content(run).keySet().stream()
                .filter(name -> name.startsWith("checkpoints/"))
                .collect(Collectors.toSet());
    }

    /**
     * Pictures of several sizes, one of them damaged: the rest is trained on, and a resumed run prepares them alike.
     */
    @Test
    void foldersOfPicturesAreTrainedOn() throws IOException {
        Path photos = Files.createDirectories(folder.resolve("photos/sub")).getParent();
        for (int i = 0; i < 6; i++) {
            byte[] pixels = new byte[(9 + i) * 20 * 3];
            Seeds.random(i).nextBytes(pixels);
            Files.write(
                    photos.resolve((i < 3 ? "sub/" : "") + i + ".png"),
                    ImageFile.encode(new ImageSet(9 + i, 20, 3, pixels), 0, "png"));
        }
        Path broken = Files.write(photos.resolve("0.jpg"), new byte[] {1});
        List<Object> arguments = Program.training(photos, run);
        arguments.addAll(List.of("--tiles", "8x8", "--overlap", "2", "--color", "grey"));
        Result result = Program.run(arguments.toArray());
        assertEquals(3, result.status(), result.err());
        assertEquals(
                "dae-gpu train: left out: " + broken
                        + " is not a picture that can be read: those are PNG, JPEG, TIFF, BMP, GIF or WebP",
                result.err().strip());
        assertTrue(result.out().contains("images of 8x8 grey from " + photos), result.out());
        Matcher next = Pattern.compile(" (evaluate) (\\S+)\\s*$").matcher(result.out());
        assertTrue(next.find(), result.out());
        Program.run(next.group(1), next.group(2)).assertRefusedWith(3, "left out: " + broken);
        assertTrue(Files.exists(run.resolve("robustness.png")));
        String config = Files.readString(run.resolve("config.json"));
        assertTrue(
                config.contains("\"tiles\" : \"8x8\"")
                        && config.contains("\"overlap\" : 2")
                        && config.contains("\"color\" : \"grey\"")
                        && config.contains("\"resize\" : null"),
                config);
        Path other = folder.resolve("longer");
        List<Object> longer = new ArrayList<>(arguments);
        longer.set(longer.indexOf("--epochs") + 1, "3");
        longer.set(longer.indexOf(run), other);
        longer.addAll(List.of("--schedule", "constant"));
        assertEquals(3, Program.run(longer.toArray()).status());
        assertEquals(3, Program.run("train", "--resume", other, "--epochs", "4").status());
        Program.run("train", "--resume", other, "--color", "color")
                .assertRefused("--color cannot be given with --resume");
    }

    @Test
    void refusesPicturesThatCannotBePrepared() throws IOException {
        Path photos = Files.createDirectory(folder.resolve("photos"));
        Files.write(photos.resolve("a.png"), ImageFile.encode(new ImageSet(9, 9, 1, new byte[81]), 0, "png"));
        Files.write(photos.resolve("b.png"), ImageFile.encode(new ImageSet(9, 9, 1, new byte[81]), 0, "png"));
        for (String[] wrong : new String[][] {
            {"divisible by 4, not 9x9; take 8x8 or 12x12"},
            {"divisible by 4, not 30x9; take 28x8 or 32x12", "--resize", "30x9"},
            {"'8x' is not a size, such as 96x128", "--crop", "8x"},
            {"'0' is not a size", "--tiles", "0"},
            {"give one of --resize, --crop, --tiles and --patches", "--crop", "8x8", "--tiles", "8x8"},
            {"--overlap goes with --tiles", "--resize", "8x8", "--overlap", "2"},
            {"overlap by 0 to 7 pixels, not 8", "--tiles", "8", "--overlap", "8"},
            {"--color must be grey, color or auto, not red", "--color", "red"}
        }) {
            List<Object> arguments = Program.training(photos, run);
            arguments.addAll(List.of(wrong).subList(1, wrong.length));
            Program.run(arguments.toArray()).assertRefused(wrong[0]);
        }
        List<Object> idx = Program.training(data, run);
        idx.addAll(List.of("--resize", "8x8"));
        Program.run(idx.toArray()).assertRefused("only folders of pictures can be resized", "train-images");
        assertFalse(Files.exists(run));
    }

    @Test
    void commandsToTryNextCanBeCopied() {
        Path odd = folder.resolve("Ann's run");
        String out = train("--output", odd).assertDone().out();
        assertTrue(out.strip().endsWith(" evaluate '" + folder + "/Ann'\\''s run'"), out);
        out = resume(odd).assertDone().out();
        assertTrue(out.contains(" --resume '" + folder + "/Ann'\\''s run' --epochs 4"), out);
    }

    @Test
    void oneImageTrains() {
        train("--limit", "1", "--validation-limit", "1").assertDone();
        assertEquals(2, Checkpoint.read(run.resolve("last.safetensors")).state().step());
    }

    @Test
    void splitsAndLimits() {
        String out = train(
                        "--data",
                        data.resolve("train-images-idx3-ubyte"),
                        "--validation-split",
                        "0.25",
                        "--limit",
                        "20")
                .assertDone()
                .out();
        assertTrue(out.contains("training: 20 images") && out.contains("validation: 10 images"), out);
    }

    @Test
    void touchesNoRunThatExists() throws IOException {
        train("--epochs", "1").assertDone();
        Map<String, String> before = Program.content(run);
        train().assertRefused(run + " exists already", "--resume " + run);
        assertEquals(before, Program.content(run));
    }

    @Test
    void modelStartsAnotherRun() throws IOException {
        train("--epochs", "1").assertDone();
        Path second = folder.resolve("second");
        Program.run(
                        "train",
                        "--data",
                        data,
                        "--output",
                        second,
                        "--epochs",
                        "1",
                        "--batch-size",
                        "40",
                        "--engine",
                        "reference",
                        "--learning-rate",
                        "1e-30",
                        "--init-from",
                        run)
                .assertDone();
        Parameters expected =
                Checkpoint.read(run.resolve("best.safetensors")).state().parameters();
        // At this rate nothing moves.
        Checkpoint checkpoint = Checkpoint.read(second.resolve("last.safetensors"));
        assertArrayEquals(expected.values(), checkpoint.state().parameters().values(), 1e-25f);
        assertEquals(1, checkpoint.state().step());
        assertEquals(
                List.of(2, 4),
                assertInstanceOf(Autoencoder.class, checkpoint.options().architecture())
                        .filters());
        Path third = folder.resolve("third");
        Program.run("train", "--data", data, "--output", third, "--init-from", run, "--filters", "2,4")
                .assertRefused("--filters cannot be given with --init-from");
        Program.run("train", "--output", third, "--init-from", run, "--limit", "10")
                .assertRefused("8x8 grey", "28x28 grey");
        assertFalse(Files.exists(third));
    }

    @Test
    void firstWeightsAreTheSeeds() throws IOException {
        train("--epochs", "1", "--learning-rate", "1e-30", "--seed", "11").assertDone();
        Checkpoint checkpoint = Checkpoint.read(run.resolve("last.safetensors"));
        assertArrayEquals(
                Initializer.glorotUniform(checkpoint.options().network(), 11).values(),
                checkpoint.state().parameters().values(),
                1e-25f);
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu"})
    void stopsWhereTheLossIsNotFinite(String engine) throws IOException {
        train("--epochs", "1").assertDone();
        Path last = run.resolve("last.safetensors");
        Checkpoint checkpoint = Checkpoint.read(last);
        Arrays.fill(checkpoint.state().parameters().values(), 3e38f);
        checkpoint.state().parameters().values()[0] = -3e38f;
        checkpoint.write(last);
        byte[] before = Files.readAllBytes(last);
        Result result = resume(run, "--epochs", "2", "--engine", engine);
        result.assertRefusedWith(4, "no longer a finite number", last.toString(), "--learning-rate");
        assertArrayEquals(before, Files.readAllBytes(last));
        assertEquals(1, MetricsLog.read(run.resolve("metrics.csv")).size());
    }

    @Test
    void lossOfTheGreatestRateStaysFiniteOrIsReported() throws IOException {
        Result result = train("--learning-rate", "1", "--noise-mean", "4", "--epochs", "5");
        assertTrue(result.status() == 0 || result.status() == 4, result.err());
        Checkpoint.read(run.resolve("last.safetensors"));
        Checkpoint.read(run.resolve("best.safetensors"));
    }

    /** 0 to 255 is the unit of the literature, and of the files. */
    @ParameterizedTest
    @CsvSource({"--noise-std,25", "--noise-std,0..55", "--noise-std,4.5", "--noise-mean,128", "--noise-mean,-10"})
    void noiseInUnitsOfBytesIsRefusedWithWhatToWrite(String option, String value) {
        train(option, value).assertRefused(option, "times white", "/255");
        assertFalse(Files.exists(run));
    }

    /** Validating 10,000 images would take longer than training on a few. */
    @Test
    void limitGoesForValidationToo() {
        assertTrue(Program.run("train", "--limit", "7", "--dry-run")
                .assertDone()
                .out()
                .contains("validation: 7 "));
        assertTrue(Program.run("train", "--limit", "7", "--validation-limit", "9", "--dry-run")
                .assertDone()
                .out()
                .contains("validation: 9 "));
    }

    /** Beside the error of the mean image and of the noisy ones, worked out here from the images. */
    @Test
    void modelThatHasLearnedNothingIsCalledUseless() {
        String useless =
                train("--epochs", "1", "--learning-rate", "1e-9").assertDone().out();
        ImageSet validation = Program.images(Program.VALIDATION_IMAGES, 2);
        int size = validation.imageSize();
        double error = 0;
        for (int pixel = 0; pixel < size; pixel++) {
            double mean = 0;
            for (int i = 0; i < validation.count(); i++) {
                mean += (validation.pixels()[i * size + pixel] & 0xFF) / 255.0 / validation.count();
            }
            for (int i = 0; i < validation.count(); i++) {
                error += Math.pow((validation.pixels()[i * size + pixel] & 0xFF) / 255.0 - mean, 2);
            }
        }
        error /= (validation.count() - 1.0) * size;
        assertTrue(
                useless.contains(String.format(
                        Locale.ROOT,
                        "This model is of no use yet: without any network, the mean of the images has an MSE of %.5f.",
                        error)),
                useless);
        String noisy = Program.run(
                        "train",
                        "--limit",
                        "40",
                        "--epochs",
                        "1",
                        "--learning-rate",
                        "1e-9",
                        "--noise-std",
                        "0.01",
                        "--noise-mean",
                        "0",
                        "--no-clip",
                        "--output",
                        folder.resolve("noisy"))
                .assertDone()
                .out();
        // Clipped, as the output is: that takes half of the noise of black pixels, which most are.
        assertTrue(noisy.contains("the noisy images have an MSE of 0.00006."), noisy);
        String useful = Program.run(
                        "train",
                        "--limit",
                        "10000",
                        "--validation-limit",
                        "500",
                        "--epochs",
                        "2",
                        "--filters",
                        "16,32",
                        "--output",
                        folder.resolve("useful"))
                .assertDone()
                .out();
        assertFalse(useful.contains("of no use"), useful);
    }
}
