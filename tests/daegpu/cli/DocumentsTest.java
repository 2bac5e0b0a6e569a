package daegpu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.engine.Configuration;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** The documents name what there is: files, headings, commands, options, properties and exit statuses. */
class DocumentsTest {

    private static final Pattern LINK = Pattern.compile("(?<!`)\\[[^\\]]*\\]\\(([^)\\s]+)\\)");
    private static final Pattern CODE = Pattern.compile("(?<!`)`([^`\n]+)`(?!`)");
    /** A file of the project within a code span: from the top level, with what makes it a path. */
    private static final Pattern PROJECT_FILE =
            Pattern.compile("(?:java|cuda|include|tests|bench|docs|\\.ci)/[\\w./-]*\\w");

    private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--[a-z][a-z-]+");
    /** What a shell does after a command: pipes, another command, files in and out. */
    private static final Pattern AFTER_COMMAND = Pattern.compile("\\s+(?:#|\\||&&|;|[<>]\\s).*");
    /** Programs of others whose options documents may name. */
    private static final Pattern FOREIGN =
            Pattern.compile("^(?:docker|tensorboard|pip|mvn|sudo|python3|.*\\bbench/|bench/).*");

    /** Every document that the repository holds. */
    static List<Path> documents() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of(""), 3)) {
            return files.filter(file -> file.toString().endsWith(".md"))
                    .filter(file -> !file.startsWith("target") && !file.startsWith(".git"))
                    .sorted()
                    .toList();
        }
    }

    /** What users read; the others speak of programs under bench, too. */
    static List<Path> userDocuments() throws IOException {
        return documents().stream()
                .filter(file -> file.equals(Path.of("README.md")) || file.startsWith("docs"))
                .toList();
    }

    @Test
    void readmeIsShort() throws IOException {
        long lines = Files.readString(Path.of("README.md")).lines().count();
        assertTrue(lines <= 150, lines + " lines");
    }

    @ParameterizedTest
    @MethodSource("documents")
    void linksLeadSomewhere(Path document) throws IOException {
        Path folder = Optional.ofNullable(document.getParent()).orElse(Path.of(""));
        for (MatchResult link : find(LINK, withoutCode(Files.readString(document)))) {
            String target = link.group(1);
            if (target.matches("[a-z]+:.*")) {
                assertEquals("https", URI.create(target).getScheme(), target);
                continue;
            }
            String[] parts = target.split("#", 2);
            Path file = parts[0].isEmpty() ? document : folder.resolve(parts[0]).normalize();
            assertTrue(Files.exists(file), document + " points to " + target + ", which does not exist");
            if (parts.length == 2) {
                assertTrue(anchors(file).contains(parts[1]), document + " points to " + target + ": no such heading");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void filesExist(Path document) throws IOException {
        for (MatchResult code : find(CODE, withoutBlocks(Files.readString(document)))) {
            for (MatchResult file : find(PROJECT_FILE, code.group(1))) {
                boolean whole = file.start() == 0 || " =".indexOf(code.group(1).charAt(file.start() - 1)) >= 0;
                boolean pattern = file.end() < code.group(1).length()
                        && "*<{…$-".indexOf(code.group(1).charAt(file.end())) >= 0;
                if (whole && !pattern) {
                    assertTrue(exists(file.group()), document + " names " + file.group() + ", which does not exist");
                }
            }
        }
    }

    /** A file from the top level, or a package or class from that of the engines. */
    private static boolean exists(String file) {
        Path engines = Path.of("java/daegpu/engine");
        return Files.exists(Path.of(file))
                || Files.exists(engines.resolve(file))
                || Files.exists(engines.resolve(file + ".java"));
    }

    @ParameterizedTest
    @MethodSource("documents")
    void commandsAreUnderstood(Path document) throws IOException {
        for (String line : commands(Files.readString(document))) {
            List<String> words = words(line);
            if (words.get(0).equals("java")) {
                int jar = words.indexOf("-jar");
                if (jar < 0 || !words.get(jar + 1).endsWith("dae-gpu.jar")) {
                    continue;
                }
                for (String flag : words.subList(1, jar)) {
                    assertTrue(flag.startsWith("-X") || isProperty(flag), document + ": " + line);
                }
                words = words.subList(jar + 2, words.size());
            } else {
                words = words.subList(1, words.size());
            }
            assertUnderstood(document, line, words);
        }
    }

    private static void assertUnderstood(Path document, String line, List<String> words) {
        PrintWriter nowhere = new PrintWriter(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        try {
            DaeGpu.commandLine(nowhere, nowhere).parseArgs(words.toArray(new String[0]));
        } catch (ParameterException e) {
            throw new AssertionError(document + ": " + line + ": " + e.getMessage(), e);
        }
    }

    @Test
    void examplesOfTheHelpAreUnderstood() {
        PrintWriter nowhere = new PrintWriter(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        CommandLine all = DaeGpu.commandLine(nowhere, nowhere);
        int examples = 0;
        for (CommandLine command : Stream.concat(Stream.of(all), all.getSubcommands().values().stream())
                .toList()) {
            for (String line : command.getCommandSpec().usageMessage().footer()) {
                if (line.startsWith("  dae-gpu ")) {
                    List<String> words =
                            words(AFTER_COMMAND.matcher(line.strip()).replaceFirst(""));
                    assertUnderstood(Path.of(command.getCommandName()), line, words.subList(1, words.size()));
                    examples++;
                }
            }
        }
        assertTrue(examples > 20, examples + " examples");
    }

    @ParameterizedTest
    @MethodSource("userDocuments")
    void optionsExist(Path document) throws IOException {
        Set<String> options = new CommandLine(new DaeGpu())
                .getSubcommands().values().stream()
                        .flatMap(command -> command.getCommandSpec().options().stream())
                        .map(OptionSpec::names)
                        .flatMap(Arrays::stream)
                        .flatMap(name -> Stream.of(name, name.replaceFirst("^--", "--no-")))
                        .collect(Collectors.toSet());
        for (MatchResult code : find(CODE, withoutBlocks(Files.readString(document)))) {
            if (!FOREIGN.matcher(code.group(1)).matches()) {
                for (MatchResult option : find(OPTION, code.group(1))) {
                    assertTrue(options.contains(option.group()), document + " names " + option.group());
                }
            }
        }
    }

    @Test
    void everySystemPropertyIsDescribed() throws IOException {
        Set<String> described = find(
                        Pattern.compile("(?m)^\\| `(daegpu\\.[\\w.-]+)`"),
                        Files.readString(Path.of("docs/system-properties.md")))
                .stream()
                .map(match -> match.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> read = Arrays.stream(Configuration.values())
                .map(Configuration::property)
                .collect(Collectors.toCollection(TreeSet::new));
        read.addAll(List.of("daegpu.test.seed", "daegpu.kills"));
        assertEquals(read, described);
    }

    @Test
    void onlyTheConfigurationReadsPropertiesOfTheProgram() throws IOException {
        Pattern reading = Pattern.compile("(?:getProperty|getBoolean|getInteger|getLong)\\(\\s*\"daegpu");
        try (Stream<Path> sources = Files.walk(Path.of("java/daegpu"))) {
            for (Path source :
                    sources.filter(file -> file.toString().endsWith(".java")).toList()) {
                assertFalse(reading.matcher(Files.readString(source)).find(), source.toString());
            }
        }
    }

    @Test
    void everyExitStatusIsDescribed() throws Exception {
        Set<Integer> described =
                find(Pattern.compile("(?m)^\\| (\\d+) \\|"), Files.readString(Path.of("docs/exit-statuses.md")))
                        .stream()
                        .map(match -> Integer.valueOf(match.group(1)))
                        .collect(Collectors.toCollection(TreeSet::new));
        Set<Integer> used = new TreeSet<>();
        for (Field field : ExitStatus.class.getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers()) && field.getType() == int.class) {
                used.add(field.getInt(null));
            }
        }
        assertEquals(used, described);
    }

    /** The README names what its test command installs. */
    @Test
    void packagesOfTheTestsAreNamed() throws IOException {
        String script = Files.readString(Path.of(".ci/run"));
        Set<String> installed = find(Pattern.compile("missing\\+=\\(([^)]*)\\)"), script).stream()
                .flatMap(match -> Arrays.stream(match.group(1).split(" ")))
                .collect(Collectors.toCollection(TreeSet::new));
        String readme = Files.readString(Path.of("README.md"));
        List<MatchResult> named = find(Pattern.compile("It installs\\s+`([^`]*)`"), readme);
        assertEquals(1, named.size(), "the sentence \"It installs ...\"");
        assertEquals(
                installed, new TreeSet<>(Arrays.asList(named.get(0).group(1).split("\\s+"))));
        String command = "mvn -B -ntp verify";
        assertTrue(readme.contains("`" + command + "`") && script.endsWith("\n" + command + "\n"), command);
    }

    private static boolean isProperty(String flag) {
        return Arrays.stream(Configuration.values()).anyMatch(each -> flag.startsWith("-D" + each.property() + "="));
    }

    /** The commands in blocks of code that call this program, each in one line. */
    private static List<String> commands(String text) {
        List<String> commands = new ArrayList<>();
        String joined = text.replaceAll("\\\\\n\\s*", "");
        boolean inBlock = false;
        for (String line : joined.lines().toList()) {
            if (line.startsWith("```")) {
                inBlock = !inBlock;
            } else if (!inBlock && line.startsWith("    ")) {
                for (String part : line.strip().split("\\s+(?:&&|\\|)\\s+", -1)) {
                    String command = AFTER_COMMAND.matcher(part).replaceFirst("");
                    if (command.matches("(?:dae-gpu|java .*-jar) .*")) {
                        commands.add(command);
                    }
                }
            }
        }
        return commands;
    }

    /** Variables of a shell stand for the name of a model. */
    private static List<String> words(String command) {
        return Arrays.stream(command.strip().split("\\s+"))
                .filter(word -> !word.equals("…") && !word.equals("..."))
                .map(word -> word.replaceAll("\\$\\w+", "digits"))
                .toList();
    }

    private static List<MatchResult> find(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.results().toList();
    }

    private static String withoutBlocks(String text) {
        return text.replaceAll("(?s)```.*?```", "").replaceAll("(?m)^ {4,}.*$", "");
    }

    private static String withoutCode(String text) {
        return withoutBlocks(text).replaceAll("`[^`\n]*`", "");
    }

    /** The names of a document's headings, as GitHub makes them. */
    private static Set<String> anchors(Path file) {
        try {
            return find(Pattern.compile("(?m)^#+ +(.*)$"), withoutBlocks(Files.readString(file))).stream()
                    .map(match -> match.group(1)
                            .strip()
                            .toLowerCase(Locale.ROOT)
                            .replaceAll("[^\\p{L}\\p{N} _-]", "")
                            .replace(' ', '-'))
                    .collect(Collectors.toSet());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
