package daegpu.engine.cuda.kernels;

import daegpu.model.Layer.Activation;

/**
 * What is done with the products of a layer before they are stored: {@code enum Epilogue} of include/implicit_gemm.cuh,
 * which begins with {@code enum Activation} of include/activation.cuh.
 */
enum Epilogue {
    LINEAR,
    RELU,
    SIGMOID,
    RELU_GRADIENT,
    SIGMOID_GRADIENT,
    LOSS;

    /** The epilogue of a layer forward, unless it is the last layer in a training step. */
    static Epilogue of(Activation activation) {
        return switch (activation) {
            case LINEAR -> LINEAR;
            case RELU -> RELU;
            case SIGMOID -> SIGMOID;
        };
    }

    /** The epilogue of a data gradient that goes back through this activation. */
    static Epilogue ofGradient(Activation activation) {
        return switch (activation) {
            case LINEAR -> LINEAR;
            case RELU -> RELU_GRADIENT;
            case SIGMOID -> SIGMOID_GRADIENT;
        };
    }

    /** Whether the kernels for layers with many channels on both sides have this epilogue. */
    boolean isHidden() {
        return this == LINEAR || this == RELU || this == RELU_GRADIENT;
    }
}
