package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.cli.Program.Result;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What files and arguments hold is shown by a terminal, and never obeyed. */
class TerminalTextTest {

    /** Escape, the one-character form of its sequences, a bell, and marks that turn the text around. */
    private static final String CODES = "\u001b[31m\u009b31m\u0007\u202e\u2066\u200f";

    @TempDir
    private Path folder;

    @Test
    void codesBecomeQuestionMarks() {
        StringWriter written = new StringWriter();
        try (PrintWriter out = new PrintWriter(new TerminalText(written))) {
            out.print("a" + CODES + "ü漢\t\r\n");
            out.print('\u009b');
        }
        assertEquals("a?[31m?31m????ü漢\t\r\n?", written.toString());
        assertEquals("a b?c", TerminalText.oneLine(" a\r\n  b\u0000c\n"));
    }

    @Test
    void longLinesKeepTheirBeginningAndTheirEnd() {
        String line = TerminalText.oneLine("begin " + "x".repeat(100_000) + " end");
        assertEquals(2003, line.length());
        assertTrue(line.startsWith("begin x") && line.endsWith("x end"), line);
        assertEquals("x".repeat(2000), TerminalText.oneLine("x".repeat(2000)));
    }

    @Test
    void nothingThatIsPrintedHasThem() throws IOException {
        Path data = Program.writeImages(folder.resolve("data"));
        Path run = Program.train(data, folder.resolve("run" + CODES));
        Path other = Program.train(data, folder.resolve("other"));
        Path config = run.resolve("config.json");
        Files.writeString(
                config,
                Files.readString(config)
                        .replaceFirst("\"versions\" : \\{", "$0 \"odd\" : \"\\\\u001b[31m\u009b\u202e\","));
        Path yaml = Files.writeString(folder.resolve("a.yaml"), "epochs: \"\u009b1\\e[31m\u202e\"");
        Path csv = Files.writeString(
                folder.resolve("a.csv"), "image,latent1,latent2,latent3\na,1,2,\u009b\u001b[31m\u202e");
        List<Result> results = List.of(
                Program.run("runs", folder),
                Program.run("runs", folder, "--json"),
                Program.run("runs", "--compare", run, other),
                Program.run("train", "--config", yaml),
                Program.run("decode", other, csv, "--output", folder.resolve("new")),
                Program.run("denoise", run, CODES + ".png", "--output", folder.resolve(CODES)),
                Program.run("train", "--" + CODES),
                Program.run("export", run, "--output", folder.resolve(CODES + ".onnx")));
        for (Result result : results) {
            String text = result.out() + result.err();
            assertFalse(text.isBlank());
            assertFalse(text.matches("(?s).*[\u001b\u009b\u0007\u202e\u2066\u200f].*"), text);
        }
    }
}
