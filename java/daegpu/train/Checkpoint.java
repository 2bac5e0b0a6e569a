package daegpu.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.data.FileKind;
import daegpu.data.InvalidInputException;
import daegpu.data.JsonProblem;
import daegpu.engine.LearningRule;
import daegpu.engine.Loss;
import daegpu.engine.Optimizer;
import daegpu.engine.TrainingState;
import daegpu.format.Safetensors;
import daegpu.format.Safetensors.StoredTensor;
import daegpu.model.Architecture;
import daegpu.model.Autoencoder;
import daegpu.model.Network;
import daegpu.model.ParameterTensor;
import daegpu.model.Parameters;
import daegpu.model.UNet;
import daegpu.noise.Noise;
import daegpu.train.LearningRate.Schedule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A model and all that is needed to continue its training: a safetensors file that holds the parameters under their own
 * names ({@code conv1.kernel}…), Adam's moments after {@code adam.first_moment.} and {@code adam.second_moment.}, their
 * average, if there is one, after {@code average.}, and as metadata what decides the arithmetic to come. Two runs that
 * will continue alike have the same bytes here; that is why there are no paths, times or totals in it.
 *
 * @param options how the model is trained
 * @param trainingData {@link daegpu.data.ImageSet#identity()} of the images it is trained on
 * @param validationData likewise of those it is measured on
 * @param state parameters, moments and step
 * @param epochLoss the sum of loss × images over the updates so far of an epoch that was begun but not validated, from
 *     which its average loss will follow; empty if there is no such epoch
 */
public record Checkpoint(
        TrainingOptions options,
        String trainingData,
        String validationData,
        TrainingState state,
        OptionalDouble epochLoss) {

    private static final String FORMAT = "dae-gpu checkpoint";
    private static final String VERSION = "1";
    private static final String UNET = "unet";
    private static final String FIRST_MOMENT = "adam.first_moment.";
    private static final String SECOND_MOMENT = "adam.second_moment.";
    private static final String AVERAGE = "average.";
    private static final String UNCLIPPED_LEVEL = "unclipped_noise_level";
    private static final String NO_DATA = "none";
    private static final int LONGEST_QUOTE = 200;
    /** Without the leniency that would take 8.5 pixels for 8. */
    private static final ObjectMapper JSON = new ObjectMapper()
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES, DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /**
     * Epochs that are wholly done, validation included.
     *
     * @param stepsPerEpoch updates in an epoch
     */
    public long finishedEpochs(long stepsPerEpoch) {
        // An epoch that lacks nothing but its validation has all its updates already.
        return epochLoss.isPresent() ? (state.step() - 1) / stepsPerEpoch : state.step() / stepsPerEpoch;
    }

    /**
     * Checks that images are those that this model is trained on, by their {@link daegpu.data.ImageSet#identity()}.
     *
     * @throws InvalidInputException if they are others
     */
    public void requireImages(String training, String validation, RunDirectory run) {
        requireSame("training", trainingData, training, run);
        requireSame("validation", validationData, validation, run);
    }

    private static void requireSame(String kind, String recorded, String given, RunDirectory run) {
        if (!recorded.equals(given)) {
            throw new InvalidInputException("the " + kind + " images are not those of the run in " + run.path()
                    + ": it had " + recorded + ", these are " + given);
        }
    }

    /** Whether everything in it is a finite number: {@link #read} refuses all else. */
    boolean isFinite() {
        return Stream.concat(
                        Stream.of(state.parameters(), state.firstMoment(), state.secondMoment()),
                        state.average().stream())
                .allMatch(tensors -> isFinite(tensors.values()));
    }

    private static boolean isFinite(float[] values) {
        for (float value : values) {
            if (!Float.isFinite(value)) {
                return false;
            }
        }
        return true;
    }

    /**
     * A model with these parameters that no training has touched yet.
     *
     * @param options how it is to be trained, or was, as far as that is known
     */
    public static Checkpoint untrained(TrainingOptions options, Parameters parameters) {
        return new Checkpoint(
                options,
                NO_DATA,
                NO_DATA,
                TrainingState.initial(parameters).under(options.learningRule()),
                OptionalDouble.empty());
    }

    /**
     * Writes the checkpoint so that {@code file} is at any moment the old one or the new one, whole.
     *
     * @throws IOException if that fails; what was there is untouched then
     */
    public void write(Path file) throws IOException {
        Map<String, String> metadata = new TreeMap<>(optionsMetadata());
        metadata.put("format", FORMAT);
        metadata.put("format_version", VERSION);
        metadata.put("training_data", trainingData);
        metadata.put("validation_data", validationData);
        metadata.put("step", String.valueOf(state.step()));
        epochLoss.ifPresent(loss -> metadata.put("epoch_loss", String.valueOf(loss)));
        List<StoredTensor> tensors = new ArrayList<>();
        addTensors(tensors, "", state.parameters());
        addTensors(tensors, FIRST_MOMENT, state.firstMoment());
        addTensors(tensors, SECOND_MOMENT, state.secondMoment());
        state.average().ifPresent(average -> addTensors(tensors, AVERAGE, average));
        new Safetensors(metadata, tensors).write(file);
    }

    /** What {@link #readOptions} reads. */
    public Map<String, String> optionsMetadata() {
        Architecture architecture = options.architecture();
        Noise noise = options.noise();
        LearningRate rate = options.learningRate();
        Map<String, String> metadata = new TreeMap<>();
        metadata.put(
                "image",
                Arrays.toString(new int[] {architecture.height(), architecture.width(), architecture.channels()}));
        if (architecture instanceof Autoencoder autoencoder) { // written as before there were other networks
            metadata.put("filters", autoencoder.filters().toString());
            metadata.put("kernel", String.valueOf(autoencoder.kernelSize()));
            metadata.put("latent", String.valueOf(autoencoder.latentDimension()));
        } else if (architecture instanceof UNet unet) {
            metadata.put("network", UNET);
            metadata.put("filters", unet.filters().toString());
            metadata.put("blocks", unet.blocks().toString());
            metadata.put("residual", String.valueOf(unet.residual()));
            metadata.put("bias", String.valueOf(unet.bias()));
        }
        metadata.put("seed", String.valueOf(options.seed()));
        metadata.put("noise_mean", String.valueOf(noise.mean()));
        if (noise.kind() != Noise.Kind.GAUSSIAN) {
            metadata.put("noise", noise.kind().toString());
        }
        metadata.put(
                levelKey(noise.kind(), noise.clipped()),
                Arrays.toString(new float[] {noise.lowest(), noise.highest()}));
        if (noise.kind().hasGain()) {
            metadata.put("noise_gain", Arrays.toString(new float[] {noise.lowestGain(), noise.highestGain()}));
        }
        metadata.put("noise_once", String.valueOf(noise.once()));
        metadata.put("batch_size", String.valueOf(options.batchSize()));
        metadata.put("learning_rate", String.valueOf(rate.peak()));
        metadata.put("schedule", rate.schedule().toString());
        metadata.put("schedule_horizon", String.valueOf(rate.horizon()));
        addLearningRule(metadata, options.learningRule());
        return metadata;
    }

    /**
     * What the level of noise is called. Gaussian noise that is clipped is written as before there was any other; a
     * program that does not know the others, or knows no noise that is not clipped, misses the name that it knows.
     */
    private static String levelKey(Noise.Kind kind, boolean clipped) {
        return !clipped ? UNCLIPPED_LEVEL : kind == Noise.Kind.GAUSSIAN ? "noise_std" : "noise_level";
    }

    /** What differs from the default rule. Where nothing does, a program that knows no other rule can read the file. */
    private static void addLearningRule(Map<String, String> metadata, LearningRule rule) {
        if (rule.loss() != LearningRule.DEFAULT.loss()) {
            metadata.put("loss", rule.loss().toString());
        }
        if (rule.optimizer().weightDecay() != 0) {
            metadata.put("weight_decay", String.valueOf(rule.optimizer().weightDecay()));
        }
        rule.averageDecay().ifPresent(decay -> metadata.put("ema", String.valueOf(decay)));
    }

    private static LearningRule learningRule(Safetensors content) {
        return new LearningRule(
                given(content, "loss", Loss::of).orElse(LearningRule.DEFAULT.loss()),
                given(content, "weight_decay", Double::valueOf)
                        .map(Optimizer::adamW)
                        .orElse(LearningRule.DEFAULT.optimizer()),
                given(content, "ema", Double::valueOf).map(OptionalDouble::of).orElse(OptionalDouble.empty()));
    }

    /** A value that files have only where it is not the default. */
    private static <T> Optional<T> given(Safetensors content, String key, Function<String, T> parser) {
        return content.metadata().containsKey(key) ? Optional.of(value(content, key, parser)) : Optional.empty();
    }

    private static void addTensors(List<StoredTensor> tensors, String prefix, Parameters parameters) {
        for (ParameterTensor tensor : parameters.network().parameterTensors()) {
            tensors.add(new StoredTensor(prefix + tensor.name(), tensor.shape(), parameters.get(tensor.name())));
        }
    }

    /** The checkpoint that a path names: the file itself, or the best checkpoint in the folder of a run. */
    public static Path fileOf(Path model) {
        return Files.isDirectory(model) ? RunDirectory.of(model).best() : model;
    }

    /** Whether a folder is that of a run: it has a model, or the record of a run. */
    public static boolean isRun(Path folder) {
        Path file = fileOf(folder);
        try {
            return Files.exists(file) || RunRecord.ofModel(file).isPresent();
        } catch (InvalidInputException e) {
            return false;
        }
    }

    /**
     * Reads the model that a path names: the {@link BuiltInModel} of this name or, where a file or the folder of a run
     * has it, {@link #fileOf} it.
     *
     * @throws InvalidInputException if there is neither, or as {@link #read(Path)} says
     */
    public static Checkpoint ofModel(Path model) {
        Optional<BuiltInModel> builtIn = BuiltInModel.of(model);
        if (builtIn.isPresent()) {
            return builtIn.get().read();
        }
        if (!Files.exists(model)) {
            throw new InvalidInputException(
                    model + " does not exist, and no model of this name comes with the program: those are "
                            + BuiltInModel.names());
        }
        Path file = fileOf(model);
        refuseOtherKinds(file);
        return read(file);
    }

    /** Refuses pictures and other files that can be told from a checkpoint by how they begin. */
    private static void refuseOtherKinds(Path file) {
        if (!Files.isRegularFile(file)) {
            return; // What a pipe gives can be read once only.
        }
        byte[] start;
        try {
            start = FileKind.start(file);
        } catch (IOException e) {
            return; // Reading it will say why.
        }
        if (!Safetensors.isBegunBy(start)) {
            FileKind.instead(start, "a model").ifPresent(kind -> {
                throw new InvalidInputException(
                        file + " " + kind + "; models are checkpoints (*.safetensors), the folders"
                                + " of runs, and those that come with the program: " + BuiltInModel.names());
            });
        }
    }

    /** Whether a file says that it is a checkpoint. */
    public static boolean isOne(Safetensors content) {
        return FORMAT.equals(content.metadata().get("format"));
    }

    /**
     * Reads a checkpoint.
     *
     * @throws InvalidInputException if the file is damaged, is no checkpoint or contradicts itself; the message names
     *     it
     */
    public static Checkpoint read(Path file) {
        Safetensors content = Safetensors.read(file);
        if (!isOne(content)) {
            throw new InvalidInputException(file + " is a safetensors file, but not a model of this program");
        }
        if (!VERSION.equals(content.metadata().get("format_version"))) {
            String found = quote(content.metadata().getOrDefault("format_version", "none"));
            throw new InvalidInputException(
                    file + " has format version " + found + "; this program knows version " + VERSION + " only");
        }
        try {
            return read(content);
        } catch (InvalidInputException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw new InvalidInputException(file + ": " + e.getMessage(), e);
        }
    }

    /**
     * The options that {@link #optionsMetadata} wrote into a file's metadata.
     *
     * @throws InvalidInputException if something is missing or wrong; the message does not name the file
     */
    public static TrainingOptions readOptions(Safetensors content) {
        try {
            return options(content);
        } catch (IllegalArgumentException e) {
            throw new InvalidInputException(e.getMessage(), e);
        }
    }

    /** @throws IllegalArgumentException if something is missing or wrong */
    private static TrainingOptions options(Safetensors content) {
        Architecture architecture = architecture(content);
        Noise noise = noise(content);
        LearningRate rate = new LearningRate(
                value(content, "schedule", Schedule::of),
                value(content, "learning_rate", Double::valueOf),
                value(content, "schedule_horizon", Long::valueOf));
        return new TrainingOptions(
                architecture,
                noise,
                value(content, "seed", Long::valueOf),
                value(content, "batch_size", Integer::valueOf),
                rate,
                learningRule(content));
    }

    /** @throws IllegalArgumentException if something is missing or wrong */
    private static Architecture architecture(Safetensors content) {
        int[] image = value(content, "image", text -> parseJson(text, int[].class));
        require(image.length == 3, "image must be [height, width, channels], not " + Arrays.toString(image));
        List<Integer> filters = integers(content, "filters");
        if (!content.metadata().containsKey("network")) {
            return new Autoencoder(
                    image[0],
                    image[1],
                    image[2],
                    filters,
                    value(content, "kernel", Integer::valueOf),
                    value(content, "latent", Integer::valueOf));
        }
        String network = content.metadata().get("network");
        require(network.equals(UNET), "its network is " + quote(network) + ", which this program does not know");
        return new UNet(
                image[0],
                image[1],
                image[2],
                filters,
                integers(content, "blocks"),
                value(content, "residual", Checkpoint::parseBoolean),
                value(content, "bias", Checkpoint::parseBoolean));
    }

    private static List<Integer> integers(Safetensors content, String key) {
        int[] numbers = value(content, key, text -> parseJson(text, int[].class));
        return Arrays.stream(numbers).boxed().toList();
    }

    /** @throws IllegalArgumentException if something is missing or wrong */
    private static Checkpoint read(Safetensors content) {
        TrainingOptions options = options(content);
        Network network = options.network();
        long step = value(content, "step", Long::valueOf);
        require(step >= 0, "step must be 0 or more, not " + step);
        OptionalDouble epochLoss = content.metadata().containsKey("epoch_loss")
                ? OptionalDouble.of(value(content, "epoch_loss", Double::valueOf))
                : OptionalDouble.empty();
        require(
                epochLoss.orElse(0) >= 0 && Double.isFinite(epochLoss.orElse(0)),
                "epoch_loss must be 0 or more, not " + epochLoss);
        require(epochLoss.isEmpty() || step > 0, "epoch_loss cannot be there before the first update");
        boolean hasAverage = options.learningRule().averageDecay().isPresent();
        List<String> prefixes = new ArrayList<>(List.of("", FIRST_MOMENT, SECOND_MOMENT));
        if (hasAverage) {
            prefixes.add(AVERAGE);
        }
        requireOnlyKnownTensors(content, prefixes, network);
        // All of them before memory is taken for any: the metadata may announce what the file is much too small for.
        for (String prefix : prefixes) {
            requireShapes(content, prefix, network);
        }
        TrainingState state = new TrainingState(
                parameters(content, "", network),
                parameters(content, FIRST_MOMENT, network),
                parameters(content, SECOND_MOMENT, network),
                hasAverage ? Optional.of(parameters(content, AVERAGE, network)) : Optional.empty(),
                step);
        return new Checkpoint(
                options,
                value(content, "training_data", Function.identity()),
                value(content, "validation_data", Function.identity()),
                state,
                epochLoss);
    }

    private static Noise noise(Safetensors content) {
        Noise.Kind kind =
                content.metadata().containsKey("noise") ? value(content, "noise", Noise.Kind::of) : Noise.Kind.GAUSSIAN;
        boolean clipped = !content.metadata().containsKey(UNCLIPPED_LEVEL);
        float[] level = range(content, levelKey(kind, clipped));
        float[] gain = kind.hasGain() ? range(content, "noise_gain") : new float[2];
        return new Noise(
                kind,
                value(content, "noise_mean", Float::valueOf),
                level[0],
                level[1],
                gain[0],
                gain[1],
                value(content, "noise_once", Checkpoint::parseBoolean),
                clipped);
    }

    private static float[] range(Safetensors content, String key) {
        float[] range = value(content, key, text -> parseJson(text, float[].class));
        require(range.length == 2, key + " must be [lowest, highest], not " + Arrays.toString(range));
        return range;
    }

    private static <T> T value(Safetensors content, String key, Function<String, T> parser) {
        String text = content.metadata().get(key);
        require(text != null, "its metadata has no \"" + key + "\"");
        try {
            return parser.apply(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("its metadata has a " + key + " that cannot be read: " + quote(text), e);
        }
    }

    /** The text, cut and cleaned to fit one line: a foreign file may hold anything. */
    private static String quote(String text) {
        String line = text.replaceAll("\\p{Cntrl}", "?");
        return line.length() <= LONGEST_QUOTE ? line : line.substring(0, LONGEST_QUOTE) + "…";
    }

    private static <T> T parseJson(String text, Class<T> type) {
        try {
            T value = JSON.readValue(text, type);
            require(value != null, "null");
            return value;
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(JsonProblem.describe(e), e);
        }
    }

    private static boolean parseBoolean(String text) {
        require(text.equals("true") || text.equals("false"), text);
        return text.equals("true");
    }

    private static void requireOnlyKnownTensors(Safetensors content, List<String> prefixes, Network network) {
        Set<String> unknown = new HashSet<>(content.names());
        for (ParameterTensor tensor : network.parameterTensors()) {
            for (String prefix : prefixes) {
                unknown.remove(prefix + tensor.name());
            }
        }
        require(unknown.isEmpty(), "it has tensors that its architecture has not: " + quote(unknown.toString()));
    }

    private static void requireShapes(Safetensors content, String prefix, Network network) {
        for (ParameterTensor expected : network.parameterTensors()) {
            StoredTensor tensor = content.tensor(prefix + expected.name());
            require(
                    Arrays.equals(tensor.shape(), expected.shape()),
                    tensor.name() + " is " + Arrays.toString(tensor.shape()) + " where its architecture needs "
                            + Arrays.toString(expected.shape()));
            require(isFinite(tensor.values()), tensor.name() + " has values that are not finite");
        }
    }

    private static Parameters parameters(Safetensors content, String prefix, Network network) {
        Parameters parameters = new Parameters(network);
        for (ParameterTensor expected : network.parameterTensors()) {
            parameters.set(
                    expected.name(), content.tensor(prefix + expected.name()).values());
        }
        return parameters;
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
