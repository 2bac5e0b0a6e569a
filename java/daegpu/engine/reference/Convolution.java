package daegpu.engine.reference;

import daegpu.model.Layer;
import daegpu.model.Layer.Operation;

/**
 * A 'same' convolution of one image and its two gradients, written out. The other layers are the same three formulas: a
 * transposed convolution <em>is</em> the input gradient of the convolution that goes the other way, so its forward pass is
 * {@link #addInputGradient}, its own input gradient is {@link #addForward}, and its kernel gradient is
 * {@link #addKernelGradient} with the two images exchanged; a dense layer is a 1×1 convolution of an image of one pixel.
 *
 * <p>In each formula the innermost loop runs over values that lie side by side in both arrays, so that the compiler turns it
 * into vector instructions. A value beyond the border is zero, so its term is left out.
 *
 * @param height       height of the image on the input side, in pixels
 * @param width        width of the image on the input side, in pixels
 * @param channels     channels on the input side
 * @param outputHeight height on the output side: height / stride
 * @param outputWidth  width on the output side: width / stride
 * @param filters      channels on the output side
 * @param kernelSize   height and width of the kernel
 * @param stride       pixels from one window to the next
 * @param padding      rows and columns of zeros before the image
 */
record Convolution(int height, int width, int channels, int outputHeight, int outputWidth, int filters,
                   int kernelSize, int stride, int padding) {

    /** The convolution that {@code layer} is, or for a transposed one, the convolution whose gradient it is. */
    static Convolution of(Layer layer) {
        if (layer.operation() == Operation.TRANSPOSED_CONVOLUTION) {
            return new Convolution(layer.outputHeight(), layer.outputWidth(), layer.outputChannels(),
                    layer.inputHeight(), layer.inputWidth(), layer.inputChannels(),
                    layer.kernelSize(), layer.stride(), layer.paddingBefore());
        }
        return new Convolution(layer.inputHeight(), layer.inputWidth(), layer.inputChannels(),
                layer.outputHeight(), layer.outputWidth(), layer.outputChannels(),
                layer.kernelSize(), layer.stride(), layer.paddingBefore());
    }

    /** {@code output[i, j, f] += Σ(a, b, c) input[i·stride + a − padding, j·stride + b − padding, c] · kernel[a, b, c, f]}. */
    void addForward(float[] input, int inputAt, float[] kernel, int kernelAt, float[] output, int outputAt) {
        for (int i = 0; i < outputHeight; i++) {
            for (int j = 0; j < outputWidth; j++) {
                int to = outputAt + (i * outputWidth + j) * filters;
                for (int a = firstTap(i); a < endTap(i, height); a++) {
                    for (int b = firstTap(j); b < endTap(j, width); b++) {
                        int from = inputAt + pixel(i, j, a, b) * channels;
                        int weights = kernelAt + (a * kernelSize + b) * channels * filters;
                        for (int c = 0; c < channels; c++) {
                            addScaled(input[from + c], kernel, weights + c * filters, output, to, filters);
                        }
                    }
                }
            }
        }
    }

    /**
     * {@code inputGradient[i·stride + a − padding, j·stride + b − padding, c] += Σ(f) outputGradient[i, j, f] · kernel[a, b, c, f]}
     * over all {@code i, j, a, b}.
     *
     * @param turned the kernel as {@link #turn} lays it out
     */
    void addInputGradient(float[] outputGradient, int outputAt, float[] turned, float[] inputGradient, int inputAt) {
        for (int i = 0; i < outputHeight; i++) {
            for (int j = 0; j < outputWidth; j++) {
                int from = outputAt + (i * outputWidth + j) * filters;
                for (int a = firstTap(i); a < endTap(i, height); a++) {
                    for (int b = firstTap(j); b < endTap(j, width); b++) {
                        int to = inputAt + pixel(i, j, a, b) * channels;
                        int weights = (a * kernelSize + b) * channels * filters;
                        for (int f = 0; f < filters; f++) {
                            addScaled(outputGradient[from + f], turned, weights + f * channels, inputGradient, to, channels);
                        }
                    }
                }
            }
        }
    }

    /** {@code kernelGradient[a, b, c, f] += Σ(i, j) input[i·stride + a − padding, j·stride + b − padding, c] · outputGradient[i, j, f]}. */
    void addKernelGradient(float[] input, int inputAt, float[] outputGradient, int outputAt, float[] kernelGradient, int kernelAt) {
        for (int i = 0; i < outputHeight; i++) {
            for (int j = 0; j < outputWidth; j++) {
                int gradient = outputAt + (i * outputWidth + j) * filters;
                for (int a = firstTap(i); a < endTap(i, height); a++) {
                    for (int b = firstTap(j); b < endTap(j, width); b++) {
                        int from = inputAt + pixel(i, j, a, b) * channels;
                        int to = kernelAt + (a * kernelSize + b) * channels * filters;
                        for (int c = 0; c < channels; c++) {
                            addScaled(input[from + c], outputGradient, gradient, kernelGradient, to + c * filters, filters);
                        }
                    }
                }
            }
        }
    }

    /** The kernel {@code [a, b, c, f]} as {@code [a, b, f, c]}, in which {@link #addInputGradient} reads it side by side. */
    void turn(float[] kernel, int kernelAt, float[] turned) {
        for (int tap = 0; tap < kernelSize * kernelSize; tap++) {
            int start = tap * channels * filters;
            for (int c = 0; c < channels; c++) {
                for (int f = 0; f < filters; f++) {
                    turned[start + f * channels + c] = kernel[kernelAt + start + c * filters + f];
                }
            }
        }
    }

    /** The first row (column) of the kernel that falls inside the image where the window is the {@code i}-th. */
    private int firstTap(int i) {
        return Math.max(0, padding - i * stride);
    }

    /** One past the last row (column) of the kernel that falls inside an image of {@code size} rows (columns). */
    private int endTap(int i, int size) {
        return Math.min(kernelSize, size + padding - i * stride);
    }

    /** Index of the pixel on the input side under row {@code a} and column {@code b} of the kernel in window {@code i, j}. */
    private int pixel(int i, int j, int a, int b) {
        return (i * stride + a - padding) * width + j * stride + b - padding;
    }

    /** {@code to[k] += factor · from[k]}. */
    private static void addScaled(float factor, float[] from, int fromAt, float[] to, int toAt, int count) {
        if (factor == 0) {
            return; // behind a ReLU every second value is
        }
        for (int k = 0; k < count; k++) {
            to[toAt + k] += factor * from[fromAt + k];
        }
    }
}
