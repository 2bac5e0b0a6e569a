package daegpu.engine.cuda.layers;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.driver.KernelLibrary;

/** Updates parameters with gradients that lie in an arena of their own. */
public final class GradientUpdate {

    private GradientUpdate() {}

    /** Enqueues the update on the device's stream. */
    public static void run(KernelLibrary kernels, TrainedArrays arrays, DeviceArray gradients) {
        kernels.launch(
                StepKernel.ADAM,
                Grid.covering(arrays.size() / 4),
                new KernelArguments()
                        .add(arrays.parameters())
                        .add(arrays.firstMoment())
                        .add(arrays.secondMoment())
                        .add(arrays.average())
                        .add(gradients)
                        .add(arrays.size() / 4)
                        .add(arrays.rule())
                        .add(arrays.state().pointer()));
    }
}
