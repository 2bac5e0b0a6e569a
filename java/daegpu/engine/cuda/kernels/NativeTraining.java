package daegpu.engine.cuda.kernels;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.layers.BatchShare;
import daegpu.engine.cuda.layers.DeviceTensor;
import daegpu.engine.cuda.layers.GradientTarget;
import daegpu.engine.cuda.layers.LossTarget;
import daegpu.engine.cuda.layers.TrainedArrays;
import daegpu.engine.cuda.layers.TrainingOperations;
import daegpu.engine.cuda.layers.WeightPlace;
import daegpu.model.Layer;
import daegpu.model.Layer.Operation;
import java.util.Optional;

/**
 * A training step by this program's own kernels. Bias, activation and loss are computed by the kernel that makes the
 * products before them, and so are their gradients. Blocks leave shares of the parameters' gradients, which one kernel
 * adds while it updates the parameters: {@code cuda/update.cu}.
 */
final class NativeTraining implements TrainingOperations {

    private final NativeLayers layers;
    private final BatchShare share;
    private final TrainedArrays arrays;
    private final ShareTable table;
    /** {@link ShareTable#pieces}. */
    private final DeviceArray pieces;
    /** The shares of this step, once all of its operations are made. */
    private DeviceArray shares;

    private long lossesAt;
    private int lossCount;
    private float lossScale;

    NativeTraining(NativeLayers layers, BatchShare share, TrainedArrays arrays) {
        this.layers = layers;
        this.share = share;
        this.arrays = arrays;
        table = new ShareTable(arrays.size());
        pieces = layers.device().allocate(layers.owner(), 4L * table.pieces().length, "places of partial sums");
    }

    @Override
    public Runnable loss(
            Layer layer,
            WeightPlace place,
            DeviceTensor input,
            Optional<DeviceTensor> added,
            LossTarget target,
            DeviceTensor output,
            DeviceTensor gradient) {
        ImplicitGemm product = ImplicitGemm.loss(layer, share, layers.precision());
        layers.split().require(product);
        lossScale = share.lossScale(layer.outputSize());
        lossCount = product.losses();
        lossesAt = table.reserve(lossCount);
        Optional<Long> sumsAt = sumsOf(layer, place, product.sumRows(), product.sumsPitch());
        GemmOperands operands = GemmOperands.forward(
                input.memory(),
                place.kernelIn(arrays.parameters()),
                place.biasIn(arrays.parameters()),
                added.map(DeviceTensor::memory),
                output.memory());
        return () -> product.launch(
                layers.kernels(),
                layers.split(),
                operands.withLoss(
                        target.clean().memory(),
                        target.mask().map(DeviceTensor::memory),
                        gradient.memory(),
                        sumsAt.map(at -> sums(product, at)),
                        shares(lossesAt, lossCount)));
    }

    /** Reserves room for column sums, if they are a bias gradient that does not come with a weight gradient. */
    private Optional<Long> sumsOf(Layer layer, WeightPlace place, int rows, int pitch) {
        return layer.isTransposed() && layer.bias().isPresent()
                ? Optional.of(table.addSums(rows, pitch, place))
                : Optional.empty();
    }

    private DeviceArray shares(long at, long floats) {
        return shares.floats(at, floats);
    }

    private DeviceArray sums(ImplicitGemm product, long at) {
        return shares(at, (long) product.sumRows() * product.sumsPitch());
    }

    private DeviceArray shares(WeightGradient gradient, long at) {
        return shares(at, (long) gradient.splits() * gradient.share());
    }

    @Override
    public Runnable weightGradient(Layer layer, WeightPlace place, DeviceTensor input, DeviceTensor gradient) {
        WeightGradient weights = WeightGradient.of(layer, share.count(), layers.precision());
        long at = table.add(weights, place);
        return () -> weights.launch(layers.kernels(), input.memory(), gradient.memory(), shares(weights, at));
    }

