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
 * A layer forward, or its data gradient, for batches of one size: the kernel that computes it, and how the work is
 * divided between blocks. All of this follows from the shapes, so that the bits are the same on any GPU.
 *
 * @param kernel the kernel that is launched
 * @param shape the sizes that it gets
 * @param blocks number of blocks along the rows; each takes one tile or several
 * @param tileColumns number of blocks along the columns
 * @param phases number of products, one for the pixels of each place between the strides
 * @param tickets number of tiles that are split
 * @param partials number of floats for the parts of split tiles
 */
record ImplicitGemm(
        LayerKernel kernel, GemmShape shape, int blocks, int tileColumns, int phases, int tickets, long partials) {

    /** Number of floats of a piece of the parameters' arena. The pitch of rows of column sums is a multiple of it. */
    static final int PIECE = 64;
    /**
     * The largest number of blocks along the rows. Blocks that sum columns leave one row each, and these rows are added
     * later.
     */
    private static final int MOST_BLOCKS = 256;
    /** Products with fewer blocks are split along their depth, to occupy a GPU. */
    private static final int FEW_BLOCKS = 64;
    /** The smallest depth of a part. */
    private static final int LEAST_PART = 128;

    /** What is done with the products besides the epilogue. */
    private record Finish(
            boolean accumulates, boolean leavesSums, Activation activation, Loss loss, float gradientScale) {}

    private static final Finish FORWARD = new Finish(false, false, Activation.LINEAR, Loss.MSE, 0);

    /** The layer forward. */
    static ImplicitGemm forward(Layer layer, int count, Precision precision) {
        return of(Product.forward(layer, Epilogue.of(layer.activation()), precision), layer.geometry(), count, FORWARD);
    }

    /** The last layer forward, with the loss. */
    static ImplicitGemm loss(Layer layer, BatchShare share, Precision precision) {
        return of(
                Product.forward(layer, Epilogue.LOSS, precision),
                layer.geometry(),
                share.count(),
                new Finish(false, true, layer.activation(), share.loss(), share.gradientScale(layer.outputSize())));
    }

    /**
     * The data gradient: from the gradient at what the layer computed, before its activation, to the gradient at its
     * input.
     *
     * @param through the activation before the layer, through which the gradient goes back
     * @param accumulates whether the old values of the gradient are added
     * @param leavesSums whether the column sums are stored
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

    /** Number of pieces of the arena that {@code floats} floats take. */
    static int pieces(int floats) {
        return (floats + PIECE - 1) / PIECE;
    }

    /** Number of rows of column sums that it stores. */
    int sumRows() {
        return phases * blocks;
    }

    /** Floats from one row of column sums to the next. */
    int sumsPitch() {
        return shape.sumsPitch();
    }

    /** Number of sums of losses that it stores, if its epilogue is the loss. */
    int losses() {
        return phases * tileColumns * blocks;
    }

    /** Number of blocks of a launch. */
    int allBlocks() {
        return blocks * tileColumns * phases * shape.splits();
    }

    /** Enqueues it on the device's stream. */
    void launch(KernelLibrary kernels, SplitMemory split, GemmOperands operands) {
        kernels.launch(
                kernel,
                Grid.blocks(blocks, tileColumns, phases * shape.splits()),
                addTo(new KernelArguments(), split, operands));
    }

    /** Adds the arguments of its kernel. */
    KernelArguments addTo(KernelArguments arguments, SplitMemory split, GemmOperands operands) {
        arguments.add(shape);
        operands.addTo(arguments);
        return arguments.add(split.partials()).add(split.tickets());
    }
}
