package daegpu.model;

/**
 * The sizes of a 'same' convolution of one image. Every layer is one, or the data gradient of one: a transposed
 * convolution is the data gradient of the convolution that goes the other way, from the layer's output to its input; a
 * dense layer is a 1×1 convolution of one pixel whose channels are all values of its input.
 *
 * @param height rows on the side that the convolution takes in
 * @param width columns of that side
 * @param channels channels of that side
 * @param outputHeight rows on the side that the convolution puts out: height / stride, rounded up
 * @param outputWidth columns of that side, likewise
 * @param filters channels of that side
 * @param kernelSize rows and columns of the kernel
 * @param stride pixels from one window to the next
 */
public record ConvolutionGeometry(
        int height,
        int width,
        int channels,
        int outputHeight,
        int outputWidth,
        int filters,
        int kernelSize,
        int stride) {

    /** Rows of zeros above the image; see {@link #before}. */
    public int paddingTop() {
        return before(height, outputHeight);
    }

    /** Rows of zeros below the image. */
    public int paddingBottom() {
        return padding(height, outputHeight) - paddingTop();
    }

    /** Columns of zeros left of the image; see {@link #before}. */
    public int paddingLeft() {
        return before(width, outputWidth);
    }

    /** Columns of zeros right of the image. */
    public int paddingRight() {
        return padding(width, outputWidth) - paddingLeft();
    }

    /**
     * Zeros before the image by TensorFlow's rule for 'same' padding: of {@code max((ceil(size/stride) − 1)·stride +
     * kernel − size, 0)} in all, the smaller half.
     */
    private int before(int size, int outputSize) {
        return padding(size, outputSize) / 2;
    }

    private int padding(int size, int outputSize) {
        return Math.max((outputSize - 1) * stride + kernelSize - size, 0);
    }
}
