package daegpu.engine.cuda.kernels;

import daegpu.engine.Precision;
import daegpu.engine.cuda.kernels.ImplicitGemm.Epilogue;
import daegpu.model.Layer;
import daegpu.model.Layer.Operation;
import java.util.Optional;

/**
 * The kernels of {@code cuda/sm_80}, which multiply operands that they round to one format, by tensor cores of compute
 * capability 8.0 and later, and sum in fp32; and which layers they do. Others are computed in fp32, whatever the
 * precision: the first and the last convolution of a network for grey or colored images, and dense layers.
 */
enum TensorCores {
    TF32(
            LayerKernel.CONVOLUTION_TF32,
            LayerKernel.CONVOLUTION_TF32_32,
            LayerKernel.CONVOLUTION_TF32_32_NARROW,
            LayerKernel.TRANSPOSED_CONVOLUTION_TF32,
            LayerKernel.TRANSPOSED_CONVOLUTION_TF32_32,
            LayerKernel.TRANSPOSED_CONVOLUTION_TF32_32_NARROW,
            LayerKernel.WEIGHT_GRADIENT_TF32),
    BF16(
            LayerKernel.CONVOLUTION_BF16,
            LayerKernel.CONVOLUTION_BF16_32,
            LayerKernel.CONVOLUTION_BF16_32_NARROW,
            LayerKernel.TRANSPOSED_CONVOLUTION_BF16,
            LayerKernel.TRANSPOSED_CONVOLUTION_BF16_32,
            LayerKernel.TRANSPOSED_CONVOLUTION_BF16_32_NARROW,
            LayerKernel.WEIGHT_GRADIENT_BF16);

    /** Depth of a tile, in values; {@code DEPTH} of include/tensor_core.cuh. */
    static final int DEPTH = 32;

    private final LayerKernel convolution;
    private final LayerKernel wide;
    private final LayerKernel narrow;
    private final LayerKernel transposed;
    private final LayerKernel transposedWide;
    private final LayerKernel transposedNarrow;
    private final LayerKernel weightGradient;

    TensorCores(
            LayerKernel convolution,
            LayerKernel wide,
            LayerKernel narrow,
            LayerKernel transposed,
            LayerKernel transposedWide,
            LayerKernel transposedNarrow,
            LayerKernel weightGradient) {
        this.convolution = convolution;
        this.wide = wide;
        this.narrow = narrow;
        this.transposed = transposed;
        this.transposedWide = transposedWide;
        this.transposedNarrow = transposedNarrow;
        this.weightGradient = weightGradient;
    }

    /** What multiplies in this precision; empty for fp32. */
    private static Optional<TensorCores> of(Precision precision) {
        return switch (precision) {
            case TF32 -> Optional.of(TF32);
            case BF16 -> Optional.of(BF16);
            case FP32 -> Optional.empty();
        };
    }

    private static boolean areMultiplesOfEight(int channels, int columns) {
        return channels % 8 == 0 && columns % 8 == 0;
    }

    /** The tile of a product forward or of a data gradient; empty where that is computed in fp32. */
    static Optional<ImplicitGemm.Tile> tile(
            Precision precision, Layer layer, boolean transposed, int channels, int columns, Epilogue epilogue) {
        if (layer.operation() == Operation.DENSE
                || !areMultiplesOfEight(channels, columns)
                || epilogue == Epilogue.BIAS_SIGMOID
                || epilogue == Epilogue.LOSS) {
            return Optional.empty();
        }
        return of(precision)
                .map(cores -> cores.tile(transposed, layer.kernelSize() == 3 && channels % DEPTH == 0, columns));
    }

    /** The tile of a weight gradient; empty where that is computed in fp32. */
    static Optional<WeightGradient.Tile> gradientTile(Precision precision, Layer layer, int channels, int columns) {
        if (layer.operation() == Operation.DENSE || !areMultiplesOfEight(channels, columns)) {
            return Optional.empty();
        }
        return of(precision).map(cores -> new WeightGradient.Tile(cores.weightGradient, 64, 64, DEPTH));
    }

    private ImplicitGemm.Tile tile(boolean isTransposed, boolean hasWholeTaps, int columns) {
        if (!hasWholeTaps) {
            return new ImplicitGemm.Tile(isTransposed ? transposed : convolution, 64, 64, DEPTH);
        }
        return columns <= 32
                ? new ImplicitGemm.Tile(isTransposed ? transposedNarrow : narrow, 128, 32, DEPTH)
                : new ImplicitGemm.Tile(isTransposed ? transposedWide : wide, 64, 64, DEPTH);
    }
}
