package daegpu.engine.cuda;

import daegpu.engine.Adam;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.layers.StepKernel;

/** Adam on gradients that lie in the arena. */
final class Optimizer {

    private Optimizer() {}

    /** One update of all {@code size} floats of the arena by the gradients that are there. */
    static void update(KernelLibrary kernels, TrainingMemory memory, int size) {
        kernels.launchOne(StepKernel.ADVANCE_STEP, memory.state(), (float) Adam.BETA_1, (float) Adam.BETA_2);
        kernels.launch(
                StepKernel.ADAM,
                size / 4,
                memory.parameters(),
                memory.firstMoment(),
                memory.secondMoment(),
                memory.gradients(),
                size / 4,
                (float) (1 - Adam.BETA_1),
                (float) (1 - Adam.BETA_2),
                Adam.EPSILON,
                memory.state());
    }
}
