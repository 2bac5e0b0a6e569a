package daegpu.engine.cuda.cudnn;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.layers.DeviceTensor;
import daegpu.engine.cuda.layers.Planes;
import daegpu.engine.cuda.layers.Planes.Walk;
import daegpu.engine.cuda.layers.TrainedArrays;
import daegpu.model.Layer.Activation;

/** Launches the kernels for what cuDNN and cuBLAS leave to be done. */
record PlaneOperations(KernelLibrary kernels) {

    /**
     * Blocks that a sum over a batch is cut into, at most: enough to occupy any GPU. Part of the arithmetic: other cuts
     * round differently.
     */
    private static final int BLOCKS = 256;

    /** Blocks for each channel of a sum over a batch: each takes some of the images. */
    static int slices(int count, int channels) {
        return Math.max(1, Math.min(count, BLOCKS / channels));
    }

    /** {@code output = activation(sums + bias)}, of a convolution's channels. */
    void biasActivation(Activation activation, int count, DeviceTensor sums, DeviceArray bias, DeviceTensor output) {
        Planes from = sums.planes();
        Walk walk = Planes.walk(from, output.planes());
        int total = count * from.channels() * walk.rows() * walk.steps();
        kernels.launch(
                ofBias(activation, walk.vector()),
                Grid.covering(total),
                new KernelArguments()
                        .add(sums.memory())
                        .add(from.plane())
                        .add(walk.pitches()[0])
                        .add(bias)
                        .add(output.memory())
                        .add(output.planes().plane())
                        .add(walk.pitches()[1])
                        .add(total)
                        .add(from.channels())
                        .add(walk.rows())
                        .add(walk.steps()));
    }

    private static PlaneKernel ofBias(Activation activation, boolean vector) {
        return switch (activation) {
            case RELU -> vector ? PlaneKernel.BIAS_RELU_VECTOR : PlaneKernel.BIAS_RELU;
            case SIGMOID -> vector ? PlaneKernel.BIAS_SIGMOID_VECTOR : PlaneKernel.BIAS_SIGMOID;
            case LINEAR -> throw new IllegalArgumentException("there is no kernel for a linear convolution");
        };
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
     * Back through ReLU: {@code gradient = output > 0 ? atOutput : 0}, and its sums over {@code slices} parts of the
     * batch for each channel, {@code [channels, slices]}.
     */
    void reluGradient(
            int count,
            int slices,
            DeviceTensor atOutput,
            DeviceTensor output,
            DeviceTensor gradient,
            DeviceArray sums) {
        Walk walk = Planes.walk(atOutput.planes(), output.planes(), gradient.planes());
        kernels.launch(
                walk.vector() ? PlaneKernel.RELU_GRADIENT_VECTOR : PlaneKernel.RELU_GRADIENT,
                Grid.blocks(output.planes().channels(), slices, 1),
                new KernelArguments()
                        .add(atOutput.memory())
                        .add(atOutput.planes().plane())
                        .add(walk.pitches()[0])
                        .add(output.memory())
                        .add(output.planes().plane())
                        .add(walk.pitches()[1])
                        .add(gradient.memory())
                        .add(gradient.planes().plane())
                        .add(walk.pitches()[2])
                        .add(count)
                        .add(walk.rows())
                        .add(walk.steps())
                        .add(sums));
    }

    /**
     * {@code output = sigmoid(sums + bias)}, {@code gradient = scale (output − clean) output (1 − output)}, and for
     * {@code slices} parts of the batch the sums of the squared differences and of the gradient for each channel,
     * {@code [channels, slices]}. All images without gaps.
     *
     * @param plane values of a channel of an image
     */
    void sigmoidLoss(
            int count,
            int channels,
            int slices,
            int plane,
            float scale,
            DeviceArray sums,
            DeviceArray bias,
            DeviceArray clean,
            DeviceArray output,
            DeviceArray gradient,
            DeviceArray squares,
            DeviceArray gradientSums) {
        boolean vector = plane % 4 == 0;
        kernels.launch(
                vector ? PlaneKernel.SIGMOID_MSE_VECTOR : PlaneKernel.SIGMOID_MSE,
                Grid.blocks(channels, slices, 1),
                new KernelArguments()
                        .add(sums)
                        .add(bias)
                        .add(clean)
                        .add(output)
                        .add(gradient)
                        .add(count)
                        .add(vector ? plane / 4 : plane)
                        .add(scale)
                        .add(squares)
                        .add(gradientSums));
    }

    /**
     * The second stage of all sums over a batch: the gradients, and last the loss, which is scaled.
     *
     * @param shares what the first stages left
     * @param ranges for each sum where its shares begin, how many there are, and its place among the gradients
     * @param sums how many, with the loss
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
