package daegpu.model;

/**
 * One layer of the network: what it computes and the shapes it computes it on. Activations are {@code [batch, height,
 * width, channels]}; a dense layer is written as a 1×1 image, so that its channels are its units.
 *
 * @param name Keras-like name, unique in the network: {@code conv1}, {@code latent}, {@code deconv2}…
 * @param operation what it computes before bias and activation
 * @param activation what follows the bias
 * @param inputHeight height of the input in pixels, 1 for a dense layer
 * @param inputWidth width of the input in pixels, 1 for a dense layer
 * @param inputChannels channels of the input, or units for a dense layer
 * @param outputHeight height of the output in pixels, 1 for a dense layer
 * @param outputWidth width of the output in pixels, 1 for a dense layer
 * @param outputChannels channels of the output, or units for a dense layer
 * @param kernelSize height and width of the kernel, 1 for a dense layer
 * @param stride step of the convolution in pixels, 1 for a dense layer
 */
public record Layer(
        String name,
        Operation operation,
        Activation activation,
        int inputHeight,
        int inputWidth,
        int inputChannels,
        int outputHeight,
        int outputWidth,
        int outputChannels,
        int kernelSize,
        int stride) {

    /** What a layer computes before its bias is added. */
    public enum Operation {
        CONVOLUTION,
        DENSE,
        TRANSPOSED_CONVOLUTION
    }

    /** What a layer applies after its bias was added. */
    public enum Activation {
        LINEAR,
        RELU,
        SIGMOID
    }

    /** Values that go in for one image. */
    public int inputSize() {
        return inputHeight * inputWidth * inputChannels;
    }

    /** Values that come out for one image. */
    public int outputSize() {
        return outputHeight * outputWidth * outputChannels;
    }

    /**
     * Rows (and columns) of zeros that 'same' padding puts before an image, by TensorFlow's rule: the total is
     * {@code max((ceil(size/stride) − 1)·stride + kernel − size, 0)} and the smaller half of it goes before. For a
     * transposed convolution it is the padding of the convolution whose gradient it is, hence counted on its output.
     */
    public int paddingBefore() {
        int size = operation == Operation.TRANSPOSED_CONVOLUTION ? outputHeight : inputHeight;
        int steps = (size + stride - 1) / stride;
        return Math.max((steps - 1) * stride + kernelSize - size, 0) / 2;
    }

    /**
     * Shape of the kernel: {@code [kernel height, kernel width, in, out]} for a convolution, {@code [kernel height,
     * kernel width, out, in]} for a transposed one, {@code [in, out]} for a dense layer.
     */
    public int[] kernelShape() {
        return switch (operation) {
            case CONVOLUTION -> new int[] {kernelSize, kernelSize, inputChannels, outputChannels};
            case TRANSPOSED_CONVOLUTION -> new int[] {kernelSize, kernelSize, outputChannels, inputChannels};
            case DENSE -> new int[] {inputChannels, outputChannels};
        };
    }
}
