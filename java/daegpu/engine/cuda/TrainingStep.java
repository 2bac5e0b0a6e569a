package daegpu.engine.cuda;

import daegpu.engine.Plan;
import daegpu.engine.Plan.Backward;
import daegpu.engine.Plan.Forward;
import daegpu.engine.Plan.GradientSum;
import daegpu.engine.Plan.Step;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.layers.GradientTarget;
import daegpu.engine.cuda.layers.LayerOperations;
import daegpu.engine.cuda.layers.TrainedArrays;
import daegpu.engine.cuda.layers.TrainingOperations;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The operations of a training step on batches of one size, by the plan of a network whose layers follow one another.
 * All of it is asked for on the device's stream, and nothing waits or copies between host and device: it can be
 * captured.
 */
final class TrainingStep {

    private final Network network;
    private final LayerOperations operations;
    private final ParameterArena arena;
    private final TrainingMemory memory;
    private final TrainedArrays arrays;
    private final int count;
    private final TrainingOperations training;
    private final List<Runnable> work = new ArrayList<>();

    TrainingStep(
            Network network,
            LayerOperations operations,
            ParameterArena arena,
            TrainingMemory memory,
            TrainedArrays arrays,
            int count) {
        this.network = network;
        this.operations = operations;
        this.arena = arena;
        this.memory = memory;
        this.arrays = arrays;
        this.count = count;
        training = operations.training(count, arrays);
        for (Step step : Plan.training(network, true).steps()) {
            if (step instanceof Forward forward) {
                work.add(forward(forward.layer()));
            } else if (step instanceof Backward backward) {
                work.add(backward(backward));
            } // the last layer forward finds the loss, and such networks have no skips to sum
        }
        work.add(training.update());
    }

    private Runnable forward(Layer layer) {
        Tensor output = layer.output();
        if (output.equals(network.output())) {
            return training.loss(
                    layer,
                    arena.place(layer),
                    memory.values(layer.input()),
                    memory.clean().memory(),
                    memory.values(output),
                    memory.gradient(output));
        }
        DeviceArray parameters = arrays.parameters();
        return operations.forward(
                layer,
                count,
                arena.place(layer).kernelIn(parameters),
                arena.place(layer).biasIn(parameters),
                memory.values(layer.input()),
                memory.values(output));
    }

    private Runnable backward(Backward backward) {
        Layer layer = backward.layer();
        return backward.data()
                .map(data ->
                        training.gradients(layer, arena.place(layer), memory.gradient(layer.output()), target(data)))
                .orElseGet(() -> training.weightGradient(
                        layer, arena.place(layer), memory.values(layer.input()), memory.gradient(layer.output())));
    }

    private GradientTarget target(GradientSum data) {
        Tensor tensor = data.target();
        Layer maker = network.maker(tensor).orElseThrow();
        return new GradientTarget(maker, arena.place(maker), memory.values(tensor), memory.gradient(tensor));
    }

    /** From the batch that is there to the gradients, the loss and the update. */
    void run() {
        work.forEach(Runnable::run);
    }

    /** Leaves the gradients of the last run in {@link TrainedArrays#gradients}. */
    void collectGradients() {
        training.collectGradients();
    }
}
