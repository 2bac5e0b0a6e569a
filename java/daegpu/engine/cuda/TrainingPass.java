package daegpu.engine.cuda;

import daegpu.engine.cuda.cudnn.PlaneKernel;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.layers.Planes;
import daegpu.engine.cuda.layers.Planes.Walk;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.Layer.Operation;
import java.util.ArrayList;
import java.util.List;

/** {@link GradientStep} by cuDNN and cuBLAS. */
final class TrainingPass implements GradientStep {

    /**
     * Blocks that a sum over a batch is cut into, at most: enough to occupy any GPU. Part of the arithmetic: other cuts
     * round differently.
     */
    private static final int BLOCKS = 256;

    private final Toolkit toolkit;
    private final List<Layer> layers;
    private final ParameterArena arena;
    private final TrainingMemory memory;
    private final ForwardPass forward;
    private final int count;
    /** Where the blocks' shares of each layer's bias gradient begin. */
    private final int[] partialsAt;

    private final int squaresAt;
    private final DeviceArray partials;
    private final DeviceArray ranges;
    private final int sums;

    TrainingPass(
            Toolkit toolkit,
            List<Layer> layers,
            ParameterArena arena,
            TrainingMemory memory,
            int count,
            DeviceScope owner) {
        this.toolkit = toolkit;
        this.layers = layers;
        this.arena = arena;
        this.memory = memory;
        this.count = count;
        forward = new ForwardPass(toolkit, layers, arena, memory.parameters(), memory.activations(), count, owner);
        partialsAt = new int[layers.size()];
        List<Integer> table = new ArrayList<>();
        int at = 0;
        for (int l = 0; l < layers.size(); l++) {
            partialsAt[l] = at;
            if (layers.get(l).operation() != Operation.DENSE) {
                for (int channel = 0; channel < layers.get(l).outputChannels(); channel++) {
                    table.addAll(List.of(at, slices(l), arena.biasAt(l) + channel));
                    at += slices(l);
                }
            }
        }
        squaresAt = at;
        int last = layers.size() - 1;
        int squares = layers.get(last).outputChannels() * slices(last);
        table.addAll(List.of(squaresAt, squares, 0));
        sums = table.size() / 3;
        partials = toolkit.device().allocateFloats(owner, squaresAt + squares, "partial sums");
        ranges = toolkit.device().allocate(owner, 4L * table.size(), "places of partial sums");
        toolkit.device().upload(table.stream().mapToInt(Integer::intValue).toArray(), ranges);
    }

    /** Blocks for each channel of layer {@code l}: each takes some of the images. */
    private int slices(int l) {
        return slices(count, layers.get(l).outputChannels());
    }

    /** The same for batches of {@code count} and a layer with so many channels. */
    static int slices(int count, int channels) {
        return Math.max(1, Math.min(count, BLOCKS / channels));
    }

    @Override
    public void run() {
        int last = layers.size() - 1;
        forward.run(0, last);
        forward.runLinear(last);
        findLoss(last);
        for (int l = last; l >= 0; l--) {
            findGradients(l);
            if (l > 0) { // nobody asks for the gradient by the image
                passBack(l);
            }
        }
        float mean = 1f / ((float) count * layers.get(last).outputSize());
        int warps = Grid.THREADS / 32;
        toolkit.kernels()
                .launch(
                        PlaneKernel.SUM_PARTIALS,
                        Grid.blocks((sums + warps - 1) / warps, 1, 1),
                        new KernelArguments()
                                .add(partials)
                                .add(ranges)
                                .add(sums)
                                .add(memory.gradients())
                                .add(mean)
                                .add(memory.losses())
                                .add(count)
                                .add(memory.state()));
        Optimizer.update(toolkit.kernels(), memory, arena.size());
    }

    /** They are there. */
    @Override
    public void collectGradients() {}

