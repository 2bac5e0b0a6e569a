package daegpu.engine.cuda.cudnn;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.layers.BatchShare;
import daegpu.engine.cuda.layers.DeviceTensor;
import daegpu.engine.cuda.layers.GradientTarget;
import daegpu.engine.cuda.layers.LossTarget;
import daegpu.engine.cuda.layers.Planes;
import daegpu.engine.cuda.layers.Planes.Walk;
import daegpu.engine.cuda.layers.TrainedArrays;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import java.util.List;
import java.util.Optional;

/** Launches the kernels for what cuDNN and cuBLAS do not compute. */
record PlaneOperations(KernelLibrary kernels) {

    /**
     * The largest number of blocks among which a sum over a batch is divided: enough to occupy any GPU. It is a part of
     * the arithmetic: another number would round differently.
     */
    private static final int BLOCKS = 256;

    /** The number of blocks for each channel of a sum over a batch. Each takes some of the images. */
    static int slices(int count, int channels) {
        return Math.max(1, Math.min(count, BLOCKS / channels));
    }

    /**
     * {@code output = activation(sums + bias + added)}, for images that are stored channel by channel.
     *
     * @param bias one value for each channel, if there is a bias
     * @param added a skip: images of the same size, if there is one
     */
    void biasActivation(
            Activation activation,
            int count,
            DeviceTensor sums,
            Optional<DeviceArray> bias,
            Optional<DeviceTensor> added,
            DeviceTensor output) {
        Planes planes = output.planes();
        Walk walk = walk(List.of(Optional.of(sums), added, Optional.of(output)));
        int total = count * planes.channels() * walk.rows() * walk.steps();
        KernelArguments arguments = new KernelArguments();
        add(arguments, Optional.of(sums), walk, 0);
        arguments.add(bias);
        add(arguments, added, walk, 1);
        add(arguments, Optional.of(output), walk, 2);
        kernels.launch(
                walk.vector() ? PlaneKernel.BIAS_ACTIVATION_VECTOR : PlaneKernel.BIAS_ACTIVATION,
                Grid.covering(total),
                arguments
                        .add(total)
                        .add(planes.channels())
                        .add(walk.rows())
                        .add(walk.steps())
                        .add(activation.ordinal()));
    }

    /** The walk over those that are there; a missing one is walked over like the last. */
    private static Walk walk(List<Optional<DeviceTensor>> tensors) {
        Planes last = tensors.get(tensors.size() - 1).orElseThrow().planes();
        return Planes.walk(tensors.stream()
                .map(tensor -> tensor.map(DeviceTensor::planes).orElse(last))
                .toArray(Planes[]::new));
    }

    /**
     * Adds a pointer, the floats from plane to plane, and the floats from row to row; for a missing tensor null and two
     * numbers that do not matter.
     */
    private static void add(KernelArguments arguments, Optional<DeviceTensor> tensor, Walk walk, int place) {
        arguments
                .add(tensor.map(DeviceTensor::memory))
                .add(tensor.map(each -> each.planes().plane()).orElse(0))
                .add(walk.pitches()[place]);
    }

    /** {@code output[count, units] = bias[units]}. */
    void denseBias(int count, int units, DeviceArray bias, DeviceArray output) {
        boolean vector = units % 4 == 0;
        int step = vector ? 4 : 1;
        int total = count * units / step;
        kernels.launch(
                vector ? PlaneKernel.DENSE_BIAS_VECTOR : PlaneKernel.DENSE_BIAS,
                Grid.covering(total),
                new KernelArguments().add(bias).add(output).add(total).add(units / step));
    }

    /** {@code gradient[units]}, the sum of {@code at[count, units]} over the images. */
    void denseBiasGradient(int count, int units, DeviceArray at, DeviceArray gradient) {
        kernels.launch(
                PlaneKernel.DENSE_BIAS_GRADIENT,
                Grid.covering(units),
                new KernelArguments().add(at).add(gradient).add(count).add(units));
    }

