package daegpu.cli;

import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.ParameterTensor;
import daegpu.model.Tensor;
import java.util.Locale;

/** The table of a network's layers that people know from Keras. */
final class NetworkSummary {

    /** Width of the column of operations, in characters, where none is longer. */
    private static final int SHORTEST_OPERATION = 37;

    private NetworkSummary() {}

    static String of(Network network) {
        StringBuilder table = new StringBuilder();
        int longest = network.layers().stream()
                .mapToInt(layer -> operation(layer).length())
                .max()
                .orElseThrow();
        int width = Math.max(SHORTEST_OPERATION, longest);
        String row = "%-9s %-" + width + "s %-17s %12s%n";
        table.append(String.format(row, "Layer", "Operation", "Output shape", "Parameters"));
        table.append("-".repeat(width + 41)).append(System.lineSeparator());
        table.append(String.format(row, network.input().name(), "image", shape(network.input()), "0"));
        for (Layer layer : network.layers()) {
            int parameters =
                    layer.parameters().stream().mapToInt(ParameterTensor::size).sum();
            table.append(String.format(
                    row, layer.name(), operation(layer), shape(layer), String.format(Locale.ROOT, "%,d", parameters)));
        }
        table.append("-".repeat(width + 41)).append(System.lineSeparator());
        table.append(String.format(Locale.ROOT, "Total parameters: %,d", network.parameterCount()));
        return table.toString();
    }

    private static String operation(Layer layer) {
        return plainOperation(layer)
                + layer.added().map(skip -> " + " + skip.name()).orElse("");
    }

    private static String plainOperation(Layer layer) {
        String activation = layer.activation().name().toLowerCase(Locale.ROOT);
        String size = layer.kernelSize() + "x" + layer.kernelSize() + "/" + layer.stride();
        return switch (layer.operation()) {
            case CONVOLUTION -> "convolution " + size + ", " + activation;
            case TRANSPOSED_CONVOLUTION -> "transposed convolution " + size + ", " + activation;
            case DENSE -> "dense, " + activation;
        };
    }

    private static String shape(Layer layer) {
        return layer.operation() == Layer.Operation.DENSE ? "(" + layer.outputChannels() + ")" : shape(layer.output());
    }

    private static String shape(Tensor tensor) {
        return "(" + tensor.height() + ", " + tensor.width() + ", " + tensor.channels() + ")";
    }
}
