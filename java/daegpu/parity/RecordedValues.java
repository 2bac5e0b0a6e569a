package daegpu.parity;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.data.InvalidInputException;
import daegpu.engine.GivenBatch;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Loss;
import daegpu.engine.Optimizer;
import daegpu.engine.TrainingState;
import daegpu.format.Safetensors;
import daegpu.format.Safetensors.StoredTensor;
import daegpu.model.Autoencoder;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.ParameterTensor;
import daegpu.model.Parameters;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * What an independent implementation computed for one network and one batch: every activation and gradient of the first
 * training step, and the parameters after the first and after all steps, each of them on the same whole batch.
 *
 * @param name where the values come from, in words
 * @param network the network
 * @param rule loss, optimizer and average
 * @param given the batch
 * @param learningRate of Adam, the same in all steps
 * @param initial parameters before the first step
 * @param activations the output of each layer, by its name, at the initial parameters
 * @param gradients of the loss with respect to each parameter, at the initial parameters
 * @param afterFirst parameters after the first step
 * @param afterLast parameters after all steps
 * @param average the average of the parameters after all steps, if the rule has one
 * @param losses the loss of each step, before its update
 */
public record RecordedValues(
        String name,
        Network network,
        LearningRule rule,
        GivenBatch given,
        float learningRate,
        Parameters initial,
        Map<String, float[]> activations,
        Parameters gradients,
        Parameters afterFirst,
        Parameters afterLast,
        Optional<Parameters> average,
        double[] losses) {

    private static final ObjectMapper JSON = new ObjectMapper().disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT);
    private static final Pattern LEARNING_RATE = Pattern.compile("\\blr=([0-9.eE+-]+)");
    private static final Pattern WEIGHT_DECAY = Pattern.compile("\\bweight_decay=([0-9.eE+-]+)");
    private static final Pattern FIRST_WORD = Pattern.compile("^\\w+");

    /** Number of images in the batch. */
    public int batch() {
        return given.count();
    }

    /** Number of training steps that were recorded. */
    public int steps() {
        return losses.length;
    }

    /** The average after the first step, computed by its formula, if the rule has one. */
    public Optional<Parameters> averageAfterFirst() {
        return average.map(last -> {
            Parameters first = initial.copy();
            for (int i = 0; i < first.values().length; i++) {
                double step = (double) afterFirst.values()[i] - first.values()[i];
                first.values()[i] += (float) ((1 - rule.averageDecay().orElseThrow()) * step);
            }
            return first;
        });
    }

    /**
     * Reads a file of recorded values: a safetensors file with the metadata {@code image}, {@code filters},
     * {@code kernel} and {@code latent}, or {@code image} and {@code layers} (see {@link RecordedNetwork});
     * {@code batch}, {@code steps} and {@code optimizer} (which names {@code lr=…}, and {@code weight_decay=…} if there
     * is any); optionally {@code loss} and {@code ema}, the decay of an average, 0 for none; and the tensors
     * {@code input.clean}, {@code input.noisy}, {@code losses}, and for each layer or parameter {@code initial.*},
     * {@code activation.*}, {@code gradient.*}, {@code after1.*} and {@code after<steps>.*}, with an average
     * {@code average<steps>.*}.
     *
     * @throws InvalidInputException if the file is damaged, lacks something or contradicts itself
     */
    public static RecordedValues read(Path file) {
        Safetensors content = Safetensors.read(file);
        Network network = network(file, content);
        LearningRule rule = rule(file, content);
        int batch = integer(file, content, "batch");
        int steps = integer(file, content, "steps");
        if (batch < 1 || steps < 1) {
            throw new InvalidInputException(
                    file + ": its batch and steps must be positive, not " + batch + " and " + steps);
        }
        Map<String, float[]> activations = new LinkedHashMap<>();
        for (Layer layer : network.layers()) {
            activations.put(
                    layer.name(),
                    values(file, content, "activation." + layer.name(), (long) batch * layer.outputSize()));
        }
        float[] losses = values(file, content, "losses", steps);
        long imageValues = (long) batch * network.input().size();
        return new RecordedValues(
                file.toString(),
                network,
                rule,
                new GivenBatch(
                        values(file, content, "input.clean", imageValues),
                        values(file, content, "input.noisy", imageValues),
                        batch),
                learningRate(file, content),
                parameters(file, content, "initial.", network),
                activations,
                parameters(file, content, "gradient.", network),
                parameters(file, content, "after1.", network),
                parameters(file, content, "after" + steps + ".", network),
                rule.averageDecay().isPresent()
                        ? Optional.of(parameters(file, content, "average" + steps + ".", network))
                        : Optional.empty(),
                IntStream.range(0, steps).mapToDouble(i -> losses[i]).toArray());
    }

    /**
     * Records what an engine computes, so that it can be replayed on another one.
     *
     * @param rule the rule that the engine was opened with
     * @param initial parameters of the engine's network to start from
     */
    public static RecordedValues record(
            InspectableEngine engine,
            LearningRule rule,
            Parameters initial,
            GivenBatch given,
            float learningRate,
            int steps) {
        Network network = engine.network();
        engine.load(TrainingState.initial(initial));
        engine.takeLosses();
        engine.trainStep(given, learningRate);
        Map<String, float[]> activations = new LinkedHashMap<>();
        for (Layer layer : network.layers()) {
            activations.put(layer.name(), engine.activation(layer.output()));
        }
        Parameters gradients = engine.gradients();
        Parameters afterFirst = engine.state().parameters();
        for (int step = 1; step < steps; step++) {
            engine.trainStep(given, learningRate);
        }
        TrainingState last = engine.state();
        return new RecordedValues(
                engine.description(),
                network,
                rule,
                given,
                learningRate,
                initial,
                activations,
                gradients,
                afterFirst,
                last.parameters(),
                last.average(),
                engine.takeLosses());
    }

    /** The autoencoder that {@code filters} describes, or the graph that {@code layers} does. */
    private static Network network(Path file, Safetensors content) {
        int[] image = integers(file, content, "image");
        if (image.length != 3) {
            throw new InvalidInputException(
                    file + ": its image must be [height, width, channels], not " + Arrays.toString(image));
        }
        try {
            if (content.metadata().containsKey("layers")) {
                return RecordedNetwork.read(image, text(file, content, "layers"));
            }
            return new Autoencoder(
                            image[0],
                            image[1],
                            image[2],
                            Arrays.stream(integers(file, content, "filters"))
                                    .boxed()
                                    .toList(),
                            integer(file, content, "kernel"),
                            integer(file, content, "latent"))
                    .network();
        } catch (InvalidInputException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw new InvalidInputException(file + ": " + e.getMessage(), e);
        }
    }

    private static LearningRule rule(Path file, Safetensors content) {
        String loss = content.metadata().getOrDefault("loss", Loss.MSE.toString());
        Matcher word = FIRST_WORD.matcher(loss);
        String ema = content.metadata().getOrDefault("ema", "0");
        double average = number(file, ema, "its ema must be a number, not " + ema);
        String optimizer = text(file, content, "optimizer");
        Matcher matcher = WEIGHT_DECAY.matcher(optimizer);
        double decay = matcher.find()
                ? number(file, matcher.group(1), "its optimizer has no number for weight_decay: " + optimizer)
                : 0;
        try {
            return new LearningRule(
                    // Files that were recorded before there were other losses describe the mean squared error in a
                    // sentence.
                    loss.startsWith("mean over") || !word.find() ? Loss.MSE : Loss.of(word.group()),
                    Optimizer.adamW(decay),
                    average == 0 ? OptionalDouble.empty() : OptionalDouble.of(average));
        } catch (IllegalArgumentException e) {
            throw new InvalidInputException(file + ": " + e.getMessage(), e);
        }
    }

    private static String text(Path file, Safetensors content, String key) {
        String value = content.metadata().get(key);
        if (value == null) {
            throw new InvalidInputException(file + " holds no recorded values: its metadata has no \"" + key + "\"");
        }
        return value;
    }

    private static int integer(Path file, Safetensors content, String key) {
        String text = text(file, content, key);
        try {
            return Integer.parseInt(text.strip());
        } catch (NumberFormatException e) {
            throw new InvalidInputException(file + ": its " + key + " must be a whole number, not " + text, e);
        }
    }

    private static int[] integers(Path file, Safetensors content, String key) {
        String text = text(file, content, key);
        String problem = file + ": its " + key + " must be a list of whole numbers, not " + text;
        int[] integers;
        try {
            integers = JSON.readValue(text, int[].class);
        } catch (JsonProcessingException e) {
            throw new InvalidInputException(problem, e);
        }
        if (integers == null) { // which is how the text "null" is read
            throw new InvalidInputException(problem);
        }
        return integers;
    }

    private static float learningRate(Path file, Safetensors content) {
        String optimizer = text(file, content, "optimizer");
        Matcher matcher = LEARNING_RATE.matcher(optimizer);
        if (!matcher.find()) {
            throw new InvalidInputException(file + ": its optimizer names no lr=…: " + optimizer);
        }
        return (float) number(file, matcher.group(1), "its optimizer has no number for lr: " + optimizer);
    }

    private static double number(Path file, String text, String problem) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new InvalidInputException(file + ": " + problem, e);
        }
    }

    private static float[] values(Path file, Safetensors content, String name, long count) {
        StoredTensor tensor = content.tensor(name);
        if (tensor.values().length != count) {
            throw new InvalidInputException(
                    file + ": " + name + " has " + tensor.values().length + " values where the network needs " + count);
        }
        return tensor.values();
    }

    private static Parameters parameters(Path file, Safetensors content, String prefix, Network network) {
        Parameters parameters = new Parameters(network);
        List<String> wrong = new ArrayList<>();
        for (ParameterTensor expected : network.parameterTensors()) {
            StoredTensor tensor = content.tensor(prefix + expected.name());
            if (!Arrays.equals(tensor.shape(), expected.shape())) {
                wrong.add(tensor.name() + " is " + Arrays.toString(tensor.shape()) + " where the network needs "
                        + Arrays.toString(expected.shape()));
            } else {
                parameters.set(expected.name(), tensor.values());
            }
        }
        if (!wrong.isEmpty()) {
            throw new InvalidInputException(file + ": " + String.join("; ", wrong));
        }
        return parameters;
    }
}
