package daegpu.engine.cuda.kernels;

import daegpu.engine.Precision;
import daegpu.model.ConvolutionGeometry;
import daegpu.model.Layer;
import daegpu.model.Layer.Operation;

/**
 * One of the three products of a layer: all that decides which kernel makes it.
 *
 * @param kind what is made of what
 * @param dense whether the layer is a dense one
 * @param channels of the images that values are gathered from; for a weight gradient, of the large images
 * @param columns channels of the images that are made; for a weight gradient, of the small images
 * @param kernelSize rows, and columns, of the kernel
 * @param stride pixels of the large images from one window to the next
 * @param padding rows, and columns, of zeros before a large image
 * @param smallHeight rows of the small images
 * @param smallWidth columns of those
 * @param epilogue what is done with the products; of a weight gradient nothing
 * @param precision what operands are rounded to: in a kernel of the tensor cores
 */
record Product(
        Kind kind,
        boolean dense,
        int channels,
        int columns,
        int kernelSize,
        int stride,
        int padding,
        int smallHeight,
        int smallWidth,
        Epilogue epilogue,
        Precision precision) {

    /** Depth of a tile of the tensor cores, in values; {@code DEPTH} of include/tensor_core.cuh. */
    static final int TENSOR_CORE_DEPTH = 32;
    /** Height and width below which strips would be mostly empty, and the rows of a tile not fit its place. */
    private static final int LEAST_STRIPS = 5;

    /** The same of blocks of 16×8 pixels. */
    private static final int LEAST_BLOCKS = 8;

    /** A convolution takes in large images and puts out small ones. */
    enum Kind {
        /** Small images of large ones. */
        CONVOLUTION,
        /** Large images of small ones. */
        TRANSPOSED,
        /** The kernel's gradient, of both. */
        WEIGHT_GRADIENT
    }

    /** A layer forward. */
    static Product forward(Layer layer, Epilogue epilogue, Precision precision) {
        return of(layer.isTransposed() ? Kind.TRANSPOSED : Kind.CONVOLUTION, layer, epilogue, precision);
    }

    /** From the gradient at what a layer computes to that at what it takes in. */
    static Product dataGradient(Layer layer, Epilogue epilogue, Precision precision) {
        return of(layer.isTransposed() ? Kind.CONVOLUTION : Kind.TRANSPOSED, layer, epilogue, precision);
    }

    static Product weightGradient(Layer layer, Precision precision) {
        return of(Kind.WEIGHT_GRADIENT, layer, Epilogue.LINEAR, precision);
    }

    private static Product of(Kind kind, Layer layer, Epilogue epilogue, Precision precision) {
        ConvolutionGeometry geometry = layer.geometry();
        boolean transposed = kind == Kind.TRANSPOSED;
        return new Product(
                kind,
                layer.operation() == Operation.DENSE,
                transposed ? geometry.filters() : geometry.channels(),
                transposed ? geometry.channels() : geometry.filters(),
                geometry.kernelSize(),
                geometry.stride(),
                geometry.paddingTop(),
                geometry.outputHeight(),
                geometry.outputWidth(),
                epilogue,
                precision);
    }

    /** Whether tensor cores make it, in this precision: where channels and columns are multiples of 8. */
    boolean byTensorCores(Precision format) {
        return precision == format && !dense && channels % 8 == 0 && columns % 8 == 0 && epilogue.isHidden();
    }

    /** Whether what a kernel of the tensor cores takes of the depth at a time is of one tap. */
    boolean hasWholeTaps() {
        return kernelSize == 3 && channels % TENSOR_CORE_DEPTH == 0;
    }

    /** Whether they do so by kernels that gather blocks of pixels once for all taps. */
    boolean byTensorCoresInBlocks(Precision format) {
        return byTensorCores(format)
                && kernelSize == 3
                && stride == 1
                && Math.min(smallHeight, smallWidth) >= LEAST_BLOCKS
                && (kind == Kind.WEIGHT_GRADIENT ? Math.min(channels, columns) >= 16 : hasWholeTaps());
    }

    /** Whether strips of small pixels go along its images, and its columns come in fours. */
    boolean byStrips(int ofStride) {
        return alongStrips(ofStride) && columns % 4 == 0;
    }

    /** Whether strips of small pixels go along its images. */
    private boolean alongStrips(int ofStride) {
        return !dense
                && kernelSize == 3
                && stride == ofStride
                && padding == (ofStride == 1 ? 1 : 0)
                && Math.min(smallHeight, smallWidth) >= LEAST_STRIPS
                && epilogue.isHidden();
    }

    /** Whether it has one filter of 3×3 that goes from pixel to pixel of images whose channels come in eights. */
    boolean hasSingleFilter() {
        return !dense && columns == 1 && kernelSize == 3 && stride == 1 && channels % 8 == 0;
    }

    /** The same of a weight gradient, where strips go along its images. */
    boolean hasSingleFilterByStrips() {
        return hasSingleFilter() && alongStrips(1);
    }

    /** Taps of the kernel times channels: the depth of a product, the rows of a weight gradient. */
    int tapChannels() {
        return kernelSize * kernelSize * channels;
    }

    /** Whether pixels of what is gathered from can be read by 16 bytes. */
    boolean channelsByFours() {
        return channels % 4 == 0;
    }

    /** Whether pixels of both images can. */
    boolean bothByFours() {
        return channelsByFours() && columns % 4 == 0;
    }
}
