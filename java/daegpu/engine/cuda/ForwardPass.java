package daegpu.engine.cuda;

import daegpu.engine.cuda.cudnn.Convolution;
import daegpu.engine.cuda.cudnn.PlaneKernel;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.Kernel;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.layers.Planes;
import daegpu.engine.cuda.layers.Planes.Walk;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.Layer.Operation;
import java.util.List;

/** {@link Forward} by cuDNN and cuBLAS. */
final class ForwardPass implements Forward {

    private final Toolkit toolkit;
    private final List<Layer> layers;
    private final ParameterArena arena;
    private final DeviceArray parameters;
    private final Activations activations;
    private final int count;
    /** Of the layers that are not dense. */
    private final Convolution[] convolutions;

    /** @param parameters the weights, as {@code arena} says */
    ForwardPass(
            Toolkit toolkit,
            List<Layer> layers,
            ParameterArena arena,
            DeviceArray parameters,
            Activations activations,
            int count,
            DeviceScope owner) {
        this.toolkit = toolkit;
        this.layers = layers;
        this.arena = arena;
        this.parameters = parameters;
        this.activations = activations;
        this.count = count;
        convolutions = layers.stream()
                .map(layer -> layer.operation() == Operation.DENSE
                        ? null
                        : new Convolution(toolkit.dnn(), layer, count, owner))
                .toArray(Convolution[]::new);
    }

    int count() {
        return count;
    }

    Convolution convolution(int l) {
        return convolutions[l];
    }

    /** Runs layers {@code from} (inclusive) to {@code to} (exclusive) on the input that is there. */
    @Override
    public void run(int from, int to) {
        for (int l = from; l < to; l++) {
            runLinear(l);
            if (layers.get(l).operation() != Operation.DENSE) {
                applyBias(l);
            }
        }
    }

    /**
     * Runs layer {@code l} without its bias and activation, which only a dense layer already has: its result is in the
     * scratch memory.
     */
    void runLinear(int l) {
        DeviceArray kernel = arena.kernel(parameters, l);
        Layer layer = layers.get(l);
        switch (layer.operation()) {
            case CONVOLUTION -> convolutions[l].forward(activations.input(l), kernel, activations.scratch());
            case TRANSPOSED_CONVOLUTION ->
                convolutions[l].inputGradient(activations.input(l), kernel, activations.scratch());
            case DENSE -> {
                fillWithBias(l);
                toolkit.product()
                        .addForward(
                                activations.input(l),
                                kernel,
                                activations.output(l),
                                count,
                                layer.inputChannels(),
                                layer.outputChannels());
            }
            default -> throw new AssertionError(layer);
        }
    }

    private void fillWithBias(int l) {
        int units = layers.get(l).outputChannels();
        if (units % 4 == 0) {
            toolkit.kernels()
                    .launch(
                            PlaneKernel.DENSE_BIAS_VECTOR,
                            Grid.covering(count * units / 4),
                            new KernelArguments()
                                    .add(arena.bias(parameters, l))
                                    .add(activations.output(l))
                                    .add(count * units / 4)
                                    .add(units / 4));
        } else {
            toolkit.kernels()
                    .launch(
                            PlaneKernel.DENSE_BIAS,
                            Grid.covering(count * units),
                            new KernelArguments()
                                    .add(arena.bias(parameters, l))
                                    .add(activations.output(l))
                                    .add(count * units)
                                    .add(units));
        }
    }

    private void applyBias(int l) {
        Layer layer = layers.get(l);
        Planes from = layer.operation() == Operation.CONVOLUTION ? Planes.smallSide(layer) : Planes.largeSide(layer);
        Planes to = activations.outputPlanes(l);
        Walk walk = Planes.walk(from, to);
        int total = count * from.channels() * walk.rows() * walk.steps();
        toolkit.kernels()
                .launch(
                        kernel(layer.activation(), walk.vector()),
                        Grid.covering(total),
                        new KernelArguments()
                                .add(activations.scratch())
                                .add(from.plane())
                                .add(walk.pitches()[0])
                                .add(arena.bias(parameters, l))
                                .add(activations.output(l))
                                .add(to.plane())
                                .add(walk.pitches()[1])
                                .add(total)
                                .add(from.channels())
                                .add(walk.rows())
                                .add(walk.steps()));
    }

    private static Kernel kernel(Activation activation, boolean vector) {
        return switch (activation) {
            case RELU -> vector ? PlaneKernel.BIAS_RELU_VECTOR : PlaneKernel.BIAS_RELU;
            case SIGMOID -> vector ? PlaneKernel.BIAS_SIGMOID_VECTOR : PlaneKernel.BIAS_SIGMOID;
            case LINEAR -> throw new AssertionError("only dense layers are linear");
        };
    }
}
