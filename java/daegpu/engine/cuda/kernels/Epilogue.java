package daegpu.engine.cuda.kernels;

import daegpu.model.Layer.Activation;

/**
 * What is done with the products of a layer before they are stored: {@code enum Epilogue} of include/implicit_gemm.cuh.
 */
enum Epilogue {
    PLAIN,
    BIAS,
    BIAS_RELU,
    BIAS_SIGMOID,
    RELU_GRADIENT,
    LOSS;

    /** Of a layer forward that is not the last of a training step. */
    static Epilogue of(Activation activation) {
        return switch (activation) {
            case LINEAR -> BIAS;
            case RELU -> BIAS_RELU;
            case SIGMOID -> BIAS_SIGMOID;
        };
    }

    /** Of a data gradient that goes back through this activation. */
    static Epilogue ofGradient(Activation activation) {
        return switch (activation) {
            case LINEAR -> PLAIN;
            case RELU -> RELU_GRADIENT;
            case SIGMOID ->
                throw new IllegalArgumentException("no kernel goes back through a sigmoid but with the loss");
        };
    }
}
