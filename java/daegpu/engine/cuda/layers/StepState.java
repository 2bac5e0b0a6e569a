package daegpu.engine.cuda.layers;

import daegpu.engine.Optimizer;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.driver.KernelLibrary;

/**
 * {@code struct StepState} of include/step_state.cuh, which lies on the device, and a copy of it on the host. Steps
 * advance it on the device, and the host advances the copy, so that the device's is written only if another value is
 * wanted.
 */
public final class StepState {

    static final int BYTES = 32;
    /** Index of {@code position} in the struct. */
    private static final int POSITION_FLOATS = 3;

    private final KernelLibrary kernels;
    private final Optimizer optimizer;
    private final DeviceArray state;
    private long step;
    private float learningRate = Float.NaN;
    private int position;
    private int losses;

    /** The state before the first step. */
    public StepState(Device device, KernelLibrary kernels, DeviceScope owner, Optimizer optimizer) {
        this.kernels = kernels;
        this.optimizer = optimizer;
        state = device.allocate(owner, BYTES, "the step's state");
        load(0);
    }

    /** The structure on the device. */
    public DeviceArray pointer() {
        return state;
    }

    /** The place in the epoch's order, on the device. */
    public DeviceArray position() {
        return state.floats(POSITION_FLOATS, 1);
    }

    /** Number of updates, including those that are enqueued but not done yet. */
    public long step() {
        return step;
    }

    /** Number of losses on the device that were not read yet. */
    public int losses() {
        return losses;
    }

    /** Sets the number of updates done. */
    public void load(long newStep) {
        step = newStep;
        kernels.launch(
                StepKernel.LOAD_STEP,
                Grid.ONE_THREAD,
                new KernelArguments()
                        .add(state)
                        .add(newStep)
                        .add((float) optimizer.beta1())
                        .add((float) optimizer.beta2()));
    }

    /**
     * Makes the next step use this learning rate and begin at this place of the epoch's order. Does nothing if it would
     * anyway.
     */
    public void expect(float newLearningRate, int newPosition) {
        if (newLearningRate != learningRate || newPosition != position) {
            write(newLearningRate, newPosition, losses);
        }
    }

    /** The same without changing the learning rate. */
    public void expectPosition(int newPosition) {
        if (newPosition != position) {
            write(learningRate, newPosition, losses);
        }
    }

    /** The same without changing the place in the order. */
    public void expect(float newLearningRate) {
        expect(newLearningRate, position);
    }

    /** Sets the number of unread losses to 0. */
    public void clearLosses() {
        if (losses > 0) {
            write(learningRate, position, 0);
        }
    }

    private void write(float newLearningRate, int newPosition, int newLosses) {
        kernels.launch(
                StepKernel.SET_STEP,
                Grid.ONE_THREAD,
                new KernelArguments()
                        .add(state)
                        .add(newLearningRate)
                        .add(newPosition)
                        .add(newLosses));
        learningRate = newLearningRate;
        position = newPosition;
        losses = newLosses;
    }

    /** Advances the copy after the gradients of {@code count} images were enqueued. */
    public void computed(int count) {
        position += count;
        losses++;
    }

    /** Advances the copy after an update was enqueued. */
    public void updated() {
        step++;
    }
}
