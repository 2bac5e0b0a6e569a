package daegpu.engine.cuda.kernels;

import daegpu.engine.cuda.driver.Kernel;

/**
 * The kernels that compute layers forward and backward, and those that add the shares of gradients and update the
 * parameters.
 */
public enum LayerKernel implements Kernel {
    CONVOLUTION("convolution"),
    CONVOLUTION_VECTOR("convolution"),
    CONVOLUTION_SINGLE_3X3("convolution"),
    TRANSPOSED_CONVOLUTION("transposed_convolution"),
    TRANSPOSED_CONVOLUTION_VECTOR("transposed_convolution"),
    TRANSPOSED_CONVOLUTION_SINGLE("transposed_convolution"),
    TRANSPOSED_CONVOLUTION_SINGLE_3X3("transposed_convolution"),
    TRANSPOSED_CONVOLUTION_FEW("transposed_convolution"),
    DENSE("dense"),
    DENSE_VECTOR("dense"),
    DENSE_NARROW("dense"),
    DENSE_NARROW_VECTOR("dense"),
    DENSE_DATA_GRADIENT("dense"),
    DENSE_DATA_GRADIENT_VECTOR("dense"),
    DENSE_DATA_GRADIENT_NARROW("dense"),
    DENSE_DATA_GRADIENT_NARROW_VECTOR("dense"),
    WEIGHT_GRADIENT("weight_gradient"),
    WEIGHT_GRADIENT_VECTOR("weight_gradient"),
    WEIGHT_GRADIENT_STRIPS("weight_gradient"),
    WEIGHT_GRADIENT_STRIPS_STRIDE_1("weight_gradient"),
    WEIGHT_GRADIENT_STRIPS_1("weight_gradient"),
    WEIGHT_GRADIENT_STRIPS_1_STRIDE_1("weight_gradient"),
    WEIGHT_GRADIENT_STRIPS_SINGLE_STRIDE_1("weight_gradient"),
    WEIGHT_GRADIENT_THIN("weight_gradient"),
    WEIGHT_GRADIENT_THIN_VECTOR("weight_gradient"),
    CONVOLUTION_STRIPS("strips"),
    CONVOLUTION_STRIPS_STRIDE_1("strips"),
    CONVOLUTION_STRIPS_1("strips"),
    CONVOLUTION_STRIPS_1_STRIDE_1("strips"),
    TRANSPOSED_CONVOLUTION_STRIPS_32("strips"),
    TRANSPOSED_CONVOLUTION_STRIPS_64("strips"),
    TRANSPOSED_CONVOLUTION_STRIPS_STRIDE_1("strips"),
    CONVOLUTION_STRIPS_GRADIENTS("layer_gradients"),
    CONVOLUTION_STRIPS_1_GRADIENTS("layer_gradients"),
    TRANSPOSED_CONVOLUTION_STRIPS_64_GRADIENTS("layer_gradients"),
    TRANSPOSED_CONVOLUTION_STRIPS_STRIDE_1_GRADIENTS("layer_gradients"),
    DENSE_GRADIENTS("layer_gradients"),
    DENSE_NARROW_GRADIENTS("layer_gradients"),
    CONVOLUTION_TF32("sm_80/convolution_tf32"),
    CONVOLUTION_TF32_32("sm_80/convolution_tf32"),
    CONVOLUTION_TF32_32_NARROW("sm_80/convolution_tf32"),
    TRANSPOSED_CONVOLUTION_TF32("sm_80/convolution_tf32"),
    TRANSPOSED_CONVOLUTION_TF32_32("sm_80/convolution_tf32"),
    TRANSPOSED_CONVOLUTION_TF32_32_NARROW("sm_80/convolution_tf32"),
    CONVOLUTION_TF32_STRIDE_1("sm_80/convolution_tf32"),
    CONVOLUTION_TF32_STRIDE_1_NARROW("sm_80/convolution_tf32"),
    TRANSPOSED_CONVOLUTION_TF32_STRIDE_1("sm_80/convolution_tf32"),
    TRANSPOSED_CONVOLUTION_TF32_STRIDE_1_NARROW("sm_80/convolution_tf32"),
    CONVOLUTION_BF16("sm_80/convolution_bf16"),
    CONVOLUTION_BF16_32("sm_80/convolution_bf16"),
    CONVOLUTION_BF16_32_NARROW("sm_80/convolution_bf16"),
    TRANSPOSED_CONVOLUTION_BF16("sm_80/convolution_bf16"),
    TRANSPOSED_CONVOLUTION_BF16_32("sm_80/convolution_bf16"),
    TRANSPOSED_CONVOLUTION_BF16_32_NARROW("sm_80/convolution_bf16"),
    CONVOLUTION_BF16_STRIDE_1("sm_80/convolution_bf16"),
    CONVOLUTION_BF16_STRIDE_1_NARROW("sm_80/convolution_bf16"),
    TRANSPOSED_CONVOLUTION_BF16_STRIDE_1("sm_80/convolution_bf16"),
    TRANSPOSED_CONVOLUTION_BF16_STRIDE_1_NARROW("sm_80/convolution_bf16"),
    WEIGHT_GRADIENT_TF32("sm_80/weight_gradient_tf32"),
    WEIGHT_GRADIENT_TF32_STRIDE_1("sm_80/weight_gradient_tf32"),
    WEIGHT_GRADIENT_BF16("sm_80/weight_gradient_bf16"),
    WEIGHT_GRADIENT_BF16_STRIDE_1("sm_80/weight_gradient_bf16"),
    CONVOLUTION_TF32_32_GRADIENTS("sm_80/layer_gradients_tf32"),
    TRANSPOSED_CONVOLUTION_TF32_32_NARROW_GRADIENTS("sm_80/layer_gradients_tf32"),
    TRANSPOSED_CONVOLUTION_TF32_STRIDE_1_GRADIENTS("sm_80/layer_gradients_tf32"),
    TRANSPOSED_CONVOLUTION_TF32_STRIDE_1_NARROW_GRADIENTS("sm_80/layer_gradients_tf32"),
    CONVOLUTION_BF16_32_GRADIENTS("sm_80/layer_gradients_bf16"),
    TRANSPOSED_CONVOLUTION_BF16_32_NARROW_GRADIENTS("sm_80/layer_gradients_bf16"),
    TRANSPOSED_CONVOLUTION_BF16_STRIDE_1_GRADIENTS("sm_80/layer_gradients_bf16"),
    TRANSPOSED_CONVOLUTION_BF16_STRIDE_1_NARROW_GRADIENTS("sm_80/layer_gradients_bf16"),
    GRADIENT_SUM("gradient_sum"),
    UPDATE("update"),
    GRADIENTS("update");

    private final String file;

    LayerKernel(String file) {
        this.file = file;
    }

    @Override
    public String file() {
        return file;
    }
}
