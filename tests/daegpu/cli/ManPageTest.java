package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The man pages that the build makes of the commands' definitions, after {@code package}: see pom.xml. */
class ManPageTest {

    private static final Path PAGES = Path.of("target/man");

    private static Stream<CommandSpec> commands() {
        CommandSpec program = new CommandLine(new DaeGpu()).getCommandSpec();
        return Stream.concat(
                Stream.of(program), program.subcommands().values().stream().map(CommandLine::getCommandSpec));
    }

    private static Path page(CommandSpec command) {
        return PAGES.resolve(command.qualifiedName("-") + ".1");
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyOptionAndExampleIsThere(CommandSpec command) throws IOException {
        String text = plain(Files.readString(page(command)));
        String synopsis = text.substring(text.indexOf(".SH \"SYNOPSIS\""), text.indexOf(".SH \"DESCRIPTION\""));
        for (OptionSpec option : command.options()) {
            String name =
                    option.negatable() ? option.longestName().replaceFirst("^--", "--[no-]") : option.longestName();
            assertTrue(
                    option.hidden()
                            || text.contains(
                                    "\n" + (option.names().length > 1 ? option.shortestName() + ", " : "") + name),
                    name + " is not explained");
            assertTrue(option.hidden() || option.names().length > 1 || synopsis.contains(name), name + ": " + synopsis);
        }
        for (String example : command.usageMessage().footer()) {
            assertTrue(text.contains(plain(example).strip()), example + " is missing");
        }
    }

    @Test
    void theProgramsPageNamesEveryCommand() throws IOException {
        CommandSpec program = commands().findFirst().orElseThrow();
        String text = plain(Files.readString(page(program)));
        for (String name : program.subcommands().keySet()) {
            assertTrue(text.contains(name), name + " is missing");
        }
        try (Stream<Path> pages = Files.list(PAGES)) {
            assertEquals(commands().count(), pages.count(), "pages of commands that there are no more");
        }
    }

    /** Without the marks of roff; its escapes stand for characters that it would take for something else. */
    private static String plain(String roff) {
        return roff.replaceAll("\\\\f[BIRP]|\\\\&", "")
                .replace("\\-", "-")
                .replace("\\(aq", "'")
                .replace("\\(dq", "\"")
                .replace("\\.", ".");
    }

    @ParameterizedTest
    @MethodSource("commands")
    void troffHasNothingToSay(CommandSpec command) throws IOException, InterruptedException {
        assumeTrue(Screen.onPath("groff"), "no groff is on the PATH: apt-get install groff");
        Process process = new ProcessBuilder(
                        List.of("groff", "-man", "-Tutf8", "-ww", page(command).toString()))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertEquals("", new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
        assertEquals(0, process.waitFor());
    }
}
