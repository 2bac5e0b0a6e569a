package daegpu.engine.cuda.cudnn;

import daegpu.engine.cuda.driver.Kernel;

/** The kernels for what cuDNN and cuBLAS do not compute: bias, activation, loss, and sums over a batch. */
public enum PlaneKernel implements Kernel {
    BIAS_ACTIVATION("bias_activation"),
    BIAS_ACTIVATION_VECTOR("bias_activation"),
    ACTIVATION_GRADIENT("activation_gradient"),
    ACTIVATION_GRADIENT_VECTOR("activation_gradient"),
    PLANE_LOSS("plane_loss"),
    PLANE_LOSS_VECTOR("plane_loss"),
    SUM_PARTIALS("sum_partials"),
    DENSE_BIAS("dense_bias"),
    DENSE_BIAS_VECTOR("dense_bias"),
    DENSE_BIAS_GRADIENT("dense_bias_gradient");

    private final String file;

    PlaneKernel(String file) {
        this.file = file;
    }

    @Override
    public String file() {
        return file;
    }
}
