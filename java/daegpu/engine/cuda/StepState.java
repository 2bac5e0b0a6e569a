package daegpu.engine.cuda;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.layers.StepKernel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * {@code struct StepState} of include/step_state.cuh, which lives on the device, and what the host knows of it: steps
 * advance it there, and this copy along with it, so that it is written only when something else is wanted.
 */
public final class StepState {

    static final int BYTES = 32;
    /** Where {@code position} is in it. */
    private static final int POSITION_FLOATS = 4;

    private final Toolkit toolkit;
    private final DeviceArray state;
    private long step;
    private float learningRate = Float.NaN;
    private int position;
    private int losses;

    StepState(Toolkit toolkit, DeviceArray state) {
        this.toolkit = toolkit;
        this.state = state;
    }

    /** The place in the epoch's order, on the device. */
    static DeviceArray position(DeviceArray state) {
        return state.floats(POSITION_FLOATS, 1);
    }

    long step() {
        return step;
    }

    /** Losses that wait on the device. */
    int losses() {
        return losses;
    }

    /** Sets the number of updates done. */
    void load(long newStep) {
        step = newStep;
        byte[] bytes = ByteBuffer.allocate(8)
                .order(ByteOrder.nativeOrder())
                .putLong(newStep)
                .array();
        toolkit.device().upload(bytes, 0, bytes.length, state, 0);
    }

    /**
     * Makes the next step take this learning rate and begin here in the epoch's order; does nothing if it would anyway.
     */
    void expect(float newLearningRate, int newPosition) {
        if (newLearningRate != learningRate || newPosition != position) {
            write(newLearningRate, newPosition, losses);
        }
    }

    /** The same without a place in the order. */
    void expect(float newLearningRate) {
        expect(newLearningRate, position);
    }

    /** Forgets the losses on the device. */
    void clearLosses() {
        if (losses > 0) {
            write(learningRate, position, 0);
        }
    }

    private void write(float newLearningRate, int newPosition, int newLosses) {
        toolkit.kernels()
                .launch(
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

    /** Follows a training step on {@code count} images that the device was asked for. */
    void stepped(int count) {
        step++;
        position += count;
        losses++;
    }

    /** Follows an update with given gradients. */
    void updated() {
        step++;
    }
}
