package daegpu.train;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import daegpu.data.AtomicFile;
import daegpu.data.ImageFiles;
import daegpu.data.ImageSource;
import daegpu.data.ImagesInMemory;
import daegpu.data.InvalidInputException;
import daegpu.data.JsonProblem;
import daegpu.data.NoisyFiles;
import daegpu.data.Preparation;
import daegpu.data.Preparation.Colour;
import daegpu.data.Preparation.Fit;
import daegpu.data.Remedy;
import daegpu.data.ValueRange;
import daegpu.data.WholeFile;
import daegpu.engine.Convolutions;
import daegpu.engine.EngineName;
import daegpu.engine.LearningRule;
import daegpu.engine.Precision;
import daegpu.model.Architecture;
import daegpu.model.Autoencoder;
import daegpu.model.UNet;
import daegpu.noise.BlindSpots;
import daegpu.noise.Noise;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/**
 * {@code config.json}: every option of a run by its long name, and the versions of the software that it ran on. A
 * resumed run takes from it the location of its images, the engine and the number of epochs; what decides the
 * arithmetic is in the checkpoint. Images that a program gave from its memory have no location; their identity is
 * recorded instead.
 */
public final class RunRecord {

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    /** The name of the part that has the options. */
    public static final String OPTIONS = "options";
    /** The name of the part that identifies the images, if a program gave them from its memory. */
    public static final String IN_MEMORY = "images-in-memory";

    /** Bytes. */
    private static final int LARGEST = 1 << 20;

    private static final String CLIP = "clip";
    private static final List<String> NETWORK =
            List.of("network", "filters", "kernel-size", "latent-dim", "blocks", "residual", "bias");

    private static final List<String> NOISY = List.of(
            "noisy",
            "clean",
            "pairs",
            "validation-noisy",
            "validation-clean",
            "blind-spot",
            "blind-spot-share",
            "structure");

    private static final Map<String, Fit> FITS = new LinkedHashMap<>();
    private static final Map<Colour, String> COLOURS =
            Map.of(Colour.AUTO, "auto", Colour.GREY, "grey", Colour.COLOUR, "color");
    private static final Pattern SIZE = Pattern.compile("(\\d{1,5})x(\\d{1,5})");

    static {
        FITS.put("resize", Fit.RESIZE);
        FITS.put("crop", Fit.CROP);
        FITS.put("tiles", Fit.TILES);
        FITS.put("patches", Fit.PATCHES);
    }

    private final ObjectNode root;
    private final String origin;

    private RunRecord(ObjectNode root, String origin) {
        this.root = root;
        this.origin = origin;
    }

    /**
     * The record of a new run.
     *
     * @param rate what came of the options on it
     */
    static RunRecord of(RunOptions run, LearningRate rate) {
        Noise noise = run.noise();
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("epochs", run.session().epochs());
        options.put("batch-size", run.batchSize());
        options.put("learning-rate", rate.peak());
        options.put("schedule", rate.schedule().toString());
        options.putAll(learningRule(run.learningRule()));
        options.put("seed", run.seed());
        options.put("init-from", absolute(run.initFrom()));
        options.put("noise", noise.kind().toString());
        options.put("noise-mean", noise.kind().hasMean() ? noise.mean() : null);
        for (Noise.Measure measure : Noise.Measure.values()) {
            options.put("noise-" + measure, measure == noise.kind().measure() ? noise.levels() : null);
        }
        options.put("noise-gain", noise.kind().hasGain() ? noise.gains() : null);
        options.put(CLIP, noise.clipped());
        options.put("noise-once", noise.once());
        options.putAll(network(run.architecture()));
        options.putAll(images(run.images() instanceof ImagesInMemory ? ImageFiles.MNIST : run.images()));
        options.putAll(session(run.session()));
        options.put("output", absolute(run.folder()));
        RunRecord record = of(options);
        if (run.images() instanceof ImagesInMemory images) {
            record.root
                    .putObject(IN_MEMORY)
                    .put("training-images", images.training().identity())
                    .put("validation-images", images.validation().identity());
        }
        return record;
    }

    private static Map<String, Object> learningRule(LearningRule rule) {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("loss", rule.loss().toString());
        options.put("weight-decay", rule.optimizer().weightDecay());
        options.put("ema", rule.averageDecay().orElse(0));
        return options;
    }

