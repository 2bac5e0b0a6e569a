package daegpu.engine.cuda;

import daegpu.model.Layer;
import daegpu.model.Layer.Operation;

/**
 * The weight gradient of a layer for batches of one size by a kernel of include/weight_gradient.cuh, and beside it the bias
 * gradient of convolutions and dense layers. It leaves {@link #splits} shares, each of which has the kernel's gradient and
 * then, from the next piece of the arena on, the bias's.
 *
 * @param kernel     what is launched
 * @param shape      {@code struct GradientShape}
 * @param tileRows   blocks along taps and channels of the large images
 * @param tileColumns blocks along channels of the small ones
 * @param splits     parts of the batch's pixels
 * @param share      floats of a share
 * @param largeIsInput whether the large images are what the layer takes in
 */
record WeightGradient(Kernel kernel, int[] shape, int tileRows, int tileColumns, int splits, int share,
                      boolean largeIsInput) {

    /** Blocks that a gradient is split into, at most: enough to occupy a GPU, and few shares to add. */
    private static final int BLOCKS = 128;
    private static final int TILE_PIXELS = 16;
    /** Tiles of pixels that a share takes at least. */
    private static final int LEAST_PART = 4;

    static WeightGradient of(Layer layer, int count) {
        boolean transposed = layer.operation() == Operation.TRANSPOSED_CONVOLUTION;
        int channels = transposed ? layer.outputChannels() : layer.inputChannels();
        int columns = transposed ? layer.inputChannels() : layer.outputChannels();
        int smallHeight = transposed ? layer.inputHeight() : layer.outputHeight();
        int smallWidth = transposed ? layer.inputWidth() : layer.outputWidth();
        int rows = layer.kernelSize() * layer.kernelSize() * channels;
        boolean thin = rows <= 16;
        Kernel kernel = thin ? columns % 4 == 0 ? Kernel.WEIGHT_GRADIENT_THIN_VECTOR : Kernel.WEIGHT_GRADIENT_THIN
                : columns % 4 == 0 && channels % 4 == 0 ? Kernel.WEIGHT_GRADIENT_VECTOR : Kernel.WEIGHT_GRADIENT;
        int tileHeight = thin ? 16 : 64;
        int tileRows = (rows + tileHeight - 1) / tileHeight;
        int tileColumns = (columns + 31) / 32;
        int pixels = count * smallHeight * smallWidth;
        int tiles = (pixels + TILE_PIXELS - 1) / TILE_PIXELS;
        int splits = Math.max(1, Math.min(BLOCKS / (tileRows * tileColumns), tiles / LEAST_PART));
        int biasAt = ImplicitGemm.pieces(rows * columns) * ImplicitGemm.PIECE;
        int share = transposed ? biasAt : biasAt + ImplicitGemm.pieces(columns) * ImplicitGemm.PIECE;
        Divisor byImage = Divisor.of(smallHeight * smallWidth);
        Divisor byWidth = Divisor.of(smallWidth);
        Divisor byChannels = Divisor.of(channels);
        int[] shape = {pixels, smallHeight, smallWidth, transposed ? layer.outputHeight() : layer.inputHeight(),
                transposed ? layer.outputWidth() : layer.inputWidth(), channels, columns, layer.kernelSize(),
                layer.paddingBefore(), layer.stride(), splits, share, transposed ? -1 : biasAt, byImage.multiplier(),
                byImage.shift(), byWidth.multiplier(), byWidth.shift(), byChannels.multiplier(), byChannels.shift()};
        return new WeightGradient(kernel, shape, tileRows, tileColumns, splits, share, !transposed);
    }

    /** Where the bias gradient is in a share of a convolution or dense layer. */
    int biasAt() {
        return shape[12];
    }

    /** Asks for it: {@code gradient} is that at what the layer put out, before its activation. */
    void launch(Kernel.Library kernels, DeviceArray input, DeviceArray gradient, DeviceArray partials) {
        kernels.launchGrid(kernel, tileRows, tileColumns, splits, arguments(input, gradient, partials));
    }

    /** Of its kernel. */
    Object[] arguments(DeviceArray input, DeviceArray gradient, DeviceArray partials) {
        return new Object[] {shape, largeIsInput ? input : gradient, largeIsInput ? gradient : input, partials};
    }
}
