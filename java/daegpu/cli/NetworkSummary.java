package daegpu.cli;

import daegpu.model.Architecture;
import daegpu.model.Layer;
import java.util.Arrays;
import java.util.Locale;

/** The table of a network's layers that people know from Keras. */
final class NetworkSummary {

    private NetworkSummary() {}

    static String of(Architecture architecture) {
        StringBuilder table = new StringBuilder();
        String row = "%-9s %-37s %-17s %12s%n";
        table.append(String.format(row, "Layer", "Operation", "Output shape", "Parameters"));
        table.append("-".repeat(78)).append(System.lineSeparator());
        table.append(String.format(
                row,
                "input",
                "image",
                shape(architecture.height(), architecture.width(), architecture.channels()),
                "0"));
        for (Layer layer : architecture.layers()) {
            long parameters = Arrays.stream(layer.kernelShape()).asLongStream().reduce(1, (a, b) -> a * b)
                    + layer.outputChannels();
            table.append(String.format(
                    row, layer.name(), operation(layer), shape(layer), String.format(Locale.ROOT, "%,d", parameters)));
        }
        table.append("-".repeat(78)).append(System.lineSeparator());
        table.append(String.format(Locale.ROOT, "Total parameters: %,d", architecture.parameterCount()));
        return table.toString();
    }

    private static String operation(Layer layer) {
        String activation = layer.activation().name().toLowerCase(Locale.ROOT);
        String size = layer.kernelSize() + "x" + layer.kernelSize() + "/" + layer.stride();
        return switch (layer.operation()) {
            case CONVOLUTION -> "convolution " + size + ", " + activation;
            case TRANSPOSED_CONVOLUTION -> "transposed convolution " + size + ", " + activation;
            case DENSE -> "dense, " + activation;
        };
    }

    private static String shape(Layer layer) {
        return layer.operation() == Layer.Operation.DENSE
                ? "(" + layer.outputChannels() + ")"
                : shape(layer.outputHeight(), layer.outputWidth(), layer.outputChannels());
    }

    private static String shape(int height, int width, int channels) {
        return "(" + height + ", " + width + ", " + channels + ")";
    }
}
