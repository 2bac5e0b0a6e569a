package daegpu.engine.cuda.cudnn;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.layers.BatchShare;
import daegpu.engine.cuda.layers.DeviceTensor;
import daegpu.engine.cuda.layers.GradientTarget;
import daegpu.engine.cuda.layers.GradientUpdate;
import daegpu.engine.cuda.layers.LossTarget;
import daegpu.engine.cuda.layers.Planes;
import daegpu.engine.cuda.layers.TrainedArrays;
import daegpu.engine.cuda.layers.TrainingOperations;
import daegpu.engine.cuda.layers.WeightPlace;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.Layer.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A training step by cuDNN and cuBLAS. Weight gradients and the bias gradients of dense layers are written to their
 * arena directly. For other sums over a batch, blocks leave shares, which are added before the update.
 */
final class CudnnTraining implements TrainingOperations {

    private final CudnnLayers layers;
    private final PlaneOperations planes;
    private final BatchShare share;
    private final int count;
    private final TrainedArrays arrays;
    /** For each bias gradient of a convolution: where its shares begin, how many there are, and its place. */
    private final List<Integer> ranges = new ArrayList<>();

    private int shareCount;
    /** The shares of this step, once all of its operations are made. */
    private DeviceArray shares;

    /** Where the shares of the sum of losses begin, and how many there are. */
    private int lossesAt;

    private int lossCount;
    private float lossScale;

    CudnnTraining(CudnnLayers layers, BatchShare share, TrainedArrays arrays) {
        this.layers = layers;
        this.share = share;
        this.count = share.count();
        this.arrays = arrays;
        planes = layers.planeOperations();
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
        int channels = output.planes().channels();
        int slices = PlaneOperations.slices(count, channels);
        lossScale = share.lossScale(layer.outputSize());
        lossesAt = reserve(channels * slices);
        lossCount = channels * slices;
        Optional<DeviceArray> bias = place.biasIn(arrays.parameters());
        Optional<DeviceArray> channelBias = CudnnLayers.channelBias(layer, bias);
        Optional<Integer> sumsAt = channelBias.map(there -> addBias(channels, slices, place));
        Runnable sums = layers.sums(layer, count, place.kernelIn(arrays.parameters()), bias, input);
        return () -> {
            sums.run();
            planes.loss(
                    layer,
                    share,
                    slices,
                    layers.scratch(SidePlanes.output(layer)),
                    channelBias,
                    added,
                    target,
                    output,
                    gradient,
                    shares(lossesAt, lossCount),
                    sumsAt.map(at -> shares(at, channels * slices)));
        };
    }

    private int reserve(int floats) {
        int at = shareCount;
        shareCount = Math.addExact(shareCount, floats);
        return at;
    }

    /** Reserves room for the shares of a convolution's bias gradient, and returns where they begin. */
    private int addBias(int channels, int slices, WeightPlace place) {
        int at = reserve(channels * slices);
        for (int channel = 0; channel < channels; channel++) {
            ranges.addAll(List.of(at + channel * slices, slices, place.bias() + channel));
        }
        return at;
    }

    private DeviceArray shares(int at, int floats) {
        return shares.floats(at, floats);
    }

    @Override
    public Runnable weightGradient(Layer layer, WeightPlace place, DeviceTensor input, DeviceTensor gradient) {
        DeviceArray kernelGradient = place.kernelIn(arrays.gradients());
        if (layer.operation() == Operation.DENSE) {
            int units = layer.outputChannels();
            Optional<DeviceArray> biasGradient = place.biasIn(arrays.gradients());
            Supplier<DeviceArray> packed = layers.packed(layer, count, input);
            return () -> {
                layers.product()
                        .weightGradient(
                                packed.get(), gradient.memory(), kernelGradient, count, layer.inputChannels(), units);
                biasGradient.ifPresent(bias -> planes.denseBiasGradient(count, units, gradient.memory(), bias));
            };
        }
        CudnnConvolution convolution = layers.convolution(layer, count, input.planes());
        return layer.isTransposed()
                ? () -> convolution.weightGradient(gradient.memory(), input.memory(), kernelGradient)
                : () -> convolution.weightGradient(input.memory(), gradient.memory(), kernelGradient);
    }

    @Override
    public Runnable gradients(Layer layer, WeightPlace place, DeviceTensor gradient, GradientTarget target) {
        Runnable ofWeights = weightGradient(layer, place, target.values(), gradient);
        Runnable ofData = dataGradient(layer, place.kernelIn(arrays.parameters()), gradient, target);
        return () -> {
            ofWeights.run();
            ofData.run();
        };
    }

    private Runnable dataGradient(Layer layer, DeviceArray kernel, DeviceTensor gradient, GradientTarget target) {
        Consumer<DeviceArray> product =
                product(layer, kernel, gradient.memory(), target.values().planes());
        Planes computed = SidePlanes.dataGradient(layer);
        if (isPlain(target) && target.gradient().planes().equals(computed)) {
            return () -> product.accept(target.gradient().memory());
        }
        layers.requireScratch(count, computed);
        Consumer<Optional<DeviceTensor>> sum = summing(target);
        return () -> {
            DeviceTensor data = layers.scratch(computed);
            product.accept(data.memory());
            sum.accept(Optional.of(data));
        };
    }

    /** Whether the sum consists of a data gradient only. */
    private static boolean isPlain(GradientTarget target) {
        return target.activation() == Activation.LINEAR
                && !target.accumulates()
                && target.terms().isEmpty()
                && !target.completesBias();
    }

    /** Sums a gradient, with a data gradient if there is one. */
    private Consumer<Optional<DeviceTensor>> summing(GradientTarget target) {
        int channels = target.gradient().planes().channels();
        int slices = PlaneOperations.slices(count, channels);
        Optional<Integer> sumsAt =
                target.completesBias() ? Optional.of(addBias(channels, slices, target.place())) : Optional.empty();
        return data ->
                planes.activationGradient(count, slices, data, target, sumsAt.map(at -> shares(at, channels * slices)));
    }

    @Override
    public Runnable sum(GradientTarget target) {
        Consumer<Optional<DeviceTensor>> sum = summing(target);
        return () -> sum.accept(Optional.empty());
    }

    /** Writes the data gradient. */
    private Consumer<DeviceArray> product(Layer layer, DeviceArray kernel, DeviceArray gradient, Planes input) {
        if (layer.operation() == Operation.DENSE) {
            int in = layer.inputChannels();
            int units = layer.outputChannels();
            return atInput -> layers.product().dataGradient(gradient, kernel, atInput, count, in, units);
        }
        CudnnConvolution convolution = layers.convolution(layer, count, input);
        return layer.isTransposed()
                ? atInput -> convolution.forward(gradient, kernel, atInput)
                : atInput -> convolution.dataGradient(gradient, kernel, atInput);
    }

    @Override
    public Runnable update() {
        Runnable finish = finish();
        return () -> {
            finish.run();
            GradientUpdate.run(layers.kernels(), arrays, arrays.gradients());
        };
    }

    @Override
    public Runnable finish() {
        layers.shares().require(4L * shareCount);
        shares = layers.shares().memory();
        ranges.addAll(List.of(lossesAt, lossCount, 0));
        int sums = ranges.size() / 3;
        DeviceArray table = layers.device().allocate(layers.owner(), 4L * ranges.size(), "places of partial sums");
        layers.device().upload(ranges.stream().mapToInt(Integer::intValue).toArray(), table);
        return () -> planes.sumShares(shares, table, sums, lossScale, count, arrays);
    }

    /** Does nothing: the gradients are there already. */
    @Override
    public void collectGradients() {}
}
