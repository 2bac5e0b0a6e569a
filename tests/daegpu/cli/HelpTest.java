package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.cli.Program.Result;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class HelpTest {

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "train",
                "denoise",
                "models",
                "evaluate",
                "preview",
                "parity",
                "export",
                "import",
                "encode",
                "decode",
                "runs",
                "devices"
            })
    void showsEveryOptionItsDefaultAndExamples(String command) {
        String help = Program.run(command, "--help").assertDone().out();
        String flat = help.replaceAll("\\s+", " ");
        for (OptionSpec option : new CommandLine(new DaeGpu())
                .getSubcommands()
                .get(command)
                .getCommandSpec()
                .options()) {
            String name =
                    option.negatable() ? option.longestName().replaceFirst("^--", "--[no-]") : option.longestName();
            assertTrue(flat.contains(name), name);
            if (option.defaultValue() != null && !option.defaultValue().equals("0")) {
                assertTrue(flat.contains("(default: " + option.defaultValue() + ")"), option.longestName());
            }
        }
        assertTrue(help.contains("Examples:"), help);
        assertTrue(help.lines().allMatch(line -> line.length() <= 80), help);
        assertTrue(help.lines().anyMatch(line -> line.startsWith("  dae-gpu " + command)), help);
        assertFalse(help.contains("${"), help);
    }

    /** Lines break between words, and never in the name of an option, a number or a formula. */
    @Test
    void noLineBreaksWithinAWord() {
        CommandLine all = new CommandLine(new DaeGpu());
        all.getSubcommands().forEach((name, command) -> {
            List<String> words =
                    List.of(Program.run(name, "--help").assertDone().out().split("\\s+", -1));
            List<String> texts = new ArrayList<>(
                    List.of(command.getCommandSpec().usageMessage().description()));
            command.getCommandSpec().args().forEach(argument -> texts.addAll(List.of(argument.description())));
            for (String text : texts) {
                for (String word : text.split("\\s+", -1)) {
                    if (!word.matches(".*[%${}@|].*")) {
                        assertTrue(words.contains(word), name + ": " + word);
                    }
                }
            }
            for (String word : words) {
                assertTrue(word.chars().noneMatch(character -> character >= 0x80 && character != '×'), word);
            }
        });
    }

    /** The list of commands shows the first paragraph of each description, and a terminal breaks every paragraph. */
    @Test
    void descriptionsAreWholeSentences() {
        new CommandLine(new DaeGpu()).getSubcommands().forEach((name, command) -> {
            if (!name.equals("generate-completion")) { // picocli's own
                for (String paragraph : command.getCommandSpec().usageMessage().description()) {
                    assertTrue(paragraph.isEmpty() || paragraph.matches("(?s)[A-Z].*\\."), name + ": " + paragraph);
                }
            }
        });
    }

    @Test
    void versionNamesWhatRuns() {
        for (Object[] arguments : new Object[][] {{"--version"}, {"train", "--version"}, {"parity", "-V"}}) {
            String version = Program.run(arguments).assertDone().out();
            for (String line : List.of("dae-gpu", "commit", "java", "system", "natives")) {
                assertTrue(version.lines().anyMatch(text -> text.matches(line + " +\\S.*")), version);
            }
            assertTrue(version.contains(System.getProperty("java.vm.name")), version);
        }
    }

    @Test
    void helpAndVersionAreUnderstoodAsCommands() {
        String help = Program.run("--help").assertDone().out();
        for (String word : List.of("help", "-help", "-?", "/?")) {
            assertEquals(help, Program.run(word).assertDone().out(), word);
        }
        String train = Program.run("train", "--help").assertDone().out();
        assertEquals(train, Program.run("help", "train").assertDone().out());
        String version = Program.run("--version").assertDone().out();
        for (String word : List.of("version", "-version", "-v")) {
            assertEquals(version, Program.run(word).assertDone().out(), word);
        }
        Program.run("train", "help").assertRefused("'help'", "did you mean --help?");
        Program.run("models", "-v").assertRefused("did you mean --version?");
        assertEquals(help, Program.run("help", "trian").assertDone().out(), "the list of commands");
    }

    @Test
    void completionIsAScript() throws IOException, InterruptedException {
        Result result = Program.run("generate-completion").assertDone();
        Path script = Files.writeString(folder.resolve("completion"), result.out());
        assertTrue(
                result.out().contains("--latent-dim") && result.out().contains("\"constant\" \"cosine\""),
                "options are missing");
        Process bash;
        try {
            bash = new ProcessBuilder("bash", "-n", script.toString())
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            // Not everyone has bash.
            return;
        }
        String problems = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, bash.waitFor(), problems);
    }

    @Test
    void refusesWhatIsNoCommand() {
        Program.run().assertRefused("a command is missing: one of train, runs, denoise, ", ", import, ");
        Program.run("trian").assertRefused("trian", "train");
        Program.run("train", "denoise").assertRefused("denoise");
        Program.run("train", "--epoch", "3").assertRefused("--epoch");
    }
}
