package daegpu.engine.cuda;

import daegpu.engine.cuda.ImplicitGemm.SplitMemory;
import java.util.List;
import java.util.Map;

/**
 * The data gradient and the weight gradient of a layer. Neither needs anything from the other, so one launch does both
 * where cuda/layer_gradients.cu or cuda/sm_80 has a kernel for the two, as they have for every layer of the default
 * network.
 */
record LayerGradients(ImplicitGemm data, WeightGradient weights) {

    private static final Map<List<Kernel>, Kernel> JOINT = Map.of(
            List.of(Kernel.CONVOLUTION_STRIPS_1_STRIDE_1, Kernel.WEIGHT_GRADIENT_STRIPS_1_STRIDE_1),
            Kernel.CONVOLUTION_STRIPS_1_GRADIENTS,
            List.of(Kernel.CONVOLUTION_STRIPS, Kernel.WEIGHT_GRADIENT_STRIPS),
            Kernel.CONVOLUTION_STRIPS_GRADIENTS,
            List.of(Kernel.TRANSPOSED_CONVOLUTION_STRIPS_64, Kernel.WEIGHT_GRADIENT_STRIPS),
            Kernel.TRANSPOSED_CONVOLUTION_STRIPS_64_GRADIENTS,
            List.of(Kernel.DENSE_DATA_GRADIENT_VECTOR, Kernel.WEIGHT_GRADIENT_VECTOR),
            Kernel.DENSE_GRADIENTS,
            List.of(Kernel.DENSE_DATA_GRADIENT_NARROW_VECTOR, Kernel.WEIGHT_GRADIENT_THIN_VECTOR),
            Kernel.DENSE_NARROW_GRADIENTS,
            List.of(Kernel.CONVOLUTION_TF32_32, Kernel.WEIGHT_GRADIENT_TF32),
            Kernel.CONVOLUTION_TF32_32_GRADIENTS,
            List.of(Kernel.TRANSPOSED_CONVOLUTION_TF32_32_NARROW, Kernel.WEIGHT_GRADIENT_TF32),
            Kernel.TRANSPOSED_CONVOLUTION_TF32_32_NARROW_GRADIENTS,
            List.of(Kernel.CONVOLUTION_BF16_32, Kernel.WEIGHT_GRADIENT_BF16),
            Kernel.CONVOLUTION_BF16_32_GRADIENTS,
            List.of(Kernel.TRANSPOSED_CONVOLUTION_BF16_32_NARROW, Kernel.WEIGHT_GRADIENT_BF16),
            Kernel.TRANSPOSED_CONVOLUTION_BF16_32_NARROW_GRADIENTS);

    /** The kernel that does both at once, or null. */
    Kernel joint() {
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
    void launch(
            Kernel.Library kernels,
            SplitMemory split,
            DeviceArray input,
            DeviceArray gradient,
            DeviceArray kernel,
            DeviceArray shares,
            DeviceArray atInput,
            Object sumsOrNull) {
        Object[] operands = {gradient, kernel, 0L, input, atInput, 0L, sumsOrNull, 0L};
        Kernel joint = joint();
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
                Kernel.join(
                        data.arguments(split, 0L, operands),
                        weights.arguments(input, gradient, shares),
                        new Object[] {grid}));
    }
}
