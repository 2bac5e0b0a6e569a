package daegpu.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.data.ImageFiles;
import daegpu.data.ImagesInMemory;
import daegpu.data.InvalidInputException;
import daegpu.data.Preparation;
import daegpu.data.Preparation.Colour;
import daegpu.data.Preparation.Fit;
import daegpu.engine.Convolutions;
import daegpu.engine.EngineName;
import daegpu.engine.LearningRule;
import daegpu.engine.Loss;
import daegpu.engine.Optimizer;
import daegpu.engine.Precision;
import daegpu.model.Autoencoder;
import daegpu.noise.Noise;
import daegpu.train.LearningRate.Schedule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunRecordTest {

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void nameFile() {
        file = folder.resolve("config.json");
    }

    private String refusal(Runnable action) {
        String message = assertThrows(InvalidInputException.class, action::run).getMessage();
        assertTrue(message.startsWith(file.toString()), message);
        assertFalse(message.contains("Exception"), message);
        return message;
    }

    @Test
    void comesBackAsItWas() throws IOException {
        Map<String, Object> options = new TreeMap<>(
                Map.of("epochs", 3, "rate", 0.1, "engine", "cpu", "filters", List.of(2, 4), "data", "/a b"));
        options.put("validation-data", null);
        RunRecord.of(options)
                .with(Map.of("epochs", 5))
                .withVersions(Map.of("java", "17"))
                .write(file);
        RunRecord read = RunRecord.read(file);
        assertEquals(5, read.count("epochs"));
        assertEquals(0.1, read.number("rate"));
        assertEquals("cpu", read.text("engine"));
        assertEquals(Optional.of(Path.of("/a b")), read.path("data"));
        assertEquals(Optional.empty(), read.path("validation-data"));
        assertEquals(
                "17",
                new ObjectMapper().readTree(file.toFile()).at("/versions/java").textValue());
    }

    /**
     * As version 1 wrote it: before there were kept checkpoints, tiles, colours, noise that is not clipped, or
     * convolutions and learning rules to choose.
     */
    @Test
    void readsRecordsOfOldRuns() throws IOException {
        Files.writeString(file, """
                {"options": {"epochs": 2, "batch-size": 32, "learning-rate": 0.001, "schedule": "constant", "seed": 1,
                 "init-from": null, "noise-mean": 0.5, "noise-std": "0.25..1.0", "noise-once": false,
                 "filters": [32, 64], "kernel-size": 3, "latent-dim": 16, "data": "/a b", "validation-data": null,
                 "validation-split": 0.25, "limit": 512, "validation-limit": 64, "engine": "cpu", "precision": "bf16",
                 "threads": 2, "output": "/run"}, "versions": {"java": "17"}}""");
        RunRecord record = RunRecord.read(file);
        assertFalse(record.hasImagesInMemory());
        assertEquals(new ImageFiles(Path.of("/a b"), null, 0.25, 512, 64, Preparation.NONE), record.images());
        assertEquals(
                new SessionOptions(2, EngineName.CPU, Precision.BF16, 2, 0, Convolutions.AUTO, 50, 0, 0),
                record.session().orElse(SessionOptions.DEFAULTS));
        assertEquals("mse", record.text("loss"));
        assertEquals(0, record.number("weight-decay"));
        assertEquals(0, record.number("ema"));
        assertEquals("true", record.options().get("clip"));
    }

    @Test
    void readsHowPicturesArePrepared() throws IOException {
        String images = "{\"options\": {\"data\": null, \"validation-data\": null, \"validation-split\": 0.0, "
                + "\"limit\": 0, \"validation-limit\": 0, %s}}";
        for (String colour : List.of("color", "colour", "Color")) {
            Files.writeString(
                    file, images.formatted("\"tiles\": \"8x12\", \"overlap\": 2, \"color\": \"" + colour + '"'));
            assertEquals(
                    new Preparation(Fit.TILES, 8, 12, 2, Colour.COLOUR),
                    ((ImageFiles) RunRecord.read(file).images()).preparation());
        }
        for (String wrong : List.of(
                "\"tiles\": \"8\"",
                "\"crop\": \"8x\"",
                "\"resize\": \"0x8\"",
                "\"tiles\": 8",
                "\"color\": \"red\"",
                "\"tiles\": \"8x8\", \"overlap\": 8")) {
            Files.writeString(file, images.formatted(wrong));
            refusal(() -> RunRecord.read(file).images());
        }
    }

    @Test
    void saysOfImagesFromMemoryWhichTheyAreAndNotWhere() throws IOException {
        RunOptions run = new RunOptions(
                folder.resolve("run"),
                new ImagesInMemory(TinyTraining.TRAINING, TinyTraining.VALIDATION),
                Noise.Kind.POISSON.defaultNoise(),
                7,
                Autoencoder.smallest(List.of(2), 3, 2),
                null,
                4,
                Schedule.CONSTANT,
                OptionalDouble.empty(),
                new LearningRule(Loss.L1, Optimizer.adamW(0.01), OptionalDouble.of(0.99)),
                SessionOptions.DEFAULTS);
        RunRecord.of(run, LearningRate.over(Schedule.CONSTANT, 0.002, 0)).write(file);
        RunRecord record = RunRecord.read(file);
        assertTrue(record.hasImagesInMemory());
        assertTrue(refusal(record::images).contains("from its memory"));
        assertEquals(TinyTraining.VALIDATION.identity(), record.texts().get("validation-images"));
        assertEquals("4.0", record.options().get("noise-peak"));
        assertEquals("0.002", record.options().get("learning-rate"));
        assertEquals("l1", record.options().get("loss"));
        assertEquals("0.01", record.options().get("weight-decay"));
        assertEquals("0.99", record.options().get("ema"));
        record.with(SessionOptions.DEFAULTS, ImageFiles.in(Path.of("/files"))).write(file);
        assertEquals(ImageFiles.in(Path.of("/files")), RunRecord.read(file).images());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "null",
                "{}",
                "{\"options\": 5}",
                "{\"options\": null}",
                "no JSON",
                "{\"options\": {}",
                "\u0000\u0001"
            })
    void refusesOtherFiles(String content) throws IOException {
        Files.writeString(file, content);
        refusal(() -> RunRecord.read(file));
    }

    @Test
    void refusesWhatCannotBeRead() throws IOException {
        assertEquals(file + " does not exist", refusal(() -> RunRecord.read(file)));
        Files.createDirectory(file);
        refusal(() -> RunRecord.read(file));
    }

    @Test
    void refusesOptionsOfAnotherKind() throws IOException {
        Files.writeString(file, """
                {"options": {"negative": -1, "half": 1.5, "text": "x", "huge": 99999999999, "nothing": null,
                 "list": [1], "no path": "a\\u0000b"}}""");
        RunRecord record = RunRecord.read(file);
        for (String name : List.of("negative", "half", "text", "huge", "nothing", "list", "absent")) {
            assertTrue(refusal(() -> record.count(name)).contains(name));
        }
        for (String name : List.of("text", "nothing", "list", "absent")) {
            refusal(() -> record.number(name));
        }
        for (String name : List.of("half", "nothing", "list", "absent")) {
            refusal(() -> record.text(name));
        }
        for (String name : List.of("half", "list", "absent", "no path")) {
            assertTrue(refusal(() -> record.path(name)).contains(name));
        }
    }
}
