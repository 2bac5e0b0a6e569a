package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.cli.Program.Result;
import daegpu.data.ImageFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A name that a model in the program and a file or folder in the working directory share. */
class SameNameTest {

    private static final String FOLDER = "digits is the folder here, not the model of this name";
    private static final String FILE = "digits is the file here, not the model of this name";
    private static final String BUILT_IN = "digits is the model that comes with the program, not the folder";

    @TempDir
    private Path folder;

    private Result run(Object... arguments) throws IOException {
        try (WorkingDirectory directory = WorkingDirectory.of(folder)) {
            return directory.run(arguments);
        }
    }

    private static void assertNote(String note, Result result) {
        assertEquals(0, result.status(), result.err());
        assertEquals(
                1,
                result.err().lines().filter(line -> line.contains(": note: ")).count(),
                result.err());
        assertTrue(result.err().contains(": note: " + note), result.err());
    }

    @Test
    void whatWasTrainedComesFirst() throws IOException {
        Program.train(Program.writeImages(folder.resolve("data")), folder.resolve("digits"));
        Files.write(folder.resolve("a.png"), ImageFile.encode(Program.images(1, 3), 0, "png"));
        Result encoded = run("encode", "digits", "a.png", "--output", "a.csv");
        assertNote(FOLDER, encoded);
        assertTrue(encoded.out().contains("into 3 values each"), encoded.out());
        assertNote(FOLDER, run("denoise", "digits", "a.png", "--output", "b.png"));
        assertNote(FOLDER, run("export", "digits", "--to", "onnx", "--output", "a.onnx"));
        assertNote(FOLDER, run("evaluate", "digits"));
        assertNote(FOLDER, run("train", "--init-from", "digits", "--data", "data", "--epochs", "1", "--output", "new"));
        for (String model :
                new String[] {"./digits", "digits/", folder.resolve("digits").toString()}) {
            Result plain = run("export", model, "--to", "onnx", "--output", "b.onnx", "--overwrite");
            assertEquals("", plain.err(), "there is only one that can be meant");
        }
        Files.move(folder.resolve("digits"), folder.resolve("run"));
        Files.copy(folder.resolve("run/best.safetensors"), folder.resolve("digits"));
        assertNote(FILE, run("encode", "digits", "a.png", "--output", "c.csv"));
        assertEquals(Files.readString(folder.resolve("a.csv")), Files.readString(folder.resolve("c.csv")));
    }

    /** A folder of pictures cannot be meant where a model is wanted. */
    @Test
    void anotherFolderIsNoModel() throws IOException {
        Files.createDirectory(folder.resolve("digits"));
        Files.write(folder.resolve("digits/a.png"), ImageFile.encode(Program.images(1, 3), 0, "png"));
        Files.copy(folder.resolve("digits/a.png"), folder.resolve("b.png"));
        assertNote(BUILT_IN, run("export", "digits", "--to", "onnx", "--output", "a.onnx"));
        assertNote(BUILT_IN, run("denoise", "digits", "b.png", "--output", "c.png"));
        Result pictures = run("denoise", "digits", "--output", "clean");
        assertNote(FOLDER, pictures);
        assertTrue(Files.exists(folder.resolve("clean/a.png")), pictures.out());
        try (Stream<Path> made = Files.list(folder.resolve("digits"))) {
            assertEquals(1, made.count());
        }
    }
}