    /** What is no option of this network is null. */
    private static Map<String, Object> network(Architecture architecture) {
        Map<String, Object> options = new LinkedHashMap<>();
        for (String name : NETWORK) {
            options.put(name, null);
        }
        if (architecture instanceof Autoencoder autoencoder) {
            options.put("network", "autoencoder");
            options.put("filters", autoencoder.filters());
            options.put("kernel-size", autoencoder.kernelSize());
            options.put("latent-dim", autoencoder.latentDimension());
        } else if (architecture instanceof UNet unet) {
            options.put("network", "unet");
            options.put("filters", unet.filters());
            options.put("blocks", unet.blocks());
            options.put("residual", unet.residual());
            options.put("bias", unet.bias());
        }
        return options;
    }

    /** What is no option of these images is null. */
    private static Map<String, Object> images(ImageSource source) {
        Map<String, Object> options = new LinkedHashMap<>();
        if (source instanceof NoisyFiles files) {
            boolean blind = files.blindSpots().isPresent();
            options.put("data", blind ? absolute(files.noisy()) : null);
            options.put("validation-data", blind ? absolute(files.validationNoisy()) : null);
            addNoisy(options, files);
            addCommon(options, files.validationSplit(), files.limit(), files.validationLimit(), files.preparation());
        } else if (source instanceof ImageFiles files) {
            options.put("data", absolute(files.data()));
            options.put("validation-data", absolute(files.validationData()));
            for (String name : NOISY) {
                options.put(name, null);
            }
            addCommon(options, files.validationSplit(), files.limit(), files.validationLimit(), files.preparation());
        }
        return options;
    }

    private static void addNoisy(Map<String, Object> options, NoisyFiles files) {
        Optional<BlindSpots> spots = files.blindSpots();
        options.put("noisy", spots.isPresent() ? null : absolute(files.noisy()));
        options.put("clean", absolute(files.clean()));
        options.put("pairs", absolute(files.table()));
        options.put("validation-noisy", spots.isPresent() ? null : absolute(files.validationNoisy()));
        options.put("validation-clean", absolute(files.validationClean()));
        options.put("blind-spot", spots.isPresent() ? true : null);
        options.put("blind-spot-share", spots.map(BlindSpots::share).orElse(null));
        options.put(
                "structure",
                spots.map(some -> some.structureHeight() + "x" + some.structureWidth())
                        .orElse(null));
    }

    private static void addCommon(
            Map<String, Object> options, double split, int limit, int validationLimit, Preparation preparation) {
        String size = preparation.height() + "x" + preparation.width();
        options.put("validation-split", split);
        options.put("limit", limit);
        options.put("validation-limit", validationLimit);
        FITS.forEach((name, fit) -> options.put(name, preparation.fit() == fit ? size : null));
        options.put("patches-per-epoch", preparation.patchesPerEpoch() > 0 ? preparation.patchesPerEpoch() : null);
        options.put("overlap", preparation.overlap());
        options.put("color", COLOURS.get(preparation.colour()));
        options.put(
                "range",
                preparation.range() == null ? null : preparation.range().option());
    }

    private static String absolute(Path path) {
        return path == null ? null : path.toAbsolutePath().toString();
    }

    /** @param options numbers, booleans, texts, lists of them or null by name */
    static RunRecord of(Map<String, ?> options) {
        ObjectNode root = JSON.createObjectNode();
        root.set(OPTIONS, JSON.valueToTree(options));
        return new RunRecord(root, "this record");
    }

    /**
     * The record of the same run when it is resumed.
     *
     * @param images of files, or what the record says already
     */
    RunRecord with(SessionOptions session, ImageSource images) {
        Map<String, Object> options = session(session);
        boolean areInFiles = !(images instanceof ImagesInMemory);
        if (areInFiles) {
            options.putAll(images(images));
        }
        RunRecord record = with(options);
        if (areInFiles) {
            record.root.remove(IN_MEMORY);
        }
        return record;
    }

    private static Map<String, Object> session(SessionOptions session) {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("epochs", session.epochs());
        options.put("engine", session.engine().toString());
        options.put("precision", session.precision().toString());
        options.put("threads", session.threads());
        options.put("device", session.device());
        options.put("convolutions", session.convolutions().toString());
        options.put("log-every", session.logEvery());
        options.put("keep", session.keep());
        options.put("early-stop", session.earlyStop());
        return options;
    }

    /** Replaces options; the others stay. */
    RunRecord with(Map<String, ?> options) {
        ObjectNode copy = root.deepCopy();
        ((ObjectNode) copy.get(OPTIONS)).setAll((ObjectNode) JSON.valueToTree(options));
        return new RunRecord(copy, origin);
    }

