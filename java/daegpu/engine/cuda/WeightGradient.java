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
    /** Pixels that a share takes at least. */
    private static final int LEAST_PART = 64;

    /** Rows and columns of the tiles that a kernel makes, and how many pixels it takes at a time. */
    record Tile(Kernel kernel, int rows, int columns, int pixels) {
    }

    static WeightGradient of(Layer layer, int count, String precision) {
        boolean transposed = layer.operation() == Operation.TRANSPOSED_CONVOLUTION;
        int channels = transposed ? layer.outputChannels() : layer.inputChannels();
        int columns = transposed ? layer.inputChannels() : layer.outputChannels();
        int smallHeight = transposed ? layer.inputHeight() : layer.outputHeight();
        int smallWidth = transposed ? layer.inputWidth() : layer.outputWidth();
        int rows = layer.kernelSize() * layer.kernelSize() * channels;
        Tile tile = TensorCores.gradientTile(precision, layer, channels, columns)
                .orElseGet(() -> tile(rows, channels, columns));
        int tileRows = (rows + tile.rows() - 1) / tile.rows();
        int tileColumns = (columns + tile.columns() - 1) / tile.columns();
        int pixels = count * smallHeight * smallWidth;
        int tiles = (pixels + tile.pixels() - 1) / tile.pixels();
        int splits = Math.max(1, Math.min(BLOCKS / (tileRows * tileColumns), tiles * tile.pixels() / LEAST_PART));
        int biasAt = ImplicitGemm.pieces(rows * columns) * ImplicitGemm.PIECE;
        int share = transposed ? biasAt : biasAt + ImplicitGemm.pieces(columns) * ImplicitGemm.PIECE;
        Divisor byImage = Divisor.of(smallHeight * smallWidth);
        Divisor byWidth = Divisor.of(smallWidth);
        Divisor byChannels = Divisor.of(channels);
        int[] shape = {pixels, smallHeight, smallWidth, transposed ? layer.outputHeight() : layer.inputHeight(),
                transposed ? layer.outputWidth() : layer.inputWidth(), channels, columns, layer.kernelSize(),
                layer.paddingBefore(), layer.stride(), splits, share, transposed ? -1 : biasAt, byImage.multiplier(),
                byImage.shift(), byWidth.multiplier(), byWidth.shift(), byChannels.multiplier(), byChannels.shift()};
        return new WeightGradient(tile.kernel(), shape, tileRows, tileColumns, splits, share, !transposed);
    }

    private static Tile tile(int rows, int channels, int columns) {
        if (rows <= 16) {
            return new Tile(columns % 4 == 0 ? Kernel.WEIGHT_GRADIENT_THIN_VECTOR : Kernel.WEIGHT_GRADIENT_THIN, 16, 32, 16);
        }
        return new Tile(columns % 4 == 0 && channels % 4 == 0 ? Kernel.WEIGHT_GRADIENT_VECTOR : Kernel.WEIGHT_GRADIENT,
                64, 32, 16);
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