    /**
     * The bias gradient of convolutions and dense layers comes with their weight gradient, and that of transposed
     * convolutions with the operation that completes the gradient at what they computed.
     */
    @Override
    public Runnable gradients(Layer layer, WeightPlace place, DeviceTensor gradient, GradientTarget target) {
        boolean leavesSums = leavesSums(target);
        if (leavesSums
                && layer.operation() == Operation.DENSE) { // the columns of its data gradient are values, not channels
            Runnable gradients = gradients(layer, place, gradient, target.withoutCompletion());
            Runnable sum = sum(target.completion());
            return () -> {
                gradients.run();
                sum.run();
            };
        }
        ImplicitGemm data = ImplicitGemm.dataGradient(
                layer, share.count(), target.activation(), target.accumulates(), leavesSums, layers.precision());
        layers.split().require(data);
        WeightGradient weights = WeightGradient.of(layer, share.count(), layers.precision());
        LayerGradients both = new LayerGradients(data, weights);
        long at = table.add(weights, place);
        Optional<Long> sumsAt = leavesSums
                ? Optional.of(table.addSums(data.sumRows(), data.sumsPitch(), target.place()))
                : Optional.empty();
        return () -> both.launch(
                layers.kernels(),
                layers.split(),
                target.values().memory(),
                gradient.memory(),
                place.kernelIn(arrays.parameters()),
                shares(weights, at),
                target.terms().stream().findFirst().map(DeviceTensor::memory),
                target.gradient().memory(),
                sumsAt.map(first -> sums(data, first)));
    }

    private static boolean leavesSums(GradientTarget target) {
        return target.completesBias() && target.maker().isTransposed();
    }

    @Override
    public Runnable sum(GradientTarget target) {
        SumKernel sum = SumKernel.of(target, share.count());
        Optional<Long> sumsAt = leavesSums(target)
                ? Optional.of(table.addSums(sum.blocks(), sum.sumsPitch(), target.place()))
                : Optional.empty();
        return () -> sum.launch(layers.kernels(), sumsAt.map(at -> shares(at, (long) sum.blocks() * sum.sumsPitch())));
    }

    /**
     * Allocates the shares of all operations, which must all have been made, and writes the table of pieces to the
     * device.
     */
    private void place() {
        layers.shares().require(4 * table.floats());
        shares = layers.shares().memory();
        layers.device().upload(table.pieces(), pieces);
    }

    @Override
    public Runnable update() {
        place();
        return () -> layers.kernels()
                .launch(
                        LayerKernel.UPDATE,
                        Grid.blocks(arrays.size() / ImplicitGemm.PIECE + 1, 1, 1),
                        addBatch(new KernelArguments()
                                .add(arrays.parameters())
                                .add(arrays.firstMoment())
                                .add(arrays.secondMoment())
                                .add(arrays.average())
                                .add(shares)
                                .add(pieces)
                                .add(arrays.rule())));
    }

    private KernelArguments addBatch(KernelArguments arguments) {
        return arguments
                .add(shares(lossesAt, lossCount))
                .add(lossCount)
                .add(lossScale)
                .add(share.count())
                .add(arrays.losses())
                .add(arrays.state().pointer());
    }

    @Override
    public Runnable finish() {
        place();
        return () -> sumGradients(1);
    }

    @Override
    public void collectGradients() {
        sumGradients(0);
    }

    /** @param lossBlocks 1 to finish the batch as well, else 0 */
    private void sumGradients(int lossBlocks) {
        int count = arrays.size() / ImplicitGemm.PIECE;
        layers.kernels()
                .launch(
                        LayerKernel.GRADIENTS,
                        Grid.blocks(count + lossBlocks, 1, 1),
                        addBatch(new KernelArguments()
                                .add(shares)
                                .add(pieces)
                                .add(count)
                                .add(arrays.gradients())));
    }
}
