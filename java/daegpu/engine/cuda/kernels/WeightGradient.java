package daegpu.engine.cuda.kernels;

import daegpu.engine.Precision;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.model.ConvolutionGeometry;
import daegpu.model.Layer;

/**
 * The weight gradient of a layer for batches of one size, and beside it the bias gradient of convolutions and dense
 * layers. It stores {@link #splits} shares, each of which has the gradient of the kernel and then, from the next piece
 * on, that of the bias.
 *
 * @param kernel the kernel that is launched
 * @param shape the sizes that it gets
 * @param tileRows number of blocks along taps and channels of the large images
 * @param tileColumns number of blocks along channels of the small images
 * @param largeIsInput whether the large images are the layer's input
 */
record WeightGradient(LayerKernel kernel, GradientShape shape, int tileRows, int tileColumns, boolean largeIsInput) {

    /** The largest number of blocks of a gradient: enough to occupy a GPU, and few shares to add. */
    private static final int BLOCKS = 128;
    /** The same for kernels that compute all taps: fewer, because each block stores nine taps of all its channels. */
    private static final int STRIP_BLOCKS = 64;
    /** The smallest number of pixels of a share. */
    private static final int LEAST_PART = 64;

    static WeightGradient of(Layer layer, int count, Precision precision) {
        Product product = Product.weightGradient(layer, precision);
        ConvolutionGeometry geometry = layer.geometry();
        Tile tile = KernelChoice.of(product);
        int height = geometry.outputHeight();
        int width = geometry.outputWidth();
        int tileColumns = tile.acrossFor(product.columns());
        return switch (tile.unit()) {
            case PIXEL -> {
                int tileRows = tile.downFor(product.tapChannels());
                int pixels = count * height * width;
                int whole = (pixels + tile.depth() - 1) / tile.depth() * tile.depth();
                int splits = Math.min(BLOCKS / (tileRows * tileColumns), whole / LEAST_PART);
                yield of(layer, tile, pixels, Divisor.of(height * width), Divisor.of(width), tileRows, splits);
            }
            case STRIP, LONG_STRIP -> {
                int across = tile.unit().along(width);
                int strips = count * across * height;
                int tileRows = tile.acrossFor(
                        product.channels()); // if one side has one channel, the block takes channels of the other
                int splits = Math.min(BLOCKS / (tileRows * tileColumns), tile.downFor(strips));
                yield of(layer, tile, strips, Divisor.of(across), Divisor.of(height), tileRows, splits);
            }
            case BLOCK_OF_7X7, BLOCK_OF_8X8, BLOCK_OF_16X8, BLOCK_OF_32X16 -> {
                int across = tile.unit().along(width);
                int ofImage = across * tile.unit().down(height);
                int tileRows = tile.downFor(product.channels());
                int splits = Math.min(STRIP_BLOCKS / (tileRows * tileColumns), count * ofImage);
                yield of(layer, tile, count * ofImage, Divisor.of(ofImage), Divisor.of(across), tileRows, splits);
            }
        };
    }

    private static WeightGradient of(
            Layer layer, Tile tile, int units, Divisor byImage, Divisor byWidth, int tileRows, int splits) {
        ConvolutionGeometry geometry = layer.geometry();
        int kernelSize = geometry.kernelSize();
        int channels = geometry.channels();
        int columns = geometry.filters();
        int biasAt = ImplicitGemm.pieces(kernelSize * kernelSize * channels * columns) * ImplicitGemm.PIECE;
        boolean hasBias = !layer.isTransposed() && layer.bias().isPresent();
        GradientShape shape = new GradientShape(
                units,
                geometry.outputHeight(),
                geometry.outputWidth(),
                geometry.height(),
                geometry.width(),
                channels,
                columns,
                kernelSize,
                geometry.paddingTop(),
                geometry.stride(),
                Math.max(1, splits),
                hasBias ? biasAt + ImplicitGemm.pieces(columns) * ImplicitGemm.PIECE : biasAt,
                hasBias ? biasAt : -1,
                byImage,
                byWidth,
                Divisor.of(channels));
        return new WeightGradient(tile.kernel(), shape, tileRows, tile.acrossFor(columns), !layer.isTransposed());
    }

    /** Number of parts of the batch's pixels, each of which gives a share. */
    int splits() {
        return shape.splits();
    }

    /** Number of floats of a share. */
    int share() {
        return shape.share();
    }

    /** Index of the bias gradient in a share, or -1. */
    int biasAt() {
        return shape.biasAt();
    }

    /** Number of blocks of a launch. */
    int allBlocks() {
        return tileRows * tileColumns * splits();
    }

    /**
     * Enqueues it on the device's stream. {@code gradient} is the gradient at what the layer computed, before its
     * activation.
     */
    void launch(KernelLibrary kernels, DeviceArray input, DeviceArray gradient, DeviceArray shares) {
        kernels.launch(
                kernel,
                Grid.blocks(tileRows, tileColumns, splits()),
                addTo(new KernelArguments(), input, gradient, shares));
    }

    /** Adds the arguments of its kernel. */
    KernelArguments addTo(KernelArguments arguments, DeviceArray input, DeviceArray gradient, DeviceArray shares) {
        return arguments
                .add(shape)
                .add(largeIsInput ? input : gradient)
                .add(largeIsInput ? gradient : input)
                .add(shares);
    }
}
