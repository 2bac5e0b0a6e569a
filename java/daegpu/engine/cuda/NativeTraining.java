package daegpu.engine.cuda;

import daegpu.engine.Adam;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.kernels.Epilogue;
import daegpu.engine.cuda.kernels.GemmOperands;
import daegpu.engine.cuda.kernels.ImplicitGemm;
import daegpu.engine.cuda.kernels.LayerGradients;
import daegpu.engine.cuda.kernels.LayerKernel;
import daegpu.engine.cuda.kernels.SplitMemory;
import daegpu.engine.cuda.kernels.WeightGradient;
import daegpu.model.Layer;
import daegpu.model.Layer.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * {@link GradientStep} by this program's own kernels. Bias, activation and loss are found where the products before
 * them are made, and so are their gradients. Blocks leave shares of the parameters' gradients, which one kernel adds
 * while it updates the parameters: {@code cuda/update.cu}.
 */
final class NativeTraining implements GradientStep {

    private final KernelLibrary kernels;
    private final List<Layer> layers;
    private final ParameterArena arena;
    private final TrainingMemory memory;
    private final int count;
    private final NativeForward forward;
    private final ImplicitGemm loss;
    /** Null for the first layer: nobody asks for the gradient by the image. */
    private final ImplicitGemm[] dataGradients;

    private final WeightGradient[] weightGradients;
    private final SplitMemory split;
    /** Where the shares of each layer's weight gradient begin. */
    private final long[] weightsAt;
    /** Where the shares of a transposed convolution's bias gradient begin. */
    private final long[] sumsAt;

    private final DeviceArray partials;
    private final DeviceArray squares;
    private final DeviceArray pieces;

    NativeTraining(
            Toolkit toolkit,
            List<Layer> layers,
            ParameterArena arena,
            TrainingMemory memory,
            int count,
            DeviceScope owner) {
        kernels = toolkit.kernels();
        this.layers = layers;
        this.arena = arena;
        this.memory = memory;
        this.count = count;
        forward = new NativeForward(toolkit, layers, arena, memory.parameters(), memory.activations(), count, owner);
        int last = layers.size() - 1;
        loss = ImplicitGemm.forward(
                layers.get(last),
                count,
                Epilogue.LOSS,
                2f / ((float) count * layers.get(last).outputSize()),
                toolkit.precision());
        dataGradients = new ImplicitGemm[layers.size()];
        weightGradients = new WeightGradient[layers.size()];
        weightsAt = new long[layers.size()];
        sumsAt = new long[layers.size()];
        List<ImplicitGemm> products = new ArrayList<>(List.of(loss));
        for (int l = 0; l < layers.size(); l++) {
            weightGradients[l] = WeightGradient.of(layers.get(l), count, toolkit.precision());
            if (l > 0) {
                dataGradients[l] = ImplicitGemm.dataGradient(
                        layers.get(l),
                        count,
                        Epilogue.ofGradient(layers.get(l - 1).activation()),
                        toolkit.precision());
                products.add(dataGradients[l]);
            }
        }
        split = new SplitMemory(toolkit.device(), owner);
        products.forEach(split::require);
        int[] table = new int[3 * (arena.size() / ImplicitGemm.PIECE)];
        long floats = placeShares(table);
        partials = toolkit.device().allocateFloats(owner, floats, "partial sums");
        squares = toolkit.device().allocateFloats(owner, loss.squares(), "partial sums");
        pieces = toolkit.device().allocate(owner, 4L * table.length, "places of partial sums");
        toolkit.device().upload(table, pieces);
    }

