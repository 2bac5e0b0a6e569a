package daegpu.engine.cuda.kernels;

import daegpu.engine.Optimizer;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.layers.DeviceTensor;
import daegpu.engine.cuda.layers.GradientTarget;
import daegpu.engine.cuda.layers.TrainedArrays;
import daegpu.engine.cuda.layers.TrainingOperations;
import daegpu.engine.cuda.layers.WeightPlace;
import daegpu.model.Layer;
import java.util.Optional;

/**
 * A training step by this program's own kernels. Bias, activation and loss are found where the products before them are
 * made, and so are their gradients. Blocks leave shares of the parameters' gradients, which one kernel adds while it
 * updates the parameters: {@code cuda/update.cu}.
 */
final class NativeTraining implements TrainingOperations {

    private final NativeLayers layers;
    private final int count;
    private final TrainedArrays arrays;
    private final ShareTable table;
    /** {@link ShareTable#pieces}. */
    private final DeviceArray pieces;
    /** The shares of this step, once all of its operations are made. */
    private DeviceArray shares;

    private long squaresAt;
    private int squares;
    private float lossScale;

    NativeTraining(NativeLayers layers, int count, TrainedArrays arrays) {
        this.layers = layers;
        this.count = count;
        this.arrays = arrays;
        table = new ShareTable(arrays.size());
        pieces = layers.device().allocate(layers.owner(), 4L * table.pieces().length, "places of partial sums");
    }

    @Override
    public Runnable loss(
            Layer layer,
            WeightPlace place,
            DeviceTensor input,
            DeviceArray clean,
            DeviceTensor output,
            DeviceTensor gradient) {
        float values = (float) count * layer.outputSize();
        ImplicitGemm product = ImplicitGemm.forward(layer, count, Epilogue.LOSS, 2f / values, layers.precision());
        layers.split().require(product);
        lossScale = 1f / values;
        squares = product.squares();
        squaresAt = table.reserve(squares);
        long sumsAt = table.add(product, place);
        return () -> product.launch(
                layers.kernels(),
                layers.split(),
                GemmOperands.loss(
                        input.memory(),
                        place.kernelIn(arrays.parameters()),
                        place.biasIn(arrays.parameters()),
                        clean,
                        output.memory(),
                        gradient.memory(),
                        sums(product, sumsAt),
                        shares(squaresAt, squares)));
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
        WeightGradient weights = WeightGradient.of(layer, count, layers.precision());
        long at = table.add(weights, place);
        return () -> weights.launch(layers.kernels(), input.memory(), gradient.memory(), shares(weights, at));
    }

    /**
     * The bias gradient of convolutions and dense layers comes with their weight gradient, and that of transposed
     * convolutions with the data gradient of the layer after them.
     */
    @Override
    public Runnable gradients(Layer layer, WeightPlace place, DeviceTensor gradient, GradientTarget target) {
        ImplicitGemm data = ImplicitGemm.dataGradient(
                layer, count, Epilogue.ofGradient(target.maker().activation()), layers.precision());
        layers.split().require(data);
        WeightGradient weights = WeightGradient.of(layer, count, layers.precision());
        LayerGradients both = new LayerGradients(data, weights);
        long at = table.add(weights, place);
        Optional<Long> sumsAt =
                target.maker().isTransposed() ? Optional.of(table.add(data, target.place())) : Optional.empty();
        return () -> both.launch(
                layers.kernels(),
                layers.split(),
                target.output().memory(),
                gradient.memory(),
                place.kernelIn(arrays.parameters()),
                shares(weights, at),
                target.gradient().memory(),
                sumsAt.map(first -> sums(data, first)));
    }

    @Override
    public Runnable update() {
        layers.shares().require(4 * table.floats());
        shares = layers.shares().memory();
        layers.device().upload(table.pieces(), pieces);
        Optimizer optimizer = arrays.optimizer();
        return () -> layers.kernels()
                .launch(
                        LayerKernel.UPDATE,
                        Grid.blocks(arrays.size() / ImplicitGemm.PIECE + 1, 1, 1),
                        new KernelArguments()
                                .add(arrays.parameters())
                                .add(arrays.firstMoment())
                                .add(arrays.secondMoment())
                                .add(shares)
                                .add(pieces)
                                .add(optimizer.weight1())
                                .add(optimizer.weight2())
                                .add(optimizer.epsilon())
                                .add((float) optimizer.beta1())
                                .add((float) optimizer.beta2())
                                .add(shares(squaresAt, squares))
                                .add(squares)
                                .add(lossScale)
                                .add(arrays.losses())
                                .add(count)
                                .add(arrays.state().pointer()));
    }

    @Override
    public void collectGradients() {
        layers.kernels()
                .launch(
                        LayerKernel.GRADIENTS,
                        Grid.blocks(arrays.size() / ImplicitGemm.PIECE, 1, 1),
                        new KernelArguments().add(shares).add(pieces).add(arrays.gradients()));
    }
}
