package daegpu.engine.cuda.cudnn;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.layers.DeviceTensor;
import daegpu.engine.cuda.layers.GradientTarget;
import daegpu.engine.cuda.layers.GradientUpdate;
import daegpu.engine.cuda.layers.TrainedArrays;
import daegpu.engine.cuda.layers.TrainingOperations;
import daegpu.engine.cuda.layers.WeightPlace;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.Layer.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A training step by cuDNN and cuBLAS. Weight gradients and those of dense biases go to their arena at once; blocks
 * leave shares of the sums over a batch, which are added up before the update.
 */
final class CudnnTraining implements TrainingOperations {

    private final CudnnLayers layers;
    private final PlaneOperations planes;
    private final int count;
    private final TrainedArrays arrays;
    /** For each bias gradient of a convolution where its shares begin, how many there are, and its place. */
    private final List<Integer> ranges = new ArrayList<>();

    private int shareCount;
    /** The shares of this step, once all of its operations are made. */
    private DeviceArray shares;

    /** Where the shares of the sum of squared errors begin, and how many there are. */
    private int squaresAt;

    private int squares;
    private float lossScale;

    CudnnTraining(CudnnLayers layers, int count, TrainedArrays arrays) {
        this.layers = layers;
        this.count = count;
        this.arrays = arrays;
        planes = layers.planeOperations();
    }

    @Override
    public Runnable loss(
            Layer layer,
            WeightPlace place,
            DeviceTensor input,
            DeviceArray clean,
            DeviceTensor output,
            DeviceTensor gradient) {
        int channels = layer.outputChannels();
        int slices = slices(layer);
        int plane = layer.outputHeight() * layer.outputWidth();
        float scale = 2f / ((float) count * layer.outputSize());
        lossScale = 1f / ((float) count * layer.outputSize());
        squaresAt = reserve(channels * slices);
        squares = channels * slices;
        int sumsAt = addBias(layer, place);
        Runnable sums = layers.sums(layer, count, place.kernelIn(arrays.parameters()), input);
        DeviceArray bias = place.biasIn(arrays.parameters());
        return () -> {
            sums.run();
            planes.sigmoidLoss(
                    count,
                    channels,
                    slices,
                    plane,
                    scale,
                    layers.scratch(output.planes()).memory(),
                    bias,
                    clean,
                    output.memory(),
                    gradient.memory(),
                    shares(squaresAt, squares),
                    shares(sumsAt, channels * slices));
        };
    }

    private int slices(Layer layer) {
        return PlaneOperations.slices(count, layer.outputChannels());
    }

    private int reserve(int floats) {
        int at = shareCount;
        shareCount = Math.addExact(shareCount, floats);
        return at;
    }

    /** Makes room for the shares of a convolution's bias gradient. Returns where they begin. */
    private int addBias(Layer layer, WeightPlace place) {
        int slices = slices(layer);
        int at = reserve(layer.outputChannels() * slices);
        for (int channel = 0; channel < layer.outputChannels(); channel++) {
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
            DeviceArray biasGradient = place.biasIn(arrays.gradients());
            return () -> {
                layers.product()
                        .weightGradient(
                                input.memory(), gradient.memory(), kernelGradient, count, layer.inputChannels(), units);
                planes.denseBiasGradient(count, units, gradient.memory(), biasGradient);
            };
        }
        CudnnConvolution convolution = layers.convolution(layer, count);
        return layer.isTransposed()
                ? () -> convolution.weightGradient(gradient.memory(), input.memory(), kernelGradient)
                : () -> convolution.weightGradient(input.memory(), gradient.memory(), kernelGradient);
    }

    @Override
    public Runnable gradients(Layer layer, WeightPlace place, DeviceTensor gradient, GradientTarget target) {
        Runnable ofWeights = weightGradient(layer, place, target.output(), gradient);
        Runnable ofData = dataGradient(layer, place.kernelIn(arrays.parameters()), gradient, target);
        return () -> {
            ofWeights.run();
            ofData.run();
        };
    }

    private Runnable dataGradient(Layer layer, DeviceArray kernel, DeviceTensor gradient, GradientTarget target) {
        Consumer<DeviceArray> product = product(layer, kernel, gradient.memory());
        if (target.maker().activation() != Activation.RELU) {
            return () -> product.accept(target.gradient().memory());
        }
        layers.requireScratch(count, target.output().planes());
        int slices = slices(target.maker());
        int sumsAt = addBias(target.maker(), target.place());
        int sums = slices * target.maker().outputChannels();
        return () -> {
            DeviceTensor atOutput = layers.scratch(target.output().planes());
            product.accept(atOutput.memory());
            planes.reluGradient(count, slices, atOutput, target.output(), target.gradient(), shares(sumsAt, sums));
        };
    }

    /** Writes the gradient by what a layer takes in. */
    private Consumer<DeviceArray> product(Layer layer, DeviceArray kernel, DeviceArray gradient) {
        if (layer.operation() == Operation.DENSE) {
            int in = layer.inputChannels();
            int units = layer.outputChannels();
            return atInput -> layers.product().dataGradient(gradient, kernel, atInput, count, in, units);
        }
        CudnnConvolution convolution = layers.convolution(layer, count);
        return layer.isTransposed()
                ? atInput -> convolution.forward(gradient, kernel, atInput)
                : atInput -> convolution.dataGradient(gradient, kernel, atInput);
    }

    @Override
    public Runnable update() {
        layers.shares().require(4L * shareCount);
        shares = layers.shares().memory();
        ranges.addAll(List.of(squaresAt, squares, 0));
        int sums = ranges.size() / 3;
        DeviceArray table = layers.device().allocate(layers.owner(), 4L * ranges.size(), "places of partial sums");
        layers.device().upload(ranges.stream().mapToInt(Integer::intValue).toArray(), table);
        return () -> {
            planes.sumShares(shares, table, sums, lossScale, count, arrays);
            GradientUpdate.run(layers.kernels(), arrays);
        };
    }

    /** They are there. */
    @Override
    public void collectGradients() {}
}