    /**
     * The gradient at what a layer computed, before its activation, {@code back through the activation(data + old
     * values + term)}, and its sums over {@code slices} parts of the batch for each channel, {@code [channels,
     * slices]}.
     *
     * @param data the data gradient, if there is one
     * @param target the gradient, with at most one term
     * @param sums receives the sums, if they are needed
     */
    void activationGradient(
            int count, int slices, Optional<DeviceTensor> data, GradientTarget target, Optional<DeviceArray> sums) {
        Optional<DeviceTensor> term = target.terms().stream().findFirst();
        Optional<DeviceTensor> values = target.activationValues();
        Optional<DeviceTensor> gradient = Optional.of(target.gradient());
        Walk walk = walk(List.of(data, term, values, gradient));
        KernelArguments arguments = new KernelArguments();
        add(arguments, data, walk, 0);
        arguments.add(target.accumulates() ? 1 : 0);
        add(arguments, term, walk, 1);
        add(arguments, values, walk, 2);
        add(arguments, gradient, walk, 3);
        kernels.launch(
                walk.vector() ? PlaneKernel.ACTIVATION_GRADIENT_VECTOR : PlaneKernel.ACTIVATION_GRADIENT,
                Grid.blocks(target.gradient().planes().channels(), slices, 1),
                arguments
                        .add(count)
                        .add(walk.rows())
                        .add(walk.steps())
                        .add(target.activation().ordinal())
                        .add(sums));
    }

    /**
     * {@code output = activation(sums + bias + added)}, the gradient of its loss before the activation, and for
     * {@code slices} parts of the batch the sums of the losses and of the gradient for each channel, {@code [channels,
     * slices]}.
     *
     * @param layer the last layer
     * @param bias one value for each channel, if there is a bias
     * @param added a skip: images of the same size, if there is one
     * @param losses receives the sums of the losses
     * @param gradientSums receives the sums of the gradient, if they are needed
     */
    void loss(
            Layer layer,
            BatchShare share,
            int slices,
            DeviceTensor sums,
            Optional<DeviceArray> bias,
            Optional<DeviceTensor> added,
            LossTarget target,
            DeviceTensor output,
            DeviceTensor gradient,
            DeviceArray losses,
            Optional<DeviceArray> gradientSums) {
        Walk walk = walk(List.of(Optional.of(sums), added, Optional.of(output), Optional.of(gradient)));
        KernelArguments arguments = new KernelArguments();
        add(arguments, Optional.of(sums), walk, 0);
        arguments.add(bias);
        add(arguments, added, walk, 1);
        arguments.add(target.clean().memory()).add(target.mask().map(DeviceTensor::memory));
        add(arguments, Optional.of(output), walk, 2);
        add(arguments, Optional.of(gradient), walk, 3);
        kernels.launch(
                walk.vector() ? PlaneKernel.PLANE_LOSS_VECTOR : PlaneKernel.PLANE_LOSS,
                Grid.blocks(output.planes().channels(), slices, 1),
                arguments
                        .add(share.count())
                        .add(walk.rows())
                        .add(walk.steps())
                        .add(layer.activation().ordinal())
                        .add(share.loss().ordinal())
                        .add(share.gradientScale(layer.outputSize()))
                        .add(losses)
                        .add(gradientSums));
    }

    /**
     * The second stage of all sums over a batch: bias gradients, and as the last one the loss, which is scaled.
     *
     * @param shares the shares that the first stages left
     * @param ranges for each sum: where its shares begin, how many there are, and its place among the gradients
     * @param sums number of sums, with the loss
     */
    void sumShares(DeviceArray shares, DeviceArray ranges, int sums, float scale, int count, TrainedArrays arrays) {
        int warps = Grid.THREADS / 32;
        kernels.launch(
                PlaneKernel.SUM_PARTIALS,
                Grid.blocks((sums + warps - 1) / warps, 1, 1),
                new KernelArguments()
                        .add(shares)
                        .add(ranges)
                        .add(sums)
                        .add(arrays.gradients())
                        .add(scale)
                        .add(arrays.losses())
                        .add(count)
                        .add(arrays.state().pointer()));
    }
}
