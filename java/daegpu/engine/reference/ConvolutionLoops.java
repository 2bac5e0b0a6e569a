package daegpu.engine.reference;

import daegpu.model.ConvolutionGeometry;

/**
 * A 'same' convolution of one image and its two gradients, in plain loops. The other layers use the same three
 * formulas: a transposed convolution <em>is</em> the data gradient of the convolution that goes the other way, so its
 * forward pass is {@link #addDataGradient}, its own data gradient is {@link #addForward}, and its weight gradient is
 * {@link #addWeightGradient} with the two images exchanged; a dense layer is a 1×1 convolution of an image of one
 * pixel.
 *
 * <p>An image is {@code [height·width][channels]}, one row of values for each pixel; a kernel is
 * {@code [kernelSize·kernelSize·channels][filters]}, one row for each row {@code a}, column {@code b} and channel
 * {@code c} of the window. Each formula is a sum over products, made by {@link #addProduct}. A value beyond the border
 * is zero, so its term is left out.
 */
final class ConvolutionLoops {

    private final int height;
    private final int width;
    private final int channels;
    private final int outputHeight;
    private final int outputWidth;
    private final int filters;
    private final int kernelSize;
    private final int stride;
    private final int top;
    private final int left;

    ConvolutionLoops(ConvolutionGeometry geometry) {
        height = geometry.height();
        width = geometry.width();
        channels = geometry.channels();
        outputHeight = geometry.outputHeight();
        outputWidth = geometry.outputWidth();
        filters = geometry.filters();
        kernelSize = geometry.kernelSize();
        stride = geometry.stride();
        top = geometry.paddingTop();
        left = geometry.paddingLeft();
    }

    /** {@code output[i, j, f] += Σ(a, b, c) input[i·stride + a − top, j·stride + b − left, c] · kernel[a, b, c, f]}. */
    void addForward(float[][] input, float[][] kernel, float[][] output) {
        for (int i = 0; i < outputHeight; i++) {
            for (int j = 0; j < outputWidth; j++) {
                for (int a = firstTap(i, top); a < endTap(i, height, top); a++) {
                    for (int b = firstTap(j, left); b < endTap(j, width, left); b++) {
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
     * {@code dataGradient[i·stride + a − top, j·stride + b − left, c] += Σ(f) outputGradient[i, j, f] · kernel[a, b, c,
     * f]} for every {@code i, j, a, b, c}.
     *
     * @param turned the kernel as {@link #turn} lays it out
     */
    void addDataGradient(float[][] outputGradient, float[][] turned, float[][] dataGradient) {
        for (int i = 0; i < outputHeight; i++) {
            for (int j = 0; j < outputWidth; j++) {
                for (int a = firstTap(i, top); a < endTap(i, height, top); a++) {
                    for (int b = firstTap(j, left); b < endTap(j, width, left); b++) {
                        addProduct(
                                outputGradient[i * outputWidth + j],
                                turned,
                                (a * kernelSize + b) * filters,
                                filters,
                                dataGradient[pixel(i, j, a, b)]);
                    }
                }
            }
        }
    }

    /**
     * {@code weightGradient[a, b, c, f] += Σ(i, j) input[i·stride + a − top, j·stride + b − left, c] ·
     * outputGradient[i, j, f]}.
     */
    void addWeightGradient(float[][] input, float[][] outputGradient, float[][] weightGradient) {
        float[] column = new float[outputWidth];
        for (int i = 0; i < outputHeight; i++) {
            for (int a = firstTap(i, top); a < endTap(i, height, top); a++) {
                for (int b = 0; b < kernelSize; b++) {
                    // Windows first to last of this row have column b inside the image.
                    int first = Math.max(0, (left - b + stride - 1) / stride);
                    // Rounded down: in an image narrower than the kernel there may be none.
                    int last = Math.min(outputWidth - 1, Math.floorDiv(width - 1 + left - b, stride));
                    for (int c = 0; c < channels; c++) {
                        for (int j = first; j <= last; j++) {
                            column[j - first] = input[pixel(i, j, a, b)][c];
                        }
                        addProduct(
                                column,
                                outputGradient,
                                i * outputWidth + first,
                                last - first + 1,
                                weightGradient[(a * kernelSize + b) * channels + c]);
                    }
                }
            }
        }
    }

    /**
     * Fills {@code turned} with the transposed kernel, {@code [kernelSize·kernelSize·filters][channels]}, for
     * {@link #addDataGradient}.
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

    /** The first row (column) of the kernel that falls inside the image in window {@code i}. */
    private int firstTap(int i, int padding) {
        return Math.max(0, padding - i * stride);
    }

    /** One past the last row (column) of the kernel that falls inside an image of {@code size} rows (columns). */
    private int endTap(int i, int size, int padding) {
        return Math.min(kernelSize, size + padding - i * stride);
    }

    /** The pixel on the input side under row {@code a} and column {@code b} of the kernel in window {@code i, j}. */
    private int pixel(int i, int j, int a, int b) {
        return (i * stride + a - top) * width + j * stride + b - left;
    }

    /**
     * {@code y[k] += Σ(r) x[r] · rows[first + r][k]}, a vector times a matrix. The Java compiler turns the loop over
     * {@code k} into vector instructions, because all arrays are read at {@code k} itself (if there were several
     * offsets into one array, it could not exclude that they overlap), and because there are not too many of them.
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
