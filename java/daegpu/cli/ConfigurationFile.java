package daegpu.cli;

import daegpu.data.InvalidInputException;
import daegpu.data.Remedy;
import daegpu.data.WholeFile;
import daegpu.train.RunRecord;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The file of {@code train --config}: options by their long names in YAML. JSON is a part of YAML, so the record of a
 * run is such a file, too. Scalars count as they are written, not as YAML understands them: they mean what they mean as
 * flags.
 */
final class ConfigurationFile {

    /** Those that a flag replaces all at once, because they exclude each other. */
    private static final List<Set<String>> ALTERNATIVES = List.of(
            Set.of("--resize", "--crop", "--tiles", "--overlap", "--patches", "--patches-per-epoch"),
            Set.of("--validation-data", "--validation-split"));

    private static final Set<String> NOISE_FIGURES =
            Set.of("--noise-mean", "--noise-std", "--noise-amount", "--noise-peak", "--noise-gain", "--clip");
    /** Bytes. */
    private static final int LARGEST = 1 << 20;
    /** What has no meaning in a file. */
    private static final Set<String> FLAGS_ONLY = Set.of("--config", "--resume", "--dry-run", "--help", "--version");

    private final Path path;
    private final CommandSpec train = new CommandLine(new TrainCommand()).getCommandSpec();
    /** Option and value, as one argument, by the option. */
    private final Map<String, String> arguments = new LinkedHashMap<>();

    private boolean record;
    private boolean imagesInMemory;

    private ConfigurationFile(Path path) {
        this.path = path;
    }

    /**
     * Reads a configuration.
     *
     * @throws InvalidInputException if the file cannot be read, is not YAML, or names something that is no option
     */
    static ConfigurationFile read(Path path) {
        ConfigurationFile file = new ConfigurationFile(path);
        Node root = file.parse();
        if (!(root instanceof MappingNode mapping) || mapping.getValue().isEmpty()) {
            throw new InvalidInputException(path + " has no options: write one a line, such as epochs: 20");
        }
        file.addAll(file.optionsOfRecord(mapping));
        return file;
    }

    private Node parse() {
        try {
            return new Yaml(new LoaderOptions()).compose(new StringReader(WholeFile.readText(path, LARGEST)));
        } catch (MarkedYAMLException e) {
            throw new InvalidInputException(
                    path + (e.getProblemMark() == null ? "" : at(e.getProblemMark())) + " is not YAML: "
                            + e.getProblem(),
                    e);
        } catch (YAMLException e) {
            throw new InvalidInputException(path + " is not YAML: " + e.getMessage(), e);
        }
    }

    private static String at(Mark mark) {
        return ", line " + (mark.getLine() + 1) + ", column " + (mark.getColumn() + 1) + ",";
    }

    private MappingNode optionsOfRecord(MappingNode root) {
        MappingNode options = root;
        for (NodeTuple entry : root.getValue()) {
            if (entry.getKeyNode() instanceof ScalarNode key && entry.getValueNode() instanceof MappingNode part) {
                if (key.getValue().equals(RunRecord.OPTIONS)) {
                    record = true;
                    options = part;
                } else if (key.getValue().equals(RunRecord.IN_MEMORY)) {
                    imagesInMemory = true;
                }
            }
        }
        return options;
    }

    private void addAll(MappingNode options) {
        Set<String> seen = new HashSet<>();
        for (NodeTuple entry : options.getValue()) {
            String where = path + at(entry.getKeyNode().getStartMark());
            if (!(entry.getKeyNode() instanceof ScalarNode key)) {
                throw new InvalidInputException(where + " has no option's name before the colon");
            }
            String name = "--" + key.getValue();
            OptionSpec option = train.findOption(name);
            if (option == null || FLAGS_ONLY.contains(name)) {
                throw new InvalidInputException(where + " has " + key.getValue()
                        + ", which is not an option for a configuration"
                        + (isNegation(name)
                                ? "; write " + key.getValue().substring("no-".length()) + ": false"
                                : nearest(name)));
            }
            if (!seen.add(name)) {
                throw new InvalidInputException(where + " has " + key.getValue() + " again");
            }
            String argument = argument(option, name, entry.getValueNode(), where);
            // The folder of a run is its own.
            if (argument != null && !(record && name.equals("--output"))) {
                arguments.put(name, argument);
            }
        }
        if (record) {
            // A record that does not say it is of an older version, which clipped all noise.
            arguments.putIfAbsent("--clip", "--clip");
        }
        if (record && arguments.containsKey("--init-from")) {
            // A record has the defaults of these, but the model has its own network.
            arguments.keySet().removeAll(NetworkOptions.NAMES);
        }
    }