    /**
     * Gives shares their places, and tells of each piece of the arena where its shares are. Returns the floats of all.
     */
    private long placeShares(int[] table) {
        long at = 0;
        for (int l = 0; l < layers.size(); l++) {
            WeightGradient weights = weightGradients[l];
            weightsAt[l] = at;
            int biasPiece = arena.biasAt(l) / ImplicitGemm.PIECE;
            for (int piece = arena.kernelAt(l) / ImplicitGemm.PIECE; piece < biasPiece; piece++) {
                put(
                        table,
                        piece,
                        at + (long) piece * ImplicitGemm.PIECE - arena.kernelAt(l),
                        weights.splits(),
                        weights.share());
            }
            at += (long) weights.splits() * weights.share();
            int biasPieces = ImplicitGemm.pieces(layers.get(l).outputChannels());
            boolean bySums = layers.get(l).operation() == Operation.TRANSPOSED_CONVOLUTION;
            sumsAt[l] = at;
            ImplicitGemm summing = bySums ? summing(l) : null;
            for (int i = 0; i < biasPieces; i++) {
                if (bySums) {
                    put(
                            table,
                            biasPiece + i,
                            at + (long) i * ImplicitGemm.PIECE,
                            summing.sumRows(),
                            summing.sumsPitch());
                } else {
                    put(
                            table,
                            biasPiece + i,
                            weightsAt[l] + weights.biasAt() + (long) i * ImplicitGemm.PIECE,
                            weights.splits(),
                            weights.share());
                }
            }
            at += bySums ? (long) summing.sumRows() * summing.sumsPitch() : 0;
        }
        return at;
    }

    private static void put(int[] table, int piece, long first, int shares, int stride) {
        table[3 * piece] = Math.toIntExact(first);
        table[3 * piece + 1] = shares;
        table[3 * piece + 2] = stride;
    }

    /**
     * What finds the gradient at what layer {@code l}, a transposed convolution, computed, and sums it for the bias.
     */
    private ImplicitGemm summing(int l) {
        return l == layers.size() - 1 ? loss : dataGradients[l + 1];
    }

    private Optional<DeviceArray> sumsOf(int l) {
        if (layers.get(l).operation() != Operation.TRANSPOSED_CONVOLUTION) {
            return Optional.empty();
        }
        return Optional.of(partials.floats(
                sumsAt[l], (long) summing(l).sumRows() * summing(l).sumsPitch()));
    }

    @Override
    public void run() {
        int last = layers.size() - 1;
        Activations activations = memory.activations();
        forward.run(0, last);
        loss.launchAndCount(
                kernels,
                split,
                GemmOperands.loss(
                        activations.input(last),
                        arena.kernel(memory.parameters(), last),
                        arena.bias(memory.parameters(), last),
                        memory.clean(),
                        activations.output(last),
                        memory.gradientAt(last),
                        sumsOf(last).orElseThrow(),
                        squares),
                memory.state());
        for (int l = last; l >= 0; l--) {
            DeviceArray shares =
                    partials.floats(weightsAt[l], (long) weightGradients[l].splits() * weightGradients[l].share());
            if (l == 0) {
                weightGradients[l].launch(kernels, activations.input(l), memory.gradientAt(l), shares);
            } else {
                new LayerGradients(dataGradients[l], weightGradients[l])
                        .launch(
                                kernels,
                                split,
                                activations.input(l),
                                memory.gradientAt(l),
                                arena.kernel(memory.parameters(), l),
                                shares,
                                memory.gradientAt(l - 1),
                                sumsOf(l - 1));
            }
        }
        update();
    }

    private void update() {
        float mean = 1f / ((float) count * layers.get(layers.size() - 1).outputSize());
        kernels.launch(
                LayerKernel.UPDATE,
                Grid.blocks(arena.size() / ImplicitGemm.PIECE + 1, 1, 1),
                new KernelArguments()
                        .add(memory.parameters())
                        .add(memory.firstMoment())
                        .add(memory.secondMoment())
                        .add(partials)
                        .add(pieces)
                        .add((float) (1 - Adam.BETA_1))
                        .add((float) (1 - Adam.BETA_2))
                        .add(Adam.EPSILON)
                        .add(squares)
                        .add(loss.squares())
                        .add(mean)
                        .add(memory.losses())
                        .add(count)
                        .add(memory.state()));
    }

    @Override
    public void collectGradients() {
        kernels.launch(
                LayerKernel.GRADIENTS,
                Grid.blocks(arena.size() / ImplicitGemm.PIECE, 1, 1),
                new KernelArguments().add(partials).add(pieces).add(memory.gradients()));
    }
}
