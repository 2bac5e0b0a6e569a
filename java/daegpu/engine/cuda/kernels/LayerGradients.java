package daegpu.engine.cuda.kernels;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.kernels.ImplicitGemm.SplitMemory;
import java.util.List;
import java.util.Map;

/**
 * The data gradient and the weight gradient of a layer. Neither needs anything from the other, so one launch does both
 * where cuda/layer_gradients.cu or cuda/sm_80 has a kernel for the two, as they have for every layer of the default
 * network.
 */
public record LayerGradients(ImplicitGemm data, WeightGradient weights) {

    private static final Map<List<LayerKernel>, LayerKernel> JOINT = Map.of(
            List.of(LayerKernel.CONVOLUTION_STRIPS_1_STRIDE_1, LayerKernel.WEIGHT_GRADIENT_STRIPS_1_STRIDE_1),
            LayerKernel.CONVOLUTION_STRIPS_1_GRADIENTS,
            List.of(LayerKernel.CONVOLUTION_STRIPS, LayerKernel.WEIGHT_GRADIENT_STRIPS),
            LayerKernel.CONVOLUTION_STRIPS_GRADIENTS,
            List.of(LayerKernel.TRANSPOSED_CONVOLUTION_STRIPS_64, LayerKernel.WEIGHT_GRADIENT_STRIPS),
            LayerKernel.TRANSPOSED_CONVOLUTION_STRIPS_64_GRADIENTS,
            List.of(LayerKernel.DENSE_DATA_GRADIENT_VECTOR, LayerKernel.WEIGHT_GRADIENT_VECTOR),
            LayerKernel.DENSE_GRADIENTS,
            List.of(LayerKernel.DENSE_DATA_GRADIENT_NARROW_VECTOR, LayerKernel.WEIGHT_GRADIENT_THIN_VECTOR),
            LayerKernel.DENSE_NARROW_GRADIENTS,
            List.of(LayerKernel.CONVOLUTION_TF32_32, LayerKernel.WEIGHT_GRADIENT_TF32),
            LayerKernel.CONVOLUTION_TF32_32_GRADIENTS,
            List.of(LayerKernel.TRANSPOSED_CONVOLUTION_TF32_32_NARROW, LayerKernel.WEIGHT_GRADIENT_TF32),
            LayerKernel.TRANSPOSED_CONVOLUTION_TF32_32_NARROW_GRADIENTS,
            List.of(LayerKernel.CONVOLUTION_BF16_32, LayerKernel.WEIGHT_GRADIENT_BF16),
            LayerKernel.CONVOLUTION_BF16_32_GRADIENTS,
            List.of(LayerKernel.TRANSPOSED_CONVOLUTION_BF16_32_NARROW, LayerKernel.WEIGHT_GRADIENT_BF16),
            LayerKernel.TRANSPOSED_CONVOLUTION_BF16_32_NARROW_GRADIENTS);

    /** The kernel that does both at once, or null. */
    public LayerKernel joint() {
        return JOINT.get(List.of(data.kernel(), weights.kernel()));
    }

    /**
     * Asks for both.
     *
     * @param input what the layer took in
     * @param gradient at what it put out, before its activation
     * @param kernel its weights
     * @param shares for the weight gradient
     * @param atInput for the data gradient
     * @param sumsOrNull for the sums of its columns, or 0L
     */
    public void launch(
            KernelLibrary kernels,
            SplitMemory split,
            DeviceArray input,
            DeviceArray gradient,
            DeviceArray kernel,
            DeviceArray shares,
            DeviceArray atInput,
            Object sumsOrNull) {
        Object[] operands = {gradient, kernel, 0L, input, atInput, 0L, sumsOrNull, 0L};
        LayerKernel joint = joint();
        if (joint == null) {
            data.launch(kernels, split, operands);
            weights.launch(kernels, input, gradient, shares);
            return;
        }
        int dataBlocks = data.blocks() * data.tileColumns() * data.phases() * data.splits();
        int weightBlocks = weights.tileRows() * weights.tileColumns() * weights.splits();
        int[] grid = {dataBlocks, data.blocks(), data.tileColumns(), weights.tileRows(), weights.tileColumns()};
        kernels.launchBlocks(
                joint,
                dataBlocks + weightBlocks,
                1,
                KernelLibrary.join(
                        data.arguments(split, 0L, operands),
                        weights.arguments(input, gradient, shares),
                        new Object[] {grid}));
    }
}
