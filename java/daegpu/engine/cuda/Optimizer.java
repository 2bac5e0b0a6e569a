package daegpu.engine.cuda;

import daegpu.engine.Adam;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.layers.StepKernel;

/** Adam on gradients that lie in the arena. */
final class Optimizer {

    private Optimizer() {}

    /** One update of all {@code size} floats of the arena by the gradients that are there. */
    static void update(KernelLibrary kernels, TrainingMemory memory, int size) {
        kernels.launch(
                StepKernel.ADVANCE_STEP,
                Grid.ONE_THREAD,
                new KernelArguments()
                        .add(memory.state())
                        .add((float) Adam.BETA_1)
                        .add((float) Adam.BETA_2));
        kernels.launch(
                StepKernel.ADAM,
                Grid.covering(size / 4),
                new KernelArguments()
                        .add(memory.parameters())
                        .add(memory.firstMoment())
                        .add(memory.secondMoment())
                        .add(memory.gradients())
                        .add(size / 4)
                        .add((float) (1 - Adam.BETA_1))
                        .add((float) (1 - Adam.BETA_2))
                        .add(Adam.EPSILON)
                        .add(memory.state()));
    }
}
