package daegpu.engine.cuda.cudnn;

import daegpu.engine.cuda.driver.Kernel;

/** The kernels for what cuDNN and cuBLAS leave to be done: bias, activation, loss, and sums over a batch. */
public enum PlaneKernel implements Kernel {
    BIAS_RELU("bias_relu"),
    BIAS_RELU_VECTOR("bias_relu"),
    BIAS_SIGMOID("bias_sigmoid"),
    BIAS_SIGMOID_VECTOR("bias_sigmoid"),
    RELU_GRADIENT("relu_gradient"),
    RELU_GRADIENT_VECTOR("relu_gradient"),
    SIGMOID_MSE("sigmoid_mse"),
    SIGMOID_MSE_VECTOR("sigmoid_mse"),
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
