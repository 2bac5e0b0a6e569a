package daegpu.engine.reference;

import daegpu.model.Layer;
import daegpu.model.Layer.Operation;

/**
 * A 'same' convolution of one image and its two gradients, written out. The other layers are the same three formulas: a
 * transposed convolution <em>is</em> the input gradient of the convolution that goes the other way, so its forward pass
 * is {@link #addInputGradient}, its own input gradient is {@link #addForward}, and its kernel gradient is
 * {@link #addKernelGradient} with the two images exchanged; a dense layer is a 1×1 convolution of an image of one
 * pixel.
 *
 * <p>An image is {@code [height·width][channels]}, one row of values for each pixel; a kernel is
 * {@code [kernelSize·kernelSize·channels][filters]}, one row for each row {@code a}, column {@code b} and channel
 * {@code c} of the window. Each formula is a sum over products, made by {@link #addProduct}. A value beyond the border
 * is zero, so its term is left out.
 *
 * @param height height of the image on the input side, in pixels
 * @param width width of the image on the input side, in pixels
 * @param channels channels on the input side
 * @param outputHeight height on the output side: height / stride
 * @param outputWidth width on the output side: width / stride
 * @param filters channels on the output side
 * @param kernelSize height and width of the kernel
 * @param stride pixels from one window to the next
 * @param padding rows and columns of zeros before the image
 */
record Convolution(
        int height,
        int width,
        int channels,
        int outputHeight,
        int outputWidth,
        int filters,
        int kernelSize,
        int stride,
        int padding) {

    /** The convolution that {@code layer} is, or for a transposed one, the convolution whose gradient it is. */
    static Convolution of(Layer layer) {
        if (layer.operation() == Operation.TRANSPOSED_CONVOLUTION) {
            return new Convolution(
                    layer.outputHeight(),
                    layer.outputWidth(),
                    layer.outputChannels(),
                    layer.inputHeight(),
                    layer.inputWidth(),
                    layer.inputChannels(),
                    layer.kernelSize(),
                    layer.stride(),
                    layer.paddingBefore());
        }
        return new Convolution(
                layer.inputHeight(),
                layer.inputWidth(),
                layer.inputChannels(),
                layer.outputHeight(),
                layer.outputWidth(),
                layer.outputChannels(),
                layer.kernelSize(),
                layer.stride(),
                layer.paddingBefore());
    }

    /**
     * {@code output[i, j, f] += Σ(a, b, c) input[i·stride + a − padding, j·stride + b − padding, c] · kernel[a, b, c,
     * f]}.
     */
    void addForward(float[][] input, float[][] kernel, float[][] output) {
        for (int i = 0; i < outputHeight; i++) {
            for (int j = 0; j < outputWidth; j++) {
                for (int a = firstTap(i); a < endTap(i, height); a++) {
                    for (int b = firstTap(j); b < endTap(j, width); b++) {
                        addProduct(
                                input[pixel(i, j, a, b)],
                                kernel,
                                (a * kernelSize + b) * channels,
                                channels,
                                output[i * outputWidth + j]);
                    }
                }
            }
        }
    }

    /**
     * {@code inputGradient[i·stride + a − padding, j·stride + b − padding, c] += Σ(f) outputGradient[i, j, f] ·
     * kernel[a, b, c, f]} for every {@code i, j, a, b, c}.
     *
     * @param turned the kernel as {@link #turn} lays it out
     */
    void addInputGradient(float[][] outputGradient, float[][] turned, float[][] inputGradient) {
        for (int i = 0; i < outputHeight; i++) {
            for (int j = 0; j < outputWidth; j++) {
                for (int a = firstTap(i); a < endTap(i, height); a++) {
                    for (int b = firstTap(j); b < endTap(j, width); b++) {
                        addProduct(
                                outputGradient[i * outputWidth + j],
                                turned,
                                (a * kernelSize + b) * filters,
                                filters,
                                inputGradient[pixel(i, j, a, b)]);
                    }
                }
            }
        }
    }

    /**
     * {@code kernelGradient[a, b, c, f] += Σ(i, j) input[i·stride + a − padding, j·stride + b − padding, c] ·
     * outputGradient[i, j, f]}.
     */
    void addKernelGradient(float[][] input, float[][] outputGradient, float[][] kernelGradient) {
        float[] column = new float[outputWidth];
        for (int i = 0; i < outputHeight; i++) {
            for (int a = firstTap(i); a < endTap(i, height); a++) {
                for (int b = 0; b < kernelSize; b++) {
                    // Windows first to last of this row have column b inside the image.
                    int first = Math.max(0, (padding - b + stride - 1) / stride);
                    // Rounded down: in an image narrower than the kernel there may be none.
                    int last = Math.min(outputWidth - 1, Math.floorDiv(width - 1 + padding - b, stride));
                    for (int c = 0; c < channels; c++) {
                        for (int j = first; j <= last; j++) {
                            column[j - first] = input[pixel(i, j, a, b)][c];
                        }
                        addProduct(
                                column,
                                outputGradient,
                                i * outputWidth + first,
                                last - first + 1,
                                kernelGradient[(a * kernelSize + b) * channels + c]);
                    }
                }
            }
        }
    }

    /**
     * Fills {@code turned} with the kernel as {@code [kernelSize·kernelSize·filters][channels]}, for
     * {@link #addInputGradient}.
     */
    void turn(float[][] kernel, float[][] turned) {
        for (int tap = 0; tap < kernelSize * kernelSize; tap++) {
            for (int c = 0; c < channels; c++) {
                for (int f = 0; f < filters; f++) {
                    turned[tap * filters + f][c] = kernel[tap * channels + c][f];
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

    /** The pixel on the input side under row {@code a} and column {@code b} of the kernel in window {@code i, j}. */
    private int pixel(int i, int j, int a, int b) {
        return (i * stride + a - padding) * width + j * stride + b - padding;
    }

    /**
     * {@code y[k] += Σ(r) x[r] · rows[first + r][k]}, a vector times a matrix. The compiler turns the loop over
     * {@code k} into vector instructions: all its arrays are read at {@code k} itself (with different offsets into one
     * array it could not exclude that they overlap), and there are not too many of them.
     */
    private static void addProduct(float[] x, float[][] rows, int first, int count, float[] y) {
        int r = 0;
        for (; r + 4 <= count; r += 4) {
            float x0 = x[r];
            float x1 = x[r + 1];
            float x2 = x[r + 2];
            float x3 = x[r + 3];
            float[] row0 = rows[first + r];
            float[] row1 = rows[first + r + 1];
            float[] row2 = rows[first + r + 2];
            float[] row3 = rows[first + r + 3];
            for (int k = 0; k < y.length; k++) {
                y[k] += x0 * row0[k] + x1 * row1[k] + x2 * row2[k] + x3 * row3[k];
            }
        }
        for (; r < count; r++) {
            float factor = x[r];
            float[] row = rows[first + r];
            for (int k = 0; k < y.length; k++) {
                y[k] += factor * row[k];
            }
        }
    }
}
