package daegpu.engine.cuda.kernels;

import daegpu.engine.Precision;
import daegpu.engine.cuda.kernels.Tile.Unit;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Chooses the kernel that computes a product of a layer: the first kernel for this kind of product that fits. Kernels
 * for few shapes come before those for any shape. The sizes of tiles are those in the kernels' sources.
 */
final class KernelChoice {

    /** Depth of a tile of {@link Unit#PIXEL}s, in values: {@code BK} of include/implicit_gemm.cuh. */
    private static final int DEPTH = 16;
    /** Number of strips of a tile: {@code STRIPS} of include/strips.cuh. */
    private static final int STRIPS = 16;
    /** Number of channels of either side in a block of a weight gradient that computes all taps. */
    private static final int BLOCK_CHANNELS = 32;

    private static final List<Rule> CONVOLUTIONS = List.of(
            blocks(
                    LayerKernel.CONVOLUTION_TF32_STRIDE_1,
                    1,
                    64,
                    Unit.BLOCK_OF_16X8,
                    p -> p.byTensorCoresInBlocks(Precision.TF32) && p.columns() > 32),
            blocks(
                    LayerKernel.CONVOLUTION_TF32_STRIDE_1_NARROW,
                    1,
                    32,
                    Unit.BLOCK_OF_16X8,
                    p -> p.byTensorCoresInBlocks(Precision.TF32)),
            tensorCores(
                    LayerKernel.CONVOLUTION_TF32, 64, 64, p -> p.byTensorCores(Precision.TF32) && !p.hasWholeTaps()),
            tensorCores(
                    LayerKernel.CONVOLUTION_TF32_32, 64, 64, p -> p.byTensorCores(Precision.TF32) && p.columns() > 32),
            tensorCores(LayerKernel.CONVOLUTION_TF32_32_NARROW, 128, 32, p -> p.byTensorCores(Precision.TF32)),
            blocks(
                    LayerKernel.CONVOLUTION_BF16_STRIDE_1,
                    1,
                    64,
                    Unit.BLOCK_OF_16X8,
                    p -> p.byTensorCoresInBlocks(Precision.BF16) && p.columns() > 32),
            blocks(
                    LayerKernel.CONVOLUTION_BF16_STRIDE_1_NARROW,
                    1,
                    32,
                    Unit.BLOCK_OF_16X8,
                    p -> p.byTensorCoresInBlocks(Precision.BF16)),
            tensorCores(
                    LayerKernel.CONVOLUTION_BF16, 64, 64, p -> p.byTensorCores(Precision.BF16) && !p.hasWholeTaps()),
            tensorCores(
                    LayerKernel.CONVOLUTION_BF16_32, 64, 64, p -> p.byTensorCores(Precision.BF16) && p.columns() > 32),
            tensorCores(LayerKernel.CONVOLUTION_BF16_32_NARROW, 128, 32, p -> p.byTensorCores(Precision.BF16)),
            strips(LayerKernel.CONVOLUTION_STRIPS_1_STRIDE_1, 32, p -> p.byStrips(1) && p.channels() == 1),
            strips(LayerKernel.CONVOLUTION_STRIPS_1, 32, p -> p.byStrips(2) && p.channels() == 1),
            longStrips(LayerKernel.CONVOLUTION_STRIPS_STRIDE_1, 32, p -> p.byStrips(1) && p.channels() % 8 == 0),
            strips(LayerKernel.CONVOLUTION_STRIPS, 32, p -> p.byStrips(2) && p.channels() % 8 == 0),
            blocks(LayerKernel.CONVOLUTION_SINGLE_3X3, 1, 1, Unit.BLOCK_OF_32X16, Product::hasSingleFilter),
            pixels(LayerKernel.DENSE_NARROW_VECTOR, 32, 16, p -> p.dense() && p.columns() <= 16 && p.bothByFours()),
            pixels(LayerKernel.DENSE_NARROW, 32, 16, p -> p.dense() && p.columns() <= 16),
            pixels(LayerKernel.DENSE_VECTOR, 32, 64, p -> p.dense() && p.bothByFours()),
            pixels(LayerKernel.DENSE, 32, 64, p -> p.dense()),
            pixels(LayerKernel.CONVOLUTION_VECTOR, 64, 32, p -> p.bothByFours()),
            pixels(LayerKernel.CONVOLUTION, 64, 32, p -> true));

