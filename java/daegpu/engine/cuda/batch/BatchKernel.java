package daegpu.engine.cuda.batch;

import daegpu.engine.cuda.driver.Kernel;

/** The kernels that make batches. */
public enum BatchKernel implements Kernel {
    GATHER_NOISE("gather_noise"),
    GATHER_NOISE_16("gather_noise"),
    GATHER_NOISE_VECTOR("gather_noise"),
    GATHER_NOISE_VECTOR_16("gather_noise"),
    GATHER_OTHER_NOISE("gather_noise"),
    GATHER_OTHER_NOISE_16("gather_noise"),
    GATHER_PATCHES("gather_noise"),
    GATHER_PATCHES_16("gather_noise"),
    GATHER_PATCHES_VECTOR("gather_noise"),
    GATHER_PATCHES_VECTOR_16("gather_noise"),
    GATHER_OTHER_PATCHES("gather_noise"),
    GATHER_OTHER_PATCHES_16("gather_noise"),
    GATHER_PAIRS("gather_noise"),
    GATHER_PAIRS_16("gather_noise"),
    SET_SOURCE("set_source"),
    TO_PLANES("layout"),
    TO_PIXELS("layout");

    private final String file;

    BatchKernel(String file) {
        this.file = file;
    }

    @Override
    public String file() {
        return file;
    }
}
