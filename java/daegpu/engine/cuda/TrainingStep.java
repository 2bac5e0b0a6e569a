package daegpu.engine.cuda;

import daegpu.engine.Plan;
import daegpu.engine.Plan.Backward;
import daegpu.engine.Plan.Forward;
import daegpu.engine.Plan.GradientSum;
import daegpu.engine.Plan.LossGradient;
import daegpu.engine.Plan.Step;
import daegpu.engine.Plan.Sum;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.layers.DeviceTensor;
import daegpu.engine.cuda.layers.GradientTarget;
import daegpu.engine.cuda.layers.LayerOperations;
import daegpu.engine.cuda.layers.LossTarget;
import daegpu.engine.cuda.layers.TrainedArrays;
import daegpu.engine.cuda.layers.TrainingOperations;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The operations of a training step on batches of one size, by a plan. They are all enqueued on the device's stream;
 * none waits, or copies between host and device, so the step can be captured.
 */
final class TrainingStep {

    private final Network network;
    private final LayerOperations operations;
    private final ParameterArena arena;
    private final PlanMemory memory;
    private final TrainedArrays arrays;
    private final int count;
    private final LossTarget target;
    private final TrainingOperations training;
    private final List<Runnable> work = new ArrayList<>();

    /**
     * Makes the operations.
     *
     * @param training the operations that only training has
     * @param target what the output should be
     * @param updates whether the parameters are updated; otherwise the gradients are stored
     */
    TrainingStep(
            Network network,
            Plan plan,
            LayerOperations operations,
            TrainingOperations training,
            ParameterArena arena,
            PlanMemory memory,
            TrainedArrays arrays,
            int count,
            LossTarget target,
            boolean updates) {
        this.network = network;
        this.operations = operations;
        this.training = training;
        this.arena = arena;
        this.memory = memory;
        this.arrays = arrays;
        this.count = count;
        this.target = target;
        plan.steps().forEach(this::add);
        work.add(updates ? training.update() : training.finish());
    }

    private void add(Step step) {
        if (step instanceof Forward forward) {
            if (!forward.layer().output().equals(network.output())) { // that one comes with the loss
                work.add(forward(forward.layer()));
            }
        } else if (step instanceof LossGradient loss) {
            work.add(loss(network.maker(loss.output()).orElseThrow()));
        } else if (step instanceof Backward backward) {
            add(backward);
        } else if (step instanceof Sum sum) {
            GradientTarget left = addAllButOneTerm(target(sum.sum()));
            work.add(training.sum(left));
        }
    }

    private Runnable forward(Layer layer) {
        DeviceArray parameters = arrays.parameters();
        return operations.forward(
                layer,
                count,
                arena.place(layer).kernelIn(parameters),
                arena.place(layer).biasIn(parameters),
                memory.values(layer.input()),
                added(layer),
                memory.values(layer.output()));
    }

    private Optional<DeviceTensor> added(Layer layer) {
        return layer.added().map(memory::values);
    }

    private Runnable loss(Layer layer) {
        return training.loss(
                layer,
                arena.place(layer),
                memory.values(layer.input()),
                added(layer),
                target,
                memory.values(layer.output()),
                memory.gradient(layer.output()));
    }

    private void add(Backward backward) {
        Layer layer = backward.layer();
        DeviceTensor gradient = memory.gradient(layer.output());
        if (backward.data().isEmpty()) {
            work.add(training.weightGradient(layer, arena.place(layer), memory.values(layer.input()), gradient));
        } else {
            GradientTarget left = addAllButOneTerm(target(backward.data().get()));
            work.add(training.gradients(layer, arena.place(layer), gradient, left));
        }
    }

    private GradientTarget target(GradientSum sum) {
        Tensor tensor = sum.target();
        Layer maker = network.maker(tensor).orElseThrow();
        return new GradientTarget(
                sum,
                maker,
                arena.place(maker),
                memory.values(tensor),
                memory.gradient(tensor),
                sum.terms().stream().map(memory::gradient).toList());
    }

    /** Adds all terms but one, as an operation can add one term at a time. */
    private GradientTarget addAllButOneTerm(GradientTarget whole) {
        GradientTarget left = whole;
        while (left.terms().size() > 1) {
            work.add(training.sum(left.firstTerm()));
            left = left.withoutFirstTerm();
        }
        return left;
    }

    /**
     * Enqueues the step: from the batch in device memory to the gradients, the loss and, if the step updates, the
     * update.
     */
    void run() {
        work.forEach(Runnable::run);
    }

    /** Writes the gradients of the last run to {@link TrainedArrays#gradients}. */
    void collectGradients() {
        training.collectGradients();
    }
}
