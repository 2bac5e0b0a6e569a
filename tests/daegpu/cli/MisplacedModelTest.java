package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import daegpu.data.ImageFile;
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

/** A model after the inputs, or a second one, is told as such before anything is made. */
class MisplacedModelTest {

    @TempDir
    private static Path folder;

    private static Path run;

    @BeforeAll
    static void prepare() throws IOException {
        run = Program.train(Program.writeImages(folder.resolve("data")), folder.resolve("run"));
        Files.copy(run.resolve("best.safetensors"), folder.resolve("copy.safetensors"));
        Files.copy(run.resolve("best.safetensors"), folder.resolve("copy"));
        Files.write(folder.resolve("a.png"), ImageFile.encode(Program.images(1, 3), 0, "png"));
        Files.writeString(folder.resolve("a.csv"), "image,latent1,latent2,latent3\na,1,2,3\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "denoise a.png MODEL",
                "denoise MODEL a.png MODEL",
                "denoise digits a.png MODEL",
                "denoise MODEL a.png digits",
                "encode a.png MODEL",
                "encode digits a.png MODEL",
                "decode a.csv MODEL",
                "decode digits MODEL"
            })
    void isNamed(String command) throws IOException {
        Map<String, String> before = Program.content(folder);
        for (String model : List.of("run", "run/best.safetensors", "copy.safetensors", "copy")) {
            List<Object> arguments = new ArrayList<>();
            for (String word : command.split(" ", -1)) {
                arguments.add(
                        word.equals("MODEL")
                                ? folder.resolve(model)
                                : word.contains(".") ? folder.resolve(word) : word);
            }
            String output = command.startsWith("encode") ? "made.csv" : "made";
            arguments.addAll(List.of("--output", folder.resolve(output)));
            Program.run(arguments.toArray())
                    .assertRefused(
                            (command.endsWith("digits") ? "digits" : folder.resolve(model)) + " is a model",
                            "before all other arguments");
        }
        assertEquals(before, Program.content(folder));
    }

    @Test
    void whatIsNotThereIsOneByItsName() {
        for (String name : List.of("photo-grey", "photo-color", "digits", "missing.safetensors")) {
            Program.run("denoise", folder.resolve("a.png"), name, "--output", folder.resolve("made"))
                    .assertRefused(name + " is a model");
        }
        assertFalse(Files.exists(folder.resolve("made")));
    }
}