    private static final List<Rule> TRANSPOSED_CONVOLUTIONS = List.of(
            blocks(
                    LayerKernel.TRANSPOSED_CONVOLUTION_TF32_STRIDE_1,
                    1,
                    64,
                    Unit.BLOCK_OF_16X8,
                    p -> p.byTensorCoresInBlocks(Precision.TF32) && p.columns() > 32),
            blocks(
                    LayerKernel.TRANSPOSED_CONVOLUTION_TF32_STRIDE_1_NARROW,
                    1,
                    32,
                    Unit.BLOCK_OF_16X8,
                    p -> p.byTensorCoresInBlocks(Precision.TF32)),
            tensorCores(
                    LayerKernel.TRANSPOSED_CONVOLUTION_TF32,
                    64,
                    64,
                    p -> p.byTensorCores(Precision.TF32) && !p.hasWholeTaps()),
            tensorCores(
                    LayerKernel.TRANSPOSED_CONVOLUTION_TF32_32,
                    64,
                    64,
                    p -> p.byTensorCores(Precision.TF32) && p.columns() > 32),
            tensorCores(
                    LayerKernel.TRANSPOSED_CONVOLUTION_TF32_32_NARROW, 128, 32, p -> p.byTensorCores(Precision.TF32)),
            blocks(
                    LayerKernel.TRANSPOSED_CONVOLUTION_BF16_STRIDE_1,
                    1,
                    64,
                    Unit.BLOCK_OF_16X8,
                    p -> p.byTensorCoresInBlocks(Precision.BF16) && p.columns() > 32),
            blocks(
                    LayerKernel.TRANSPOSED_CONVOLUTION_BF16_STRIDE_1_NARROW,
                    1,
                    32,
                    Unit.BLOCK_OF_16X8,
                    p -> p.byTensorCoresInBlocks(Precision.BF16)),
            tensorCores(
                    LayerKernel.TRANSPOSED_CONVOLUTION_BF16,
                    64,
                    64,
                    p -> p.byTensorCores(Precision.BF16) && !p.hasWholeTaps()),
            tensorCores(
                    LayerKernel.TRANSPOSED_CONVOLUTION_BF16_32,
                    64,
                    64,
                    p -> p.byTensorCores(Precision.BF16) && p.columns() > 32),
            tensorCores(
                    LayerKernel.TRANSPOSED_CONVOLUTION_BF16_32_NARROW, 128, 32, p -> p.byTensorCores(Precision.BF16)),
            strips(LayerKernel.TRANSPOSED_CONVOLUTION_STRIPS_64, 16, p -> p.byStrips(2) && p.channels() == 64),
            strips(LayerKernel.TRANSPOSED_CONVOLUTION_STRIPS_32, 16, p -> p.byStrips(2) && p.channels() == 32),
            longStrips(
                    LayerKernel.TRANSPOSED_CONVOLUTION_STRIPS_STRIDE_1,
                    32,
                    p -> p.byStrips(1) && p.channels() % 8 == 0),
            blocks(LayerKernel.TRANSPOSED_CONVOLUTION_SINGLE_3X3, 1, 1, Unit.BLOCK_OF_32X16, Product::hasSingleFilter),
            pixels(
                    LayerKernel.DENSE_DATA_GRADIENT_NARROW_VECTOR,
                    32,
                    16,
                    p -> p.dense() && p.columns() <= 16 && p.channelsByFours()),
            pixels(LayerKernel.DENSE_DATA_GRADIENT_NARROW, 32, 16, p -> p.dense() && p.columns() <= 16),
            pixels(LayerKernel.DENSE_DATA_GRADIENT_VECTOR, 32, 64, p -> p.dense() && p.channelsByFours()),
            pixels(LayerKernel.DENSE_DATA_GRADIENT, 32, 64, p -> p.dense()),
            pixels(LayerKernel.TRANSPOSED_CONVOLUTION_SINGLE, 128, 1, p -> p.columns() == 1),
            pixels(LayerKernel.TRANSPOSED_CONVOLUTION_FEW, 128, 4, p -> p.columns() <= 4),
            pixels(LayerKernel.TRANSPOSED_CONVOLUTION_VECTOR, 64, 32, p -> p.channelsByFours()),
            pixels(LayerKernel.TRANSPOSED_CONVOLUTION, 64, 32, p -> true));

