package daegpu.engine.cuda.kernels;

import daegpu.engine.Adam;
import daegpu.engine.Precision;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.model.Layer;
import daegpu.model.Layer.Operation;
import java.util.Optional;

/**
 * A layer forward, or its data gradient, for batches of one size, by one of the kernels of include/implicit_gemm.cuh,
 * include/strips.cuh or include/single_filter.cuh: which one, its {@code struct GemmShape}, and how many blocks share
 * the work. All of it follows from the shapes, so that the bits are the same on any GPU.
 *
 * @param kernel what is launched
 * @param shape {@code struct GemmShape}
 * @param blocks along the rows, each of which takes a tile or several
 * @param tileColumns along the columns
 * @param phases products for pixels of another place between the strides
 * @param splits parts of the depth; 1 where sums of columns are wanted
 * @param tickets tiles that are split
 * @param partials floats that the parts of split tiles take
 */
public record ImplicitGemm(
        LayerKernel kernel,
        int[] shape,
        int blocks,
        int tileColumns,
        int phases,
        int splits,
        int tickets,
        long partials) {

    /** What is done with the products before they are stored; {@code enum Epilogue}. */
    public enum Epilogue {
        PLAIN,
        BIAS,
        BIAS_RELU,
        BIAS_SIGMOID,
        RELU_GRADIENT,
        LOSS
    }

    /**
     * Floats that a piece of the parameters' arena has, and so the pitch of rows of sums of columns is a multiple of.
     */
    public static final int PIECE = 64;
    /** Blocks along the rows at most: those that sum columns leave one row each, which later are summed. */
    private static final int MOST_BLOCKS = 256;
    /** Blocks below which a product is split along its depth, to occupy a GPU. */
    private static final int FEW_BLOCKS = 64;
    /** Depth that a part has at least. */
    private static final int LEAST_PART = 128;

    /** Small pixels in a strip, and strips in a tile: {@code STRIP} and {@code STRIPS} in include/strips.cuh. */
    private static final int STRIP = 7;

    static final int STRIPS = 16;
    /** Pixels of a tile of include/single_filter.cuh. */
    private static final int SINGLE_ROWS = 16;

    private static final int SINGLE_COLUMNS = 32;
    /** Height and width below which strips would be mostly empty, and the rows of a tile not fit its place. */
    private static final int LEAST_STRIPS = 5;

    /** Rows and columns of the tiles that a kernel makes, and how much of the depth it takes at a time. */
    record Tile(LayerKernel kernel, int rows, int columns, int depth) {

        private Tile(LayerKernel kernel, int rows, int columns) {
            this(kernel, rows, columns, 16);
        }
    }

    /** The layer itself, with the epilogue of its activation, or the loss. */
    public static ImplicitGemm forward(Layer layer, int count, Epilogue epilogue, float scale, Precision precision) {
        return of(
                layer,
                count,
                layer.operation() == Operation.TRANSPOSED_CONVOLUTION,
                layer.inputChannels(),
                layer.outputChannels(),
                layer.inputHeight(),
                layer.inputWidth(),
                epilogue,
                scale,
                precision);
    }

    /** From the gradient at what the layer put out, before its activation, to that at what it took in. */
    public static ImplicitGemm dataGradient(Layer layer, int count, Epilogue epilogue, Precision precision) {
        return of(
                layer,
                count,
                layer.operation() != Operation.TRANSPOSED_CONVOLUTION,
                layer.outputChannels(),
                layer.inputChannels(),
                layer.outputHeight(),
                layer.outputWidth(),
                epilogue,
                0,
                precision);
    }

    /** Height and width are those of the images that values are gathered from. */
    private static ImplicitGemm of(
            Layer layer,
            int count,
            boolean transposed,
            int channels,
            int columns,
            int height,
            int width,
            Epilogue epilogue,
            float scale,
            Precision precision) {
        boolean scatters = layer.operation() == Operation.TRANSPOSED_CONVOLUTION; // its small side is its input
        int gridHeight = scatters ? layer.inputHeight() : layer.outputHeight();
        int gridWidth = scatters ? layer.inputWidth() : layer.outputWidth();
        Optional<Tile> tensorCores = TensorCores.tile(precision, layer, transposed, channels, columns, epilogue);
        Tile strips = tensorCores.isPresent() || epilogue == Epilogue.LOSS || epilogue == Epilogue.BIAS_SIGMOID
                ? null
                : stripTile(layer, transposed, channels, columns, gridHeight, gridWidth);
        if (strips != null) {
            return ofStrips(
                    layer, strips, count, channels, columns, height, width, gridHeight, gridWidth, epilogue, scale);
        }
        if (transposed && columns == 1 && layer.kernelSize() == 3 && layer.stride() == 1 && channels % 8 == 0) {
            return ofSingleFilter(layer, count, channels, height, width, epilogue, scale);
        }
        int rows = count * gridHeight * gridWidth;
        Tile tile = tensorCores.orElseGet(() -> layer.operation() == Operation.DENSE
                ? denseTile(transposed, channels, columns)
                : transposed ? transposedTile(channels, columns) : forwardTile(channels, columns));
        int phases = transposed ? layer.stride() * layer.stride() : 1;
        int tileRows = (rows + tile.rows() - 1) / tile.rows();
        int tileColumns = (columns + tile.columns() - 1) / tile.columns();
        int depthTiles = (layer.kernelSize() * layer.kernelSize() * channels + tile.depth() - 1) / tile.depth();
        boolean sums = epilogue == Epilogue.LOSS || epilogue == Epilogue.RELU_GRADIENT;
        int tiles = tileRows * tileColumns * phases;
        int splits = sums || phases > 1
                ? 1
                : Math.max(1, Math.min(FEW_BLOCKS / tiles, depthTiles * tile.depth() / LEAST_PART));
        Divisor byGrid = Divisor.of(gridHeight * gridWidth);
        Divisor byWidth = Divisor.of(gridWidth);
        Divisor byChannels = Divisor.of(channels);
        int[] shape = {
            rows,
            gridHeight,
            gridWidth,
            height,
            width,
            channels,
            columns,
            layer.kernelSize(),
            layer.paddingBefore(),
            layer.stride(),
            splits,
            epilogue.ordinal(),
            pieces(columns) * PIECE,
            Float.floatToIntBits(scale),
            byGrid.multiplier(),
            byGrid.shift(),
            byWidth.multiplier(),
            byWidth.shift(),
            byChannels.multiplier(),
            byChannels.shift()
        };
        return new ImplicitGemm(
                tile.kernel(),
                shape,
                Math.min(tileRows, MOST_BLOCKS),
                tileColumns,
                phases,
                splits,
                splits > 1 ? tiles : 0,
                splits > 1 ? (long) tiles * splits * tile.rows() * tile.columns() : 0);
    }

    /** By a kernel of include/strips.cuh, in whose {@code GemmShape} rows are strips. */
    private static ImplicitGemm ofStrips(
            Layer layer,
            Tile tile,
            int count,
            int channels,
            int columns,
            int height,
            int width,
            int gridHeight,
            int gridWidth,
            Epilogue epilogue,
            float scale) {
        int across = stripsAcross(gridWidth);
        int rows = count * across * gridHeight;
        Divisor byStrips = Divisor.of(across * gridHeight);
        Divisor byHeight = Divisor.of(gridHeight);
        Divisor byAcross = Divisor.of(across);
        int[] shape = {
            rows,
            gridHeight,
            gridWidth,
            height,
            width,
            channels,
            columns,
            layer.kernelSize(),
            layer.paddingBefore(),
            layer.stride(),
            1,
            epilogue.ordinal(),
            pieces(columns) * PIECE,
            Float.floatToIntBits(scale),
            byStrips.multiplier(),
            byStrips.shift(),
            byHeight.multiplier(),
            byHeight.shift(),
            byAcross.multiplier(),
            byAcross.shift()
        };
        int tileRows = (rows + tile.rows() - 1) / tile.rows();
        int tileColumns = (columns + tile.columns() - 1) / tile.columns();
        return new ImplicitGemm(tile.kernel(), shape, Math.min(tileRows, MOST_BLOCKS), tileColumns, 1, 1, 0, 0);
    }

    /** By the kernel of include/single_filter.cuh, in whose {@code GemmShape} rows are tiles. */
    private static ImplicitGemm ofSingleFilter(
            Layer layer, int count, int channels, int height, int width, Epilogue epilogue, float scale) {
        int across = (width + SINGLE_COLUMNS - 1) / SINGLE_COLUMNS;
        int ofImage = across * ((height + SINGLE_ROWS - 1) / SINGLE_ROWS);
        int rows = count * ofImage;
        Divisor byTiles = Divisor.of(ofImage);
        Divisor byAcross = Divisor.of(across);
        int[] shape = {
            rows,
            height,
            width,
            height,
            width,
            channels,
            1,
            layer.kernelSize(),
            layer.paddingBefore(),
            layer.stride(),
            1,
            epilogue.ordinal(),
            PIECE,
            Float.floatToIntBits(scale),
            byTiles.multiplier(),
            byTiles.shift(),
            byAcross.multiplier(),
            byAcross.shift(),
            0,
            0
        };
        return new ImplicitGemm(
                LayerKernel.TRANSPOSED_CONVOLUTION_SINGLE_3X3, shape, Math.min(rows, MOST_BLOCKS), 1, 1, 1, 0, 0);
    }

    /** Whether strips of that many columns can go along images of that size. */
    static boolean fitsStrips(Layer layer, int columns, int height, int width) {
        return layer.operation() != Operation.DENSE
                && layer.kernelSize() == 3
                && columns % 4 == 0
                && Math.min(height, width) >= LEAST_STRIPS;
    }

    /** Strips that a row of an image takes. */
    static int stripsAcross(int width) {
        return (width + STRIP - 1) / STRIP;
    }

    /** The tile of the kernel of include/strips.cuh that is made for a layer; null where none is. */
    private static Tile stripTile(
            Layer layer, boolean transposed, int channels, int columns, int gridHeight, int gridWidth) {
        if (!fitsStrips(layer, columns, gridHeight, gridWidth)) {
            return null;
        }
        if (layer.stride() == 1) {
            return !transposed && channels == 1
                    ? new Tile(LayerKernel.CONVOLUTION_STRIPS_1_STRIDE_1, STRIPS, 32)
                    : null;
        }
        if (transposed) {
            return channels == 64
                    ? new Tile(LayerKernel.TRANSPOSED_CONVOLUTION_STRIPS_64, STRIPS, 16)
                    : channels == 32 ? new Tile(LayerKernel.TRANSPOSED_CONVOLUTION_STRIPS_32, STRIPS, 16) : null;
        }
        return channels == 1
                ? new Tile(LayerKernel.CONVOLUTION_STRIPS_1, STRIPS, 32)
                : channels % 8 == 0 ? new Tile(LayerKernel.CONVOLUTION_STRIPS, STRIPS, 32) : null;
    }

    private static Tile forwardTile(int channels, int columns) {
        return new Tile(
                channels % 4 == 0 && columns % 4 == 0 ? LayerKernel.CONVOLUTION_VECTOR : LayerKernel.CONVOLUTION,
                64,
                32);
    }

    private static Tile transposedTile(int channels, int columns) {
        if (columns == 1) {
            return new Tile(LayerKernel.TRANSPOSED_CONVOLUTION_SINGLE, 128, 1);
        }
        if (columns <= 4) {
            return new Tile(LayerKernel.TRANSPOSED_CONVOLUTION_FEW, 128, 4);
        }
        return new Tile(
                channels % 4 == 0 ? LayerKernel.TRANSPOSED_CONVOLUTION_VECTOR : LayerKernel.TRANSPOSED_CONVOLUTION,
                64,
                32);
    }

    private static Tile denseTile(boolean transposed, int channels, int columns) {
        boolean vector = channels % 4 == 0 && (transposed || columns % 4 == 0);
        if (columns <= 16) {
            return new Tile(
                    transposed
                            ? vector
                                    ? LayerKernel.DENSE_DATA_GRADIENT_NARROW_VECTOR
                                    : LayerKernel.DENSE_DATA_GRADIENT_NARROW
                            : vector ? LayerKernel.DENSE_NARROW_VECTOR : LayerKernel.DENSE_NARROW,
                    32,
                    16);
        }
        return new Tile(
                transposed
                        ? vector ? LayerKernel.DENSE_DATA_GRADIENT_VECTOR : LayerKernel.DENSE_DATA_GRADIENT
                        : vector ? LayerKernel.DENSE_VECTOR : LayerKernel.DENSE,
                32,
                64);
    }

    /** Pieces of the arena that so many floats take. */
    public static int pieces(int floats) {
        return (floats + PIECE - 1) / PIECE;
    }

    /** Rows of sums of columns that it leaves. */
    public int sumRows() {
        return phases * blocks;
    }

    /** Floats from one row of them to the next. */
    public int sumsPitch() {
        return pieces(shape[6]) * PIECE;
    }

    /** Sums of squared errors that it leaves, if its epilogue is the loss. */
    public int squares() {
        return phases * tileColumns * blocks;
    }

    /**
     * Asks for it.
     *
     * @param arguments input, weights, bias, other, output, gradient, sums and squares as {@code struct GemmOperands}
     *     has them, each a {@link DeviceArray} or 0L
     */
    public void launch(KernelLibrary kernels, SplitMemory split, Object... arguments) {
        start(kernels, split, 0L, arguments);
    }

    /**
     * The same for a product whose epilogue is the loss, which also counts the update that will follow, and finds its
     * step size.
     *
     * @param state {@code struct StepState}
     */
    public void launchAndCount(KernelLibrary kernels, SplitMemory split, DeviceArray state, Object... arguments) {
        start(kernels, split, state, arguments);
    }

    private void start(KernelLibrary kernels, SplitMemory split, Object stateOrNull, Object... operands) {
        kernels.launchGrid(kernel, blocks, tileColumns, phases * splits, arguments(split, stateOrNull, operands));
    }

    /** Of its kernel: {@code operands} are those of {@link #launch}. */
    Object[] arguments(SplitMemory split, Object stateOrNull, Object... operands) {
        return KernelLibrary.join(new Object[] {shape}, operands, new Object[] {
            split.partials(), split.tickets(), stateOrNull, (float) Adam.BETA_1, (float) Adam.BETA_2
        });
    }

    /**
     * Where blocks that share a tile meet; products that follow each other can use the same.
     *
     * @param partials floats
     * @param tickets integers that are zero between two products
     */
    public record SplitMemory(DeviceArray partials, DeviceArray tickets) {

        /** Enough for each of {@code products}. */
        public static SplitMemory forProducts(Device device, DeviceScope owner, Iterable<ImplicitGemm> products) {
            long floats = 0;
            int count = 0;
            for (ImplicitGemm product : products) {
                floats = Math.max(floats, product.partials());
                count = Math.max(count, product.tickets());
            }
            return new SplitMemory(
                    device.allocateFloats(owner, floats, "parts of products"),
                    device.allocate(owner, 4L * count, "parts of products"));
        }
    }
}
