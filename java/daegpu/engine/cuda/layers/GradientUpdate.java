package daegpu.engine.cuda.layers;

import daegpu.engine.Optimizer;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.driver.KernelLibrary;

/** An update by gradients that lie in their arena. */
public final class GradientUpdate {

    private GradientUpdate() {}

    /** Asks for it. */
    public static void run(KernelLibrary kernels, TrainedArrays arrays) {
        Optimizer optimizer = arrays.optimizer();
        kernels.launch(
                StepKernel.ADAM,
                Grid.covering(arrays.size() / 4),
                new KernelArguments()
                        .add(arrays.parameters())
                        .add(arrays.firstMoment())
                        .add(arrays.secondMoment())
                        .add(arrays.gradients())
                        .add(arrays.size() / 4)
                        .add(optimizer.weight1())
                        .add(optimizer.weight2())
                        .add(optimizer.epsilon())
                        .add((float) optimizer.beta1())
                        .add((float) optimizer.beta2())
                        .add(arrays.state().pointer()));
    }
}