    private static final List<Rule> WEIGHT_GRADIENTS = List.of(
            blocks(
                    LayerKernel.WEIGHT_GRADIENT_TF32_STRIDE_1,
                    BLOCK_CHANNELS,
                    BLOCK_CHANNELS,
                    Unit.BLOCK_OF_16X8,
                    p -> p.byTensorCoresInBlocks(Precision.TF32)),
            tensorCores(LayerKernel.WEIGHT_GRADIENT_TF32, 64, 64, p -> p.byTensorCores(Precision.TF32)),
            blocks(
                    LayerKernel.WEIGHT_GRADIENT_BF16_STRIDE_1,
                    BLOCK_CHANNELS,
                    BLOCK_CHANNELS,
                    Unit.BLOCK_OF_16X8,
                    p -> p.byTensorCoresInBlocks(Precision.BF16)),
            tensorCores(LayerKernel.WEIGHT_GRADIENT_BF16, 64, 64, p -> p.byTensorCores(Precision.BF16)),
            blocks(
                    LayerKernel.WEIGHT_GRADIENT_STRIPS,
                    BLOCK_CHANNELS,
                    BLOCK_CHANNELS,
                    Unit.BLOCK_OF_7X7,
                    p -> p.byStrips(2) && p.channelsByFours() && Math.min(p.channels(), p.columns()) >= 16),
            blocks(
                    LayerKernel.WEIGHT_GRADIENT_STRIPS_STRIDE_1,
                    BLOCK_CHANNELS,
                    BLOCK_CHANNELS,
                    Unit.BLOCK_OF_8X8,
                    p -> p.byStrips(1) && p.channelsByFours() && Math.min(p.channels(), p.columns()) >= 16),
            strips(LayerKernel.WEIGHT_GRADIENT_STRIPS_1, BLOCK_CHANNELS, p -> p.byStrips(2) && p.channels() == 1),
            strips(
                    LayerKernel.WEIGHT_GRADIENT_STRIPS_1_STRIDE_1,
                    BLOCK_CHANNELS,
                    p -> p.byStrips(1) && p.channels() == 1),
            strips(
                    LayerKernel.WEIGHT_GRADIENT_STRIPS_SINGLE_STRIDE_1,
                    BLOCK_CHANNELS,
                    Product::hasSingleFilterByStrips),
            pixels(LayerKernel.WEIGHT_GRADIENT_THIN_VECTOR, 16, 32, p -> p.tapChannels() <= 16 && p.columns() % 4 == 0),
            pixels(LayerKernel.WEIGHT_GRADIENT_THIN, 16, 32, p -> p.tapChannels() <= 16),
            pixels(LayerKernel.WEIGHT_GRADIENT_VECTOR, 64, 32, p -> p.bothByFours()),
            pixels(LayerKernel.WEIGHT_GRADIENT, 64, 32, p -> true));

