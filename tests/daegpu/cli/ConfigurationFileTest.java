package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import daegpu.cli.Program.Result;
import daegpu.data.ImageFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationFileTest {

    @TempDir
    private Path folder;

    private Path data;
    private Path run;

    @BeforeEach
    void writeImages() throws IOException {
        data = Program.writeImages(folder.resolve("data"));
        run = folder.resolve("run");
    }

    private Path write(String text) throws IOException {
        return Files.writeString(folder.resolve("options.yaml"), text);
    }

    private static JsonNode options(Path run) throws IOException {
        return new ObjectMapper().readTree(run.resolve("config.json").toFile()).get("options");
    }

    private String tiny() {
        return "data: '" + data + "'\noutput: '" + run + "'\nengine: reference\nthreads: 1\nepochs: 2\nbatch-size: 4\n"
                + "filters: [2, 4]\nlatent-dim: 3\n";
    }

    @Test
    void givesTheSameRunAsFlags() throws IOException {
        Path flags = folder.resolve("flags");
        Program.run(Program.training(data, flags).toArray()).assertDone();
        Path file = write("# tiny\n" + tiny() + "seed: null\nnoise-once: false\n");
        Result result = Program.run("train", "--config", file).assertDone();
        assertTrue(result.out().contains("Config:  " + file), result.out());
        assertEquals(Program.result(flags), Program.result(run));
    }

    @Test
    void flagsWin() throws IOException {
        Path file = write(tiny() + "learning-rate: 1e-3\nnoise-std: 0.25..1.0\nnoise-once: true\nseed: 7\n");
        Program.run("train", "--epochs", 1, "--config=" + file, "--filters=4,2", "--noise-once=false")
                .assertDone();
        JsonNode options = options(run);
        assertEquals(1, options.get("epochs").intValue());
        assertEquals("[4,2]", options.get("filters").toString());
        assertFalse(options.get("noise-once").booleanValue());
        assertEquals("0.25..1.0", options.get("noise-std").textValue());
        assertEquals(0.001, options.get("learning-rate").doubleValue());
        assertEquals(7, options.get("seed").intValue());
    }

    @Test
    void anotherKindOfNoiseLeavesTheFiguresOfTheFirst() throws IOException {
        Path file = write(tiny() + "noise-mean: 0.1\nnoise-std: 0.2\n");
        Program.run("train", "--config", file, "--noise", "masking", "--epochs", 1)
                .assertDone();
        assertEquals("masking", options(run).get("noise").textValue().toLowerCase(Locale.ROOT));
        assertTrue(options(run).get("noise-std").isNull());
        assertEquals("0.5", options(run).get("noise-amount").asText());
    }

    @Test
    void takesFractionsAndNoiseThatIsNotClipped() throws IOException {
        Path file = write(tiny() + "noise-mean: 1/255\nnoise-std: 5/255..25/255\nclip: false\n");
        Program.run("train", "--config", file, "--epochs", 1).assertDone();
        assertEquals("0.003921569", options(run).get("noise-mean").asText());
        assertEquals("0.019607844..0.09803922", options(run).get("noise-std").textValue());
        assertFalse(options(run).get("clip").booleanValue());
        String first = run.toString();
        run = folder.resolve("clipped");
        String text = Files.readString(file).replace(first, run.toString());
        Program.run("train", "--config", write(text), "--epochs", 1, "--clip").assertDone();
        assertTrue(options(run).get("clip").booleanValue());
        assertEquals("0.019607844..0.09803922", options(run).get("noise-std").textValue());
        first = run.toString();
        run = folder.resolve("masking");
        file = write(text.replace(first, run.toString()));
        Program.run("train", "--config", file, "--epochs", 1, "--noise", "masking")
                .assertDone();
        assertTrue(options(run).get("clip").booleanValue(), "that is a figure of the first kind, too");
    }

    /** A flag displaces the options of the file that it excludes. */
    @Test
    void flagsDisplaceWhatTheyExclude() throws IOException {
        Path photos = Files.createDirectory(folder.resolve("photos"));
        for (int i = 0; i < 5; i++) {
            Files.write(photos.resolve(i + ".png"), ImageFile.encode(Program.images(1, i), 0, "png"));
        }
        String pictures = tiny().replace(data.toString(), photos.toString());
        Path file = write(pictures + "tiles: 8x8\noverlap: 4\n");
        Program.run("train", "--config", file, "--resize", "4x4", "--epochs", 1).assertDone();
        assertEquals("4x4", options(run).get("resize").textValue());
        assertTrue(options(run).get("tiles").isNull());
        assertEquals(0, options(run).get("overlap").intValue());

        run = folder.resolve("overlap");
        file = write(pictures.replace(folder.resolve("run").toString(), run.toString()) + "tiles: 8x8\noverlap: 4\n");
        Program.run("train", "--config", file, "--overlap", 2, "--epochs", 1).assertDone();
        assertEquals("8x8", options(run).get("tiles").textValue());
        assertEquals(2, options(run).get("overlap").intValue());

        run = folder.resolve("split");
        file = write(
                tiny().replace(folder.resolve("run").toString(), run.toString()) + "validation-data: '" + data + "'\n");
        Program.run("train", "--config", file, "--validation-split", 0.25, "--epochs", 1)
                .assertDone();
        assertTrue(options(run).get("validation-data").isNull());
        assertEquals(0.25, options(run).get("validation-split").doubleValue());

        Path model = run;
        run = folder.resolve("from-model");
        file = write(
                tiny().replace(folder.resolve("run").toString(), run.toString()).replace("[2, 4]", "[3, 5]"));
        Result result = Program.run("train", "--config", file, "--init-from", model, "--epochs", 1)
                .assertDone();
        assertTrue(result.out().contains("Total parameters: 452"), "the network of the model: " + result.out());
    }

    @Test
    void takesTheRecordOfARun() throws IOException {
        Path first = folder.resolve("first");
        List<Object> arguments = Program.training(data, first);
        arguments.addAll(List.of("--noise-std", "0.25..1.0", "--noise-once", "--seed", "-3"));
        Program.run(arguments.toArray()).assertDone();
        Program.run("train", "--config", first.resolve("config.json"), "--output", run)
                .assertDone();
        ObjectNode expected = options(first).deepCopy();
        expected.put("output", run.toAbsolutePath().toString());
        assertEquals(expected, options(run));
        assertEquals(Program.result(first), Program.result(run));
    }

    @Test
    void takesTheRecordOfARunFromAModel() throws IOException {
        Path model = Program.train(data, folder.resolve("model"));
        Path first = folder.resolve("first");
        Program.run(
                        "train",
                        "--data",
                        data,
                        "--init-from",
                        model,
                        "--output",
                        first,
                        "--epochs",
                        1,
                        "--batch-size",
                        4,
                        "--engine",
                        "reference")
                .assertDone();
        Program.run("train", "--config", first.resolve("config.json"), "--output", run)
                .assertDone();
        assertEquals(Program.result(first), Program.result(run));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            epoch: 3               | line 1, column 1, has epoch, which is not an option | did you mean epochs
            resume: runs           | resume, which is not an option                  | options.yaml
            no-clip: true          | no-clip, which is not an option                 | write clip: false
            epochs: 3\\nepochs: 4   | line 2, column 1, has epochs again             | options.yaml
            epochs: many           | Invalid value for option '--epochs'             | epochs is from
            epochs: 0              | --epochs must be 1 or more, not 0               | epochs is from
            ema: 1                 | --ema must be 0 or more and less than 1         | ema is from
            loss: huber            | there is no loss called huber                   | loss is from
            threads: -1            | --threads must be 0 to                          | threads is from
            noise-std: 25/0        | '25/0' divides by 0                             | noise-std is from
            noise: masking\\nclip: false | --no-clip goes with gaussian               | clip is from
            clip: maybe            | has clip, which must be true or false, not maybe | options.yaml
            data: [a, b]           | has data, which takes one value                 | options.yaml
            noise-once: maybe      | noise-once, which must be true or false, not maybe | options.yaml
            filters: [1, {a: 2}]   | filters, which takes one value or a list        | options.yaml
            a: [1                  | is not YAML                                     | line 1, column
            [1, 2]                 | has no options                                  | options.yaml
            # nothing              | has no options                                  | options.yaml
            """)
    void refusesInOneLine(String text, String first, String second) throws IOException {
        Path file = write(text.replace("\\n", "\n"));
        Program.run("train", "--config", file, "--output", run).assertRefused(first, second, file.toString());
        assertFalse(Files.exists(run));
    }

    @Test
    void refusesWhatIsNoSuchFile() throws IOException {
        Program.run("train", "--config", folder.resolve("none.yaml")).assertRefused("none.yaml does not exist");
        Program.run("train", "--config", folder).assertRefused(folder + " cannot be read");
        Program.run("train", "--config", Files.write(folder.resolve("bytes"), new byte[] {(byte) 0xff, 1}))
                .assertRefused("is not UTF-8 text");
        Program.run("train", "--config", Files.write(folder.resolve("zeros"), new byte[9]))
                .assertRefused("is not YAML");
        Program.run("train", "--config").assertRefused("--config");
        Program.run("train", "--config=").assertRefused("path cannot be empty");
        Path file = write("epochs: 3");
        Program.run("train", "--config", file, "--config", file).assertRefused("--config can be given only once");
        Program.run("train", "--config", file, "--resume", folder)
                .assertRefused("--config cannot be given with --resume");
    }
}