    private void findLoss(int l) {
        Layer layer = layers.get(l);
        Activations activations = memory.activations();
        int plane = layer.outputHeight() * layer.outputWidth();
        boolean vector = plane % 4 == 0;
        float scale = 2f / ((float) count * layer.outputSize());
        DeviceArray squares = partials.floats(squaresAt, (long) layer.outputChannels() * slices(l));
        toolkit.kernels()
                .launch(
                        vector ? PlaneKernel.SIGMOID_MSE_VECTOR : PlaneKernel.SIGMOID_MSE,
                        Grid.blocks(layer.outputChannels(), slices(l), 1),
                        new KernelArguments()
                                .add(activations.scratch())
                                .add(arena.bias(memory.parameters(), l))
                                .add(memory.clean())
                                .add(activations.output(l))
                                .add(memory.gradientAt(l))
                                .add(count)
                                .add(vector ? plane / 4 : plane)
                                .add(scale)
                                .add(squares)
                                .add(partialsOf(l)));
    }

    private DeviceArray partialsOf(int l) {
        return partials.floats(partialsAt[l], (long) layers.get(l).outputChannels() * slices(l));
    }

    /** The gradients of layer {@code l}'s own parameters, except bias gradients that were found on the way. */
    private void findGradients(int l) {
        Layer layer = layers.get(l);
        DeviceArray input = memory.activations().input(l);
        DeviceArray gradient = memory.gradientAt(l);
        DeviceArray kernelGradient = arena.kernel(memory.gradients(), l);
        switch (layer.operation()) {
            case CONVOLUTION -> forward.convolution(l).kernelGradient(input, gradient, kernelGradient);
            case TRANSPOSED_CONVOLUTION -> forward.convolution(l).kernelGradient(gradient, input, kernelGradient);
            case DENSE -> {
                int units = layer.outputChannels();
                toolkit.product().weightGradient(input, gradient, kernelGradient, count, layer.inputChannels(), units);
                toolkit.kernels()
                        .launch(
                                PlaneKernel.DENSE_BIAS_GRADIENT,
                                Grid.covering(units),
                                new KernelArguments()
                                        .add(gradient)
                                        .add(arena.bias(memory.gradients(), l))
                                        .add(count)
                                        .add(units));
            }
            default -> throw new AssertionError(layer);
        }
    }

    /** From the gradient at layer {@code l} to that at the layer before it. */
    private void passBack(int l) {
        boolean relu = layers.get(l - 1).activation() == Activation.RELU;
        DeviceArray target = relu ? memory.activations().scratch() : memory.gradientAt(l - 1);
        Layer layer = layers.get(l);
        DeviceArray gradient = memory.gradientAt(l);
        DeviceArray kernel = arena.kernel(memory.parameters(), l);
        switch (layer.operation()) {
            case CONVOLUTION -> forward.convolution(l).inputGradient(gradient, kernel, target);
            case TRANSPOSED_CONVOLUTION -> forward.convolution(l).forward(gradient, kernel, target);
            case DENSE ->
                toolkit.product()
                        .inputGradient(gradient, kernel, target, count, layer.inputChannels(), layer.outputChannels());
            default -> throw new AssertionError(layer);
        }
        if (relu) {
            passThroughRelu(l - 1);
        }
    }

    private void passThroughRelu(int l) {
        Planes output = memory.activations().outputPlanes(l);
        Planes gradient = memory.gradientPlanes(l);
        Walk walk = Planes.walk(output, output, gradient);
        toolkit.kernels()
                .launch(
                        walk.vector() ? PlaneKernel.RELU_GRADIENT_VECTOR : PlaneKernel.RELU_GRADIENT,
                        Grid.blocks(output.channels(), slices(l), 1),
                        new KernelArguments()
                                .add(memory.activations().scratch())
                                .add(output.plane())
                                .add(walk.pitches()[0])
                                .add(memory.activations().output(l))
                                .add(output.plane())
                                .add(walk.pitches()[1])
                                .add(memory.gradientAt(l))
                                .add(gradient.plane())
                                .add(walk.pitches()[2])
                                .add(count)
                                .add(walk.rows())
                                .add(walk.steps())
                                .add(partialsOf(l)));
    }
}
