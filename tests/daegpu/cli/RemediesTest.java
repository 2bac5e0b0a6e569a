package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.data.InvalidInputException;
import daegpu.data.Remedy;
import daegpu.engine.EngineUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

class RemediesTest {

    private static final Pattern OPTION_IN_TEXT = Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*--[a-z]");

    private static CommandSpec command(Object command, String... arguments) {
        CommandLine line = new CommandLine(command);
        line.parseArgs(arguments);
        return line.getCommandSpec();
    }

    @Test
    void namesTheOptionsOfTheCommand() {
        EngineUnavailableException memory = new EngineUnavailableException(
                "too little memory", Remedy.SMALLER_BATCH, Remedy.SMALLER_NETWORK, Remedy.CPU_ENGINE);
        assertEquals(
                "too little memory; lower --batch-size, lower --filters, or use --engine cpu",
                Remedies.message(memory, command(new TrainCommand())));
        assertEquals("too little memory; use --engine cpu", Remedies.message(memory, command(new ParityCommand())));
        assertEquals("too little memory", Remedies.message(memory, command(new RunsCommand())));
    }

    @Test
    void namesFoldersThatWereGiven() {
        assertEquals(
                "a/run exists already; choose another --output, or go on with --resume a/run",
                Remedies.message(
                        new InvalidInputException("a/run exists already", Remedy.OTHER_FOLDER, Remedy.RESUME),
                        command(new TrainCommand(), "--output", "a/run")));
        assertEquals(
                "no checkpoint; start again with --output a/run",
                Remedies.message(
                        new InvalidInputException("no checkpoint", Remedy.START_AGAIN),
                        command(new TrainCommand(), "--resume", "a/run")));
    }

    @Test
    void sizesAreNamedWhereTheyAreGiven() {
        InvalidInputException problem = new InvalidInputException("of two sizes", Remedy.FITTING);
        assertEquals(
                "of two sizes; make pictures fit with --resize, --crop or --tiles HEIGHTxWIDTH",
                Remedies.message(problem, command(new TrainCommand())));
        assertEquals(
                "of two sizes; make pictures fit with --resize, --crop or --tiles",
                Remedies.message(problem, command(new EvaluateCommand(), "model")));
    }

    @Test
    void remediesStayWithAProblemInOtherWords() {
        InvalidInputException problem = new InvalidInputException("it is large", Remedy.FEWER_IMAGES);
        InvalidInputException said = problem.saying("photos: it is large", Remedy.MORE_MEMORY);
        assertEquals(List.of(Remedy.FEWER_IMAGES, Remedy.MORE_MEMORY), said.remedies());
        assertEquals(
                "photos: it is large; take fewer images with --limit, or raise what Java may use with java -Xmx",
                Remedies.message(said, command(new TrainCommand())));
    }

    /** Every remedy is used: there is a command that has the options that its words name. */
    @ParameterizedTest
    @EnumSource(Remedy.class)
    void everyRemedyIsWordedBySomeCommand(Remedy remedy) {
        InvalidInputException problem = new InvalidInputException("wrong", remedy);
        assertTrue(
                Stream.of(new TrainCommand(), new ImportCommand(), new EvaluateCommand(), new DenoiseCommand())
                        .map(command -> new CommandLine(command).getCommandSpec())
                        .anyMatch(command -> Remedies.message(problem, command).startsWith("wrong; ")),
                remedy::toString);
    }

    /** Nothing below the command line knows the names of options. */
    @Test
    void noOtherLayerNamesAnOption() throws IOException {
        try (Stream<Path> sources = Files.walk(Path.of("java/daegpu"))) {
            for (Path source : sources.filter(
                            path -> path.toString().endsWith(".java") && !path.startsWith(Path.of("java/daegpu/cli")))
                    .toList()) {
                for (String line : Files.readAllLines(source)) {
                    assertTrue(!OPTION_IN_TEXT.matcher(line).find(), source + ": " + line);
                }
            }
        }
    }
}
