package daegpu.model;

import java.util.List;
import java.util.Optional;

/**
 * One layer of a network: {@code activation(operation(input) + bias + added)}.
 *
 * @param name unique in the network: {@code conv1}, {@code latent}, {@code up2_0}…
 * @param operation what it computes from its input
 * @param activation what is applied to the sums
 * @param input its input: the image, or the output of an earlier layer
 * @param added a skip: the image or the output of an earlier layer, of the shape of {@code output}, which is added
 *     before the activation
 * @param output its output
 * @param kernelSize height and width of the kernel, 1 for a dense layer
 * @param stride step of the convolution in pixels, 1 for a dense layer
 * @param kernel where its kernel lies among the parameters
 * @param bias where its bias lies, one value for each output channel (for each unit of a dense layer), if it has one
 */
public record Layer(
        String name,
        Operation operation,
        Activation activation,
        Tensor input,
        Optional<Tensor> added,
        Tensor output,
        int kernelSize,
        int stride,
        ParameterTensor kernel,
        Optional<ParameterTensor> bias) {

    /** What a layer computes from its input. */
    public enum Operation {
        CONVOLUTION,
        DENSE,
        TRANSPOSED_CONVOLUTION
    }

    /** What a layer applies last. */
    public enum Activation {
        /** {@code x}. */
        LINEAR,
        /** {@code max(x, 0)}. */
        RELU,
        /** {@code 1 / (1 + e⁻ˣ)}. */
        SIGMOID
    }

    /** Its trainable tensors: the kernel, and the bias if it has one. */
    public List<ParameterTensor> parameters() {
        return bias.map(tensor -> List.of(kernel, tensor)).orElse(List.of(kernel));
    }

    /** Index of the value after its last parameter. */
    int end() {
        return bias.orElse(kernel).end();
    }

    /**
     * The sizes of the convolution that this layer is. For a transposed convolution, they are those of the convolution
     * that goes the other way, and whose data gradient it is.
     */
    public ConvolutionGeometry geometry() {
        return isTransposed()
                ? new ConvolutionGeometry(
                        outputHeight(),
                        outputWidth(),
                        outputChannels(),
                        inputHeight(),
                        inputWidth(),
                        inputChannels(),
                        kernelSize,
                        stride)
                : new ConvolutionGeometry(
                        inputHeight(),
                        inputWidth(),
                        inputChannels(),
                        outputHeight(),
                        outputWidth(),
                        outputChannels(),
                        kernelSize,
                        stride);
    }

    /** Whether it is a transposed convolution. */
    public boolean isTransposed() {
        return operation == Operation.TRANSPOSED_CONVOLUTION;
    }

    private boolean isDense() {
        return operation == Operation.DENSE;
    }

    /** Rows of the input, 1 for a dense layer, which sees its input as the channels of a single pixel. */
    public int inputHeight() {
        return isDense() ? 1 : input.height();
    }

    /** Columns of the input, 1 for a dense layer. */
    public int inputWidth() {
        return isDense() ? 1 : input.width();
    }

    /** Channels of the input, all of its values for a dense layer. */
    public int inputChannels() {
        return isDense() ? input.size() : input.channels();
    }

    /** Rows of the output, 1 for a dense layer. */
    public int outputHeight() {
        return isDense() ? 1 : output.height();
    }

    /** Columns of the output, 1 for a dense layer. */
    public int outputWidth() {
        return isDense() ? 1 : output.width();
    }

    /** Channels of the output, units for a dense layer. */
    public int outputChannels() {
        return isDense() ? output.size() : output.channels();
    }

    /** Number of input values of one image. */
    public int inputSize() {
        return input.size();
    }

    /** Number of output values of one image. */
    public int outputSize() {
        return output.size();
    }

    /**
     * {@link ConvolutionGeometry#paddingTop} of its geometry, which is the same to the left for every size that is a
     * multiple of the stride.
     */
    public int paddingBefore() {
        return geometry().paddingTop();
    }

    /**
     * Shape of the kernel of a layer with these sizes: {@code [kernel height, kernel width, in, out]} for a
     * convolution, {@code [kernel height, kernel width, out, in]} for a transposed one, {@code [in, out]} for a dense
     * layer.
     */
    static int[] kernelShape(Operation operation, int kernelSize, int inputChannels, int outputChannels) {
        return switch (operation) {
            case CONVOLUTION -> new int[] {kernelSize, kernelSize, inputChannels, outputChannels};
            case TRANSPOSED_CONVOLUTION -> new int[] {kernelSize, kernelSize, outputChannels, inputChannels};
            case DENSE -> new int[] {inputChannels, outputChannels};
        };
    }

    /** Shape of the kernel; see {@link #kernelShape(Operation, int, int, int)}. */
    public int[] kernelShape() {
        return kernel.shape();
    }
}
