package daegpu.engine.cuda.layers;

import daegpu.engine.Optimizer;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.driver.KernelLibrary;

/**
 * {@code struct StepState} of include/step_state.cuh, which lives on the device, and what the host knows of it: steps
 * advance it there, and this copy along with it, so that it is written only when something else is wanted.
 */
public final class StepState {

    static final int BYTES = 32;
    /** Where {@code position} is in it. */
    private static final int POSITION_FLOATS = 3;

    private final KernelLibrary kernels;
    private final Optimizer optimizer;
    private final DeviceArray state;
    private long step;
    private float learningRate = Float.NaN;
    private int position;
    private int losses;

    /** Of no step yet. */
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

    /** Updates done, those among them that the device was asked for and has not done yet. */
    public long step() {
        return step;
    }

    /** Losses that wait on the device. */
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
     * Makes the next step take this learning rate and begin here in the epoch's order; does nothing if it would anyway.
     */
    public void expect(float newLearningRate, int newPosition) {
        if (newLearningRate != learningRate || newPosition != position) {
            write(newLearningRate, newPosition, losses);
        }
    }

    /** The same with the learning rate that is there. */
    public void expectPosition(int newPosition) {
        if (newPosition != position) {
            write(learningRate, newPosition, losses);
        }
    }

    /** The same with the place in the order that is there. */
    public void expect(float newLearningRate) {
        expect(newLearningRate, position);
    }

    /** Forgets the losses on the device. */
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

    /** Follows the gradients of {@code count} images that the device was asked for. */
    public void computed(int count) {
        position += count;
        losses++;
    }

    /** Follows an update that the device was asked for. */
    public void updated() {
        step++;
    }
}
