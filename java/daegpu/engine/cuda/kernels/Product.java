package daegpu.engine.cuda.kernels;

import daegpu.engine.Precision;
import daegpu.model.ConvolutionGeometry;
import daegpu.model.Layer;
import daegpu.model.Layer.Operation;

/**
 * One of the three products of a layer: all that decides which kernel computes it.
 *
 * @param kind which images are made from which
 * @param dense whether the layer is a dense one
 * @param channels of the images that values are gathered from; for a weight gradient, of the large images
 * @param columns channels of the images that are made; for a weight gradient, of the small images
 * @param kernelSize rows, and columns, of the kernel
 * @param stride pixels of the large images from one window to the next
 * @param padding rows, and columns, of zeros before a large image
 * @param smallHeight rows of the small images
 * @param smallWidth columns of those
 * @param epilogue what is done with the products; nothing in a weight gradient
 * @param precision number format to which operands are rounded, in kernels for tensor cores
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
    /**
     * The smallest height and width for strips: below it strips would be mostly empty, and the rows of a tile would not
     * fit into shared memory.
     */
    private static final int LEAST_STRIPS = 5;

    /** The same for blocks of 16×8 pixels. */
    private static final int LEAST_BLOCKS = 8;

    /** Which images are made from which: a convolution makes small images from large ones. */
    enum Kind {
        /** Small images from large ones. */
        CONVOLUTION,
        /** Large images from small ones. */
        TRANSPOSED,
        /** The kernel's gradient, from both. */
        WEIGHT_GRADIENT
    }

    /** A layer forward. */
    static Product forward(Layer layer, Epilogue epilogue, Precision precision) {
        return of(layer.isTransposed() ? Kind.TRANSPOSED : Kind.CONVOLUTION, layer, epilogue, precision);
    }

    /** The data gradient: from the gradient at what a layer computes to that at its input. */
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

    /** Whether tensor cores compute it in this precision: if channels and columns are multiples of 8. */
    boolean byTensorCores(Precision format) {
        return precision == format && !dense && channels % 8 == 0 && columns % 8 == 0 && epilogue.isHidden();
    }

    /** Whether each tile of a kernel for tensor cores lies within one tap. */
    boolean hasWholeTaps() {
        return kernelSize == 3 && channels % TENSOR_CORE_DEPTH == 0;
    }

    /** Whether tensor cores compute it by kernels that gather blocks of pixels once for all taps. */
    boolean byTensorCoresInBlocks(Precision format) {
        return byTensorCores(format)
                && kernelSize == 3
                && stride == 1
                && Math.min(smallHeight, smallWidth) >= LEAST_BLOCKS
                && (kind == Kind.WEIGHT_GRADIENT ? Math.min(channels, columns) >= 16 : hasWholeTaps());
    }

    /** Whether it can be computed by strips of small pixels, and its columns are a multiple of 4. */
    boolean byStrips(int ofStride) {
        return alongStrips(ofStride) && columns % 4 == 0;
    }

    /** Whether it can be computed by strips of small pixels. */
    private boolean alongStrips(int ofStride) {
        return !dense
                && kernelSize == 3
                && stride == ofStride
                && padding == (ofStride == 1 ? 1 : 0)
                && Math.min(smallHeight, smallWidth) >= LEAST_STRIPS
                && epilogue.isHidden();
    }

    /** Whether it has one 3×3 filter with stride 1, and channels in multiples of 8. */
    boolean hasSingleFilter() {
        return !dense && columns == 1 && kernelSize == 3 && stride == 1 && channels % 8 == 0;
    }

    /** The same for a weight gradient that can be computed by strips. */
    boolean hasSingleFilterByStrips() {
        return hasSingleFilter() && alongStrips(1);
    }

    /** Taps of the kernel × channels: the depth of a product, or the rows of a weight gradient. */
    int tapChannels() {
        return kernelSize * kernelSize * channels;
    }

    /** Whether the pixels that values are gathered from can be read by 16 bytes. */
    boolean channelsByFours() {
        return channels % 4 == 0;
    }

    /** Whether the pixels of both images can be read by 16 bytes. */
    boolean bothByFours() {
        return channelsByFours() && columns % 4 == 0;
    }
}