    /** Replaces the versions of the program and of what it runs on. */
    RunRecord withVersions(Map<String, String> versions) {
        ObjectNode copy = root.deepCopy();
        copy.set("versions", JSON.valueToTree(versions));
        return new RunRecord(copy, origin);
    }

    /**
     * Writes it.
     *
     * @throws IOException if that fails; what was there is untouched then
     */
    void write(Path file) throws IOException {
        AtomicFile.write(file, (JSON.writeValueAsString(root) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Reads the record of a run.
     *
     * @throws InvalidInputException if the file is missing or is not such a record
     */
    public static RunRecord read(Path file) {
        return parse(file)
                .orElseThrow(() ->
                        new InvalidInputException(file + " is not the record of a run: it has no \"" + OPTIONS + "\""));
    }

    /**
     * Empty if the file is JSON, but not the record of a run. A record without a learning rule, or that does not say
     * whether noise is clipped, is of an older version, which had the default rule only and clipped all noise.
     */
    private static Optional<RunRecord> parse(Path file) {
        try {
            if (JSON.readTree(WholeFile.read(file, LARGEST)) instanceof ObjectNode root
                    && root.get(OPTIONS) instanceof ObjectNode options) {
                learningRule(LearningRule.DEFAULT)
                        .forEach((name, value) -> options.putIfAbsent(name, JSON.valueToTree(value)));
                options.putIfAbsent(CLIP, JSON.valueToTree(true));
                return Optional.of(new RunRecord(root, file.toString()));
            }
            return Optional.empty();
        } catch (JacksonException e) {
            throw new InvalidInputException(file + " is damaged: " + JsonProblem.describe(e), e);
        } catch (IOException e) {
            throw InvalidInputException.unreadable(file, e);
        }
    }

    /**
     * The record of the run that made a model: {@code config.json} in its folder or, for one that was kept in
     * {@code checkpoints/}, in the folder above. Empty if there is none, or if the file belongs to another program:
     * many programs put a {@code config.json} beside a model.
     *
     * @throws InvalidInputException if it is damaged
     */
    public static Optional<RunRecord> ofModel(Path checkpoint) {
        Path folder = checkpoint.toAbsolutePath().getParent();
        Path run = folder.endsWith("checkpoints") ? folder.getParent() : folder;
        Path file = run.resolve("config.json");
        return Files.exists(file) ? parse(file) : Optional.empty();
    }

    /** Whether a program gave the images from its memory, so that the record cannot say where they are. */
    public boolean hasImagesInMemory() {
        return root.has(IN_MEMORY);
    }

    /**
     * Where the images are.
     *
     * @throws InvalidInputException if a program gave them, or this cannot be read
     */
    public ImageSource images() {
        if (hasImagesInMemory()) {
            throw new InvalidInputException(
                    origin + " does not say where the images are: a program gave them, from its memory",
                    Remedy.NAMED_IMAGES);
        }
        boolean blind = says("blind-spot");
        try {
            return blind || says("noisy") || says("pairs")
                    ? new NoisyFiles(
                            path(blind ? "data" : "noisy").orElse(null),
                            path("clean").orElse(null),
                            path("pairs").orElse(null),
                            path(blind ? "validation-data" : "validation-noisy").orElse(null),
                            path("validation-clean").orElse(null),
                            number("validation-split"),
                            count("limit"),
                            count("validation-limit"),
                            preparation(),
                            blind ? Optional.of(blindSpots()) : Optional.empty())
                    : new ImageFiles(
                            path("data").orElse(null),
                            path("validation-data").orElse(null),
                            number("validation-split"),
                            count("limit"),
                            count("validation-limit"),
                            preparation());
        } catch (IllegalArgumentException e) {
            throw new InvalidInputException(origin + ": " + e.getMessage(), e);
        }
    }

    private BlindSpots blindSpots() {
        Matcher structure = SIZE.matcher(text("structure"));
        if (!structure.matches()) {
            throw new InvalidInputException(
                    origin + ": structure must be a size, such as 1x9, not " + text("structure"));
        }
        return new BlindSpots(
                number("blind-spot-share"), Integer.parseInt(structure.group(1)), Integer.parseInt(structure.group(2)));
    }

    private Preparation preparation() {
        Fit fit = Fit.NONE;
        int height = 0;
        int width = 0;
        for (Map.Entry<String, Fit> entry : FITS.entrySet()) {
            if (says(entry.getKey())) {
                String text = text(entry.getKey());
                Matcher size = SIZE.matcher(text);
                if (!size.matches()) {
                    throw new InvalidInputException(
                            origin + ": " + entry.getKey() + " must be a size, such as 96x128, not " + text);
                }
                fit = entry.getValue();
                height = Integer.parseInt(size.group(1));
                width = Integer.parseInt(size.group(2));
            }
        }
        try {
            return new Preparation(
                    fit,
                    height,
                    width,
                    says("overlap") ? count("overlap") : 0,
                    colour(),
                    says("patches-per-epoch") ? count("patches-per-epoch") : 0,
                    says("range") ? ValueRange.of(text("range")) : null);
        } catch (IllegalArgumentException e) {
            throw new InvalidInputException(origin + ": " + e.getMessage(), e);
        }
    }

    private Colour colour() {
        String text = says("color") ? text("color").toLowerCase(Locale.ROOT) : "auto";
        return switch (text) {
            case "auto" -> Colour.AUTO;
            case "grey", "gray" -> Colour.GREY;
            case "color", "colour" -> Colour.COLOUR;
            default -> throw new InvalidInputException(origin + ": color must be auto, grey or color, not " + text);
        };
    }

    /**
     * What can be changed when the run is resumed.
     *
     * @throws InvalidInputException if it cannot be read
     */
    SessionOptions session() {
        try {
            return new SessionOptions(
                    positive("epochs"),
                    named("engine", EngineName::of),
                    named("precision", Precision::of),
                    count("threads"),
                    says("device") ? count("device") : null,
                    says("convolutions") ? named("convolutions", Convolutions::of) : null,
                    says("log-every") ? count("log-every") : null,
                    says("keep") ? count("keep") : null,
                    says("early-stop") ? count("early-stop") : null);
        } catch (IllegalArgumentException e) {
            throw new InvalidInputException(origin + ": " + e.getMessage(), e);
        }
    }

    /**
     * The option called {@code name}.
     *
     * @throws InvalidInputException if it is no whole number of at least 0
     */
    public int count(String name) {
        JsonNode value = option(name);
        if (!value.canConvertToInt() || !value.isIntegralNumber() || value.intValue() < 0) {
            throw new InvalidInputException(
                    origin + ": " + name + " must be a whole number of 0 or more, not " + value);
        }
        return value.intValue();
    }

    /**
     * The option called {@code name}.
     *
     * @throws InvalidInputException if it is no whole number of at least 1
     */
    public int positive(String name) {
        int value = count(name);
        if (value == 0) {
            throw new InvalidInputException(origin + ": " + name + " must be 1 or more, not 0");
        }
        return value;
    }

    /**
     * The option called {@code name}.
     *
     * @throws InvalidInputException if it is no number
     */
    public double number(String name) {
        JsonNode value = option(name);
        if (!value.isNumber()) {
            throw new InvalidInputException(origin + ": " + name + " must be a number, not " + value);
        }
        return value.doubleValue();
    }

    /**
     * The option called {@code name}.
     *
     * @throws InvalidInputException if it is no text
     */
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
     * @param of finds it by its name, or throws an IllegalArgumentException
     * @throws InvalidInputException if there is none of this name
     */
    private <T> T named(String name, Function<String, T> of) {
        try {
            return of.apply(text(name));
        } catch (IllegalArgumentException e) {
            throw new InvalidInputException(origin + ": " + e.getMessage(), e);
        }
    }

    /**
     * The path called {@code name}, if it is not null.
     *
     * @throws InvalidInputException if it is no text
     */
    public Optional<Path> path(String name) {
        try {
            return option(name).isNull() ? Optional.empty() : Optional.of(Path.of(text(name)));
        } catch (InvalidPathException e) {
            throw new InvalidInputException(origin + ": " + name + " is not a path: " + e.getReason(), e);
        }
    }

    /** Every option and version that the record has, by name, as a text; those that are null are left out. */
    public Map<String, String> texts() {
        Map<String, String> texts = new LinkedHashMap<>();
        for (JsonNode part : root) {
            addTexts(part, texts);
        }
        return texts;
    }

    private static void addTexts(JsonNode part, Map<String, String> texts) {
        part.properties().forEach(entry -> {
            if (!entry.getValue().isNull()) {
                texts.put(entry.getKey(), text(entry.getValue()));
            }
        });
    }

    /** The options by name, as texts, lists with commas; those that are null are left out. */
    public Map<String, String> options() {
        Map<String, String> options = new LinkedHashMap<>();
        addTexts(root.get(OPTIONS), options);
        return options;
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
