package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.data.IdxFile;
import daegpu.data.ImageFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Nothing is written under a name that promises another kind of file. */
class OutputNameTest {

    @TempDir
    private static Path folder;

    private static Path run;

    @BeforeAll
    static void prepare() throws IOException {
        run = Program.train(Program.writeImages(folder.resolve("data")), folder.resolve("run"));
        for (String name : List.of("a.png", "b.png")) {
            Files.write(folder.resolve(name), ImageFile.encode(Program.images(1, 3), 0, "png"));
        }
        IdxFile.write(folder.resolve("a.idx3-ubyte"), Program.images(2, 3));
        Files.writeString(folder.resolve("a.csv"), "image,latent1,latent2,latent3\na,1,2,3\n");
        Program.run("export", run, "--to", "safetensors", "--output", folder.resolve("weights.safetensors"))
                .assertDone();
    }

    private static Program.Result run(String command, Path output) {
        List<Object> arguments = new ArrayList<>();
        for (String word : command.split(" ", -1)) {
            arguments.add(word.contains(".") || word.equals("run") ? folder.resolve(word) : word);
        }
        arguments.addAll(List.of("--output", output));
        return Program.run(arguments.toArray());
    }

    @ParameterizedTest
    @CsvSource({
        "denoise run a.png, heic AVIF psd csv onnx safetensors json pdf idx3-ubyte zip mp4",
        "denoise run a.idx3-ubyte, heic csv npy json safetensors",
        "denoise run a.png b.png, png jpg heic csv onnx",
        "export run --to onnx, safetensors png csv npy json pt zip",
        "export run --to safetensors, onnx png npy h5 keras pt pth",
        "import weights.safetensors --image-size 8x8, onnx pt h5 png json",
        "decode run a.csv, png jpg heic csv npy safetensors",
        "train --epochs 1 --limit 10, safetensors onnx png csv zip"
    })
    void contradictionsAreRefused(String command, String extensions) throws IOException {
        Map<String, String> before = Program.content(folder);
        for (String extension : extensions.split(" ", -1)) {
            Path output = folder.resolve("made." + extension);
            run(command, output).assertRefused(output + " has the name of another kind of file");
        }
        assertEquals(before, Program.content(folder));
    }

    @ParameterizedTest
    @CsvSource({
        "denoise run a.png, png JPG tif bmp 2024-05 clean .dot/hidden",
        "denoise run a.idx3-ubyte, idx idx3-ubyte idx3-ubyte.gz new",
        "denoise run a.png b.png, d folder.v2",
        "export run --to onnx, onnx ONNX model",
        "export run --to safetensors, safetensors weights",
        "import weights.safetensors --image-size 8x8, safetensors model",
        "decode run a.csv, pictures idx3-ubyte -ubyte.gz"
    })
    void otherNamesAreTaken(String command, String extensions) throws IOException {
        Path made = Files.createTempDirectory(folder, "made");
        Files.createDirectory(made.resolve("made..dot"));
        for (String extension : extensions.split(" ", -1)) {
            Path output = made.resolve("made." + extension);
            Program.Result result = run(command, output);
            assertEquals(0, result.status(), result.err());
            assertTrue(Files.exists(output), extension);
        }
    }

    /** Who makes the folder, or says that it is one, gets it. */
    @ParameterizedTest
    @CsvSource({"denoise run a.png b.png", "decode run a.csv"})
    void aFolderCanHaveAnyName(String command) throws IOException {
        Path made = Files.createTempDirectory(folder, "made");
        Path there = Files.createDirectory(made.resolve("there.png"));
        assertEquals(0, run(command, there).status());
        List<Object> arguments = new ArrayList<>();
        for (String word : command.split(" ", -1)) {
            arguments.add(word.contains(".") || word.equals("run") ? folder.resolve(word) : word);
        }
        arguments.addAll(List.of("--output", made + "/said.png/"));
        assertEquals(0, Program.run(arguments.toArray()).status());
        assertTrue(Files.isDirectory(made.resolve("said.png")));
    }
}