    /** Whether it is {@code --no-clip} where there is {@code --[no-]clip}. */
    private boolean isNegation(String name) {
        OptionSpec option = name.startsWith("--no-") ? train.findOption(name.replaceFirst("^--no-", "--")) : null;
        return option != null && option.negatable();
    }

    /** What picocli would suggest were it a flag. */
    private static String nearest(String name) {
        try {
            new CommandLine(new TrainCommand()).parseArgs(name);
        } catch (UnmatchedArgumentException e) {
            List<String> names = e.getSuggestions().stream()
                    .filter(suggestion -> !FLAGS_ONLY.contains(suggestion))
                    .map(suggestion -> suggestion.replaceFirst("^--", ""))
                    .limit(3)
                    .toList();
            return names.isEmpty() ? "" : "; did you mean " + String.join(" or ", names) + "?";
        } catch (ParameterException e) {
            return "";
        }
        return "";
    }

    /** The option as a command line has it; null if it is not given. */
    private static String argument(OptionSpec option, String name, Node value, String where) {
        String key = name.substring(2);
        if (value.getTag().equals(Tag.NULL)) {
            return null;
        }
        if (value instanceof SequenceNode list
                && !option.splitRegex().isEmpty()
                && list.getValue().stream().allMatch(ScalarNode.class::isInstance)) {
            return name + "="
                    + list.getValue().stream()
                            .map(item -> ((ScalarNode) item).getValue())
                            .collect(Collectors.joining(","));
        }
        if (!(value instanceof ScalarNode scalar)) {
            throw new InvalidInputException(where + " has " + key + ", which takes one value"
                    + (option.splitRegex().isEmpty() ? "" : " or a list of values"));
        }
        if (option.arity().max() > 0) {
            return name + "=" + scalar.getValue();
        }
        return switch (scalar.getValue()) {
            case "true" -> name;
            case "false" -> option.negatable() ? name.replaceFirst("^--", "--no-") : null;
            default ->
                throw new InvalidInputException(
                        where + " has " + key + ", which must be true or false, not " + scalar.getValue());
        };
    }

    /**
     * The arguments of a command line, those of the file before those given: of an option that both have, the latter's.
     *
     * @throws InvalidInputException if it is the record of a run that had its images from memory, and others are not
     *     given
     */
    List<String> mergedWith(List<String> given) {
        Set<String> dropped = new HashSet<>();
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < given.size() && !given.get(i).equals("--"); i++) {
            String[] parts = given.get(i).split("=", 2);
            if (parts[0].startsWith("--")) {
                dropped.add(parts[0].replaceFirst("^--no-", "--"));
                values.put(parts[0], parts.length > 1 ? parts[1] : i + 1 < given.size() ? given.get(i + 1) : "");
            }
        }
        for (Set<String> alternatives : ALTERNATIVES) {
            // --overlap alone is for the tiles of the file, --patches-per-epoch for its patches.
            if (alternatives.stream()
                    .anyMatch(option -> values.containsKey(option)
                            && !option.equals("--overlap")
                            && !option.equals("--patches-per-epoch"))) {
                dropped.addAll(alternatives);
            }
        }
        if (values.containsKey("--init-from")) {
            dropped.addAll(NetworkOptions.NAMES);
        }
        if (values.containsKey("--network")
                && !("--network=" + values.get("--network")).equals(arguments.get("--network"))) {
            dropped.addAll(NetworkOptions.NAMES); // what the file says is of another network
        }
        String kind = arguments.getOrDefault("--noise", "--noise=gaussian").substring("--noise=".length());
        if (values.containsKey("--noise") && !values.get("--noise").equalsIgnoreCase(kind)) {
            dropped.addAll(NOISE_FIGURES);
        }
        if (record && imagesInMemory && !values.containsKey("--data")) {
            throw new InvalidInputException(
                    path + " does not say where the images are: a program gave them, from its memory",
                    Remedy.NAMED_IMAGES);
        }
        arguments.keySet().removeAll(dropped);
        List<String> merged = new ArrayList<>(arguments.values());
        merged.addAll(given);
        return merged;
    }

    /** Says of a problem with an option of the file where that option stands. */
    String blame(String message) {
        return arguments.keySet().stream()
                .filter(option -> Pattern.compile("--(no-)?" + Pattern.quote(option.substring(2)) + "(?![\\w-])")
                        .matcher(message)
                        .find())
                .findFirst()
                .map(option -> message + "; " + option.substring(2) + " is from " + path)
                .orElse(message);
    }
}
