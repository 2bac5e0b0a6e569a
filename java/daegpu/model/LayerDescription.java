package daegpu.model;

import daegpu.model.Layer.Activation;
import daegpu.model.Layer.Operation;
import java.util.Optional;

/**
 * A layer before it is part of a network, for {@link Network.Builder#add}. It has a bias, is linear and has no skip
 * unless told otherwise.
 *
 * @param name unique in the network
 * @param operation what it computes from its input
 * @param kernelSize height and width of the kernel, odd; 1 for a dense layer
 * @param stride step of the convolution in pixels, 1 or 2; 1 for a dense layer
 * @param filters output channels; units for a dense layer
 * @param activation what is applied to the sums
 * @param hasBias whether a bias is added
 * @param added a skip, of the shape of the output, which is added before the activation
 * @param height rows of the image that the units of a dense layer form, in row, column, channel order; 1 for other
 *     layers
 * @param width columns of that image; 1 for other layers
 */
public record LayerDescription(
        String name,
        Operation operation,
        int kernelSize,
        int stride,
        int filters,
        Activation activation,
        boolean hasBias,
        Optional<Tensor> added,
        int height,
        int width) {

    /** @throws IllegalArgumentException if such a layer is not supported; the message says why */
    public LayerDescription {
        require(name != null && !name.isBlank(), "a layer has a name");
        require(filters > 0, name + " needs at least one filter, not " + filters);
        require(
                kernelSize >= 1 && kernelSize <= 7 && kernelSize % 2 == 1,
                name + " needs a kernel size of 1, 3, 5 or 7, not " + kernelSize);
        require(stride == 1 || stride == 2, name + " needs a stride of 1 or 2, not " + stride);
        require(
                height > 0 && width > 0 && filters % ((long) height * width) == 0,
                name + " cannot put " + filters + " units into " + height + "x" + width + " pixels");
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }

    /** A 'same' convolution. */
    public static LayerDescription convolution(String name, int filters, int kernelSize, int stride) {
        return of(name, Operation.CONVOLUTION, filters, kernelSize, stride);
    }

    /** A transposed convolution, whose output is {@code stride} times as high and wide as its input. */
    public static LayerDescription transposedConvolution(String name, int filters, int kernelSize, int stride) {
        return of(name, Operation.TRANSPOSED_CONVOLUTION, filters, kernelSize, stride);
    }

    /** A dense layer, which sees its input as one row of values, in row, column, channel order. */
    public static LayerDescription dense(String name, int units) {
        return of(name, Operation.DENSE, units, 1, 1);
    }

    private static LayerDescription of(String name, Operation operation, int filters, int kernelSize, int stride) {
        return new LayerDescription(
                name, operation, kernelSize, stride, filters, Activation.LINEAR, true, Optional.empty(), 1, 1);
    }

    /** The same with an activation. */
    public LayerDescription activation(Activation newActivation) {
        return new LayerDescription(
                name, operation, kernelSize, stride, filters, newActivation, hasBias, added, height, width);
    }

    /** The same with a bias or without. */
    public LayerDescription bias(boolean newHasBias) {
        return new LayerDescription(
                name, operation, kernelSize, stride, filters, activation, newHasBias, added, height, width);
    }

    /** The same with a skip: an earlier tensor of the shape of the output, which is added before the activation. */
    public LayerDescription adding(Tensor skip) {
        return new LayerDescription(
                name, operation, kernelSize, stride, filters, activation, hasBias, Optional.of(skip), height, width);
    }

    /** The same dense layer with its units as an image of {@code newHeight} rows and {@code newWidth} columns. */
    public LayerDescription shapedAs(int newHeight, int newWidth) {
        return new LayerDescription(
                name, operation, kernelSize, stride, filters, activation, hasBias, added, newHeight, newWidth);
    }

    /**
     * The layer as a part of a network.
     *
     * @param input its input
     * @param offset index of its first parameter among those of the network
     */
    public Layer on(Tensor input, int offset) {
        int[] shape = Layer.kernelShape(
                operation, kernelSize, operation == Operation.DENSE ? input.size() : input.channels(), filters);
        ParameterTensor kernel = new ParameterTensor(name + ".kernel", shape, offset);
        Optional<ParameterTensor> bias = hasBias
                ? Optional.of(new ParameterTensor(name + ".bias", new int[] {filters}, kernel.end()))
                : Optional.empty();
        return new Layer(name, operation, activation, input, added, output(input), kernelSize, stride, kernel, bias);
    }

    /** The output of the layer for {@code input}. */
    Tensor output(Tensor input) {
        return switch (operation) {
            case CONVOLUTION ->
                new Tensor(
                        name, (input.height() + stride - 1) / stride, (input.width() + stride - 1) / stride, filters);
            case TRANSPOSED_CONVOLUTION -> new Tensor(name, input.height() * stride, input.width() * stride, filters);
            case DENSE -> new Tensor(name, height, width, filters / (height * width));
        };
    }
}
