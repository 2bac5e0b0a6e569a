package daegpu.engine.cuda.layers;

import daegpu.engine.cuda.driver.Kernel;

/** The kernels that belong to a step as a whole, in whichever way layers are computed. */
public enum StepKernel implements Kernel {
    LOAD_STEP("load_step"),
    SET_STEP("set_step"),
    ADAM("adam");

    private final String file;

    StepKernel(String file) {
        this.file = file;
    }

    @Override
    public String file() {
        return file;
    }
}