    private static final List<Both> BOTH_GRADIENTS = List.of(
            new Both(
                    LayerKernel.CONVOLUTION_STRIPS_1_STRIDE_1,
                    LayerKernel.WEIGHT_GRADIENT_STRIPS_1_STRIDE_1,
                    LayerKernel.CONVOLUTION_STRIPS_1_GRADIENTS),
            new Both(
                    LayerKernel.CONVOLUTION_STRIPS,
                    LayerKernel.WEIGHT_GRADIENT_STRIPS,
                    LayerKernel.CONVOLUTION_STRIPS_GRADIENTS),
            new Both(
                    LayerKernel.TRANSPOSED_CONVOLUTION_STRIPS_64,
                    LayerKernel.WEIGHT_GRADIENT_STRIPS,
                    LayerKernel.TRANSPOSED_CONVOLUTION_STRIPS_64_GRADIENTS),
            new Both(
                    LayerKernel.TRANSPOSED_CONVOLUTION_STRIPS_STRIDE_1,
                    LayerKernel.WEIGHT_GRADIENT_STRIPS_STRIDE_1,
                    LayerKernel.TRANSPOSED_CONVOLUTION_STRIPS_STRIDE_1_GRADIENTS),
            new Both(
                    LayerKernel.DENSE_DATA_GRADIENT_VECTOR,
                    LayerKernel.WEIGHT_GRADIENT_VECTOR,
                    LayerKernel.DENSE_GRADIENTS),
            new Both(
                    LayerKernel.DENSE_DATA_GRADIENT_NARROW_VECTOR,
                    LayerKernel.WEIGHT_GRADIENT_THIN_VECTOR,
                    LayerKernel.DENSE_NARROW_GRADIENTS),
            new Both(
                    LayerKernel.TRANSPOSED_CONVOLUTION_TF32_STRIDE_1,
                    LayerKernel.WEIGHT_GRADIENT_TF32_STRIDE_1,
                    LayerKernel.TRANSPOSED_CONVOLUTION_TF32_STRIDE_1_GRADIENTS),
            new Both(
                    LayerKernel.TRANSPOSED_CONVOLUTION_TF32_STRIDE_1_NARROW,
                    LayerKernel.WEIGHT_GRADIENT_TF32_STRIDE_1,
                    LayerKernel.TRANSPOSED_CONVOLUTION_TF32_STRIDE_1_NARROW_GRADIENTS),
            new Both(
                    LayerKernel.CONVOLUTION_TF32_32,
                    LayerKernel.WEIGHT_GRADIENT_TF32,
                    LayerKernel.CONVOLUTION_TF32_32_GRADIENTS),
            new Both(
                    LayerKernel.TRANSPOSED_CONVOLUTION_TF32_32_NARROW,
                    LayerKernel.WEIGHT_GRADIENT_TF32,
                    LayerKernel.TRANSPOSED_CONVOLUTION_TF32_32_NARROW_GRADIENTS),
            new Both(
                    LayerKernel.TRANSPOSED_CONVOLUTION_BF16_STRIDE_1,
                    LayerKernel.WEIGHT_GRADIENT_BF16_STRIDE_1,
                    LayerKernel.TRANSPOSED_CONVOLUTION_BF16_STRIDE_1_GRADIENTS),
            new Both(
                    LayerKernel.TRANSPOSED_CONVOLUTION_BF16_STRIDE_1_NARROW,
                    LayerKernel.WEIGHT_GRADIENT_BF16_STRIDE_1,
                    LayerKernel.TRANSPOSED_CONVOLUTION_BF16_STRIDE_1_NARROW_GRADIENTS),
            new Both(
                    LayerKernel.CONVOLUTION_BF16_32,
                    LayerKernel.WEIGHT_GRADIENT_BF16,
                    LayerKernel.CONVOLUTION_BF16_32_GRADIENTS),
            new Both(
                    LayerKernel.TRANSPOSED_CONVOLUTION_BF16_32_NARROW,
                    LayerKernel.WEIGHT_GRADIENT_BF16,
                    LayerKernel.TRANSPOSED_CONVOLUTION_BF16_32_NARROW_GRADIENTS));

    /** A data gradient and a weight gradient of a layer, and the kernel that computes both in one launch. */
    private record Both(LayerKernel dataGradient, LayerKernel weightGradient, LayerKernel both) {}

    /** A kernel with its tiles, and the products that it computes. */
    private record Rule(Tile tile, Predicate<Product> fits) {}

    private KernelChoice() {}

    private static Rule pixels(LayerKernel kernel, int rows, int columns, Predicate<Product> fits) {
        return new Rule(new Tile(kernel, rows, columns, DEPTH, Unit.PIXEL), fits);
    }

    private static Rule tensorCores(LayerKernel kernel, int rows, int columns, Predicate<Product> fits) {
        return new Rule(new Tile(kernel, rows, columns, Product.TENSOR_CORE_DEPTH, Unit.PIXEL), fits);
    }

    private static Rule strips(LayerKernel kernel, int columns, Predicate<Product> fits) {
        return new Rule(new Tile(kernel, STRIPS, columns, STRIPS, Unit.STRIP), fits);
    }

    private static Rule longStrips(LayerKernel kernel, int columns, Predicate<Product> fits) {
        return new Rule(new Tile(kernel, STRIPS, columns, STRIPS, Unit.LONG_STRIP), fits);
    }

    private static Rule blocks(LayerKernel kernel, int rows, int columns, Unit unit, Predicate<Product> fits) {
        return new Rule(new Tile(kernel, rows, columns, 1, unit), fits);
    }

    /** The kernel that computes a product, with its tiles. */
    static Tile of(Product product) {
        List<Rule> rules =
                switch (product.kind()) {
                    case CONVOLUTION -> CONVOLUTIONS;
                    case TRANSPOSED -> TRANSPOSED_CONVOLUTIONS;
                    case WEIGHT_GRADIENT -> WEIGHT_GRADIENTS;
                };
        return rules.stream()
                .filter(rule -> rule.fits().test(product))
                .findFirst()
                .orElseThrow()
                .tile();
    }

    /**
     * The kernel that computes a layer's data gradient and weight gradient in one launch, if there is one for these
     * two.
     */
    static Optional<LayerKernel> ofBoth(LayerKernel dataGradient, LayerKernel weightGradient) {
        return BOTH_GRADIENTS.stream()
                .filter(both -> both.dataGradient() == dataGradient && both.weightGradient() == weightGradient)
                .map(Both::both)
                .findFirst();
    }
}
