package daegpu.parity;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.data.JsonProblem;
import daegpu.model.Layer.Activation;
import daegpu.model.Layer.Operation;
import daegpu.model.LayerDescription;
import daegpu.model.Network;
import daegpu.model.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A network as files of recorded values describe it: a list of its layers in JSON. */
final class RecordedNetwork {

    private static final ObjectMapper JSON = new ObjectMapper()
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .enable(
                    DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES,
                    DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /**
     * One layer: {@code {"name": "up1_0", "operation": "transposed_convolution", "input": "down2_1", "added":
     * "down1_1", "filters": 8, "kernel": 3, "stride": 2, "activation": "linear", "bias": true}}. {@code input} and
     * {@code added} are {@value Network#INPUT} or names of earlier layers; {@code added} may be null.
     */
    private record Entry(
            String name,
            String operation,
            String input,
            String added,
            int filters,
            int kernel,
            int stride,
            String activation,
            boolean bias) {}

    private RecordedNetwork() {}

    /**
     * Reads a network.
     *
     * @param image its height, width and channels
     * @throws IllegalArgumentException if the text is not such a list, or its layers do not make a network
     */
    static Network read(int[] image, String text) {
        Network.Builder network = new Network.Builder(image[0], image[1], image[2]);
        Map<String, Tensor> tensors = new HashMap<>(Map.of(Network.INPUT, network.input()));
        for (Entry entry : entries(text)) {
            LayerDescription layer = description(entry);
            if (entry.added != null) {
                layer = layer.adding(tensor(tensors, entry.added));
            }
            tensors.put(entry.name, network.add(layer, tensor(tensors, entry.input)));
        }
        return network.build();
    }

    private static LayerDescription description(Entry entry) {
        LayerDescription layer =
                switch (constant(Operation.class, entry.operation)) {
                    case CONVOLUTION ->
                        LayerDescription.convolution(entry.name, entry.filters, entry.kernel, entry.stride);
                    case TRANSPOSED_CONVOLUTION ->
                        LayerDescription.transposedConvolution(entry.name, entry.filters, entry.kernel, entry.stride);
                    case DENSE -> LayerDescription.dense(entry.name, entry.filters);
                };
        return layer.activation(constant(Activation.class, entry.activation)).bias(entry.bias);
    }

    private static List<Entry> entries(String text) {
        Entry[] entries;
        try {
            entries = JSON.readValue(text, Entry[].class);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("its layers cannot be read: " + JsonProblem.describe(e), e);
        }
        if (entries == null || Arrays.asList(entries).contains(null)) { // which is how the text "null" is read
            throw new IllegalArgumentException("its layers are not a list of layers");
        }
        return List.of(entries);
    }

    private static <E extends Enum<E>> E constant(Class<E> type, String name) {
        return Arrays.stream(type.getEnumConstants())
                .filter(constant -> constant.name().toLowerCase(Locale.ROOT).equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("its layers name " + name + ", which is none of "
                        + Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT)));
    }

    private static Tensor tensor(Map<String, Tensor> tensors, String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("its layers read " + name + " before any layer puts that out");
        }
        return tensor;
    }
}
