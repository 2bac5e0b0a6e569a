package daegpu.engine.cuda.kernels;

import daegpu.engine.Loss;
import daegpu.engine.Precision;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.kernels.Product.Kind;
import daegpu.engine.cuda.kernels.Tile.Unit;
import daegpu.engine.cuda.layers.BatchShare;
import daegpu.model.ConvolutionGeometry;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;

/**
 * A layer forward, or its data gradient, for batches of one size: the kernel that makes it, and how many blocks share
 * the work. All of it follows from the shapes, so that the bits are the same on any GPU.
 *
 * @param kernel what is launched
 * @param shape what it is told of the sizes
 * @param blocks along the rows, each of which takes a tile or several
 * @param tileColumns along the columns
 * @param phases products for pixels of another place between the strides
 * @param tickets tiles that are split
 * @param partials floats that the parts of split tiles take
 */
record ImplicitGemm(
        LayerKernel kernel, GemmShape shape, int blocks, int tileColumns, int phases, int tickets, long partials) {

    /**
     * Floats that a piece of the parameters' arena has, and so the pitch of rows of sums of columns is a multiple of.
     */
    static final int PIECE = 64;
    /** Blocks along the rows at most: those that sum columns leave one row each, which later are summed. */
    private static final int MOST_BLOCKS = 256;
    /** Blocks below which a product is split along its depth, to occupy a GPU. */
    private static final int FEW_BLOCKS = 64;
    /** Depth that a part has at least. */
    private static final int LEAST_PART = 128;

    /** What is done with the products, but for the epilogue. */
    private record Finish(
            boolean accumulates, boolean leavesSums, Activation activation, Loss loss, float gradientScale) {}

    private static final Finish FORWARD = new Finish(false, false, Activation.LINEAR, Loss.MSE, 0);

    /** The layer itself. */
    static ImplicitGemm forward(Layer layer, int count, Precision precision) {
        return of(Product.forward(layer, Epilogue.of(layer.activation()), precision), layer.geometry(), count, FORWARD);
    }

    /** The last layer with the loss. */
    static ImplicitGemm loss(Layer layer, BatchShare share, Precision precision) {
        return of(
                Product.forward(layer, Epilogue.LOSS, precision),
                layer.geometry(),
                share.count(),
                new Finish(false, true, layer.activation(), share.loss(), share.gradientScale(layer.outputSize())));
    }

    /**
     * From the gradient at what the layer computed, before its activation, to that at what it took in.
     *
     * @param through the activation of which the gradient is found
     * @param accumulates whether what is there already is added
     * @param leavesSums whether the sums of columns are left
     */
    static ImplicitGemm dataGradient(
            Layer layer, int count, Activation through, boolean accumulates, boolean leavesSums, Precision precision) {
        return of(
                Product.dataGradient(layer, Epilogue.ofGradient(through), precision),
                layer.geometry(),
                count,
                new Finish(accumulates, leavesSums, Activation.LINEAR, Loss.MSE, 0));
    }

    private static ImplicitGemm of(Product product, ConvolutionGeometry geometry, int count, Finish finish) {
        Tile tile = KernelChoice.of(product);
        boolean transposed = product.kind() == Kind.TRANSPOSED;
        int gridHeight = geometry.outputHeight();
        int gridWidth = geometry.outputWidth();
        int across = tile.unit().along(gridWidth);
        int down = tile.unit().down(gridHeight);
        boolean byPixels = tile.unit() == Unit.PIXEL;
        int phases = transposed && byPixels ? geometry.stride() * geometry.stride() : 1;
        int rows = count * across * down;
        int tileRows = tile.downFor(rows);
        int tileColumns = tile.acrossFor(product.columns());
        int tiles = tileRows * tileColumns * phases;
        boolean isWhole =
                !byPixels || phases > 1 || finish.leavesSums() || product.epilogue() == Epilogue.RELU_GRADIENT;
        int depth = (product.tapChannels() + tile.depth() - 1) / tile.depth() * tile.depth();
        int splits = isWhole ? 1 : Math.max(1, Math.min(FEW_BLOCKS / tiles, depth / LEAST_PART));
        boolean byStrips = tile.unit().isStrip();
        GemmShape shape = new GemmShape(
                rows,
                gridHeight,
                gridWidth,
                transposed ? gridHeight : geometry.height(),
                transposed ? gridWidth : geometry.width(),
                product.channels(),
                product.columns(),
                geometry.kernelSize(),
                product.padding(),
                geometry.stride(),
                splits,
                product.epilogue(),
                finish.accumulates(),
                finish.activation(),
                finish.loss(),
                finish.gradientScale(),
                pieces(product.columns()) * PIECE,
                Divisor.of(across * down),
                Divisor.of(byStrips ? gridHeight : across),
                Divisor.of(byStrips ? across : product.channels()));
        return new ImplicitGemm(
                tile.kernel(),
                shape,
                Math.min(tileRows, MOST_BLOCKS),
                tileColumns,
                phases,
                splits > 1 ? tiles : 0,
                splits > 1 ? (long) tiles * splits * tile.rows() * tile.columns() : 0);
    }

    /** Pieces of the arena that {@code floats} floats take. */
    static int pieces(int floats) {
        return (floats + PIECE - 1) / PIECE;
    }

    /** Rows of sums of columns that it leaves. */
    int sumRows() {
        return phases * blocks;
    }

    /** Floats from one row of them to the next. */
    int sumsPitch() {
        return shape.sumsPitch();
    }

    /** Sums of losses that it leaves, if its epilogue is the loss. */
    int losses() {
        return phases * tileColumns * blocks;
    }

    /** Blocks of a launch. */
    int allBlocks() {
        return blocks * tileColumns * phases * shape.splits();
    }

    /** Asks for it. */
    void launch(KernelLibrary kernels, SplitMemory split, GemmOperands operands) {
        kernels.launch(
                kernel,
                Grid.blocks(blocks, tileColumns, phases * shape.splits()),
                addTo(new KernelArguments(), split, operands));
    }

    /** Adds what its kernel takes. */
    KernelArguments addTo(KernelArguments arguments, SplitMemory split, GemmOperands operands) {
        arguments.add(shape);
        operands.addTo(arguments);
        return arguments.add(split.partials()).add(split.tickets());
    }
}
