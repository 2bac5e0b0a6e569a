package daegpu.engine.cuda.kernels;

import daegpu.engine.Precision;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.model.Layer;
import daegpu.model.Layer.Operation;
import java.util.Optional;

/**
 * The weight gradient of a layer for batches of one size by a kernel of include/weight_gradient.cuh,
 * include/strip_gradient.cuh or include/thin_strip_gradient.cuh, and beside it the bias gradient of convolutions and
 * dense layers. It leaves {@link #splits} shares, each of which has the kernel's gradient and then, from the next piece
 * of the arena on, the bias's.
 *
 * @param kernel what is launched
 * @param shape {@code struct GradientShape}
 * @param tileRows blocks along taps and channels of the large images
 * @param tileColumns blocks along channels of the small ones
 * @param splits parts of the batch's pixels
 * @param share floats of a share
 * @param largeIsInput whether the large images are what the layer takes in
 */
public record WeightGradient(
        LayerKernel kernel, int[] shape, int tileRows, int tileColumns, int splits, int share, boolean largeIsInput) {

    /** Blocks that a gradient is split into, at most: enough to occupy a GPU, and few shares to add. */
    private static final int BLOCKS = 128;
    /** Pixels that a share takes at least. */
    private static final int LEAST_PART = 64;

    /**
     * Channels that a block of include/strip_gradient.cuh and include/thin_strip_gradient.cuh takes, of either side.
     */
    private static final int STRIP_CHANNELS = 32;
    /** Blocks of include/strip_gradient.cuh, at most: fewer, because each leaves nine taps of all its channels. */
    private static final int STRIP_BLOCKS = 64;
    /** Channels below which its tiles would be mostly empty. */
    private static final int LEAST_STRIP_CHANNELS = 16;

    /** Rows and columns of the tiles that a kernel makes, and how many pixels it takes at a time. */
    record Tile(LayerKernel kernel, int rows, int columns, int pixels) {}

    public static WeightGradient of(Layer layer, int count, Precision precision) {
        boolean transposed = layer.operation() == Operation.TRANSPOSED_CONVOLUTION;
        int channels = transposed ? layer.outputChannels() : layer.inputChannels();
        int columns = transposed ? layer.inputChannels() : layer.outputChannels();
        int smallHeight = transposed ? layer.inputHeight() : layer.outputHeight();
        int smallWidth = transposed ? layer.inputWidth() : layer.outputWidth();
        int rows = layer.kernelSize() * layer.kernelSize() * channels;
        Optional<Tile> tensorCores = TensorCores.gradientTile(precision, layer, channels, columns);
        if (tensorCores.isEmpty() && hasStrips(layer, channels, columns, smallHeight, smallWidth)) {
            return ofStrips(layer, count, channels, columns, smallHeight, smallWidth);
        }
        if (hasThinStrips(layer, channels, columns, smallHeight, smallWidth)) {
            return ofThinStrips(layer, count, columns, smallHeight, smallWidth);
        }
        Tile tile = tensorCores.orElseGet(() -> tile(rows, channels, columns));
        int tileRows = (rows + tile.rows() - 1) / tile.rows();
        int tileColumns = (columns + tile.columns() - 1) / tile.columns();
        int pixels = count * smallHeight * smallWidth;
        int tiles = (pixels + tile.pixels() - 1) / tile.pixels();
        int splits = Math.max(1, Math.min(BLOCKS / (tileRows * tileColumns), tiles * tile.pixels() / LEAST_PART));
        return of(
                layer,
                tile.kernel(),
                pixels,
                Divisor.of(smallHeight * smallWidth),
                Divisor.of(smallWidth),
                tileRows,
                tileColumns,
                splits);
    }

    private static boolean hasStrips(Layer layer, int channels, int columns, int smallHeight, int smallWidth) {
        return ImplicitGemm.fitsStrips(layer, columns, smallHeight, smallWidth)
                && layer.stride() == 2
                && layer.paddingBefore() == 0
                && channels % 4 == 0
                && Math.min(channels, columns) >= LEAST_STRIP_CHANNELS;
    }

    /** By include/strip_gradient.cuh, in whose {@code GradientShape} pixels are tiles. */
    private static WeightGradient ofStrips(
            Layer layer, int count, int channels, int columns, int smallHeight, int smallWidth) {
        int across = ImplicitGemm.stripsAcross(smallWidth);
        int ofImage = across * ImplicitGemm.stripsAcross(smallHeight); // tiles are as high as they are wide
        int tileRows = (channels + STRIP_CHANNELS - 1) / STRIP_CHANNELS;
        int tileColumns = (columns + STRIP_CHANNELS - 1) / STRIP_CHANNELS;
        int splits = Math.max(1, Math.min(STRIP_BLOCKS / (tileRows * tileColumns), count * ofImage));
        return of(
                layer,
                LayerKernel.WEIGHT_GRADIENT_STRIPS,
                count * ofImage,
                Divisor.of(ofImage),
                Divisor.of(across),
                tileRows,
                tileColumns,
                splits);
    }

    private static boolean hasThinStrips(Layer layer, int channels, int columns, int smallHeight, int smallWidth) {
        return ImplicitGemm.fitsStrips(layer, columns, smallHeight, smallWidth)
                && channels == 1
                && layer.paddingBefore() == (layer.stride() == 1 ? 1 : 0);
    }

    /** By include/thin_strip_gradient.cuh, in whose {@code GradientShape} pixels are strips. */
    private static WeightGradient ofThinStrips(Layer layer, int count, int columns, int smallHeight, int smallWidth) {
        int across = ImplicitGemm.stripsAcross(smallWidth);
        int strips = count * across * smallHeight;
        int tiles = (strips + ImplicitGemm.STRIPS - 1) / ImplicitGemm.STRIPS;
        int tileColumns = (columns + STRIP_CHANNELS - 1) / STRIP_CHANNELS;
        LayerKernel kernel = layer.stride() == 1
                ? LayerKernel.WEIGHT_GRADIENT_STRIPS_1_STRIDE_1
                : LayerKernel.WEIGHT_GRADIENT_STRIPS_1;
        return of(
                layer,
                kernel,
                strips,
                Divisor.of(across),
                Divisor.of(smallHeight),
                1,
                tileColumns,
                Math.max(1, Math.min(BLOCKS / tileColumns, tiles)));
    }

    private static WeightGradient of(
            Layer layer,
            LayerKernel kernel,
            int pixels,
            Divisor byImage,
            Divisor byWidth,
            int tileRows,
            int tileColumns,
            int splits) {
        boolean transposed = layer.operation() == Operation.TRANSPOSED_CONVOLUTION;
        int channels = transposed ? layer.outputChannels() : layer.inputChannels();
        int columns = transposed ? layer.inputChannels() : layer.outputChannels();
        int biasAt =
                ImplicitGemm.pieces(layer.kernelSize() * layer.kernelSize() * channels * columns) * ImplicitGemm.PIECE;
        int share = transposed ? biasAt : biasAt + ImplicitGemm.pieces(columns) * ImplicitGemm.PIECE;
        Divisor byChannels = Divisor.of(channels);
        int[] shape = {
            pixels,
            transposed ? layer.inputHeight() : layer.outputHeight(),
            transposed ? layer.inputWidth() : layer.outputWidth(),
            transposed ? layer.outputHeight() : layer.inputHeight(),
            transposed ? layer.outputWidth() : layer.inputWidth(),
            channels,
            columns,
            layer.kernelSize(),
            layer.paddingBefore(),
            layer.stride(),
            splits,
            share,
            transposed ? -1 : biasAt,
            byImage.multiplier(),
            byImage.shift(),
            byWidth.multiplier(),
            byWidth.shift(),
            byChannels.multiplier(),
            byChannels.shift()
        };
        return new WeightGradient(kernel, shape, tileRows, tileColumns, splits, share, !transposed);
    }

    private static Tile tile(int rows, int channels, int columns) {
        if (rows <= 16) {
            return new Tile(
                    columns % 4 == 0 ? LayerKernel.WEIGHT_GRADIENT_THIN_VECTOR : LayerKernel.WEIGHT_GRADIENT_THIN,
                    16,
                    32,
                    16);
        }
        return new Tile(
                columns % 4 == 0 && channels % 4 == 0
                        ? LayerKernel.WEIGHT_GRADIENT_VECTOR
                        : LayerKernel.WEIGHT_GRADIENT,
                64,
                32,
                16);
    }

    /** Where the bias gradient is in a share of a convolution or dense layer. */
    public int biasAt() {
        return shape[12];
    }

    /** Asks for it: {@code gradient} is that at what the layer put out, before its activation. */
    public void launch(KernelLibrary kernels, DeviceArray input, DeviceArray gradient, DeviceArray partials) {
        kernels.launchGrid(kernel, tileRows, tileColumns, splits, arguments(input, gradient, partials));
    }

    /** Of its kernel. */
    Object[] arguments(DeviceArray input, DeviceArray gradient, DeviceArray partials) {
        return new Object[] {shape, largeIsInput ? input : gradient, largeIsInput ? gradient : input, partials};
    }
}
