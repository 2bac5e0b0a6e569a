package daegpu.train;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import daegpu.data.AtomicFile;
import daegpu.data.InvalidInputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/**
 * {@code config.json}: every option of a run by its long name, and the versions of what it ran on. A run is resumed
 * with what stands here of the images' location, the engine and the epochs; what decides the arithmetic stands in the
 * checkpoint.
 */
public final class RunRecord {

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final String OPTIONS = "options";

    private final ObjectNode root;
    private final String origin;

    private RunRecord(ObjectNode root, String origin) {
        this.root = root;
        this.origin = origin;
    }

    /**
     * A record of these options.
     *
     * @param options numbers, booleans, texts, lists of them or null by name
     */
    public static RunRecord of(Map<String, ?> options) {
        ObjectNode root = JSON.createObjectNode();
        root.set(OPTIONS, JSON.valueToTree(options));
        return new RunRecord(root, "this record");
    }

    /** Replaces options; the others stay. */
    public RunRecord with(Map<String, ?> options) {
        ObjectNode copy = root.deepCopy();
        ((ObjectNode) copy.get(OPTIONS)).setAll((ObjectNode) JSON.valueToTree(options));
        return new RunRecord(copy, origin);
    }

    /** Replaces the versions of the program and of what it runs on. */
    public RunRecord withVersions(Map<String, String> versions) {
        ObjectNode copy = root.deepCopy();
        copy.set("versions", JSON.valueToTree(versions));
        return new RunRecord(copy, origin);
    }

    /** Writes it. @throws IOException if that fails; what was there is untouched then */
    public void write(Path file) throws IOException {
        AtomicFile.write(file, (JSON.writeValueAsString(root) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Reads the record of a run.
     *
     * @throws InvalidInputException if the file is missing or is no such record
     */
    public static RunRecord read(Path file) {
        return parse(file)
                .orElseThrow(() ->
                        new InvalidInputException(file + " is not the record of a run: it has no \"" + OPTIONS + "\""));
    }

    /** Empty if the file is JSON, but no such record. */
    private static Optional<RunRecord> parse(Path file) {
        try {
            return JSON.readTree(Files.readAllBytes(file)) instanceof ObjectNode root
                            && root.get(OPTIONS) instanceof ObjectNode
                    ? Optional.of(new RunRecord(root, file.toString()))
                    : Optional.empty();
        } catch (JacksonException e) {
            throw new InvalidInputException(file + " is damaged: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw InvalidInputException.unreadable(file, e);
        }
    }

    /**
     * The record of the run that a model is of: {@code config.json} in its folder or, for one that was kept in
     * {@code checkpoints/}, in the folder above. Empty where there is none, or one of another program, as many have
     * beside a model.
     *
     * @throws InvalidInputException if it is damaged
     */
    public static Optional<RunRecord> ofModel(Path checkpoint) {
        Path folder = checkpoint.toAbsolutePath().getParent();
        Path run = folder.endsWith("checkpoints") ? folder.getParent() : folder;
        Path file = run.resolve("config.json");
        return Files.exists(file) ? parse(file) : Optional.empty();
    }

    /** The option called {@code name}. @throws InvalidInputException if it is no whole number of at least 0 */
    public int count(String name) {
        JsonNode value = option(name);
        if (!value.canConvertToInt() || !value.isIntegralNumber() || value.intValue() < 0) {
            throw new InvalidInputException(
                    origin + ": " + name + " must be a whole number of 0 or more, not " + value);
        }
        return value.intValue();
    }

    /** The option called {@code name}. @throws InvalidInputException if it is no whole number of at least 1 */
    public int positive(String name) {
        int value = count(name);
        if (value == 0) {
            throw new InvalidInputException(origin + ": " + name + " must be 1 or more, not 0");
        }
        return value;
    }

    /** The option called {@code name}. @throws InvalidInputException if it is no number */
    public double number(String name) {
        JsonNode value = option(name);
        if (!value.isNumber()) {
            throw new InvalidInputException(origin + ": " + name + " must be a number, not " + value);
        }
        return value.doubleValue();
    }

    /** The option called {@code name}. @throws InvalidInputException if it is no text */
    public String text(String name) {
        JsonNode value = option(name);
        if (!value.isTextual()) {
            throw new InvalidInputException(origin + ": " + name + " must be a text, not " + value);
        }
        return value.textValue();
    }

    /**
     * The option called {@code name}, one of several that have names.
     *
     * @param of makes it of its name, or throws an IllegalArgumentException
     * @throws InvalidInputException if there is none of this name
     */
    public <T> T named(String name, Function<String, T> of) {
        try {
            return of.apply(text(name));
        } catch (IllegalArgumentException e) {
            throw new InvalidInputException(origin + ": " + e.getMessage(), e);
        }
    }

    /** The path called {@code name}, if it is not null. @throws InvalidInputException if it is no text */
    public Optional<Path> path(String name) {
        try {
            return option(name).isNull() ? Optional.empty() : Optional.of(Path.of(text(name)));
        } catch (InvalidPathException e) {
            throw new InvalidInputException(origin + ": " + name + " is no path: " + e.getReason(), e);
        }
    }

    /** Every option and version that the record has, by name, as a text; those that are null are left out. */
    public Map<String, String> texts() {
        Map<String, String> texts = new LinkedHashMap<>();
        for (JsonNode part : root) {
            part.properties().forEach(entry -> {
                if (!entry.getValue().isNull()) {
                    texts.put(entry.getKey(), text(entry.getValue()));
                }
            });
        }
        return texts;
    }

    /** The options as they stand on a command line: lists with commas, switches by their names alone or not at all. */
    public List<String> arguments() {
        List<String> arguments = new ArrayList<>();
        root.get(OPTIONS).properties().forEach(entry -> {
            JsonNode value = entry.getValue();
            if (!value.isNull() && !(value.isBoolean() && !value.booleanValue())) {
                arguments.add("--" + entry.getKey());
                if (!value.isBoolean()) {
                    arguments.add(text(value));
                }
            }
        });
        return arguments;
    }

    private static String text(JsonNode value) {
        return value.isArray()
                ? StreamSupport.stream(value.spliterator(), false)
                        .map(JsonNode::asText)
                        .collect(Collectors.joining(","))
                : value.asText();
    }

    /**
     * Whether the record has the option called {@code name}, and it is not null: records of older versions lack the
     * newer ones.
     */
    public boolean says(String name) {
        return root.get(OPTIONS).hasNonNull(name);
    }

    private JsonNode option(String name) {
        JsonNode value = root.get(OPTIONS).get(name);
        if (value == null) {
            throw new InvalidInputException(origin + " does not say \"" + name + "\"");
        }
        return value;
    }
}
